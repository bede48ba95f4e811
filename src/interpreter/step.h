// The pure step function of the Amazon States Language.
//
//   step(program, state, command, context) -> {events, effects}, with `state` changed in place
//
// Nothing here reads a clock, does I/O, starts a thread or draws unseeded randomness: the same program, state, command
// and context give the same events, effects and state. A step runs until no frame can go on without an answer from
// outside.
//
// A command that no longer fits (a timer of an earlier attempt, the answer of a task that timed out) changes nothing
// and yields no events: whoever delivers commands may deliver one twice.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "asl/program.h"
#include "base/result.h"
#include "base/time.h"
#include "history/event.h"
#include "interpreter/execution.h"
#include "interpreter/inspection.h"
#include "json/payload.h"

namespace escapement::interpreter {

// Names one try of one task: the frame that waits for it and the frame's `attempt` counter, which grows with every task
// that the frame schedules, so that answers to earlier tries are recognised.
struct TaskId {
  FrameId frame = 0;
  std::uint32_t attempt = 0;
  auto operator<=>(const TaskId&) const = default;
};

// Numbers are stored: append only, never reuse.
enum class TimerKind : std::uint8_t {
  wait = 1,
  retry = 2,
  task_timeout = 3,
  task_heartbeat = 4,
  execution_timeout = 5
};

// A timer is known by what it is for; `attempt` is the frame's counter at the time it was armed.
struct TimerId {
  FrameId frame = 0;
  TimerKind kind = TimerKind::wait;
  std::uint32_t attempt = 0;
  auto operator<=>(const TimerId&) const = default;
};

// ---- What happens to an execution

struct Start {};
// `due` as it was armed, so that a timer which was moved since is recognised; zero: not known.
struct TimerFired {
  TimerId timer;
  base::Timestamp due = {};
};
// An operator wants the timer at another time; now or earlier: at once. Yields a CancelTimer and an ArmTimer.
struct MoveTimer {
  TimerId timer;
  base::Timestamp due;
};
// A worker took the activity task.
struct ActivityTaken {
  TaskId task;
  std::string worker_name;
};
// The integration accepted the request of a .sync or .waitForTaskToken task; the task goes on.
struct TaskSubmitted {
  TaskId task;
  json::Payload output;
};
struct TaskSucceeded {
  TaskId task;
  json::Payload output;
};
struct TaskFailed {
  TaskId task;
  std::optional<std::string> error;
  std::optional<std::string> cause;
};
// The request could not be made at all (no permission, no such service): ends in the …ScheduleFailed, …StartFailed or
// …SubmitFailed events where AWS has them.
struct TaskStartFailed {
  TaskId task;
  std::string error;
  std::string cause;
};
struct TaskHeartbeat {
  TaskId task;
};
struct Stop {
  std::optional<std::string> error;
  std::optional<std::string> cause;
};
struct Redrive {};
// Goes on where the last step stopped short.
struct Continue {};
// A distributed Map's run was created, and ended. TaskFailed and TaskStartFailed end it as well.
struct MapRunStarted {
  TaskId task;
  std::string map_run_arn;
};
struct MapRunEnded {
  TaskId task;
  bool succeeded = false;
  json::Payload output;
  std::string error;
  std::string cause;
};

using Command =
    std::variant<Start, TimerFired, ActivityTaken, TaskSubmitted, TaskSucceeded, TaskFailed, TaskStartFailed,
                 TaskHeartbeat, Stop, Redrive, Continue, MapRunStarted, MapRunEnded, MoveTimer>;

// ---- What an execution asks of the world

// Carry out a task. Everything needed to do it again after a crash is in the frame: see `task_of`.
struct ScheduleTask {
  TaskId task;
};
// The task need not be dispatched again after a crash: its answer was taken, its request was accepted (TaskSubmitted,
// ActivityTaken), or nobody wants it any more. Exactly one for each ScheduleTask; `scheduled` is that of its
// TaskRequest.
struct SettleTask {
  TaskId task;
  base::Timestamp scheduled;
};
// The task's answer is no longer wanted (timeout, stop, a sibling branch failed): whoever works on it may be told to
// stop.
struct CancelTask {
  TaskId task;
};
struct ArmTimer {
  TimerId timer;
  base::Timestamp due;
};
struct CancelTimer {
  TimerId timer;
  base::Timestamp due;
};

using Effect = std::variant<ScheduleTask, SettleTask, CancelTask, ArmTimer, CancelTimer>;

// How a resource is called, from its ARN.
enum class TaskPattern : std::uint8_t { request_response, sync, wait_for_task_token };

// A task in flight, as connectors need it.
struct TaskRequest {
  enum class Kind : std::uint8_t {
    lambda_function,  // Resource is a function's ARN
    activity,         // Resource is an activity's ARN
    integration,      // arn:aws:states:::SERVICE:API or arn:aws:states:::aws-sdk:SERVICE:API
    map_run,          // a distributed Map's children
  };
  Kind kind = Kind::integration;
  TaskId id;
  std::string resource;  // the whole ARN as in the definition
  std::string service;   // integration: "lambda", "states", "aws-sdk:sqs"…
  std::string action;    // integration: "invoke", "startExecution"…, without the pattern's suffix
  TaskPattern pattern = TaskPattern::request_response;
  bool sync_as_json = false;  // `.sync:2`: the answer's texts that are JSON are answered as JSON
  json::Payload parameters;   // what the task is given; a map_run: see map_run.h
  std::string role_arn;       // Credentials.RoleArn, or empty: the state machine's role
  asl::StateIndex state = 0;
  std::string state_name;
  std::string map_run_arn;             // map_run: not empty when an earlier run is to be redriven
  std::int64_t timeout_seconds = 0;    // 0: none given
  std::int64_t heartbeat_seconds = 0;  // 0: none given
  base::Timestamp scheduled;
};

// The task that `frame` waits for; nullopt if it waits for none. Errors: from loading the frame.
base::Result<std::optional<TaskRequest>> task_of(const asl::Program& program, ExecutionState& state, FrameId frame);

// ---- The step

struct Limits {
  std::size_t payload_bytes_max = 262'144;  // States.DataLimitExceeded
  // Of variables: what one Assign may make, and all that a scope can see ("Passing data between states with
  // variables").
  std::size_t assigned_bytes_max = 262'144;
  std::size_t variables_bytes_max = 10'485'760;
  std::uint64_t history_events_max = 25'000;  // ends a standard execution as AWS does
  std::int64_t express_seconds_max = 300;     // an express execution that runs longer times out
  // A standard one ("Quotas": a year); counted from its first start. No timer waits for it alone: it is noticed when
  // something happens to the execution, or by a timer of its own once another would be due later.
  std::int64_t standard_seconds_max = 365 * 86'400;
  std::uint32_t inline_concurrency_max = 40;      // iterations of one inline Map at once, whatever MaxConcurrency says
  std::size_t transitions_per_step_max = 10'000;  // a step hands back control after so many; see Transition::unfinished
};

struct StepContext {
  base::Timestamp now;
  // Under which a task that this step schedules is known to whoever carries it out (ScheduleTask, SettleTask). Unlike
  // `now` it never goes back.
  base::Timestamp stamp;
  const Limits* limits = nullptr;
  // The token of a task: unguessable, and the same each time for the same task.
  std::function<std::string(TaskId)> task_token;
  // Whether there is such an activity; a task for one that is missing fails before it is scheduled. Empty: every
  // activity is taken to be there.
  std::function<bool(std::string_view)> activity_exists;
  // TestState only; both borrowed.
  Inspector* inspector = nullptr;
  const json::Value* context_object = nullptr;  // in place of the execution's own
};

struct Transition {
  std::vector<history::Event> events;
  std::vector<Effect> effects;
  bool unfinished = false;  // more can be done at once: commit this, then step again with Continue
};

// Errors: only from loading frames (io, corrupt). What goes wrong inside the workflow is an outcome, not an error.
base::Result<Transition> step(const asl::Program& program, ExecutionState& state, const Command& command,
                              const StepContext& context);

}  // namespace escapement::interpreter
