// Temporary credentials of a user: its own (GetSessionToken), or for a name that it vouches for (GetFederationToken).
#include "services/sts/operations.h"

namespace escapement::services::sts {

using base::ErrorCode;
using base::make_error;
using identity::Principal;
using json::Value;

namespace {

constexpr std::int64_t kDefaultSeconds = 43'200;

bool is_session(const Principal& principal) {
  return principal.type == Principal::Type::assumed_role || principal.access_key_id.starts_with("ASIA");
}

base::Result<std::shared_ptr<const identity::Session>> issue(identity::Identity& identity, const wire::Call& call,
                                                             std::shared_ptr<const Principal> principal) {
  auto credentials = std::make_shared<identity::Credentials>();
  credentials->principal = std::move(principal);
  credentials->expiration = identity.clock().now() + duration(call.input, kDefaultSeconds);
  return identity.issue(identity::Session{.credentials = std::move(credentials)});
}

}  // namespace

Answer get_session_token(identity::Identity& identity, const wire::Call& call) {
  if (is_session(*call.principal) || call.principal->type == Principal::Type::service) {
    return make_error(ErrorCode::denied, "AccessDenied", "Cannot call GetSessionToken with session credentials");
  }
  ESC_TRY(const auto session, issue(identity, call, call.principal));
  return Value::object({{"Credentials", render_credentials(*session->credentials)}});
}

Answer get_federation_token(identity::Identity& identity, const wire::Call& call) {
  const Principal& caller = *call.principal;
  if (is_session(caller) || caller.type != Principal::Type::user) {
    return make_error(ErrorCode::denied, "AccessDenied", "Cannot call GetFederationToken with session credentials");
  }
  const std::string name = text(call.input, "Name");
  auto principal = std::make_shared<Principal>();
  principal->type = Principal::Type::federated_user;
  principal->account = identity.account();
  principal->arn = "arn:aws:sts::" + identity.account() + ":federated-user/" + name;
  principal->user_id = identity.account() + ":" + name;
  principal->role_arn = caller.arn;
  identity::RequestContext context;
  if (!call.source_ip.empty()) context.emplace("aws:SourceIp", call.source_ip);
  ESC_CHECK(identity.authorise(caller, "sts:GetFederationToken", principal->arn, context));
  ESC_TRY(principal->tags, session_tags(call.input));
  if (!principal->tags.empty()) ESC_CHECK(identity.authorise(caller, "sts:TagSession", principal->arn, context));
  ESC_TRY(principal->session_policies, session_policies(identity, call.input));
  ESC_TRY(const auto session, issue(identity, call, principal));
  return Value::object(
      {{"Credentials", render_credentials(*session->credentials)},
       {"FederatedUser", Value::object({{"FederatedUserId", principal->user_id}, {"Arn", principal->arn}})},
       {"PackedPolicySize", packed_size(principal->session_policies, principal->tags)}});
}

}  // namespace escapement::services::sts
