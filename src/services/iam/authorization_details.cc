// The whole account in one listing: users, groups, roles, and policies with their documents.
#include <algorithm>

#include "identity/aws_policies.h"
#include "services/iam/handlers.h"
#include "services/iam/render.h"

namespace escapement::services::iam {
namespace {

using json::ObjectBuilder;
using json::Value;

Value inline_list(const Entity& entity) {
  std::vector<Value> items;
  for (const auto& policy : entity.inline_policies) {
    items.push_back(Value::object({{"PolicyName", policy.name}, {"PolicyDocument", encoded(policy.document)}}));
  }
  return list(std::move(items));
}

Value user_detail(const Entity& user, const Directory& directory) {
  ObjectBuilder out(render_user(user, directory, Detail::full));
  out.set("UserPolicyList", inline_list(user)).set("AttachedManagedPolicies", render_attached(user, directory));
  out.set("GroupList", list({user.groups.begin(), user.groups.end()})).set("Tags", render_tags(user.tags));
  return std::move(out).build();
}

Value group_detail(const Entity& group, const Directory& directory) {
  ObjectBuilder out(render_group(group, directory));
  out.set("GroupPolicyList", inline_list(group)).set("AttachedManagedPolicies", render_attached(group, directory));
  return std::move(out).build();
}

Value role_detail(const Entity& role, const Directory& directory, const std::optional<identity::LastUsed>& used) {
  ObjectBuilder out(render_role(role, directory, Detail::full, used));
  out.erase("MaxSessionDuration");
  out.erase("Description");
  out.set("RolePolicyList", inline_list(role)).set("AttachedManagedPolicies", render_attached(role, directory));
  std::vector<Value> profiles;
  for (const std::string& name : directory.profiles_of(role.name)) {
    if (const auto profile = directory.profile(name))
      profiles.push_back(render_profile(*profile, directory, Detail::listed));
  }
  out.set("InstanceProfileList", list(std::move(profiles))).set("Tags", render_tags(role.tags));
  return std::move(out).build();
}

Value policy_detail(const identity::ManagedPolicy& policy, const Directory& directory) {
  ObjectBuilder out(render_policy(policy, directory, PolicyDetail::full));
  out.erase("Tags");
  std::vector<Value> versions;
  for (const auto& version : policy.versions) versions.push_back(render_version(policy, version, true));
  out.set("PolicyVersionList", list(std::move(versions)));
  return std::move(out).build();
}

// The four listings are one sequence of names: "1/alice" is a user, "4/name" a policy of the account, "5/name" one of
// AWS's.
struct Walk {
  const Directory& directory;
  Page page;
  std::vector<std::string> filter;
  std::vector<Value> found[6];
  bool more = true;

  bool wants(std::string_view kind) const {
    return more && (filter.empty() || std::ranges::find(filter, kind) != filter.end());
  }
  // Where to begin in a listing; nullopt: it is behind us.
  std::optional<std::string> start(char section) const {
    const std::string& after = page.after();
    if (after.empty() || after[0] < section) return "";
    if (after[0] > section || after.size() < 3) return std::nullopt;
    return after.substr(2);
  }
  bool add(char section, const std::string& name, Value item) {
    more = page.add(std::string{section, '/'} + name, Value());
    if (more) found[section - '0'].push_back(std::move(item));
    return more;
  }
};

}  // namespace

Answer get_account_authorization_details(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(Page page, Page::read(call.input));
  Walk walk{directory, std::move(page), texts(call.input, "Filter")};
  if (const auto start = walk.start('1'); start && walk.wants("User")) {
    ESC_CHECK(directory.each_entity(EntityKind::user, *start, [&](const Entity& user) {
      return walk.add('1', user.name, user_detail(user, directory));
    }));
  }
  if (const auto start = walk.start('2'); start && walk.wants("Group")) {
    ESC_CHECK(directory.each_entity(EntityKind::group, *start, [&](const Entity& group) {
      return walk.add('2', group.name, group_detail(group, directory));
    }));
  }
  if (const auto start = walk.start('3'); start && walk.wants("Role")) {
    ESC_CHECK(directory.each_entity(EntityKind::role, *start, [&](const Entity& role) {
      return walk.add('3', role.name, role_detail(role, directory, operations.identity.last_used(role.id)));
    }));
  }
  if (const auto start = walk.start('4'); start && walk.wants("LocalManagedPolicy")) {
    ESC_CHECK(directory.each_policy(*start, [&](const identity::ManagedPolicy& policy) {
      return walk.add('4', policy.name, policy_detail(policy, directory));
    }));
  }
  if (const auto start = walk.start('5'); start && walk.wants("AWSManagedPolicy")) {
    identity::each_aws_policy(*start, [&](const identity::ManagedPolicy& policy) {
      return directory.attachments_of(policy).empty() || walk.add('5', policy.name, policy_detail(policy, directory));
    });
  }
  std::vector<Value> policies = std::move(walk.found[4]);
  std::ranges::move(walk.found[5], std::back_inserter(policies));
  json::ObjectBuilder out;
  out.set("UserDetailList", list(std::move(walk.found[1]))).set("GroupDetailList", list(std::move(walk.found[2])));
  out.set("RoleDetailList", list(std::move(walk.found[3]))).set("Policies", list(std::move(policies)));
  const Value paging = std::move(walk.page).answer("Items");
  out.set("IsTruncated", *paging.find("IsTruncated"));
  if (const Value* marker = paging.find("Marker")) out.set("Marker", *marker);
  return std::move(out).build();
}

}  // namespace escapement::services::iam
