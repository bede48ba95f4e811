// What the handlers of the IAM API share: input, listings, errors, and changing the directory.
//
// A handler runs after its caller was authorised (iam_service.cc) and the model's constraints were checked (wire). All
// run on the blocking pool. Errors carry IAM's names and words.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "identity/identity.h"
#include "json/value.h"
#include "wire/service.h"

namespace escapement::services::iam {

using Answer = base::Result<json::Value>;
using identity::Directory;
using identity::Entity;
using identity::EntityKind;

// AWS's quotas, as defaults.
struct Quotas {
  std::size_t users_max = 5'000;
  std::size_t groups_max = 300;
  std::size_t roles_max = 1'000;
  std::size_t policies_max = 1'500;
  std::size_t instance_profiles_max = 1'000;
  std::size_t access_keys_per_user_max = 2;
  std::size_t groups_per_user_max = 10;
  std::size_t attached_policies_max = 10;  // to one user, group or role
  std::size_t policy_versions_max = 5;
  std::size_t tags_max = 50;
  std::size_t service_credentials_max = 2;  // of one user, for one service
  // Characters, white space not counted.
  std::size_t managed_policy_size_max = 6'144;
  std::size_t user_policy_size_max = 2'048;  // of all inline policies together
  std::size_t group_policy_size_max = 5'120;
  std::size_t role_policy_size_max = 10'240;
  std::size_t trust_policy_size_max = 2'048;
};

struct Operations {
  identity::Identity& identity;
  Quotas quotas;
};

using Handler = Answer (*)(Operations& operations, const wire::Call& call);

// ---- Input

std::string text(const json::Value& input, std::string_view member);  // empty where absent
std::optional<std::string> optional_text(const json::Value& input, std::string_view member);
bool flag(const json::Value& input, std::string_view member, bool absent = false);
std::int64_t number(const json::Value& input, std::string_view member, std::int64_t absent);
std::vector<std::string> texts(const json::Value& input, std::string_view member);
std::string path_of(const json::Value& input);  // Path, or "/"

// The member that names an entity: UserName, GroupName, RoleName.
std::string_view name_member(EntityKind kind);
// UserName, or the caller's own. Errors: ValidationError where the caller is no user.
base::Result<std::string> user_name(const wire::Call& call);

// Errors: InvalidInput for keys that differ in case only, or are reserved.
base::Result<std::vector<identity::Tag>> read_tags(const json::Value& input);

// The length that counts for IAM's limits.
std::size_t policy_size(std::string_view document);

// ---- Answers

json::Value nothing();
json::Value list(std::vector<json::Value> items);
json::Value timestamp(base::Timestamp time);     // whole seconds, as IAM has them
std::string encoded(std::string_view document);  // policy documents travel percent-encoded

base::Error already_exists(std::string message);
base::Error delete_conflict(std::string message);
base::Error invalid_input(std::string message);
base::Error limit_exceeded(std::string message);
base::Error quota_exceeded(std::string_view quota, std::size_t max);  // "Cannot exceed quota for X: N"
base::Error unmodifiable(const Entity& role);
base::Error not_attachable(std::string_view policy_arn);

// One page of a listing: Marker and MaxItems in; the items, IsTruncated and Marker out.
class Page {
 public:
  static base::Result<Page> read(const json::Value& input);

  // The name after which the page begins; empty: at the beginning.
  const std::string& after() const { return after_; }
  // False where the page is full: `item` is then left for the next one and the walk may end.
  bool add(std::string_view name, json::Value item);
  // All of a short list that is kept in some order, from behind `after` on.
  void add_all(std::vector<std::pair<std::string, json::Value>> items);
  json::Value answer(std::string_view member, json::ObjectBuilder more = {}) &&;

 private:
  std::string after_;
  std::string last_;
  std::size_t max_ = 100;
  bool truncated_ = false;
  std::vector<json::Value> items_;
};

// Runs `change` on a transaction of the directory; its value is the answer.
Answer change(Operations& operations, const std::function<Answer(Directory&)>& change);

// ---- Shared steps

// Users and groups as they are; roles unless they are service-linked. Errors: NoSuchEntity, UnmodifiableEntity.
base::Result<Entity> modifiable(const Directory& directory, EntityKind kind, std::string_view name);
// A policy that may be attached or be a boundary. Errors: NoSuchEntity, ValidationError, PolicyNotAttachable.
base::Result<identity::ManagedPolicy> attachable(const Directory& directory, std::string_view arn);

}  // namespace escapement::services::iam
