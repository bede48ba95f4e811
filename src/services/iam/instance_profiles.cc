#include "identity/ids.h"
#include "services/iam/handlers.h"
#include "services/iam/render.h"

namespace escapement::services::iam {
namespace {

using identity::InstanceProfile;
using json::Value;

}  // namespace

Answer create_instance_profile(Operations& operations, const wire::Call& call) {
  ESC_TRY(auto tags, read_tags(call.input));
  return change(operations, [&](Directory& directory) -> Answer {
    const InstanceProfile profile{.name = text(call.input, "InstanceProfileName"),
                                  .id = identity::new_entity_id(identity::kProfilePrefix),
                                  .path = path_of(call.input),
                                  .created = operations.identity.clock().now(),
                                  .role = {},
                                  .tags = tags};
    if (directory.has_profile(profile.name))
      return already_exists("Instance Profile " + profile.name + " already exists.");
    if (directory.count("instance-profile/") >= operations.quotas.instance_profiles_max) {
      return quota_exceeded("InstanceProfilesPerAccount", operations.quotas.instance_profiles_max);
    }
    directory.put(profile, nullptr);
    return Value::object(
        {{"InstanceProfile", render_profile(profile, directory, tags.empty() ? Detail::listed : Detail::full)}});
  });
}

Answer get_instance_profile(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(const InstanceProfile profile, directory.profile(text(call.input, "InstanceProfileName")));
  return Value::object({{"InstanceProfile", render_profile(profile, directory, Detail::full)}});
}

Answer list_instance_profiles(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(Page page, Page::read(call.input));
  const std::string prefix = optional_text(call.input, "PathPrefix").value_or("/");
  ESC_CHECK(directory.each_profile(page.after(), [&](const InstanceProfile& profile) {
    return !profile.path.starts_with(prefix) ||
           page.add(profile.name, render_profile(profile, directory, Detail::listed));
  }));
  return std::move(page).answer("InstanceProfiles");
}

Answer list_instance_profiles_for_role(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(const Entity role, directory.entity(EntityKind::role, text(call.input, "RoleName")));
  ESC_TRY(Page page, Page::read(call.input));
  std::vector<std::pair<std::string, Value>> items;
  for (const std::string& name : directory.profiles_of(role.name)) {
    ESC_TRY(const InstanceProfile profile, directory.profile(name));
    items.emplace_back(name, render_profile(profile, directory, Detail::listed));
  }
  page.add_all(std::move(items));
  return std::move(page).answer("InstanceProfiles");
}

Answer delete_instance_profile(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const InstanceProfile profile, directory.profile(text(call.input, "InstanceProfileName")));
    if (!profile.role.empty())
      return delete_conflict("Cannot delete entity, must remove roles from instance profile first.");
    directory.erase(profile);
    return nothing();
  });
}

Answer add_role_to_instance_profile(Operations& operations, const wire::Call& call) {
  {
    const Directory directory = operations.identity.read();
    ESC_TRY(const Entity role, directory.entity(EntityKind::role, text(call.input, "RoleName")));
    ESC_CHECK(operations.identity.authorise(*call.principal, "iam:PassRole", directory.arn(role),
                                            {{"iam:PassedToService", "ec2.amazonaws.com"}}));
  }
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const InstanceProfile before, directory.profile(text(call.input, "InstanceProfileName")));
    ESC_TRY(const Entity role, modifiable(directory, EntityKind::role, text(call.input, "RoleName")));
    if (!before.role.empty()) return quota_exceeded("InstanceSessionsPerInstanceProfile", 1);
    InstanceProfile profile = before;
    profile.role = role.name;
    directory.put(profile, &before);
    return nothing();
  });
}

Answer remove_role_from_instance_profile(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const InstanceProfile before, directory.profile(text(call.input, "InstanceProfileName")));
    ESC_TRY(const Entity role, directory.entity(EntityKind::role, text(call.input, "RoleName")));
    if (before.role != role.name) return identity::no_such_entity("role", role.name);
    InstanceProfile profile = before;
    profile.role.clear();
    directory.put(profile, &before);
    return nothing();
  });
}

}  // namespace escapement::services::iam
