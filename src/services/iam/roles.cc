#include "services/iam/trust.h"

#include "identity/arn.h"
#include "identity/ids.h"
#include "identity/policy_check.h"
#include "services/iam/handlers.h"
#include "services/iam/render.h"

namespace escapement::services::iam {

using json::Value;

base::Result<void> check_trust_policy(const Operations& operations, const Directory& directory,
                                      std::string_view document) {
  ESC_TRY(const auto policy, identity::check_policy(document, identity::PolicyUse::trust));
  if (policy_size(document) > operations.quotas.trust_policy_size_max) {
    return quota_exceeded("ACLSizePerRole", operations.quotas.trust_policy_size_max);
  }
  for (const identity::Statement& statement : policy->statements) {
    for (const std::string& name : statement.principal.aws) {
      const auto arn = identity::parse_arn(name);
      if (!arn || arn->service != "iam" || arn->account != directory.account() || arn->resource == "root") continue;
      if (!directory.find_entity(name)) {
        return base::make_error(base::ErrorCode::invalid, "MalformedPolicyDocument",
                                "Invalid principal in policy: \"AWS\":\"" + name + "\"");
      }
    }
  }
  return {};
}

Answer create_role(Operations& operations, const wire::Call& call) {
  ESC_TRY(auto tags, read_tags(call.input));
  return change(operations, [&](Directory& directory) -> Answer {
    Entity role{.kind = EntityKind::role,
                .name = text(call.input, "RoleName"),
                .id = identity::new_entity_id(identity::kRolePrefix),
                .path = path_of(call.input),
                .created = operations.identity.clock().now(),
                .tags = tags};
    role.trust_policy = text(call.input, "AssumeRolePolicyDocument");
    role.description = optional_text(call.input, "Description");
    role.session_seconds_max = static_cast<std::int32_t>(number(call.input, "MaxSessionDuration", 3'600));
    if (role.path.starts_with("/aws-service-role/")) {
      return invalid_input(
          "Path /aws-service-role/ is reserved for service-linked roles: use CreateServiceLinkedRole.");
    }
    ESC_CHECK(check_trust_policy(operations, directory, role.trust_policy));
    if (directory.has(EntityKind::role, role.name))
      return already_exists("Role with name " + role.name + " already exists.");
    if (directory.count("role/") >= operations.quotas.roles_max)
      return quota_exceeded("RolesPerAccount", operations.quotas.roles_max);
    if (tags.size() > operations.quotas.tags_max)
      return limit_exceeded("The number of tags has reached the maximum limit.");
    if (const auto boundary = optional_text(call.input, "PermissionsBoundary")) {
      ESC_CHECK(attachable(directory, *boundary));
      role.boundary = *boundary;
    }
    directory.put(role, nullptr);
    return Value::object({{"Role", render_new_role(role, directory)}});
  });
}

Answer get_role(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(const Entity role, directory.entity(EntityKind::role, text(call.input, "RoleName")));
  return Value::object({{"Role", render_role(role, directory, Detail::full, operations.identity.last_used(role.id))}});
}

Answer list_roles(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(Page page, Page::read(call.input));
  const std::string prefix = optional_text(call.input, "PathPrefix").value_or("/");
  ESC_CHECK(directory.each_entity(EntityKind::role, page.after(), [&](const Entity& role) {
    return !role.path.starts_with(prefix) || page.add(role.name, render_role(role, directory, Detail::listed));
  }));
  return std::move(page).answer("Roles");
}

Answer update_role(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity before, directory.entity(EntityKind::role, text(call.input, "RoleName")));
    Entity role = before;
    if (auto description = optional_text(call.input, "Description")) role.description = std::move(description);
    if (call.input.find("MaxSessionDuration") != nullptr) {
      if (!role.linked_service.empty()) return unmodifiable(role);
      role.session_seconds_max = static_cast<std::int32_t>(number(call.input, "MaxSessionDuration", 3'600));
    }
    directory.put(role, &before);
    return nothing();
  });
}

Answer update_role_description(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity before, directory.entity(EntityKind::role, text(call.input, "RoleName")));
    Entity role = before;
    role.description = text(call.input, "Description");
    directory.put(role, &before);
    return Value::object({{"Role", render_role(role, directory, Detail::listed)}});
  });
}

Answer update_assume_role_policy(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity before, modifiable(directory, EntityKind::role, text(call.input, "RoleName")));
    Entity role = before;
    role.trust_policy = text(call.input, "PolicyDocument");
    ESC_CHECK(check_trust_policy(operations, directory, role.trust_policy));
    directory.put(role, &before);
    return nothing();
  });
}

Answer delete_role(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity role, modifiable(directory, EntityKind::role, text(call.input, "RoleName")));
    if (!directory.profiles_of(role.name).empty())
      return delete_conflict("Cannot delete entity, must remove roles from instance profile first.");
    if (!role.attached.empty()) return delete_conflict("Cannot delete entity, must detach all policies first.");
    if (!role.inline_policies.empty()) return delete_conflict("Cannot delete entity, must delete policies first.");
    directory.erase(role);
    return nothing();
  });
}

}  // namespace escapement::services::iam
