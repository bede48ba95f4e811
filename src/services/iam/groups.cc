#include <algorithm>

#include "identity/arn.h"
#include "identity/ids.h"
#include "services/iam/handlers.h"
#include "services/iam/render.h"

namespace escapement::services::iam {
namespace {

using json::Value;

auto find_group(std::vector<std::string>& groups, std::string_view name) {
  return std::ranges::find_if(groups, [&](const std::string& group) { return identity::equals_folded(group, name); });
}

}  // namespace

Answer create_group(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    const Entity group{.kind = EntityKind::group,
                       .name = text(call.input, "GroupName"),
                       .id = identity::new_entity_id(identity::kGroupPrefix),
                       .path = path_of(call.input),
                       .created = operations.identity.clock().now()};
    if (directory.has(EntityKind::group, group.name))
      return already_exists("Group with name " + group.name + " already exists.");
    if (directory.count("group/") >= operations.quotas.groups_max)
      return quota_exceeded("GroupsPerAccount", operations.quotas.groups_max);
    directory.put(group, nullptr);
    return Value::object({{"Group", render_group(group, directory)}});
  });
}

Answer get_group(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(const Entity group, directory.entity(EntityKind::group, text(call.input, "GroupName")));
  ESC_TRY(Page page, Page::read(call.input));
  std::vector<std::pair<std::string, Value>> users;
  for (const std::string& name : directory.members_of(group.name)) {
    ESC_TRY(const Entity user, directory.entity(EntityKind::user, name));
    users.emplace_back(name, render_user(user, directory, Detail::listed));
  }
  page.add_all(std::move(users));
  json::ObjectBuilder more;
  more.set("Group", render_group(group, directory));
  return std::move(page).answer("Users", std::move(more));
}

Answer list_groups(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(Page page, Page::read(call.input));
  const std::string prefix = optional_text(call.input, "PathPrefix").value_or("/");
  ESC_CHECK(directory.each_entity(EntityKind::group, page.after(), [&](const Entity& group) {
    return !group.path.starts_with(prefix) || page.add(group.name, render_group(group, directory));
  }));
  return std::move(page).answer("Groups");
}

Answer list_groups_for_user(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(const Entity user, directory.entity(EntityKind::user, text(call.input, "UserName")));
  ESC_TRY(Page page, Page::read(call.input));
  std::vector<std::pair<std::string, Value>> groups;
  for (const std::string& name : user.groups) {
    ESC_TRY(const Entity group, directory.entity(EntityKind::group, name));
    groups.emplace_back(name, render_group(group, directory));
  }
  page.add_all(std::move(groups));
  return std::move(page).answer("Groups");
}

Answer update_group(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity before, directory.entity(EntityKind::group, text(call.input, "GroupName")));
    Entity after = before;
    after.path = optional_text(call.input, "NewPath").value_or(before.path);
    after.name = optional_text(call.input, "NewGroupName").value_or(before.name);
    if (!identity::equals_folded(after.name, before.name) && directory.has(EntityKind::group, after.name)) {
      return already_exists("Group with name " + after.name + " already exists.");
    }
    const auto members = directory.members_of(before.name);
    directory.erase(before);
    directory.put(after, nullptr);
    for (const std::string& name : members) {
      ESC_TRY(const Entity user, directory.entity(EntityKind::user, name));
      Entity moved = user;
      if (const auto at = find_group(moved.groups, before.name); at != moved.groups.end()) *at = after.name;
      directory.put(moved, &user);
    }
    return nothing();
  });
}

Answer delete_group(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity group, directory.entity(EntityKind::group, text(call.input, "GroupName")));
    if (!directory.members_of(group.name).empty())
      return delete_conflict("Cannot delete entity, must remove users from group first.");
    if (!group.attached.empty()) return delete_conflict("Cannot delete entity, must detach all policies first.");
    if (!group.inline_policies.empty()) return delete_conflict("Cannot delete entity, must delete policies first.");
    directory.erase(group);
    return nothing();
  });
}

Answer add_user_to_group(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity group, directory.entity(EntityKind::group, text(call.input, "GroupName")));
    ESC_TRY(const Entity before, directory.entity(EntityKind::user, text(call.input, "UserName")));
    Entity user = before;
    if (find_group(user.groups, group.name) != user.groups.end()) return nothing();
    if (user.groups.size() >= operations.quotas.groups_per_user_max) {
      return quota_exceeded("GroupsPerUser", operations.quotas.groups_per_user_max);
    }
    user.groups.push_back(group.name);
    directory.put(user, &before);
    return nothing();
  });
}

Answer remove_user_from_group(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity group, directory.entity(EntityKind::group, text(call.input, "GroupName")));
    ESC_TRY(const Entity before, directory.entity(EntityKind::user, text(call.input, "UserName")));
    Entity user = before;
    const auto at = find_group(user.groups, group.name);
    if (at == user.groups.end()) return nothing();
    user.groups.erase(at);
    directory.put(user, &before);
    return nothing();
  });
}

}  // namespace escapement::services::iam
