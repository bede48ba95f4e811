// Passwords of a user for one AWS service. Those services are not here; the credentials are kept for the tools that
// make them.
#include <algorithm>
#include <array>

#include "base/random.h"
#include "identity/ids.h"
#include "services/iam/handlers.h"

namespace escapement::services::iam {
namespace {

using identity::ServiceCredential;
using json::Value;

constexpr std::array<std::string_view, 2> kServices = {"cassandra.amazonaws.com", "codecommit.amazonaws.com"};

std::string new_password() {
  return base::random_text(43, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") + "=";
}

json::ObjectBuilder render(const ServiceCredential& credential) {
  json::ObjectBuilder out;
  out.set("CreateDate", timestamp(credential.created)).set("ServiceName", credential.service);
  out.set("ServiceUserName", credential.service_user).set("ServiceSpecificCredentialId", credential.id);
  out.set("UserName", credential.user).set("Status", credential.active ? "Active" : "Inactive");
  return out;
}

Value render_with_password(const ServiceCredential& credential) {
  json::ObjectBuilder out = render(credential);
  out.set("ServicePassword", credential.password);
  return Value::object({{"ServiceSpecificCredential", std::move(out).build()}});
}

base::Result<void> check_service(std::string_view service) {
  if (std::ranges::find(kServices, service) != kServices.end()) return {};
  return identity::no_such_entity("No such service " + std::string(service) +
                                  " is supported for Service Specific Credentials");
}

base::Result<ServiceCredential> find_credential(const Directory& directory, const wire::Call& call) {
  ESC_TRY(const std::string name, user_name(call));
  ESC_TRY(const Entity user, directory.entity(EntityKind::user, name));
  const std::string id = text(call.input, "ServiceSpecificCredentialId");
  ESC_TRY(auto credential, directory.service_credential(id));
  if (credential.user != user.name) return identity::no_such_entity("No such credential " + id + " exists");
  return credential;
}

}  // namespace

Answer create_service_specific_credential(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity user, directory.entity(EntityKind::user, text(call.input, "UserName")));
    const std::string service = text(call.input, "ServiceName");
    ESC_CHECK(check_service(service));
    std::vector<std::string> taken;
    for (const std::string& id : directory.service_credentials_of(user.name)) {
      ESC_TRY(const auto other, directory.service_credential(id));
      if (other.service == service) taken.push_back(other.service_user);
    }
    if (taken.size() >= operations.quotas.service_credentials_max) {
      return quota_exceeded("ServiceSpecificCredentialsPerUser", operations.quotas.service_credentials_max);
    }
    std::string service_user = user.name + "-at-" + directory.account();
    for (std::size_t n = 1; std::ranges::find(taken, service_user) != taken.end(); ++n) {
      service_user = user.name + "+" + std::to_string(n) + "-at-" + directory.account();
    }
    const ServiceCredential credential{identity::new_entity_id(identity::kServiceCredentialPrefix),
                                       user.name,
                                       service,
                                       service_user,
                                       new_password(),
                                       true,
                                       operations.identity.clock().now()};
    directory.put(credential);
    return render_with_password(credential);
  });
}

Answer list_service_specific_credentials(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(const std::string name, user_name(call));
  ESC_TRY(const Entity user, directory.entity(EntityKind::user, name));
  const auto service = optional_text(call.input, "ServiceName");
  if (service) ESC_CHECK(check_service(*service));
  std::vector<Value> items;
  for (const std::string& id : directory.service_credentials_of(user.name)) {
    ESC_TRY(const auto credential, directory.service_credential(id));
    if (!service || credential.service == *service) items.push_back(std::move(render(credential)).build());
  }
  return Value::object({{"ServiceSpecificCredentials", list(std::move(items))}});
}

Answer update_service_specific_credential(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(auto credential, find_credential(directory, call));
    credential.active = text(call.input, "Status") == "Active";
    directory.put(credential);
    return nothing();
  });
}

Answer reset_service_specific_credential(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(auto credential, find_credential(directory, call));
    credential.password = new_password();
    directory.put(credential);
    return render_with_password(credential);
  });
}

Answer delete_service_specific_credential(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const auto credential, find_credential(directory, call));
    directory.erase(credential);
    return nothing();
  });
}

}  // namespace escapement::services::iam
