// AssumeRole: the role's trust policy and the caller's own policies decide; tags pass down a chain of roles.
#include <algorithm>

#include "identity/arn.h"
#include "identity/evaluate.h"
#include "services/sts/operations.h"

namespace escapement::services::sts {

using base::ErrorCode;
using base::make_error;
using base::Result;
using identity::Principal;
using json::Value;

namespace {

constexpr base::Duration kChainedMax = base::Duration::seconds(3'600);

base::Error invalid_parameter(std::string message) {
  return make_error(ErrorCode::invalid, "InvalidParameterValue", std::move(message));
}

std::vector<std::string> transitive_keys(const Value& input) {
  std::vector<std::string> keys;
  const Value* value = input.find("TransitiveTagKeys");
  if (value == nullptr || !value->is_array()) return keys;
  for (const Value& item : value->items()) {
    if (item.is_string()) keys.push_back(item.as_string());
  }
  return keys;
}

template <typename Keys>
bool contains_folded(const Keys& keys, std::string_view key) {
  return std::ranges::any_of(keys, [&](const std::string& other) { return identity::equals_folded(other, key); });
}

// The tags of the new session, and which of them go on from it.
struct Tags {
  std::map<std::string, std::string> given;
  std::map<std::string, std::string> all;  // with those inherited
  std::vector<std::string> transitive;
};

Result<Tags> read_tags(const Value& input, const identity::Session* calling) {
  Tags tags;
  ESC_TRY(tags.given, session_tags(input));
  tags.all = tags.given;
  const std::vector<std::string> wanted = transitive_keys(input);
  if (calling != nullptr) {
    for (const auto& [key, value] : tags.given) {
      if (contains_folded(calling->transitive_tags, key)) {
        return invalid_parameter(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session.");
      }
    }
    tags.transitive = calling->transitive_tags;
    for (const auto& [key, value] : calling->session_tags) {
      if (contains_folded(calling->transitive_tags, key)) tags.all.emplace(key, value);
    }
  }
  for (const std::string& key : wanted) {
    if (!std::ranges::any_of(tags.given, [&](const auto& tag) { return identity::equals_folded(tag.first, key); })) {
      return invalid_parameter("The specified transitive tag key must be included in the requested tags.");
    }
    if (!contains_folded(tags.transitive, key)) tags.transitive.push_back(key);
  }
  return tags;
}

identity::RequestContext context_of(const wire::Call& call, const Tags& tags, std::string_view source_identity) {
  identity::RequestContext context{{"sts:RoleSessionName", text(call.input, "RoleSessionName")}};
  if (!call.source_ip.empty()) context.emplace("aws:SourceIp", call.source_ip);
  if (const auto id = optional_text(call.input, "ExternalId")) context.emplace("sts:ExternalId", *id);
  if (!source_identity.empty()) context.emplace("sts:SourceIdentity", source_identity);
  for (const auto& [key, value] : tags.given) {
    context.emplace("aws:RequestTag/" + key, value);
    context.emplace("aws:TagKeys", key);
  }
  for (const std::string& key : tags.transitive) context.emplace("sts:TransitiveTagKeys", key);
  return context;
}

// Whether both the role's trust policy and the caller's policies let `action` happen. A trust policy that names the
// caller itself is enough; one that names the account leaves it to the caller's policies. A deny anywhere wins.
bool is_trusted(const identity::Identity& identity, const identity::Policy& trust, const Principal& caller,
                std::string_view action, const std::string& role_arn, const identity::RequestContext& context) {
  const auto said =
      evaluate_resource_policy(trust, identity::Question{caller, action, role_arn, context, identity.clock().now()});
  if (said.verdict != identity::Verdict::allow) return false;
  const identity::Decision own = identity.decide_for(caller, action, role_arn, context);
  if (own == identity::Decision::allowed) return true;
  return said.naming == identity::Naming::direct && own == identity::Decision::not_allowed_by_identity;
}

}  // namespace

Answer assume_role(identity::Identity& identity, const wire::Call& call) {
  const Principal& caller = *call.principal;
  const std::string role_arn = text(call.input, "RoleArn");
  if (!identity::parse_arn(role_arn))
    return make_error(ErrorCode::invalid, "ValidationError", role_arn + " is invalid");
  if (caller.type == Principal::Type::root) {
    return make_error(ErrorCode::denied, "AccessDenied", "Roles may not be assumed by root accounts.");
  }
  const auto calling = caller.access_key_id.empty() ? nullptr : identity.find_session(caller.access_key_id);
  ESC_TRY(const Tags tags, read_tags(call.input, calling.get()));
  ESC_TRY(auto policies, session_policies(identity, call.input));

  const std::string inherited = calling == nullptr ? std::string() : calling->source_identity;
  const std::string source_identity = optional_text(call.input, "SourceIdentity").value_or(inherited);
  if (!inherited.empty() && source_identity != inherited)
    return access_denied(caller, "sts:SetSourceIdentity", role_arn);

  const auto role = identity.read().find_entity(role_arn);
  if (!role || role->kind != identity::EntityKind::role) return access_denied(caller, "sts:AssumeRole", role_arn);
  const auto trust = identity.compile(role->trust_policy);
  const auto context = context_of(call, tags, source_identity);
  const auto allowed = [&](std::string_view action) {
    return trust && is_trusted(identity, **trust, caller, action, role_arn, context);
  };
  if (!allowed("sts:AssumeRole")) return access_denied(caller, "sts:AssumeRole", role_arn);
  if (!tags.all.empty() && !allowed("sts:TagSession")) return access_denied(caller, "sts:TagSession", role_arn);
  if (!source_identity.empty() && !allowed("sts:SetSourceIdentity"))
    return access_denied(caller, "sts:SetSourceIdentity", role_arn);

  const base::Duration life = duration(call.input, 3'600);
  if (life > base::Duration::seconds(role->session_seconds_max)) {
    return make_error(ErrorCode::invalid, "ValidationError",
                      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  if (caller.type == Principal::Type::assumed_role && life > kChainedMax) {
    return make_error(
        ErrorCode::invalid, "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
  }

  const std::string session_name = text(call.input, "RoleSessionName");
  auto principal = std::make_shared<Principal>();
  principal->type = Principal::Type::assumed_role;
  principal->account = identity.account();
  principal->arn = identity::assumed_role_arn(identity.account(), role->name, session_name);
  principal->user_id = role->id + ":" + session_name;
  principal->role_arn = role_arn;
  principal->session_policies = policies;
  for (const auto& tag : role->tags) {
    if (!std::ranges::any_of(tags.all, [&](const auto& own) { return identity::equals_folded(own.first, tag.key); })) {
      principal->tags.emplace(tag.key, tag.value);
    }
  }
  principal->tags.insert(tags.all.begin(), tags.all.end());
  auto credentials = std::make_shared<identity::Credentials>();
  credentials->principal = principal;
  credentials->expiration = identity.clock().now() + life;
  ESC_TRY(const auto session, identity.issue(identity::Session{.credentials = std::move(credentials),
                                                               .transitive_tags = tags.transitive,
                                                               .session_tags = tags.all,
                                                               .source_identity = source_identity}));

  json::ObjectBuilder out;
  out.set("Credentials", render_credentials(*session->credentials));
  out.set("AssumedRoleUser", Value::object({{"AssumedRoleId", principal->user_id}, {"Arn", principal->arn}}));
  if (!policies.empty() || !tags.given.empty()) out.set("PackedPolicySize", packed_size(policies, tags.given));
  if (!source_identity.empty()) out.set("SourceIdentity", source_identity);
  return std::move(out).build();
}

}  // namespace escapement::services::sts
