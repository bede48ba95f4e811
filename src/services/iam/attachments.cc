// Managed policies in use: attached to users, groups and roles, and as permissions boundaries.
#include <algorithm>

#include "services/iam/handlers.h"

namespace escapement::services::iam {
namespace {

using json::Value;

std::string_view quota_name(EntityKind kind) {
  switch (kind) {
    case EntityKind::user:
      return "PoliciesPerUser";
    case EntityKind::group:
      return "PoliciesPerGroup";
    case EntityKind::role:
      return "PoliciesPerRole";
  }
  return "";
}

Answer attach(Operations& operations, const wire::Call& call, EntityKind kind) {
  return change(operations, [&](Directory& directory) -> Answer {
    const std::string arn = text(call.input, "PolicyArn");
    ESC_TRY(const Entity before, modifiable(directory, kind, text(call.input, name_member(kind))));
    ESC_CHECK(attachable(directory, arn));
    Entity entity = before;
    if (std::ranges::find(entity.attached, arn) != entity.attached.end()) return nothing();
    if (entity.attached.size() >= operations.quotas.attached_policies_max) {
      return quota_exceeded(quota_name(kind), operations.quotas.attached_policies_max);
    }
    entity.attached.push_back(arn);
    directory.put(entity, &before);
    return nothing();
  });
}

Answer detach(Operations& operations, const wire::Call& call, EntityKind kind) {
  return change(operations, [&](Directory& directory) -> Answer {
    const std::string arn = text(call.input, "PolicyArn");
    ESC_TRY(const Entity before, modifiable(directory, kind, text(call.input, name_member(kind))));
    Entity entity = before;
    if (std::erase(entity.attached, arn) == 0) {
      ESC_CHECK(directory.policy(arn));
      return identity::no_such_entity("Policy " + arn + " was not found.");
    }
    directory.put(entity, &before);
    return nothing();
  });
}

Answer list_attached(Operations& operations, const wire::Call& call, EntityKind kind) {
  const Directory directory = operations.identity.read();
  ESC_TRY(const Entity entity, directory.entity(kind, text(call.input, name_member(kind))));
  ESC_TRY(Page page, Page::read(call.input));
  const std::string prefix = optional_text(call.input, "PathPrefix").value_or("/");
  std::vector<std::pair<std::string, Value>> items;
  for (const std::string& arn : entity.attached) {
    ESC_TRY(const auto policy, directory.policy(arn));
    if (policy.path.starts_with(prefix))
      items.emplace_back(arn, Value::object({{"PolicyName", policy.name}, {"PolicyArn", arn}}));
  }
  page.add_all(std::move(items));
  return std::move(page).answer("AttachedPolicies");
}

Answer put_boundary(Operations& operations, const wire::Call& call, EntityKind kind) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity before, modifiable(directory, kind, text(call.input, name_member(kind))));
    Entity entity = before;
    entity.boundary = text(call.input, "PermissionsBoundary");
    ESC_CHECK(attachable(directory, entity.boundary));
    directory.put(entity, &before);
    return nothing();
  });
}

Answer delete_boundary(Operations& operations, const wire::Call& call, EntityKind kind) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity before, modifiable(directory, kind, text(call.input, name_member(kind))));
    if (before.boundary.empty()) {
      return identity::no_such_entity(std::string(to_text(kind)) + " " + before.name + " has no permissions boundary.");
    }
    Entity entity = before;
    entity.boundary.clear();
    directory.put(entity, &before);
    return nothing();
  });
}

std::string_view list_member(EntityKind kind) {
  switch (kind) {
    case EntityKind::user:
      return "PolicyUsers";
    case EntityKind::group:
      return "PolicyGroups";
    case EntityKind::role:
      return "PolicyRoles";
  }
  return "";
}

Value entity_reference(const Entity& entity) {
  switch (entity.kind) {
    case EntityKind::user:
      return Value::object({{"UserName", entity.name}, {"UserId", entity.id}});
    case EntityKind::group:
      return Value::object({{"GroupName", entity.name}, {"GroupId", entity.id}});
    case EntityKind::role:
      return Value::object({{"RoleName", entity.name}, {"RoleId", entity.id}});
  }
  return {};
}

bool passes_filter(EntityKind kind, std::string_view filter) {
  return filter.empty() || (filter == "User" && kind == EntityKind::user) ||
         (filter == "Group" && kind == EntityKind::group) || (filter == "Role" && kind == EntityKind::role);
}

}  // namespace

Answer list_entities_for_policy(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(const auto policy, directory.policy(text(call.input, "PolicyArn")));
  const std::string usage = text(call.input, "PolicyUsageFilter");
  const std::string prefix = optional_text(call.input, "PathPrefix").value_or("/");
  std::vector<Directory::Use> uses;
  if (usage != "PermissionsBoundary") uses = directory.attachments_of(policy);
  if (usage != "PermissionsPolicy") {
    const auto boundaries = directory.boundary_uses_of(policy);
    uses.insert(uses.end(), boundaries.begin(), boundaries.end());
  }
  std::vector<Value> found[3];
  for (const Directory::Use& use : uses) {
    if (!passes_filter(use.kind, text(call.input, "EntityFilter"))) continue;
    ESC_TRY(const Entity entity, directory.entity(use.kind, use.name));
    if (entity.path.starts_with(prefix)) found[static_cast<std::size_t>(use.kind)].push_back(entity_reference(entity));
  }
  json::ObjectBuilder out;
  for (const EntityKind kind : {EntityKind::group, EntityKind::user, EntityKind::role}) {
    out.set(list_member(kind), list(std::move(found[static_cast<std::size_t>(kind)])));
  }
  out.set("IsTruncated", false);
  return std::move(out).build();
}

Answer attach_user_policy(Operations& operations, const wire::Call& call) {
  return attach(operations, call, EntityKind::user);
}
Answer attach_group_policy(Operations& operations, const wire::Call& call) {
  return attach(operations, call, EntityKind::group);
}
Answer attach_role_policy(Operations& operations, const wire::Call& call) {
  return attach(operations, call, EntityKind::role);
}
Answer detach_user_policy(Operations& operations, const wire::Call& call) {
  return detach(operations, call, EntityKind::user);
}
Answer detach_group_policy(Operations& operations, const wire::Call& call) {
  return detach(operations, call, EntityKind::group);
}
Answer detach_role_policy(Operations& operations, const wire::Call& call) {
  return detach(operations, call, EntityKind::role);
}
Answer list_attached_user_policies(Operations& operations, const wire::Call& call) {
  return list_attached(operations, call, EntityKind::user);
}
Answer list_attached_group_policies(Operations& operations, const wire::Call& call) {
  return list_attached(operations, call, EntityKind::group);
}
Answer list_attached_role_policies(Operations& operations, const wire::Call& call) {
  return list_attached(operations, call, EntityKind::role);
}
Answer put_user_permissions_boundary(Operations& operations, const wire::Call& call) {
  return put_boundary(operations, call, EntityKind::user);
}
Answer put_role_permissions_boundary(Operations& operations, const wire::Call& call) {
  return put_boundary(operations, call, EntityKind::role);
}
Answer delete_user_permissions_boundary(Operations& operations, const wire::Call& call) {
  return delete_boundary(operations, call, EntityKind::user);
}
Answer delete_role_permissions_boundary(Operations& operations, const wire::Call& call) {
  return delete_boundary(operations, call, EntityKind::role);
}

}  // namespace escapement::services::iam
