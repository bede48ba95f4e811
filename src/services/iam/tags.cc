#include <algorithm>

#include "identity/arn.h"
#include "services/iam/handlers.h"

namespace escapement::services::iam {
namespace {

using identity::Tag;
using json::Value;

// Adds or replaces; keys are compared without regard to case.
base::Result<void> merge(std::vector<Tag>& tags, const std::vector<Tag>& added, const Quotas& quotas) {
  for (const Tag& tag : added) {
    const auto found =
        std::ranges::find_if(tags, [&](const Tag& old) { return identity::equals_folded(old.key, tag.key); });
    if (found != tags.end())
      *found = tag;
    else
      tags.push_back(tag);
  }
  if (tags.size() > quotas.tags_max) return limit_exceeded("The number of tags has reached the maximum limit.");
  return {};
}

void remove(std::vector<Tag>& tags, const std::vector<std::string>& keys) {
  std::erase_if(tags, [&](const Tag& tag) {
    return std::ranges::any_of(keys, [&](const std::string& key) { return identity::equals_folded(key, tag.key); });
  });
}

Answer list_of(const std::vector<Tag>& tags, const wire::Call& call) {
  ESC_TRY(Page page, Page::read(call.input));
  std::vector<std::pair<std::string, Value>> items;
  for (const Tag& tag : tags) items.emplace_back(tag.key, Value::object({{"Key", tag.key}, {"Value", tag.value}}));
  page.add_all(std::move(items));
  return std::move(page).answer("Tags");
}

// One change for each kind of record: find it, change its tags, put it back.
using TagChange = std::function<base::Result<void>(std::vector<Tag>&)>;

Answer change_entity(Operations& operations, const wire::Call& call, EntityKind kind, const TagChange& apply) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity before, modifiable(directory, kind, text(call.input, name_member(kind))));
    Entity entity = before;
    ESC_CHECK(apply(entity.tags));
    directory.put(entity, &before);
    return nothing();
  });
}

Answer change_policy(Operations& operations, const wire::Call& call, const TagChange& apply) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(auto policy, directory.policy(text(call.input, "PolicyArn")));
    if (policy.is_aws) return invalid_input("Policy " + policy.arn + " is managed by AWS and cannot be tagged.");
    ESC_CHECK(apply(policy.tags));
    directory.put(policy);
    return nothing();
  });
}

Answer change_profile(Operations& operations, const wire::Call& call, const TagChange& apply) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const auto before, directory.profile(text(call.input, "InstanceProfileName")));
    auto profile = before;
    ESC_CHECK(apply(profile.tags));
    directory.put(profile, &before);
    return nothing();
  });
}

base::Result<TagChange> adding(const Operations& operations, const wire::Call& call) {
  ESC_TRY(auto added, read_tags(call.input));
  return TagChange([added = std::move(added), &operations](std::vector<Tag>& tags) {
    return merge(tags, added, operations.quotas);
  });
}

TagChange removing(const wire::Call& call) {
  return [keys = texts(call.input, "TagKeys")](std::vector<Tag>& tags) -> base::Result<void> {
    remove(tags, keys);
    return {};
  };
}

}  // namespace

Answer tag_user(Operations& operations, const wire::Call& call) {
  ESC_TRY(const auto apply, adding(operations, call));
  return change_entity(operations, call, EntityKind::user, apply);
}
Answer tag_role(Operations& operations, const wire::Call& call) {
  ESC_TRY(const auto apply, adding(operations, call));
  return change_entity(operations, call, EntityKind::role, apply);
}
Answer tag_policy(Operations& operations, const wire::Call& call) {
  ESC_TRY(const auto apply, adding(operations, call));
  return change_policy(operations, call, apply);
}
Answer tag_instance_profile(Operations& operations, const wire::Call& call) {
  ESC_TRY(const auto apply, adding(operations, call));
  return change_profile(operations, call, apply);
}
Answer untag_user(Operations& operations, const wire::Call& call) {
  return change_entity(operations, call, EntityKind::user, removing(call));
}
Answer untag_role(Operations& operations, const wire::Call& call) {
  return change_entity(operations, call, EntityKind::role, removing(call));
}
Answer untag_policy(Operations& operations, const wire::Call& call) {
  return change_policy(operations, call, removing(call));
}
Answer untag_instance_profile(Operations& operations, const wire::Call& call) {
  return change_profile(operations, call, removing(call));
}

Answer list_user_tags(Operations& operations, const wire::Call& call) {
  ESC_TRY(const Entity user, operations.identity.read().entity(EntityKind::user, text(call.input, "UserName")));
  return list_of(user.tags, call);
}
Answer list_role_tags(Operations& operations, const wire::Call& call) {
  ESC_TRY(const Entity role, operations.identity.read().entity(EntityKind::role, text(call.input, "RoleName")));
  return list_of(role.tags, call);
}
Answer list_policy_tags(Operations& operations, const wire::Call& call) {
  ESC_TRY(const auto policy, operations.identity.read().policy(text(call.input, "PolicyArn")));
  return list_of(policy.tags, call);
}
Answer list_instance_profile_tags(Operations& operations, const wire::Call& call) {
  ESC_TRY(const auto profile, operations.identity.read().profile(text(call.input, "InstanceProfileName")));
  return list_of(profile.tags, call);
}

}  // namespace escapement::services::iam
