#include "services/sts/sts_service.h"

#include <algorithm>

#include "services/sts/operations.h"

namespace escapement::services::sts {
namespace {

struct Entry {
  std::string_view operation;
  Answer (*handler)(identity::Identity& identity, const wire::Call& call);
  bool is_inline;
};

constexpr Entry kOperations[] = {
    {"AssumeRole", assume_role, false},
    {"GetAccessKeyInfo", get_access_key_info, true},
    {"GetCallerIdentity", get_caller_identity, true},
    {"GetFederationToken", get_federation_token, false},
    {"GetSessionToken", get_session_token, false},
};

const Entry* find(std::string_view operation) {
  const auto* found = std::ranges::find(kOperations, operation, &Entry::operation);
  return found == std::end(kOperations) ? nullptr : found;
}

}  // namespace

// Needs no permission, as on AWS.
Answer get_caller_identity(identity::Identity&, const wire::Call& call) {
  const identity::Principal& principal = *call.principal;
  return json::Value::object({{"UserId", principal.user_id}, {"Account", principal.account}, {"Arn", principal.arn}});
}

Answer get_access_key_info(identity::Identity& identity, const wire::Call& call) {
  identity::RequestContext context;
  if (!call.source_ip.empty()) context.emplace("aws:SourceIp", call.source_ip);
  ESC_CHECK(identity.authorise(*call.principal, "sts:GetAccessKeyInfo", "*", context));
  const auto credentials = identity.find_credentials(text(call.input, "AccessKeyId"));
  if (credentials == nullptr) {
    return base::make_error(base::ErrorCode::invalid, "ValidationError",
                            "Invalid Access Key: " + text(call.input, "AccessKeyId"));
  }
  return json::Value::object({{"Account", credentials->principal->account}});
}

bool StsService::is_inline(std::string_view operation) const {
  const Entry* entry = find(operation);
  return entry != nullptr && entry->is_inline;
}

bool StsService::has(std::string_view operation) const { return find(operation) != nullptr; }

Answer StsService::answer(const wire::Call& call) {
  const Entry* entry = find(call.operation);
  if (entry == nullptr) {
    return base::make_error(base::ErrorCode::unsupported, "UnsupportedOperation",
                            "STS has no operation " + std::string(call.operation) + " here.");
  }
  return entry->handler(identity_, call);
}

void StsService::handle(wire::Call call, wire::Respond respond) { respond(answer(call)); }

}  // namespace escapement::services::sts
