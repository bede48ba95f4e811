// Records as the API shows them. Listings show less than the answers about one thing: neither tags nor boundaries.
#pragma once

#include "identity/identity.h"
#include "json/value.h"
#include "services/iam/operations.h"

namespace escapement::services::iam {

enum class Detail { listed, full };

json::Value render_user(const Entity& user, const Directory& directory, Detail detail);
json::Value render_group(const Entity& group, const Directory& directory);
// As CreateRole answers: without what follows from defaults.
json::Value render_new_role(const Entity& role, const Directory& directory);
json::Value render_role(const Entity& role, const Directory& directory, Detail detail,
                        const std::optional<identity::LastUsed>& used = {});
// As CreatePolicy answers (without description), as listings do (likewise, and without tags), or in full.
enum class PolicyDetail { created, listed, full };
json::Value render_policy(const identity::ManagedPolicy& policy, const Directory& directory, PolicyDetail detail);
json::Value render_version(const identity::ManagedPolicy& policy, const identity::PolicyVersion& version,
                           bool with_document);
json::Value render_profile(const identity::InstanceProfile& profile, const Directory& directory, Detail detail);
json::Value render_tags(const std::vector<identity::Tag>& tags);
json::Value render_attached(const Entity& entity, const Directory& directory, std::string_view path_prefix = "/");

}  // namespace escapement::services::iam
