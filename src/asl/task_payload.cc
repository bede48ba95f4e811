// What AWS checks of a Task's Parameters or Arguments when the definition is made: the fields of optimised
// integrations.
#include <algorithm>
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
constexpr std::string_view kInvokeFields[] = {
    "ClientContext", "DurableExecutionName", "FunctionName", "InvocationType", "LogType", "Payload", "Qualifier",
    "TenantId"};
constexpr std::string_view kStartFields[] = {"Input", "Name", "StateMachineArn", "TraceHeader"};

struct Rule {
  std::string_view service;
  std::string_view action;
  std::span<const std::string_view> required;
  std::span<const std::string_view> known = {};  // empty: any
};

constexpr Rule kRules[] = {
    {"lambda", "invoke", kFunction, kInvokeFields},
    {"states", "startExecution", kMachine, kStartFields},
    {"sqs", "sendMessage", kQueue},
    {"events", "putEvents", kEntries},
    {"dynamodb", "getItem", kTableAndKey},
    {"dynamodb", "deleteItem", kTableAndKey},
    {"dynamodb", "updateItem", kTableAndKey},
    {"dynamodb", "putItem", kTableAndItem},
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
    reader.checker.schema_rule(fmt::format("The field '{}' is required but was missing", field),
                               reader.at(payload_name));
  }
}

void refuse_unknown_fields(const Reader& reader, std::string_view payload_name,
                           std::span<const std::string_view> known) {
  const Value* payload = reader.find(payload_name);
  if (known.empty() || payload == nullptr || !payload->is_object()) return;
  for (const json::Member& member : payload->members()) {
    std::string_view name = member.key;
    if (!reader.jsonata() && name.ends_with(".$")) name.remove_suffix(2);
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    reader.checker.schema_rule(fmt::format("The field '{}' is not supported by Step Functions", name),
                               reader.at(payload_name));
  }
}

}  // namespace

void check_task_payload(const Reader& reader, const TaskState& task) {
  static constexpr std::string_view kRole[] = {"RoleArn"};
  if (reader.find("Credentials") != nullptr) require_fields(reader, "Credentials", kRole);
  if (task.resource.kind != Resource::Kind::integration) return;
  for (const Rule& rule : kRules) {
    if (rule.service != task.resource.service || rule.action != task.resource.action) continue;
    const std::string_view payload = reader.jsonata() ? "Arguments" : "Parameters";
    require_fields(reader, payload, rule.required);
    refuse_unknown_fields(reader, payload, rule.known);
  }
}

}  // namespace escapement::asl
