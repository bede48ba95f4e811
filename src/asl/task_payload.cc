// What AWS checks of a Task's Parameters or Arguments when the definition is made: the fields of optimised
// integrations.
#include <span>

#include <fmt/format.h>

#include "asl/compiler.h"

namespace escapement::asl {
namespace {

using json::Value;

constexpr std::string_view kTableAndKey[] = {"TableName", "Key"};
constexpr std::string_view kTableAndItem[] = {"TableName", "Item"};
constexpr std::string_view kFunction[] = {"FunctionName"};
constexpr std::string_view kMachine[] = {"StateMachineArn"};
constexpr std::string_view kQueue[] = {"QueueUrl"};
constexpr std::string_view kEntries[] = {"Entries"};

struct Requirement {
  std::string_view service;
  std::string_view action;
  std::span<const std::string_view> fields;
};

constexpr Requirement kRequirements[] = {
    {"lambda", "invoke", kFunction},          {"states", "startExecution", kMachine},
    {"sqs", "sendMessage", kQueue},           {"events", "putEvents", kEntries},
    {"dynamodb", "getItem", kTableAndKey},    {"dynamodb", "deleteItem", kTableAndKey},
    {"dynamodb", "updateItem", kTableAndKey}, {"dynamodb", "putItem", kTableAndItem},
};

// The member itself, or the query that makes it.
bool has_field(const Value& payload, std::string_view name) {
  return payload.find(name) != nullptr || payload.find(std::string(name) + ".$") != nullptr;
}

void require_fields(const Reader& reader, std::string_view payload_name, std::span<const std::string_view> fields) {
  const Value* payload = reader.find(payload_name);
  if (payload != nullptr && !payload->is_object()) return;  // one expression for the whole: known when it runs
  for (const std::string_view field : fields) {
    if (payload != nullptr && has_field(*payload, field)) continue;
    reader.checker.schema(fmt::format("The field '{}' is required but was missing", field), reader.at(payload_name));
  }
}

}  // namespace

void check_task_payload(const Reader& reader, const TaskState& task) {
  static constexpr std::string_view kRole[] = {"RoleArn"};
  if (reader.find("Credentials") != nullptr) require_fields(reader, "Credentials", kRole);
  if (task.resource.kind != Resource::Kind::integration) return;
  for (const Requirement& requirement : kRequirements) {
    if (requirement.service == task.resource.service && requirement.action == task.resource.action) {
      require_fields(reader, reader.jsonata() ? "Arguments" : "Parameters", requirement.fields);
    }
  }
}

}  // namespace escapement::asl
