#include "history/render.h"

#include <array>

#include "base/assert.h"

namespace escapement::history {
namespace {

struct TypeRow {
  EventType type;
  std::string_view name;
  std::string_view details;  // the member that holds the fields; empty: the type has none
};

// AWS Step Functions API: HistoryEventType, and the member of HistoryEvent that goes with each. In the order of the
// stored numbers, from 1.
constexpr std::array kTypes = std::to_array<TypeRow>({
    {EventType::ActivityFailed, "ActivityFailed", "activityFailedEventDetails"},
    {EventType::ActivityScheduled, "ActivityScheduled", "activityScheduledEventDetails"},
    {EventType::ActivityScheduleFailed, "ActivityScheduleFailed", "activityScheduleFailedEventDetails"},
    {EventType::ActivityStarted, "ActivityStarted", "activityStartedEventDetails"},
    {EventType::ActivitySucceeded, "ActivitySucceeded", "activitySucceededEventDetails"},
    {EventType::ActivityTimedOut, "ActivityTimedOut", "activityTimedOutEventDetails"},
    {EventType::ChoiceStateEntered, "ChoiceStateEntered", "stateEnteredEventDetails"},
    {EventType::ChoiceStateExited, "ChoiceStateExited", "stateExitedEventDetails"},
    {EventType::ExecutionAborted, "ExecutionAborted", "executionAbortedEventDetails"},
    {EventType::ExecutionFailed, "ExecutionFailed", "executionFailedEventDetails"},
    {EventType::ExecutionStarted, "ExecutionStarted", "executionStartedEventDetails"},
    {EventType::ExecutionSucceeded, "ExecutionSucceeded", "executionSucceededEventDetails"},
    {EventType::ExecutionTimedOut, "ExecutionTimedOut", "executionTimedOutEventDetails"},
    {EventType::FailStateEntered, "FailStateEntered", "stateEnteredEventDetails"},
    {EventType::LambdaFunctionFailed, "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails"},
    {EventType::LambdaFunctionScheduled, "LambdaFunctionScheduled", "lambdaFunctionScheduledEventDetails"},
    {EventType::LambdaFunctionScheduleFailed, "LambdaFunctionScheduleFailed",
     "lambdaFunctionScheduleFailedEventDetails"},
    {EventType::LambdaFunctionStarted, "LambdaFunctionStarted", ""},
    {EventType::LambdaFunctionStartFailed, "LambdaFunctionStartFailed", "lambdaFunctionStartFailedEventDetails"},
    {EventType::LambdaFunctionSucceeded, "LambdaFunctionSucceeded", "lambdaFunctionSucceededEventDetails"},
    {EventType::LambdaFunctionTimedOut, "LambdaFunctionTimedOut", "lambdaFunctionTimedOutEventDetails"},
    {EventType::MapIterationAborted, "MapIterationAborted", "mapIterationAbortedEventDetails"},
    {EventType::MapIterationFailed, "MapIterationFailed", "mapIterationFailedEventDetails"},
    {EventType::MapIterationStarted, "MapIterationStarted", "mapIterationStartedEventDetails"},
    {EventType::MapIterationSucceeded, "MapIterationSucceeded", "mapIterationSucceededEventDetails"},
    {EventType::MapStateAborted, "MapStateAborted", ""},
    {EventType::MapStateEntered, "MapStateEntered", "stateEnteredEventDetails"},
    {EventType::MapStateExited, "MapStateExited", "stateExitedEventDetails"},
    {EventType::MapStateFailed, "MapStateFailed", ""},
    {EventType::MapStateStarted, "MapStateStarted", "mapStateStartedEventDetails"},
    {EventType::MapStateSucceeded, "MapStateSucceeded", ""},
    {EventType::ParallelStateAborted, "ParallelStateAborted", ""},
    {EventType::ParallelStateEntered, "ParallelStateEntered", "stateEnteredEventDetails"},
    {EventType::ParallelStateExited, "ParallelStateExited", "stateExitedEventDetails"},
    {EventType::ParallelStateFailed, "ParallelStateFailed", ""},
    {EventType::ParallelStateStarted, "ParallelStateStarted", ""},
    {EventType::ParallelStateSucceeded, "ParallelStateSucceeded", ""},
    {EventType::PassStateEntered, "PassStateEntered", "stateEnteredEventDetails"},
    {EventType::PassStateExited, "PassStateExited", "stateExitedEventDetails"},
    {EventType::SucceedStateEntered, "SucceedStateEntered", "stateEnteredEventDetails"},
    {EventType::SucceedStateExited, "SucceedStateExited", "stateExitedEventDetails"},
    {EventType::TaskFailed, "TaskFailed", "taskFailedEventDetails"},
    {EventType::TaskScheduled, "TaskScheduled", "taskScheduledEventDetails"},
    {EventType::TaskStarted, "TaskStarted", "taskStartedEventDetails"},
    {EventType::TaskStartFailed, "TaskStartFailed", "taskStartFailedEventDetails"},
    {EventType::TaskStateAborted, "TaskStateAborted", ""},
    {EventType::TaskStateEntered, "TaskStateEntered", "stateEnteredEventDetails"},
    {EventType::TaskStateExited, "TaskStateExited", "stateExitedEventDetails"},
    {EventType::TaskSubmitFailed, "TaskSubmitFailed", "taskSubmitFailedEventDetails"},
    {EventType::TaskSubmitted, "TaskSubmitted", "taskSubmittedEventDetails"},
    {EventType::TaskSucceeded, "TaskSucceeded", "taskSucceededEventDetails"},
    {EventType::TaskTimedOut, "TaskTimedOut", "taskTimedOutEventDetails"},
    {EventType::WaitStateAborted, "WaitStateAborted", ""},
    {EventType::WaitStateEntered, "WaitStateEntered", "stateEnteredEventDetails"},
    {EventType::WaitStateExited, "WaitStateExited", "stateExitedEventDetails"},
    {EventType::MapRunAborted, "MapRunAborted", ""},
    {EventType::MapRunFailed, "MapRunFailed", "mapRunFailedEventDetails"},
    {EventType::MapRunStarted, "MapRunStarted", "mapRunStartedEventDetails"},
    {EventType::MapRunSucceeded, "MapRunSucceeded", ""},
    {EventType::ExecutionRedriven, "ExecutionRedriven", "executionRedrivenEventDetails"},
    {EventType::MapRunRedriven, "MapRunRedriven", "mapRunRedrivenEventDetails"},
    {EventType::EvaluationFailed, "EvaluationFailed", "evaluationFailedEventDetails"},
});

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (static_cast<std::size_t>(kTypes[i].type) != i + 1) return false;
  }
  return true;
}
static_assert(is_in_order());

struct FieldRow {
  FieldId id;
  std::string_view member;
  std::string_view truncation;  // the member that says whether the data was cut; not empty: execution data
};

constexpr std::array kFields = std::to_array<FieldRow>({
    {FieldId::name, "name", ""},
    {FieldId::input, "input", "inputDetails"},
    {FieldId::output, "output", "outputDetails"},
    {FieldId::error, "error", ""},
    {FieldId::cause, "cause", ""},
    {FieldId::resource, "resource", ""},
    {FieldId::resource_type, "resourceType", ""},
    {FieldId::region, "region", ""},
    {FieldId::parameters, "parameters", ""},
    {FieldId::timeout_in_seconds, "timeoutInSeconds", ""},
    {FieldId::heartbeat_in_seconds, "heartbeatInSeconds", ""},
    {FieldId::role_arn, "roleArn", ""},
    {FieldId::state_machine_alias_arn, "stateMachineAliasArn", ""},
    {FieldId::state_machine_version_arn, "stateMachineVersionArn", ""},
    {FieldId::length, "length", ""},
    {FieldId::index, "index", ""},
    {FieldId::worker_name, "workerName", ""},
    {FieldId::task_credentials_role_arn, "taskCredentials", ""},
    {FieldId::map_run_arn, "mapRunArn", ""},
    {FieldId::redrive_count, "redriveCount", ""},
    {FieldId::location, "location", ""},
    {FieldId::state, "state", ""},
    {FieldId::assigned_variables, "assignedVariables", "assignedVariablesDetails"},
});

const TypeRow& row_of(EventType type) {
  const auto index = static_cast<std::size_t>(type) - 1;
  ESC_ASSERT(index < kTypes.size());
  return kTypes[index];
}

const FieldRow& row_of(FieldId id) {
  const auto index = static_cast<std::size_t>(id) - 1;
  ESC_ASSERT(index < kFields.size());
  return kFields[index];
}

// The API shows payloads as texts; only the assigned variables are a structure (a map of JSON texts).
json::Value value_of(const Field& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return *number;
  const auto& payload = std::get<json::Payload>(field.value);
  if (payload.absent()) return nullptr;
  if (field.id != FieldId::assigned_variables) return payload.text();
  auto variables = payload.value();
  return variables ? *std::move(variables) : json::Value();
}

void render_field(std::vector<json::Member>& out, const Field& field, bool include_data) {
  const FieldRow& row = row_of(field.id);
  const bool is_data = !row.truncation.empty() || field.id == FieldId::parameters;
  if (is_data && !include_data) return;
  json::Value value = value_of(field);
  if (field.id == FieldId::task_credentials_role_arn) value = json::Value::object({{"roleArn", std::move(value)}});
  out.push_back({std::string(row.member), std::move(value)});
  if (!row.truncation.empty())
    out.push_back({std::string(row.truncation), json::Value::object({{"truncated", false}})});
}

}  // namespace

std::string_view event_type_name(EventType type) { return row_of(type).name; }

json::Value render_details(const Event& event, bool include_data) {
  std::vector<json::Member> details;
  details.reserve(event.fields.size() * 2);
  for (const Field& field : event.fields) render_field(details, field, include_data);
  return json::Value::object(std::move(details));
}

json::Value render(const Event& event, bool include_data) {
  const TypeRow& row = row_of(event.type);
  std::vector<json::Member> members;
  members.reserve(5);
  members.push_back({"timestamp", event.timestamp.as_seconds()});
  members.push_back({"type", std::string(row.name)});
  members.push_back({"id", static_cast<std::int64_t>(event.id)});
  members.push_back({"previousEventId", static_cast<std::int64_t>(event.previous_id)});
  if (!row.details.empty()) members.push_back({std::string(row.details), render_details(event, include_data)});
  return json::Value::object(std::move(members));
}

}  // namespace escapement::history
