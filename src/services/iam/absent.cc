// What has no counterpart here: passwords for a sign-in page, devices, certificates, identity providers. They cannot be
// made, so that their listings are empty and looking one up finds none; tools that ask before they delete a user need
// these answers.
#include "services/iam/handlers.h"

namespace escapement::services::iam {
namespace {

Answer empty_list(Operations& operations, const wire::Call& call, std::string_view member) {
  if (const auto user = optional_text(call.input, "UserName"))
    ESC_CHECK(operations.identity.read().entity(EntityKind::user, *user));
  return json::Value::object({{member, list({})}, {"IsTruncated", false}});
}

}  // namespace

Answer get_login_profile(Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string name, user_name(call));
  ESC_TRY(const Entity user, operations.identity.read().entity(EntityKind::user, name));
  return identity::no_such_entity("Login Profile for User " + user.name + " cannot be found.");
}

Answer list_mfa_devices(Operations& operations, const wire::Call& call) {
  return empty_list(operations, call, "MFADevices");
}
Answer list_virtual_mfa_devices(Operations& operations, const wire::Call& call) {
  return empty_list(operations, call, "VirtualMFADevices");
}
Answer list_ssh_public_keys(Operations& operations, const wire::Call& call) {
  return empty_list(operations, call, "SSHPublicKeys");
}
Answer list_signing_certificates(Operations& operations, const wire::Call& call) {
  return empty_list(operations, call, "Certificates");
}
Answer list_server_certificates(Operations& operations, const wire::Call& call) {
  return empty_list(operations, call, "ServerCertificateMetadataList");
}
Answer list_open_id_connect_providers(Operations&, const wire::Call&) {
  return json::Value::object({{"OpenIDConnectProviderList", list({})}});
}
Answer list_saml_providers(Operations&, const wire::Call&) {
  return json::Value::object({{"SAMLProviderList", list({})}});
}

}  // namespace escapement::services::iam
