#include "identity/service_linked_roles.h"

#include "base/random.h"
#include "identity/ids.h"
#include "services/iam/handlers.h"
#include "services/iam/render.h"

namespace escapement::services::iam {
namespace {

using json::Value;

std::string trust_of(std::string_view service) {
  std::string text = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":")";
  return text.append(service).append(R"("},"Action":"sts:AssumeRole"}]})");
}

std::string task_setting(std::string_view task) { return "deletion-task/" + std::string(task); }

}  // namespace

Answer create_service_linked_role(Operations& operations, const wire::Call& call) {
  const std::string service = text(call.input, "AWSServiceName");
  const auto* known = identity::find_service_linked_role(service);
  if (known == nullptr) return invalid_input("Service-linked roles of " + service + " are not known here.");
  const auto suffix = optional_text(call.input, "CustomSuffix");
  if (suffix && !known->takes_suffix) return invalid_input("Custom suffix is not allowed for " + service);
  return change(operations, [&](Directory& directory) -> Answer {
    Entity role{.kind = EntityKind::role,
                .name = std::string(known->role) + (suffix ? "_" + *suffix : ""),
                .id = identity::new_entity_id(identity::kRolePrefix),
                .path = "/aws-service-role/" + service + "/",
                .created = operations.identity.clock().now()};
    if (directory.has(EntityKind::role, role.name)) {
      return invalid_input("Service role name " + role.name +
                           " has been taken in this account, please try a different suffix.");
    }
    role.trust_policy = trust_of(service);
    role.linked_service = service;
    role.description = optional_text(call.input, "Description");
    if (!role.description && !known->description.empty()) role.description = std::string(known->description);
    if (!known->policy.empty())
      role.attached.push_back("arn:aws:iam::aws:policy/aws-service-role/" + std::string(known->policy));
    directory.put(role, nullptr);
    return Value::object({{"Role", render_new_role(role, directory)}});
  });
}

// The services that would still need the role are not here, so that it is deleted at once; the task only says so.
Answer delete_service_linked_role(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity role, directory.entity(EntityKind::role, text(call.input, "RoleName")));
    if (role.linked_service.empty()) return invalid_input("The role " + role.name + " is not a service-linked role.");
    const std::string task =
        "task/aws-service-role/" + role.linked_service + "/" + role.name + "/" + base::random_uuid();
    directory.erase(role);
    directory.put_setting(task_setting(task), "{}");
    return Value::object({{"DeletionTaskId", task}});
  });
}

Answer get_service_linked_role_deletion_status(Operations& operations, const wire::Call& call) {
  const std::string task = text(call.input, "DeletionTaskId");
  if (!operations.identity.read().setting(task_setting(task))) {
    return identity::no_such_entity("The deletion task with id " + task + " cannot be found.");
  }
  return Value::object({{"Status", "SUCCEEDED"}});
}

}  // namespace escapement::services::iam
