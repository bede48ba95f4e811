#include "services/iam/operations.h"

#include <algorithm>
#include <set>

#include "base/codec.h"
#include "identity/arn.h"

namespace escapement::services::iam {

using base::ErrorCode;
using base::make_error;
using base::Result;

std::string text(const json::Value& input, std::string_view member) {
  return optional_text(input, member).value_or(std::string());
}

std::optional<std::string> optional_text(const json::Value& input, std::string_view member) {
  const json::Value* value = input.find(member);
  return value != nullptr && value->is_string() ? std::optional(value->as_string()) : std::nullopt;
}

bool flag(const json::Value& input, std::string_view member, bool absent) {
  const json::Value* value = input.find(member);
  return value != nullptr && value->is_bool() ? value->as_bool() : absent;
}

std::int64_t number(const json::Value& input, std::string_view member, std::int64_t absent) {
  const json::Value* value = input.find(member);
  return value != nullptr && value->is_int64() ? value->as_int64() : absent;
}

std::vector<std::string> texts(const json::Value& input, std::string_view member) {
  std::vector<std::string> out;
  const json::Value* value = input.find(member);
  if (value == nullptr || !value->is_array()) return out;
  for (const json::Value& item : value->items()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

std::string path_of(const json::Value& input) { return optional_text(input, "Path").value_or("/"); }

std::string_view name_member(EntityKind kind) {
  switch (kind) {
    case EntityKind::user:
      return "UserName";
    case EntityKind::group:
      return "GroupName";
    case EntityKind::role:
      return "RoleName";
  }
  return "";
}

Result<std::string> user_name(const wire::Call& call) {
  if (auto name = optional_text(call.input, "UserName")) return std::move(*name);
  if (call.principal->type == identity::Principal::Type::user) {
    if (const auto arn = identity::parse_arn(call.principal->arn)) return std::string(resource_name(*arn));
  }
  return make_error(ErrorCode::invalid, "ValidationError",
                    "Must specify userName when calling with non-User credentials");
}

Result<std::vector<identity::Tag>> read_tags(const json::Value& input) {
  std::vector<identity::Tag> tags;
  const json::Value* value = input.find("Tags");
  if (value == nullptr || !value->is_array()) return tags;
  std::set<std::string> seen;
  for (const json::Value& item : value->items()) {
    identity::Tag tag{text(item, "Key"), text(item, "Value")};
    const std::string folded = identity::to_lower(tag.key);
    if (!seen.insert(folded).second)
      return invalid_input("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    if (folded.starts_with("aws:"))
      return invalid_input("The tag key " + tag.key + " is not valid: keys that begin with aws: are reserved for AWS.");
    tags.push_back(std::move(tag));
  }
  return tags;
}

std::size_t policy_size(std::string_view document) {
  return static_cast<std::size_t>(
      std::ranges::count_if(document, [](char c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t'; }));
}

json::Value nothing() { return json::Value::object(std::vector<json::Member>{}); }

json::Value list(std::vector<json::Value> items) { return json::Value::array(std::move(items)); }

json::Value timestamp(base::Timestamp time) { return {time.us / 1'000'000}; }

std::string encoded(std::string_view document) { return base::percent_encode(document); }

base::Error already_exists(std::string message) {
  return make_error(ErrorCode::already_exists, "EntityAlreadyExists", std::move(message));
}
base::Error delete_conflict(std::string message) {
  return make_error(ErrorCode::conflict, "DeleteConflict", std::move(message));
}
base::Error invalid_input(std::string message) {
  return make_error(ErrorCode::invalid, "InvalidInput", std::move(message));
}
base::Error limit_exceeded(std::string message) {
  return make_error(ErrorCode::limit_exceeded, "LimitExceeded", std::move(message));
}

base::Error quota_exceeded(std::string_view quota, std::size_t max) {
  return limit_exceeded("Cannot exceed quota for " + std::string(quota) + ": " + std::to_string(max));
}

base::Error unmodifiable(const Entity& role) {
  return make_error(
      ErrorCode::conflict, "UnmodifiableEntity",
      "Cannot perform the operation on the protected role '" + role.name + "' - this role is only modifiable by AWS");
}

base::Error not_attachable(std::string_view policy_arn) {
  return identity::no_such_entity("Policy " + std::string(policy_arn) + " does not exist or is not attachable.");
}

Result<Page> Page::read(const json::Value& input) {
  Page page;
  page.max_ = static_cast<std::size_t>(std::clamp<std::int64_t>(number(input, "MaxItems", 100), 1, 1'000));
  if (const auto marker = optional_text(input, "Marker")) {
    auto after = base::from_base64(*marker);
    if (!after || after->empty()) return make_error(ErrorCode::invalid, "ValidationError", "Invalid Marker.");
    page.after_ = std::move(*after);
  }
  return page;
}

bool Page::add(std::string_view name, json::Value item) {
  if (items_.size() == max_) {
    truncated_ = true;
    return false;
  }
  items_.push_back(std::move(item));
  last_ = name;
  return true;
}

void Page::add_all(std::vector<std::pair<std::string, json::Value>> items) {
  bool behind = after_.empty();
  for (auto& [name, item] : items) {
    if (behind && !add(name, std::move(item))) return;
    behind = behind || name == after_;
  }
}

json::Value Page::answer(std::string_view member, json::ObjectBuilder more) && {
  more.set(member, json::Value::array(std::move(items_)));
  more.set("IsTruncated", truncated_);
  if (truncated_) more.set("Marker", base::to_base64(last_));
  return std::move(more).build();
}

Answer change(Operations& operations, const std::function<Answer(Directory&)>& change) {
  json::Value answer;
  ESC_CHECK(operations.identity.update([&](Directory& directory) -> Result<void> {
    ESC_TRY(answer, change(directory));
    return {};
  }));
  return answer;
}

Result<Entity> modifiable(const Directory& directory, EntityKind kind, std::string_view name) {
  ESC_TRY(auto entity, directory.entity(kind, name));
  if (!entity.linked_service.empty()) return unmodifiable(entity);
  return entity;
}

Result<identity::ManagedPolicy> attachable(const Directory& directory, std::string_view arn) {
  auto policy = directory.policy(arn);
  if (!policy && policy.error().name == "NoSuchEntity") return not_attachable(arn);
  if (policy && policy->path == "/aws-service-role/") {
    return make_error(ErrorCode::invalid, "PolicyNotAttachable",
                      "Cannot attach a Service Role Policy to a Customer Role.");
  }
  return policy;
}

}  // namespace escapement::services::iam
