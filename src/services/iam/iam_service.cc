#include "services/iam/iam_service.h"

#include <algorithm>

#include "services/iam/handlers.h"

namespace escapement::services::iam {
namespace {

// What an operation is allowed on: the resource whose ARN policies name.
enum Target : int {
  everything,
  user,
  own_user,
  group,
  role,
  linked_role,
  policy_name,
  policy_arn,
  profile,
  source_arn
};

struct Entry {
  std::string_view operation;
  Handler handler;
  Target target = everything;
};

constexpr Entry kOperations[] = {
    {"AddRoleToInstanceProfile", add_role_to_instance_profile, profile},
    {"AddUserToGroup", add_user_to_group, group},
    {"AttachGroupPolicy", attach_group_policy, group},
    {"AttachRolePolicy", attach_role_policy, role},
    {"AttachUserPolicy", attach_user_policy, user},
    {"CreateAccessKey", create_access_key, own_user},
    {"CreateAccountAlias", create_account_alias},
    {"CreateGroup", create_group, group},
    {"CreateInstanceProfile", create_instance_profile, profile},
    {"CreatePolicy", create_policy, policy_name},
    {"CreatePolicyVersion", create_policy_version, policy_arn},
    {"CreateRole", create_role, role},
    {"CreateServiceLinkedRole", create_service_linked_role, linked_role},
    {"CreateServiceSpecificCredential", create_service_specific_credential, user},
    {"CreateUser", create_user, user},
    {"DeleteAccessKey", delete_access_key, own_user},
    {"DeleteAccountAlias", delete_account_alias},
    {"DeleteAccountPasswordPolicy", delete_account_password_policy},
    {"DeleteGroup", delete_group, group},
    {"DeleteGroupPolicy", delete_group_policy, group},
    {"DeleteInstanceProfile", delete_instance_profile, profile},
    {"DeletePolicy", delete_policy, policy_arn},
    {"DeletePolicyVersion", delete_policy_version, policy_arn},
    {"DeleteRole", delete_role, role},
    {"DeleteRolePermissionsBoundary", delete_role_permissions_boundary, role},
    {"DeleteRolePolicy", delete_role_policy, role},
    {"DeleteServiceLinkedRole", delete_service_linked_role, role},
    {"DeleteServiceSpecificCredential", delete_service_specific_credential, own_user},
    {"DeleteUser", delete_user, user},
    {"DeleteUserPermissionsBoundary", delete_user_permissions_boundary, user},
    {"DeleteUserPolicy", delete_user_policy, user},
    {"DetachGroupPolicy", detach_group_policy, group},
    {"DetachRolePolicy", detach_role_policy, role},
    {"DetachUserPolicy", detach_user_policy, user},
    {"GetAccessKeyLastUsed", get_access_key_last_used},
    {"GetAccountAuthorizationDetails", get_account_authorization_details},
    {"GetAccountPasswordPolicy", get_account_password_policy},
    {"GetAccountSummary", get_account_summary},
    {"GetContextKeysForCustomPolicy", get_context_keys_for_custom_policy},
    {"GetContextKeysForPrincipalPolicy", get_context_keys_for_principal_policy, source_arn},
    {"GetGroup", get_group, group},
    {"GetGroupPolicy", get_group_policy, group},
    {"GetInstanceProfile", get_instance_profile, profile},
    {"GetLoginProfile", get_login_profile, own_user},
    {"GetPolicy", get_policy, policy_arn},
    {"GetPolicyVersion", get_policy_version, policy_arn},
    {"GetRole", get_role, role},
    {"GetRolePolicy", get_role_policy, role},
    {"GetServiceLinkedRoleDeletionStatus", get_service_linked_role_deletion_status},
    {"GetUser", get_user, own_user},
    {"GetUserPolicy", get_user_policy, user},
    {"ListAccessKeys", list_access_keys, own_user},
    {"ListAccountAliases", list_account_aliases},
    {"ListAttachedGroupPolicies", list_attached_group_policies, group},
    {"ListAttachedRolePolicies", list_attached_role_policies, role},
    {"ListAttachedUserPolicies", list_attached_user_policies, user},
    {"ListEntitiesForPolicy", list_entities_for_policy, policy_arn},
    {"ListGroupPolicies", list_group_policies, group},
    {"ListGroups", list_groups},
    {"ListGroupsForUser", list_groups_for_user, user},
    {"ListInstanceProfileTags", list_instance_profile_tags, profile},
    {"ListInstanceProfiles", list_instance_profiles},
    {"ListInstanceProfilesForRole", list_instance_profiles_for_role, role},
    {"ListMFADevices", list_mfa_devices, own_user},
    {"ListOpenIDConnectProviders", list_open_id_connect_providers},
    {"ListPolicies", list_policies},
    {"ListPolicyTags", list_policy_tags, policy_arn},
    {"ListPolicyVersions", list_policy_versions, policy_arn},
    {"ListRolePolicies", list_role_policies, role},
    {"ListRoleTags", list_role_tags, role},
    {"ListRoles", list_roles},
    {"ListSAMLProviders", list_saml_providers},
    {"ListSSHPublicKeys", list_ssh_public_keys, own_user},
    {"ListServerCertificates", list_server_certificates},
    {"ListServiceSpecificCredentials", list_service_specific_credentials, own_user},
    {"ListSigningCertificates", list_signing_certificates, own_user},
    {"ListUserPolicies", list_user_policies, user},
    {"ListUserTags", list_user_tags, user},
    {"ListUsers", list_users},
    {"ListVirtualMFADevices", list_virtual_mfa_devices},
    {"PutGroupPolicy", put_group_policy, group},
    {"PutRolePermissionsBoundary", put_role_permissions_boundary, role},
    {"PutRolePolicy", put_role_policy, role},
    {"PutUserPermissionsBoundary", put_user_permissions_boundary, user},
    {"PutUserPolicy", put_user_policy, user},
    {"RemoveRoleFromInstanceProfile", remove_role_from_instance_profile, profile},
    {"RemoveUserFromGroup", remove_user_from_group, group},
    {"ResetServiceSpecificCredential", reset_service_specific_credential, own_user},
    {"SetDefaultPolicyVersion", set_default_policy_version, policy_arn},
    {"SimulateCustomPolicy", simulate_custom_policy},
    {"SimulatePrincipalPolicy", simulate_principal_policy, source_arn},
    {"TagInstanceProfile", tag_instance_profile, profile},
    {"TagPolicy", tag_policy, policy_arn},
    {"TagRole", tag_role, role},
    {"TagUser", tag_user, user},
    {"UntagInstanceProfile", untag_instance_profile, profile},
    {"UntagPolicy", untag_policy, policy_arn},
    {"UntagRole", untag_role, role},
    {"UntagUser", untag_user, user},
    {"UpdateAccessKey", update_access_key, own_user},
    {"UpdateAccountPasswordPolicy", update_account_password_policy},
    {"UpdateAssumeRolePolicy", update_assume_role_policy, role},
    {"UpdateGroup", update_group, group},
    {"UpdateRole", update_role, role},
    {"UpdateRoleDescription", update_role_description, role},
    {"UpdateServiceSpecificCredential", update_service_specific_credential, own_user},
    {"UpdateUser", update_user, user},
};
static_assert(std::ranges::is_sorted(kOperations, {}, &Entry::operation));

const Entry* find(std::string_view operation) {
  const auto* found = std::ranges::lower_bound(kOperations, operation, {}, &Entry::operation);
  return found != std::end(kOperations) && found->operation == operation ? found : nullptr;
}

void add_tags(identity::RequestContext& context, const std::vector<identity::Tag>& tags) {
  for (const identity::Tag& tag : tags) {
    context.emplace("aws:ResourceTag/" + tag.key, tag.value);
    context.emplace("iam:ResourceTag/" + tag.key, tag.value);
  }
}

// The condition keys that an IAM request has, by what stands in it.
identity::RequestContext context_of(const wire::Call& call) {
  identity::RequestContext context;
  if (!call.source_ip.empty()) context.emplace("aws:SourceIp", call.source_ip);
  if (const json::Value* tags = call.input.find("Tags"); tags != nullptr && tags->is_array()) {
    for (const json::Value& tag : tags->items()) {
      context.emplace("aws:RequestTag/" + text(tag, "Key"), text(tag, "Value"));
      context.emplace("aws:TagKeys", text(tag, "Key"));
    }
  }
  for (const std::string& key : texts(call.input, "TagKeys")) context.emplace("aws:TagKeys", key);
  if (const auto arn = optional_text(call.input, "PolicyArn")) context.emplace("iam:PolicyARN", *arn);
  if (const auto arn = optional_text(call.input, "PermissionsBoundary"))
    context.emplace("iam:PermissionsBoundary", *arn);
  if (const auto service = optional_text(call.input, "AWSServiceName")) context.emplace("iam:AWSServiceName", *service);
  return context;
}

// The ARN of what is there, or that it would have; adds the condition keys of what is there.
std::string resource_of(const Directory& directory, const wire::Call& call, Target target,
                        identity::RequestContext& context) {
  const auto entity = [&](EntityKind kind, const std::string& name) {
    const auto found = directory.entity(kind, name);
    if (!found) return directory.arn(to_text(kind), path_of(call.input), name);
    add_tags(context, found->tags);
    if (!found->boundary.empty() && !context.contains("iam:PermissionsBoundary"))
      context.emplace("iam:PermissionsBoundary", found->boundary);
    return directory.arn(*found);
  };
  switch (target) {
    case user:
      return entity(EntityKind::user, text(call.input, "UserName"));
    case own_user: {
      const auto name = user_name(call);
      return name ? entity(EntityKind::user, *name) : call.principal->arn;
    }
    case group:
      return entity(EntityKind::group, text(call.input, "GroupName"));
    case role:
      return entity(EntityKind::role, text(call.input, "RoleName"));
    case linked_role: {
      const std::string service = text(call.input, "AWSServiceName");
      return directory.arn("role", "/aws-service-role/" + service + "/", "AWSServiceRoleFor*");
    }
    case policy_name:
      return directory.arn("policy", path_of(call.input), text(call.input, "PolicyName"));
    case policy_arn: {
      const std::string arn = text(call.input, "PolicyArn");
      if (const auto found = directory.policy(arn)) add_tags(context, found->tags);
      return arn;
    }
    case profile: {
      const std::string name = text(call.input, "InstanceProfileName");
      const auto found = directory.profile(name);
      if (found) add_tags(context, found->tags);
      return directory.arn("instance-profile", found ? found->path : path_of(call.input), name);
    }
    case source_arn:
      return text(call.input, "PolicySourceArn");
    case everything:
      break;
  }
  return "*";
}

}  // namespace

bool IamService::has(std::string_view operation) const { return find(operation) != nullptr; }

Answer IamService::answer(const wire::Call& call) {
  const Entry* entry = find(call.operation);
  if (entry == nullptr) {
    return base::make_error(base::ErrorCode::unsupported, "UnsupportedOperation",
                            "IAM has no operation " + std::string(call.operation) + " here.");
  }
  identity::RequestContext context = context_of(call);
  const std::string resource = resource_of(operations_.identity.read(), call, entry->target, context);
  ESC_CHECK(operations_.identity.authorise(*call.principal, "iam:" + std::string(call.operation), resource, context));
  return entry->handler(operations_, call);
}

void IamService::handle(wire::Call call, wire::Respond respond) { respond(answer(call)); }

}  // namespace escapement::services::iam
