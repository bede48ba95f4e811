#include "identity/arn.h"
#include "identity/ids.h"
#include "services/iam/handlers.h"
#include "services/iam/render.h"

namespace escapement::services::iam {
namespace {

using json::Value;

base::Result<void> check_deletable(const Directory& directory, const Entity& user) {
  if (!user.attached.empty()) return delete_conflict("Cannot delete entity, must detach all policies first.");
  if (!user.inline_policies.empty()) return delete_conflict("Cannot delete entity, must delete policies first.");
  if (!user.groups.empty()) return delete_conflict("Cannot delete entity, must remove users from group first.");
  if (!directory.access_keys_of(user.name).empty())
    return delete_conflict("Cannot delete entity, must delete access keys first.");
  if (!directory.service_credentials_of(user.name).empty()) {
    return delete_conflict("Cannot delete entity, must remove referenced objects first.");
  }
  return {};
}

// Everything that names the user by its name follows it.
void rename(Directory& directory, const Entity& before, const Entity& after) {
  std::vector<identity::AccessKey> keys;
  for (const std::string& id : directory.access_keys_of(before.name)) {
    if (auto key = directory.access_key(id)) keys.push_back(std::move(*key));
  }
  std::vector<identity::ServiceCredential> credentials;
  for (const std::string& id : directory.service_credentials_of(before.name)) {
    if (auto credential = directory.service_credential(id)) credentials.push_back(std::move(*credential));
  }
  for (const auto& key : keys) directory.erase(key);
  for (const auto& credential : credentials) directory.erase(credential);
  directory.erase(before);
  directory.put(after, nullptr);
  for (auto& key : keys) {
    key.user = after.name;
    directory.put(key);
  }
  for (auto& credential : credentials) {
    credential.user = after.name;
    directory.put(credential);
  }
}

}  // namespace

Answer create_user(Operations& operations, const wire::Call& call) {
  ESC_TRY(auto tags, read_tags(call.input));
  return change(operations, [&](Directory& directory) -> Answer {
    Entity user{.kind = EntityKind::user,
                .name = text(call.input, "UserName"),
                .id = identity::new_entity_id(identity::kUserPrefix),
                .path = path_of(call.input),
                .created = operations.identity.clock().now(),
                .tags = tags};
    if (directory.has(EntityKind::user, user.name))
      return already_exists("User with name " + user.name + " already exists.");
    if (directory.count("user/") >= operations.quotas.users_max)
      return quota_exceeded("UsersPerAccount", operations.quotas.users_max);
    if (tags.size() > operations.quotas.tags_max)
      return limit_exceeded("The number of tags has reached the maximum limit.");
    if (const auto boundary = optional_text(call.input, "PermissionsBoundary")) {
      ESC_CHECK(attachable(directory, *boundary));
      user.boundary = *boundary;
    }
    directory.put(user, nullptr);
    return Value::object({{"User", render_user(user, directory, Detail::full)}});
  });
}

Answer get_user(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  if (call.input.find("UserName") == nullptr && call.principal->type == identity::Principal::Type::root) {
    return Value::object({{"User", Value::object({{"UserId", call.principal->account},
                                                  {"Arn", call.principal->arn},
                                                  {"CreateDate", std::int64_t{0}}})}});
  }
  ESC_TRY(const std::string name, user_name(call));
  ESC_TRY(const Entity user, directory.entity(EntityKind::user, name));
  return Value::object({{"User", render_user(user, directory, Detail::full)}});
}

Answer list_users(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(Page page, Page::read(call.input));
  const std::string prefix = optional_text(call.input, "PathPrefix").value_or("/");
  ESC_CHECK(directory.each_entity(EntityKind::user, page.after(), [&](const Entity& user) {
    return !user.path.starts_with(prefix) || page.add(user.name, render_user(user, directory, Detail::listed));
  }));
  return std::move(page).answer("Users");
}

Answer update_user(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity before, directory.entity(EntityKind::user, text(call.input, "UserName")));
    Entity after = before;
    after.path = optional_text(call.input, "NewPath").value_or(before.path);
    after.name = optional_text(call.input, "NewUserName").value_or(before.name);
    if (!identity::equals_folded(after.name, before.name) && directory.has(EntityKind::user, after.name)) {
      return already_exists("User with name " + after.name + " already exists.");
    }
    rename(directory, before, after);
    return nothing();
  });
}

Answer delete_user(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity user, directory.entity(EntityKind::user, text(call.input, "UserName")));
    ESC_CHECK(check_deletable(directory, user));
    directory.erase(user);
    return nothing();
  });
}

}  // namespace escapement::services::iam
