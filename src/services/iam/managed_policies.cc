// Customer managed policies and their versions; AWS's own can be read.
#include <algorithm>

#include "identity/aws_policies.h"
#include "identity/ids.h"
#include "identity/policy_check.h"
#include "services/iam/handlers.h"
#include "services/iam/render.h"

namespace escapement::services::iam {
namespace {

using identity::ManagedPolicy;
using identity::PolicyVersion;
using json::Value;

base::Result<void> check_document(const Operations& operations, const std::string& document) {
  ESC_CHECK(identity::check_policy(document, identity::PolicyUse::identity));
  if (policy_size(document) > operations.quotas.managed_policy_size_max) {
    return quota_exceeded("PolicySize", operations.quotas.managed_policy_size_max);
  }
  return {};
}

// Errors: NoSuchEntity; AccessDenied for AWS's own.
base::Result<ManagedPolicy> own_policy(const Directory& directory, const wire::Call& call) {
  ESC_TRY(auto policy, directory.policy(text(call.input, "PolicyArn")));
  if (policy.is_aws) {
    return base::make_error(base::ErrorCode::denied, "AccessDenied",
                            "Policy " + policy.arn + " is managed by AWS and cannot be changed.");
  }
  return policy;
}

base::Error no_version(const ManagedPolicy& policy, std::string_view version) {
  return identity::no_such_entity("Policy " + policy.arn + " version " + std::string(version) +
                                  " does not exist or is not attachable.");
}

}  // namespace

Answer create_policy(Operations& operations, const wire::Call& call) {
  const std::string document = text(call.input, "PolicyDocument");
  ESC_CHECK(check_document(operations, document));
  ESC_TRY(auto tags, read_tags(call.input));
  return change(operations, [&](Directory& directory) -> Answer {
    ManagedPolicy policy;
    policy.name = text(call.input, "PolicyName");
    policy.id = identity::new_entity_id(identity::kPolicyPrefix);
    policy.path = path_of(call.input);
    policy.arn = directory.arn("policy", policy.path, policy.name);
    policy.description = optional_text(call.input, "Description");
    policy.created = policy.updated = operations.identity.clock().now();
    policy.tags = tags;
    policy.versions.push_back({"v1", document, policy.created});
    policy.default_version = "v1";
    if (directory.has_policy_named(policy.name)) {
      return already_exists("A policy called " + policy.name + " already exists. Duplicate names are not allowed.");
    }
    if (directory.count("policy/") >= operations.quotas.policies_max)
      return quota_exceeded("PoliciesPerAccount", operations.quotas.policies_max);
    if (tags.size() > operations.quotas.tags_max)
      return limit_exceeded("The number of tags has reached the maximum limit.");
    directory.put(policy);
    return Value::object({{"Policy", render_policy(policy, directory, PolicyDetail::created)}});
  });
}

Answer get_policy(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(const ManagedPolicy policy, directory.policy(text(call.input, "PolicyArn")));
  return Value::object({{"Policy", render_policy(policy, directory, PolicyDetail::full)}});
}

// The account's own first, then AWS's. A marker that names one of AWS's begins with a slash, which no name does.
Answer list_policies(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(Page page, Page::read(call.input));
  const std::string scope = optional_text(call.input, "Scope").value_or("All");
  const std::string prefix = optional_text(call.input, "PathPrefix").value_or("/");
  const std::string usage = text(call.input, "PolicyUsageFilter");
  const bool only_attached = flag(call.input, "OnlyAttached");
  const auto wanted = [&](const ManagedPolicy& policy) {
    if (!policy.path.starts_with(prefix)) return false;
    const bool attached = !directory.attachments_of(policy).empty();
    const bool boundary = !directory.boundary_uses_of(policy).empty();
    if (usage == "PermissionsBoundary") return boundary;
    if (usage == "PermissionsPolicy") return attached;
    return !only_attached || attached || boundary;
  };
  const bool in_aws = page.after().starts_with('/');
  bool more = true;
  if (scope != "AWS" && !in_aws) {
    ESC_CHECK(directory.each_policy(page.after(), [&](const ManagedPolicy& policy) {
      more = !wanted(policy) || page.add(policy.name, render_policy(policy, directory, PolicyDetail::listed));
      return more;
    }));
  }
  if (scope != "Local" && more) {
    identity::each_aws_policy(in_aws ? page.after().substr(1) : std::string(), [&](const ManagedPolicy& policy) {
      return !wanted(policy) || page.add("/" + policy.name, render_policy(policy, directory, PolicyDetail::listed));
    });
  }
  return std::move(page).answer("Policies");
}

Answer delete_policy(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const ManagedPolicy policy, own_policy(directory, call));
    if (!directory.attachments_of(policy).empty() || !directory.boundary_uses_of(policy).empty()) {
      return delete_conflict("Cannot delete a policy attached to entities.");
    }
    if (policy.versions.size() > 1) {
      return delete_conflict(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
          "The default version is "
          "deleted with the policy.");
    }
    directory.erase(policy);
    return nothing();
  });
}

Answer create_policy_version(Operations& operations, const wire::Call& call) {
  const std::string document = text(call.input, "PolicyDocument");
  ESC_CHECK(check_document(operations, document));
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(ManagedPolicy policy, own_policy(directory, call));
    if (policy.versions.size() >= operations.quotas.policy_versions_max) {
      return limit_exceeded("A managed policy can have up to " + std::to_string(operations.quotas.policy_versions_max) +
                            " versions. Before you create a new version, you must delete an existing version.");
    }
    const base::Timestamp now = operations.identity.clock().now();
    policy.versions.push_back({"v" + std::to_string(policy.next_version++), document, now});
    if (flag(call.input, "SetAsDefault")) {
      policy.default_version = policy.versions.back().id;
      policy.updated = now;
    }
    directory.put(policy);
    return Value::object({{"PolicyVersion", render_version(policy, policy.versions.back(), false)}});
  });
}

Answer get_policy_version(Operations& operations, const wire::Call& call) {
  ESC_TRY(const ManagedPolicy policy, operations.identity.read().policy(text(call.input, "PolicyArn")));
  const std::string id = text(call.input, "VersionId");
  const PolicyVersion* version = policy.find_version(id);
  if (version == nullptr) return no_version(policy, id);
  return Value::object({{"PolicyVersion", render_version(policy, *version, true)}});
}

Answer list_policy_versions(Operations& operations, const wire::Call& call) {
  ESC_TRY(const ManagedPolicy policy, operations.identity.read().policy(text(call.input, "PolicyArn")));
  ESC_TRY(Page page, Page::read(call.input));
  std::vector<std::pair<std::string, Value>> items;
  for (auto version = policy.versions.rbegin(); version != policy.versions.rend(); ++version) {
    items.emplace_back(version->id, render_version(policy, *version, false));
  }
  page.add_all(std::move(items));
  return std::move(page).answer("Versions");
}

Answer delete_policy_version(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(ManagedPolicy policy, own_policy(directory, call));
    const std::string id = text(call.input, "VersionId");
    if (policy.find_version(id) == nullptr) return no_version(policy, id);
    if (id == policy.default_version) return delete_conflict("Cannot delete the default version of a policy.");
    std::erase_if(policy.versions, [&](const PolicyVersion& version) { return version.id == id; });
    directory.put(policy);
    return nothing();
  });
}

Answer set_default_policy_version(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(ManagedPolicy policy, own_policy(directory, call));
    const std::string id = text(call.input, "VersionId");
    if (policy.find_version(id) == nullptr) return no_version(policy, id);
    policy.default_version = id;
    policy.updated = operations.identity.clock().now();
    directory.put(policy);
    return nothing();
  });
}

}  // namespace escapement::services::iam
