// The handlers of the IAM API, by the file that holds them.
#pragma once

#include "services/iam/operations.h"

namespace escapement::services::iam {

#define ESC_IAM_HANDLER(name) Answer name(Operations& operations, const wire::Call& call)

// users.cc
ESC_IAM_HANDLER(create_user);
ESC_IAM_HANDLER(get_user);
ESC_IAM_HANDLER(list_users);
ESC_IAM_HANDLER(update_user);
ESC_IAM_HANDLER(delete_user);
// access_keys.cc
ESC_IAM_HANDLER(create_access_key);
ESC_IAM_HANDLER(list_access_keys);
ESC_IAM_HANDLER(update_access_key);
ESC_IAM_HANDLER(delete_access_key);
ESC_IAM_HANDLER(get_access_key_last_used);
// groups.cc
ESC_IAM_HANDLER(create_group);
ESC_IAM_HANDLER(get_group);
ESC_IAM_HANDLER(list_groups);
ESC_IAM_HANDLER(list_groups_for_user);
ESC_IAM_HANDLER(update_group);
ESC_IAM_HANDLER(delete_group);
ESC_IAM_HANDLER(add_user_to_group);
ESC_IAM_HANDLER(remove_user_from_group);
// roles.cc
ESC_IAM_HANDLER(create_role);
ESC_IAM_HANDLER(get_role);
ESC_IAM_HANDLER(list_roles);
ESC_IAM_HANDLER(update_role);
ESC_IAM_HANDLER(update_role_description);
ESC_IAM_HANDLER(update_assume_role_policy);
ESC_IAM_HANDLER(delete_role);
// service_linked_roles.cc
ESC_IAM_HANDLER(create_service_linked_role);
ESC_IAM_HANDLER(delete_service_linked_role);
ESC_IAM_HANDLER(get_service_linked_role_deletion_status);
// inline_policies.cc
ESC_IAM_HANDLER(put_user_policy);
ESC_IAM_HANDLER(put_group_policy);
ESC_IAM_HANDLER(put_role_policy);
ESC_IAM_HANDLER(get_user_policy);
ESC_IAM_HANDLER(get_group_policy);
ESC_IAM_HANDLER(get_role_policy);
ESC_IAM_HANDLER(delete_user_policy);
ESC_IAM_HANDLER(delete_group_policy);
ESC_IAM_HANDLER(delete_role_policy);
ESC_IAM_HANDLER(list_user_policies);
ESC_IAM_HANDLER(list_group_policies);
ESC_IAM_HANDLER(list_role_policies);
// attachments.cc
ESC_IAM_HANDLER(attach_user_policy);
ESC_IAM_HANDLER(attach_group_policy);
ESC_IAM_HANDLER(attach_role_policy);
ESC_IAM_HANDLER(detach_user_policy);
ESC_IAM_HANDLER(detach_group_policy);
ESC_IAM_HANDLER(detach_role_policy);
ESC_IAM_HANDLER(list_attached_user_policies);
ESC_IAM_HANDLER(list_attached_group_policies);
ESC_IAM_HANDLER(list_attached_role_policies);
ESC_IAM_HANDLER(list_entities_for_policy);
ESC_IAM_HANDLER(put_user_permissions_boundary);
ESC_IAM_HANDLER(put_role_permissions_boundary);
ESC_IAM_HANDLER(delete_user_permissions_boundary);
ESC_IAM_HANDLER(delete_role_permissions_boundary);
// managed_policies.cc
ESC_IAM_HANDLER(create_policy);
ESC_IAM_HANDLER(get_policy);
ESC_IAM_HANDLER(list_policies);
ESC_IAM_HANDLER(delete_policy);
ESC_IAM_HANDLER(create_policy_version);
ESC_IAM_HANDLER(get_policy_version);
ESC_IAM_HANDLER(list_policy_versions);
ESC_IAM_HANDLER(delete_policy_version);
ESC_IAM_HANDLER(set_default_policy_version);
// tags.cc
ESC_IAM_HANDLER(tag_user);
ESC_IAM_HANDLER(tag_role);
ESC_IAM_HANDLER(tag_policy);
ESC_IAM_HANDLER(tag_instance_profile);
ESC_IAM_HANDLER(untag_user);
ESC_IAM_HANDLER(untag_role);
ESC_IAM_HANDLER(untag_policy);
ESC_IAM_HANDLER(untag_instance_profile);
ESC_IAM_HANDLER(list_user_tags);
ESC_IAM_HANDLER(list_role_tags);
ESC_IAM_HANDLER(list_policy_tags);
ESC_IAM_HANDLER(list_instance_profile_tags);
// instance_profiles.cc
ESC_IAM_HANDLER(create_instance_profile);
ESC_IAM_HANDLER(get_instance_profile);
ESC_IAM_HANDLER(list_instance_profiles);
ESC_IAM_HANDLER(list_instance_profiles_for_role);
ESC_IAM_HANDLER(delete_instance_profile);
ESC_IAM_HANDLER(add_role_to_instance_profile);
ESC_IAM_HANDLER(remove_role_from_instance_profile);
// service_credentials.cc
ESC_IAM_HANDLER(create_service_specific_credential);
ESC_IAM_HANDLER(list_service_specific_credentials);
ESC_IAM_HANDLER(update_service_specific_credential);
ESC_IAM_HANDLER(reset_service_specific_credential);
ESC_IAM_HANDLER(delete_service_specific_credential);
// simulate.cc
ESC_IAM_HANDLER(simulate_custom_policy);
ESC_IAM_HANDLER(simulate_principal_policy);
ESC_IAM_HANDLER(get_context_keys_for_custom_policy);
ESC_IAM_HANDLER(get_context_keys_for_principal_policy);
// account.cc
ESC_IAM_HANDLER(get_account_summary);
ESC_IAM_HANDLER(create_account_alias);
ESC_IAM_HANDLER(delete_account_alias);
ESC_IAM_HANDLER(list_account_aliases);
ESC_IAM_HANDLER(get_account_password_policy);
ESC_IAM_HANDLER(update_account_password_policy);
ESC_IAM_HANDLER(delete_account_password_policy);
// authorization_details.cc
ESC_IAM_HANDLER(get_account_authorization_details);
// absent.cc: listings of what cannot be made here, which are empty.
ESC_IAM_HANDLER(get_login_profile);
ESC_IAM_HANDLER(list_mfa_devices);
ESC_IAM_HANDLER(list_virtual_mfa_devices);
ESC_IAM_HANDLER(list_ssh_public_keys);
ESC_IAM_HANDLER(list_signing_certificates);
ESC_IAM_HANDLER(list_server_certificates);
ESC_IAM_HANDLER(list_open_id_connect_providers);
ESC_IAM_HANDLER(list_saml_providers);

#undef ESC_IAM_HANDLER

}  // namespace escapement::services::iam
