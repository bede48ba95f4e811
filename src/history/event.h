// The events of an execution's history (AWS Step Functions API, HistoryEvent).
//
// An event is its type and a short list of fields; which fields a type has, and what the API calls them, is a table in
// render.cc. Long texts are payloads, shared with the frames and other events that mention them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "json/payload.h"

namespace escapement::history {

// Numbers are stored: append only, never reuse.
enum class EventType : std::uint8_t {
  ActivityFailed = 1,
  ActivityScheduled = 2,
  ActivityScheduleFailed = 3,
  ActivityStarted = 4,
  ActivitySucceeded = 5,
  ActivityTimedOut = 6,
  ChoiceStateEntered = 7,
  ChoiceStateExited = 8,
  ExecutionAborted = 9,
  ExecutionFailed = 10,
  ExecutionStarted = 11,
  ExecutionSucceeded = 12,
  ExecutionTimedOut = 13,
  FailStateEntered = 14,
  LambdaFunctionFailed = 15,
  LambdaFunctionScheduled = 16,
  LambdaFunctionScheduleFailed = 17,
  LambdaFunctionStarted = 18,
  LambdaFunctionStartFailed = 19,
  LambdaFunctionSucceeded = 20,
  LambdaFunctionTimedOut = 21,
  MapIterationAborted = 22,
  MapIterationFailed = 23,
  MapIterationStarted = 24,
  MapIterationSucceeded = 25,
  MapStateAborted = 26,
  MapStateEntered = 27,
  MapStateExited = 28,
  MapStateFailed = 29,
  MapStateStarted = 30,
  MapStateSucceeded = 31,
  ParallelStateAborted = 32,
  ParallelStateEntered = 33,
  ParallelStateExited = 34,
  ParallelStateFailed = 35,
  ParallelStateStarted = 36,
  ParallelStateSucceeded = 37,
  PassStateEntered = 38,
  PassStateExited = 39,
  SucceedStateEntered = 40,
  SucceedStateExited = 41,
  TaskFailed = 42,
  TaskScheduled = 43,
  TaskStarted = 44,
  TaskStartFailed = 45,
  TaskStateAborted = 46,
  TaskStateEntered = 47,
  TaskStateExited = 48,
  TaskSubmitFailed = 49,
  TaskSubmitted = 50,
  TaskSucceeded = 51,
  TaskTimedOut = 52,
  WaitStateAborted = 53,
  WaitStateEntered = 54,
  WaitStateExited = 55,
  MapRunAborted = 56,
  MapRunFailed = 57,
  MapRunStarted = 58,
  MapRunSucceeded = 59,
  ExecutionRedriven = 60,
  MapRunRedriven = 61,
  EvaluationFailed = 62,
};

// Members of the detail structures. Numbers are stored: append only, never reuse.
enum class FieldId : std::uint8_t {
  name = 1,
  input = 2,
  output = 3,
  error = 4,
  cause = 5,
  resource = 6,
  resource_type = 7,
  region = 8,
  parameters = 9,
  timeout_in_seconds = 10,
  heartbeat_in_seconds = 11,
  role_arn = 12,
  state_machine_alias_arn = 13,
  state_machine_version_arn = 14,
  length = 15,
  index = 16,
  worker_name = 17,
  task_credentials_role_arn = 18,
  map_run_arn = 19,
  redrive_count = 20,
  location = 21,
  state = 22,
  assigned_variables = 23 /* JSON object of JSON texts */,
};

using FieldValue = std::variant<std::string, std::int64_t, json::Payload>;

struct Field {
  FieldId id;
  FieldValue value;
};

struct Event {
  std::uint64_t id = 0;           // from 1, without gaps
  std::uint64_t previous_id = 0;  // 0: none
  EventType type = EventType::ExecutionStarted;
  base::Timestamp timestamp;
  std::vector<Field> fields;
};

}  // namespace escapement::history
