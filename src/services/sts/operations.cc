#include "services/sts/operations.h"

#include <set>

#include "identity/arn.h"
#include "identity/policy_check.h"

namespace escapement::services::sts {

using base::ErrorCode;
using base::make_error;
using base::Result;
using json::Value;

namespace {

// AWS packs policies and tags into a binary form whose size it does not document; their plain size stands in for it.
constexpr std::size_t kPackedMax = 4'096;
constexpr std::size_t kInlinePolicyMax = 2'048;
constexpr std::size_t kManagedPoliciesMax = 10;

}  // namespace

std::optional<std::string> optional_text(const Value& input, std::string_view member) {
  const Value* value = input.find(member);
  return value != nullptr && value->is_string() ? std::optional(value->as_string()) : std::nullopt;
}

std::string text(const Value& input, std::string_view member) {
  return optional_text(input, member).value_or(std::string());
}

base::Duration duration(const Value& input, std::int64_t absent_seconds) {
  const Value* value = input.find("DurationSeconds");
  return base::Duration::seconds(value != nullptr && value->is_int64() ? value->as_int64() : absent_seconds);
}

Value render_credentials(const identity::Credentials& credentials) {
  return Value::object({{"AccessKeyId", credentials.principal->access_key_id},
                        {"SecretAccessKey", credentials.secret_access_key},
                        {"SessionToken", credentials.session_token},
                        {"Expiration", credentials.expiration->us / 1'000'000}});
}

Result<std::vector<std::string>> session_policies(const identity::Identity& identity, const Value& input) {
  std::vector<std::string> documents;
  if (const auto document = optional_text(input, "Policy")) {
    if (document->size() > kInlinePolicyMax) {
      return make_error(ErrorCode::invalid, "PackedPolicyTooLarge",
                        "The session policy is longer than 2048 characters.");
    }
    ESC_CHECK(identity::check_policy(*document, identity::PolicyUse::identity));
    documents.push_back(*document);
  }
  const Value* arns = input.find("PolicyArns");
  if (arns == nullptr || !arns->is_array()) return documents;
  if (arns->size() > kManagedPoliciesMax) {
    return make_error(ErrorCode::invalid, "PackedPolicyTooLarge",
                      "At most 10 managed policies can be passed as session policies.");
  }
  const identity::Directory directory = identity.read();
  for (const Value& item : arns->items()) {
    const std::string arn = text(item, "arn");
    const auto policy = directory.policy(arn);
    if (!policy)
      return make_error(ErrorCode::invalid, "ValidationError",
                        "Policy " + arn + " does not exist or is not attachable.");
    documents.push_back(policy->document());
  }
  return documents;
}

std::int64_t packed_size(const std::vector<std::string>& policies, const std::map<std::string, std::string>& tags) {
  std::size_t size = 0;
  for (const auto& document : policies) size += document.size();
  for (const auto& [key, value] : tags) size += key.size() + value.size() + 2;
  return static_cast<std::int64_t>((size * 100 + kPackedMax - 1) / kPackedMax);
}

Result<std::map<std::string, std::string>> session_tags(const Value& input) {
  std::map<std::string, std::string> tags;
  const Value* value = input.find("Tags");
  if (value == nullptr || !value->is_array()) return tags;
  std::set<std::string> seen;
  for (const Value& item : value->items()) {
    const std::string key = text(item, "Key");
    if (!seen.insert(identity::to_lower(key)).second) {
      return make_error(ErrorCode::invalid, "InvalidParameterValue",
                        "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
    tags.emplace(key, text(item, "Value"));
  }
  return tags;
}

base::Error access_denied(const identity::Principal& principal, std::string_view action, std::string_view resource) {
  std::string message = "User: " + principal.arn + " is not authorized to perform: ";
  message.append(action).append(" on resource: ").append(resource);
  return make_error(ErrorCode::denied, "AccessDenied", std::move(message));
}

}  // namespace escapement::services::sts
