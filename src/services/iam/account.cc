// What belongs to the account as a whole.
#include "json/parse.h"
#include "json/print.h"
#include "services/iam/handlers.h"

namespace escapement::services::iam {
namespace {

using json::Value;

constexpr std::string_view kAlias = "account-alias";
constexpr std::string_view kPasswordPolicy = "account-password-policy";

std::int64_t count_versions(const Directory& directory) {
  std::int64_t versions = 0;
  const auto walked = directory.each_policy({}, [&](const identity::ManagedPolicy& policy) {
    versions += static_cast<std::int64_t>(policy.versions.size());
    return true;
  });
  return walked ? versions : 0;
}

}  // namespace

Answer get_account_summary(Operations& operations, const wire::Call&) {
  const Directory directory = operations.identity.read();
  const Quotas& quotas = operations.quotas;
  json::ObjectBuilder map;
  const auto add = [&](std::string_view name, std::size_t value) { map.set(name, static_cast<std::int64_t>(value)); };
  add("Users", directory.count("user/"));
  add("UsersQuota", quotas.users_max);
  add("Groups", directory.count("group/"));
  add("GroupsQuota", quotas.groups_max);
  add("Roles", directory.count("role/"));
  add("RolesQuota", quotas.roles_max);
  add("Policies", directory.count("policy/"));
  add("PoliciesQuota", quotas.policies_max);
  add("InstanceProfiles", directory.count("instance-profile/"));
  add("InstanceProfilesQuota", quotas.instance_profiles_max);
  add("PolicyVersionsInUse", static_cast<std::size_t>(count_versions(directory)));
  add("PolicyVersionsInUseQuota", quotas.policies_max * quotas.policy_versions_max);
  add("VersionsPerPolicyQuota", quotas.policy_versions_max);
  add("PolicySizeQuota", quotas.managed_policy_size_max);
  add("UserPolicySizeQuota", quotas.user_policy_size_max);
  add("GroupPolicySizeQuota", quotas.group_policy_size_max);
  add("RolePolicySizeQuota", quotas.role_policy_size_max);
  add("AssumeRolePolicySizeQuota", quotas.trust_policy_size_max);
  add("AccessKeysPerUserQuota", quotas.access_keys_per_user_max);
  add("GroupsPerUserQuota", quotas.groups_per_user_max);
  add("AttachedPoliciesPerUserQuota", quotas.attached_policies_max);
  add("AttachedPoliciesPerGroupQuota", quotas.attached_policies_max);
  add("AttachedPoliciesPerRoleQuota", quotas.attached_policies_max);
  for (const std::string_view none :
       {"AccountAccessKeysPresent", "AccountMFAEnabled", "AccountPasswordPresent", "AccountSigningCertificatesPresent",
        "MFADevices", "MFADevicesInUse", "Providers", "ServerCertificates"}) {
    add(none, 0);
  }
  return Value::object({{"SummaryMap", std::move(map).build()}});
}

Answer create_account_alias(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    directory.put_setting(kAlias, text(call.input, "AccountAlias"));
    return nothing();
  });
}

Answer delete_account_alias(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    const std::string alias = text(call.input, "AccountAlias");
    if (directory.setting(kAlias) != alias)
      return identity::no_such_entity("The account alias with name " + alias + " cannot be found.");
    directory.erase_setting(kAlias);
    return nothing();
  });
}

Answer list_account_aliases(Operations& operations, const wire::Call&) {
  std::vector<Value> aliases;
  if (const auto alias = operations.identity.read().setting(kAlias)) aliases.emplace_back(*alias);
  return Value::object({{"AccountAliases", list(std::move(aliases))}, {"IsTruncated", false}});
}

Answer get_account_password_policy(Operations& operations, const wire::Call&) {
  const auto stored = operations.identity.read().setting(kPasswordPolicy);
  if (!stored)
    return identity::no_such_entity("The Password Policy with domain name " + operations.identity.account() +
                                    " cannot be found.");
  ESC_TRY(Value policy, json::parse(*stored));
  return Value::object({{"PasswordPolicy", std::move(policy)}});
}

// Each call replaces the whole policy; what it does not say goes back to IAM's defaults.
Answer update_account_password_policy(Operations& operations, const wire::Call& call) {
  json::ObjectBuilder policy;
  policy.set("MinimumPasswordLength", number(call.input, "MinimumPasswordLength", 6));
  for (const std::string_view name : {"RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters",
                                      "RequireLowercaseCharacters", "AllowUsersToChangePassword"}) {
    policy.set(name, flag(call.input, name));
  }
  policy.set("ExpirePasswords", number(call.input, "MaxPasswordAge", 0) > 0);
  for (const std::string_view name : {"MaxPasswordAge", "PasswordReusePrevention"}) {
    if (const std::int64_t value = number(call.input, name, 0); value > 0) policy.set(name, value);
  }
  if (call.input.find("HardExpiry") != nullptr) policy.set("HardExpiry", flag(call.input, "HardExpiry"));
  const std::string stored = json::print(std::move(policy).build());
  return change(operations, [&](Directory& directory) -> Answer {
    directory.put_setting(kPasswordPolicy, stored);
    return nothing();
  });
}

Answer delete_account_password_policy(Operations& operations, const wire::Call&) {
  return change(operations, [&](Directory& directory) -> Answer {
    if (!directory.setting(kPasswordPolicy)) {
      return identity::no_such_entity("The account policy with name PasswordPolicy cannot be found.");
    }
    directory.erase_setting(kPasswordPolicy);
    return nothing();
  });
}

}  // namespace escapement::services::iam
