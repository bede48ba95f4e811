// Entering a Task state: everything up to the request that connectors carry out.
#include <fmt/format.h>

#include "interpreter/stepper.h"

namespace escapement::interpreter {

using asl::Resource;
using json::Value;

base::Result<void> Stepper::run_task(Activation& activation) {
  ++activation.frame.attempt;
  // Only a task that waits for its token has one in the context object.
  if (activation.state.as<asl::TaskState>().resource.pattern == Resource::Pattern::wait_for_task_token) {
    activation.scope.set_task({activation.frame.id, activation.frame.attempt});
  }
  auto plan = plan_task(activation);
  if (!plan) return fail_evaluation(activation, plan.error());
  if (activation.scope.load_error()) return *activation.scope.load_error();
  if (auto too_large = check_size(plan->parameters, activation.state.name)) {
    return fail_state(activation.frame, activation.state, *too_large);
  }
  schedule(activation.frame, activation.state, *std::move(plan));
  return {};
}

asl::Evaluated<Stepper::TaskPlan> Stepper::plan_task(Activation& activation) {
  const asl::State& state = activation.state;
  const auto& task = state.as<asl::TaskState>();
  auto input = effective_input(activation);
  if (!input) return std::unexpected(std::move(input).error());
  auto parameters = state_parameters(activation, *input);
  if (!parameters) return std::unexpected(std::move(parameters).error());
  TaskPlan plan;
  plan.parameters = *std::move(parameters);

  if (task.timeout_seconds.present() || task.heartbeat_seconds.present() || task.credentials) {
    const Value value = value_of(*input);
    const asl::Environment env = environment(activation, value);
    auto timeout = task.timeout_seconds.evaluate(env);
    if (!timeout) return std::unexpected(std::move(timeout).error());
    plan.timeout_seconds = timeout->value_or(0);
    auto heartbeat = task.heartbeat_seconds.evaluate(env);
    if (!heartbeat) return std::unexpected(std::move(heartbeat).error());
    plan.heartbeat_seconds = heartbeat->value_or(0);
    if (task.credentials) {
      auto credentials = task.credentials->evaluate("Credentials", env);
      if (!credentials) return std::unexpected(std::move(credentials).error());
      const Value* role = credentials->find("RoleArn");
      if (role == nullptr || !role->is_string()) {
        return std::unexpected(
            asl::Failure{"States.Runtime", "The field 'RoleArn' of 'Credentials' must be a string.", {}});
      }
      plan.role_arn = role->as_string();
    }
  }
  const Resource& resource = task.resource;
  if (resource.kind == Resource::Kind::activity && context_.activity_exists &&
      !context_.activity_exists(resource.arn)) {
    return std::unexpected(
        asl::Failure{"States.Runtime", fmt::format("The activity {} does not exist.", resource.arn), {}});
  }
  return plan;
}

void Stepper::schedule(Frame& frame, const asl::State& state, TaskPlan plan) {
  const Resource& resource = state.as<asl::TaskState>().resource;
  frame.phase = Phase::working;
  TaskInFlight& task = frame.task.emplace();
  task.parameters = std::move(plan.parameters);
  task.role_arn = std::move(plan.role_arn);
  task.timeout_seconds = plan.timeout_seconds;
  task.heartbeat_seconds = plan.heartbeat_seconds;
  task.scheduled = context_.stamp;

  const auto add_times = [&](Event& event, bool heartbeat) {
    if (task.timeout_seconds > 0) add(event, FieldId::timeout_in_seconds, task.timeout_seconds);
    if (heartbeat && task.heartbeat_seconds > 0) add(event, FieldId::heartbeat_in_seconds, task.heartbeat_seconds);
    if (!task.role_arn.empty()) add(event, FieldId::task_credentials_role_arn, task.role_arn);
  };
  switch (resource.kind) {
    case Resource::Kind::lambda: {
      Event& event = emit(EventType::LambdaFunctionScheduled, frame);
      add(event, FieldId::input, task.parameters);
      add(event, FieldId::resource, resource.arn);
      add_times(event, false);
      emit(EventType::LambdaFunctionStarted, frame);
      break;
    }
    case Resource::Kind::activity: {
      Event& event = emit(EventType::ActivityScheduled, frame);
      add(event, FieldId::input, task.parameters);
      add(event, FieldId::resource, resource.arn);
      add_times(event, true);
      break;
    }
    case Resource::Kind::integration:
    case Resource::Kind::sdk: {
      Event& event = emit(EventType::TaskScheduled, frame);
      add_resource(event, resource);
      add(event, FieldId::region, state_.facts.region);
      add(event, FieldId::parameters, task.parameters);
      add_times(event, true);
      add_resource(emit(EventType::TaskStarted, frame), resource);
      break;
    }
  }
  out_.effects.push_back(ScheduleTask{{frame.id, frame.attempt}});
  // The time of an activity counts from when a worker takes it.
  if (resource.kind != Resource::Kind::activity) start_clocks(frame);
}

void Stepper::start_clocks(Frame& frame) {
  TaskInFlight& task = *frame.task;
  if (task.timeout_seconds > 0) {
    task.timeout_due = context_.now + base::Duration::seconds(task.timeout_seconds);
    arm({frame.id, TimerKind::task_timeout, frame.attempt}, *task.timeout_due);
  }
  // Only those can send heartbeats that were given a token.
  const Resource& resource = program_.at(frame.state).as<asl::TaskState>().resource;
  const bool has_token =
      resource.kind == Resource::Kind::activity || resource.pattern == Resource::Pattern::wait_for_task_token;
  if (has_token && task.heartbeat_seconds > 0) {
    task.heartbeat_due = context_.now + base::Duration::seconds(task.heartbeat_seconds);
    arm({frame.id, TimerKind::task_heartbeat, frame.attempt}, *task.heartbeat_due);
  }
}

}  // namespace escapement::interpreter
