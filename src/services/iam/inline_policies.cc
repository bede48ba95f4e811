// Policies that belong to one user, group or role.
#include <algorithm>

#include "identity/policy_check.h"
#include "services/iam/handlers.h"

namespace escapement::services::iam {
namespace {

using identity::InlinePolicy;
using json::Value;

std::size_t size_max(const Quotas& quotas, EntityKind kind) {
  switch (kind) {
    case EntityKind::user:
      return quotas.user_policy_size_max;
    case EntityKind::group:
      return quotas.group_policy_size_max;
    case EntityKind::role:
      return quotas.role_policy_size_max;
  }
  return 0;
}

base::Error no_policy(EntityKind kind, std::string_view name) {
  return identity::no_such_entity(std::string(to_text(kind)) + " policy", name);
}

Answer put(Operations& operations, const wire::Call& call, EntityKind kind) {
  const std::string document = text(call.input, "PolicyDocument");
  ESC_CHECK(identity::check_policy(document, identity::PolicyUse::identity));
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity before, modifiable(directory, kind, text(call.input, name_member(kind))));
    Entity entity = before;
    const std::string name = text(call.input, "PolicyName");
    const auto at = std::ranges::lower_bound(entity.inline_policies, name, {}, &InlinePolicy::name);
    if (at != entity.inline_policies.end() && at->name == name)
      at->document = document;
    else
      entity.inline_policies.insert(at, InlinePolicy{name, document});

    std::size_t size = 0;
    for (const InlinePolicy& policy : entity.inline_policies) size += policy_size(policy.document);
    if (const std::size_t max = size_max(operations.quotas, kind); size > max) {
      return limit_exceeded("Maximum policy size of " + std::to_string(max) + " bytes exceeded for " +
                            std::string(to_text(kind)) + " " + entity.name);
    }
    directory.put(entity, &before);
    return nothing();
  });
}

Answer get(Operations& operations, const wire::Call& call, EntityKind kind) {
  ESC_TRY(const Entity entity, operations.identity.read().entity(kind, text(call.input, name_member(kind))));
  const std::string name = text(call.input, "PolicyName");
  const auto found = std::ranges::find(entity.inline_policies, name, &InlinePolicy::name);
  if (found == entity.inline_policies.end()) return no_policy(kind, name);
  return Value::object(
      {{name_member(kind), entity.name}, {"PolicyName", name}, {"PolicyDocument", encoded(found->document)}});
}

Answer erase(Operations& operations, const wire::Call& call, EntityKind kind) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity before, modifiable(directory, kind, text(call.input, name_member(kind))));
    Entity entity = before;
    const std::string name = text(call.input, "PolicyName");
    if (std::erase_if(entity.inline_policies, [&](const InlinePolicy& policy) { return policy.name == name; }) == 0)
      return no_policy(kind, name);
    directory.put(entity, &before);
    return nothing();
  });
}

Answer list_names(Operations& operations, const wire::Call& call, EntityKind kind) {
  ESC_TRY(const Entity entity, operations.identity.read().entity(kind, text(call.input, name_member(kind))));
  ESC_TRY(Page page, Page::read(call.input));
  std::vector<std::pair<std::string, Value>> names;
  for (const InlinePolicy& policy : entity.inline_policies) names.emplace_back(policy.name, policy.name);
  page.add_all(std::move(names));
  return std::move(page).answer("PolicyNames");
}

}  // namespace

Answer put_user_policy(Operations& operations, const wire::Call& call) {
  return put(operations, call, EntityKind::user);
}
Answer put_group_policy(Operations& operations, const wire::Call& call) {
  return put(operations, call, EntityKind::group);
}
Answer put_role_policy(Operations& operations, const wire::Call& call) {
  return put(operations, call, EntityKind::role);
}
Answer get_user_policy(Operations& operations, const wire::Call& call) {
  return get(operations, call, EntityKind::user);
}
Answer get_group_policy(Operations& operations, const wire::Call& call) {
  return get(operations, call, EntityKind::group);
}
Answer get_role_policy(Operations& operations, const wire::Call& call) {
  return get(operations, call, EntityKind::role);
}
Answer delete_user_policy(Operations& operations, const wire::Call& call) {
  return erase(operations, call, EntityKind::user);
}
Answer delete_group_policy(Operations& operations, const wire::Call& call) {
  return erase(operations, call, EntityKind::group);
}
Answer delete_role_policy(Operations& operations, const wire::Call& call) {
  return erase(operations, call, EntityKind::role);
}
Answer list_user_policies(Operations& operations, const wire::Call& call) {
  return list_names(operations, call, EntityKind::user);
}
Answer list_group_policies(Operations& operations, const wire::Call& call) {
  return list_names(operations, call, EntityKind::group);
}
Answer list_role_policies(Operations& operations, const wire::Call& call) {
  return list_names(operations, call, EntityKind::role);
}

}  // namespace escapement::services::iam
