// What becomes of a task in flight: taken, submitted, answered, failed, timed out.
#include "interpreter/stepper.h"

namespace escapement::interpreter {

using asl::Resource;

namespace {

const Resource& resource_of(const asl::State& state) { return state.as<asl::TaskState>().resource; }

bool is_task(const asl::State& state) { return state.type() == asl::StateType::task; }

}  // namespace

void Stepper::settle(Frame& frame) {
  if (frame.task->settled) return;
  frame.task->settled = true;
  out_.effects.push_back(SettleTask{{frame.id, frame.attempt}, frame.task->scheduled});
}

// Nothing of the task is awaited any more.
void Stepper::end_task(Frame& frame) {
  settle(frame);
  TaskInFlight& task = *frame.task;
  if (task.timeout_due) cancel({frame.id, TimerKind::task_timeout, frame.attempt}, *task.timeout_due);
  if (task.heartbeat_due) cancel({frame.id, TimerKind::task_heartbeat, frame.attempt}, *task.heartbeat_due);
  frame.task.reset();
  frame.phase = Phase::ready;
}

base::Result<void> Stepper::apply(const ActivityTaken& command) {
  ESC_TRY(Frame* const frame, working_frame(command.task));
  if (frame == nullptr || frame->task->settled) return {};
  Event& event = emit(EventType::ActivityStarted, *frame);
  if (!command.worker_name.empty()) add(event, FieldId::worker_name, command.worker_name);
  settle(*frame);
  start_clocks(*frame);
  return {};
}

base::Result<void> Stepper::apply(const TaskSubmitted& command) {
  ESC_TRY(Frame* const frame, working_frame(command.task));
  if (frame == nullptr || frame->task->settled || !is_task(program_.at(frame->state))) return {};
  Event& event = emit(EventType::TaskSubmitted, *frame);
  add_resource(event, resource_of(program_.at(frame->state)));
  add(event, FieldId::output, command.output);
  settle(*frame);
  return {};
}

base::Result<void> Stepper::apply(const TaskHeartbeat& command) {
  ESC_TRY(Frame* const frame, working_frame(command.task));
  if (frame == nullptr || !frame->task->heartbeat_due) return {};
  const TimerId timer{frame->id, TimerKind::task_heartbeat, frame->attempt};
  const base::Timestamp due = context_.now + base::Duration::seconds(frame->task->heartbeat_seconds);
  if (due == *frame->task->heartbeat_due) return {};
  cancel(timer, *frame->task->heartbeat_due);
  frame->task->heartbeat_due = due;
  arm(timer, due);
  return {};
}

base::Result<void> Stepper::apply(const TaskSucceeded& command) {
  ESC_TRY(Frame* const frame, working_frame(command.task));
  if (frame == nullptr) return {};
  const asl::State& state = program_.at(frame->state);
  if (!is_task(state)) return {};
  const Resource& resource = resource_of(state);
  const bool by_arn = resource.kind == Resource::Kind::lambda || resource.kind == Resource::Kind::activity;
  if (const auto too_large = check_size(command.output, by_arn ? resource.arn : resource.event_resource_type())) {
    return task_failed(*frame, EventType::TaskFailed, EventType::LambdaFunctionFailed, EventType::ActivityFailed,
                       *too_large);
  }
  end_task(*frame);
  switch (resource.kind) {
    case Resource::Kind::lambda:
      add(emit(EventType::LambdaFunctionSucceeded, *frame), FieldId::output, command.output);
      break;
    case Resource::Kind::activity:
      add(emit(EventType::ActivitySucceeded, *frame), FieldId::output, command.output);
      break;
    case Resource::Kind::integration:
    case Resource::Kind::sdk: {
      Event& event = emit(EventType::TaskSucceeded, *frame);
      add_resource(event, resource);
      add(event, FieldId::output, command.output);
      break;
    }
  }
  Activation activation = activate(*frame);
  return complete(activation, {.result = command.output, .next = &state.next, .has_result = true});
}

base::Result<void> Stepper::task_failed(Frame& frame, EventType integration, EventType lambda, EventType activity,
                                        const StateError& error) {
  const asl::State& state = program_.at(frame.state);
  const Resource& resource = resource_of(state);
  end_task(frame);
  switch (resource.kind) {
    case Resource::Kind::lambda:
      add_error(emit(lambda, frame), error);
      break;
    case Resource::Kind::activity:
      add_error(emit(activity, frame), error);
      break;
    case Resource::Kind::integration:
    case Resource::Kind::sdk: {
      Event& event = emit(integration, frame);
      add_resource(event, resource);
      add_error(event, error);
      break;
    }
  }
  return fail_state(frame, state, error);
}

base::Result<void> Stepper::apply(const TaskFailed& command) {
  ESC_TRY(Frame* const frame, working_frame(command.task));
  if (frame == nullptr) return {};
  if (!is_task(program_.at(frame->state))) return map_run_failed(*frame, {command.error, command.cause});
  return task_failed(*frame, EventType::TaskFailed, EventType::LambdaFunctionFailed, EventType::ActivityFailed,
                     {command.error, command.cause});
}

// The request of a task that goes on after it was accepted has an event type of its own; other requests just fail.
base::Result<void> Stepper::apply(const TaskStartFailed& command) {
  ESC_TRY(Frame* const frame, working_frame(command.task));
  if (frame == nullptr) return {};
  if (!is_task(program_.at(frame->state))) return map_run_failed(*frame, {command.error, command.cause});
  const bool goes_on = resource_of(program_.at(frame->state)).pattern != Resource::Pattern::request_response;
  return task_failed(*frame, goes_on ? EventType::TaskSubmitFailed : EventType::TaskFailed,
                     EventType::LambdaFunctionFailed, EventType::ActivityScheduleFailed,
                     {command.error, command.cause});
}

// Catchers see an empty cause; the history shows none. Heartbeats that stay away are told as States.Timeout as well.
base::Result<void> Stepper::task_timed_out(Frame& frame, bool heartbeat_missed) {
  const StateError error{"States.Timeout", "", heartbeat_missed};
  out_.effects.push_back(CancelTask{{frame.id, frame.attempt}});
  if (is_task(program_.at(frame.state))) {
    return task_failed(frame, EventType::TaskTimedOut, EventType::LambdaFunctionTimedOut, EventType::ActivityTimedOut,
                       error);
  }
  end_task(frame);
  return fail_state(frame, program_.at(frame.state), error);
}

base::Result<std::optional<TaskRequest>> task_of(const asl::Program& program, ExecutionState& state, FrameId id) {
  ESC_TRY(const Frame* const frame, state.find(id));
  if (state.head.status != Status::running || frame->phase != Phase::working || !frame->task)
    return std::optional<TaskRequest>();
  const asl::State& at = program.at(frame->state);
  const TaskInFlight& task = *frame->task;
  TaskRequest request;
  request.id = {frame->id, frame->attempt};
  request.parameters = task.parameters;
  request.role_arn = task.role_arn;
  request.state = frame->state;
  request.state_name = at.name;
  request.map_run_arn = frame->map_run_arn;
  request.timeout_seconds = task.timeout_seconds;
  request.heartbeat_seconds = task.heartbeat_seconds;
  request.scheduled = task.scheduled;
  if (!is_task(at)) {
    request.kind = TaskRequest::Kind::map_run;
    return std::optional(std::move(request));
  }
  const Resource& resource = resource_of(at);
  request.resource = resource.arn;
  switch (resource.kind) {
    case Resource::Kind::lambda:
      request.kind = TaskRequest::Kind::lambda_function;
      break;
    case Resource::Kind::activity:
      request.kind = TaskRequest::Kind::activity;
      break;
    case Resource::Kind::integration:
    case Resource::Kind::sdk:
      request.kind = TaskRequest::Kind::integration;
      break;
  }
  request.service = resource.kind == Resource::Kind::sdk ? "aws-sdk:" + resource.service : resource.service;
  request.action = resource.action;
  switch (resource.pattern) {
    case Resource::Pattern::request_response:
      break;
    case Resource::Pattern::sync:
      request.pattern = TaskPattern::sync;
      break;
    case Resource::Pattern::sync2:
      request.pattern = TaskPattern::sync;
      request.sync_as_json = true;
      break;
    case Resource::Pattern::wait_for_task_token:
      request.pattern = TaskPattern::wait_for_task_token;
      break;
  }
  return std::optional(std::move(request));
}

}  // namespace escapement::interpreter
