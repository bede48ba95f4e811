#include "services/iam/render.h"

namespace escapement::services::iam {
namespace {

using json::ObjectBuilder;
using json::Value;

void add_boundary(ObjectBuilder& out, const Entity& entity) {
  if (entity.boundary.empty()) return;
  out.set("PermissionsBoundary",
          Value::object({{"PermissionsBoundaryType", "Policy"}, {"PermissionsBoundaryArn", entity.boundary}}));
}

ObjectBuilder role_head(const Entity& role, const Directory& directory) {
  ObjectBuilder out;
  out.set("Path", role.path).set("RoleName", role.name).set("RoleId", role.id).set("Arn", directory.arn(role));
  out.set("CreateDate", timestamp(role.created)).set("AssumeRolePolicyDocument", encoded(role.trust_policy));
  if (role.description) out.set("Description", *role.description);
  return out;
}

}  // namespace

Value render_tags(const std::vector<identity::Tag>& tags) {
  std::vector<Value> items;
  for (const identity::Tag& tag : tags) items.push_back(Value::object({{"Key", tag.key}, {"Value", tag.value}}));
  return list(std::move(items));
}

Value render_user(const Entity& user, const Directory& directory, Detail detail) {
  ObjectBuilder out;
  out.set("Path", user.path).set("UserName", user.name).set("UserId", user.id).set("Arn", directory.arn(user));
  out.set("CreateDate", timestamp(user.created));
  if (detail == Detail::full) {
    add_boundary(out, user);
    if (!user.tags.empty()) out.set("Tags", render_tags(user.tags));
  }
  return std::move(out).build();
}

Value render_group(const Entity& group, const Directory& directory) {
  return Value::object({{"Path", group.path},
                        {"GroupName", group.name},
                        {"GroupId", group.id},
                        {"Arn", directory.arn(group)},
                        {"CreateDate", timestamp(group.created)}});
}

Value render_new_role(const Entity& role, const Directory& directory) {
  ObjectBuilder out = role_head(role, directory);
  if (role.session_seconds_max != 3'600)
    out.set("MaxSessionDuration", static_cast<std::int64_t>(role.session_seconds_max));
  add_boundary(out, role);
  if (!role.tags.empty()) out.set("Tags", render_tags(role.tags));
  return std::move(out).build();
}

Value render_role(const Entity& role, const Directory& directory, Detail detail,
                  const std::optional<identity::LastUsed>& used) {
  ObjectBuilder out = role_head(role, directory);
  out.set("MaxSessionDuration", static_cast<std::int64_t>(role.session_seconds_max));
  if (detail == Detail::full) {
    add_boundary(out, role);
    if (!role.tags.empty()) out.set("Tags", render_tags(role.tags));
    ObjectBuilder last;
    if (used) last.set("LastUsedDate", timestamp(used->at)).set("Region", used->region);
    out.set("RoleLastUsed", std::move(last).build());
  }
  return std::move(out).build();
}

Value render_policy(const identity::ManagedPolicy& policy, const Directory& directory, PolicyDetail detail) {
  ObjectBuilder out;
  out.set("PolicyName", policy.name).set("PolicyId", policy.id).set("Arn", policy.arn).set("Path", policy.path);
  out.set("DefaultVersionId", policy.default_version);
  out.set("AttachmentCount", static_cast<std::int64_t>(directory.attachments_of(policy).size()));
  out.set("PermissionsBoundaryUsageCount", static_cast<std::int64_t>(directory.boundary_uses_of(policy).size()));
  out.set("IsAttachable", true);
  if (detail == PolicyDetail::full && policy.description) out.set("Description", *policy.description);
  out.set("CreateDate", timestamp(policy.created)).set("UpdateDate", timestamp(policy.updated));
  if (detail == PolicyDetail::full || (detail == PolicyDetail::created && !policy.tags.empty()))
    out.set("Tags", render_tags(policy.tags));
  return std::move(out).build();
}

Value render_version(const identity::ManagedPolicy& policy, const identity::PolicyVersion& version,
                     bool with_document) {
  ObjectBuilder out;
  if (with_document) out.set("Document", encoded(version.document));
  out.set("VersionId", version.id).set("IsDefaultVersion", version.id == policy.default_version);
  out.set("CreateDate", timestamp(version.created));
  return std::move(out).build();
}

Value render_profile(const identity::InstanceProfile& profile, const Directory& directory, Detail detail) {
  std::vector<Value> roles;
  if (!profile.role.empty()) {
    if (const auto role = directory.entity(EntityKind::role, profile.role))
      roles.push_back(render_new_role(*role, directory));
  }
  ObjectBuilder out;
  out.set("Path", profile.path).set("InstanceProfileName", profile.name).set("InstanceProfileId", profile.id);
  out.set("Arn", directory.arn("instance-profile", profile.path, profile.name))
      .set("CreateDate", timestamp(profile.created));
  out.set("Roles", list(std::move(roles)));
  if (detail == Detail::full) out.set("Tags", render_tags(profile.tags));
  return std::move(out).build();
}

Value render_attached(const Entity& entity, const Directory& directory, std::string_view path_prefix) {
  std::vector<Value> items;
  for (const std::string& arn : entity.attached) {
    const auto policy = directory.policy(arn);
    if (policy && policy->path.starts_with(path_prefix)) {
      items.push_back(Value::object({{"PolicyName", policy->name}, {"PolicyArn", arn}}));
    }
  }
  return list(std::move(items));
}

}  // namespace escapement::services::iam
