#include "interpreter/replay_world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "json/parse.h"
#include "json/print.h"

namespace escapement::interpreter::replay {

using json::Payload;
using json::Value;

namespace {

constexpr std::int64_t kStartSeconds = 1'750'000'000;

Value parsed_or_text(const std::string& text) {
  auto value = json::parse(text);
  return value ? *std::move(value) : Value(text);
}

// How the recorded function of behaviour "decorate" prints its event.
std::string python_text(const Value& value, bool nested) {
  switch (value.kind()) {
    case json::Kind::null:
      return "None";
    case json::Kind::boolean:
      return value.as_bool() ? "True" : "False";
    case json::Kind::string:
      return nested ? "'" + value.as_string() + "'" : value.as_string();
    case json::Kind::number:
      return json::print(value);
    case json::Kind::array: {
      std::string text = "[";
      for (const Value& item : value.items()) text += (text.size() > 1 ? ", " : "") + python_text(item, true);
      return text + "]";
    }
    case json::Kind::object: {
      std::string text = "{";
      for (const json::Member& member : value.members()) {
        text += (text.size() > 1 ? ", '" : "'") + member.key + "': " + python_text(member.value, true);
      }
      return text + "}";
    }
  }
  return {};
}

Value raised(std::string_view type, std::string_view message) {
  return Value::object({{"errorMessage", message},
                        {"errorType", type},
                        {"requestId", "00000000-0000-4000-8000-000000000001"},
                        {"stackTrace", Value::array({})}});
}

Value status_name(Status status) {
  switch (status) {
    case Status::succeeded:
      return "SUCCEEDED";
    case Status::failed:
      return "FAILED";
    case Status::timed_out:
      return "TIMED_OUT";
    case Status::aborted:
      return "ABORTED";
    default:
      return "RUNNING";
  }
}

// What DescribeExecution answers, in the case that the states integration uses.
Value describe(Execution& child, bool as_json) {
  const ExecutionState& state = child.state();
  const Value included = Value::object({{"Included", true}});
  const auto data = [&](const Payload& payload) {
    return as_json ? parsed_or_text(payload.text()) : Value(payload.text());
  };
  json::ObjectBuilder out;
  out.set_if(state.head.cause.has_value(), "Cause", state.head.cause.value_or(""));
  out.set_if(state.head.error.has_value(), "Error", state.head.error.value_or(""));
  out.set("ExecutionArn", state.facts.arn)
      .set("Input", data(state.facts.input))
      .set("InputDetails", included)
      .set("Name", state.facts.name);
  if (state.head.status == Status::succeeded) out.set("Output", data(state.head.output)).set("OutputDetails", included);
  out.set("RedriveCount", 0);
  const bool succeeded = state.head.status == Status::succeeded;
  out.set("RedriveStatus", succeeded ? "NOT_REDRIVABLE" : "REDRIVABLE");
  out.set_if(succeeded, "RedriveStatusReason", "Execution is SUCCEEDED and cannot be redriven");
  out.set("StartDate", state.facts.start_time.ms()).set("StateMachineArn", state.facts.state_machine_arn);
  out.set("Status", status_name(state.head.status)).set("StopDate", state.facts.start_time.ms());
  return std::move(out).build();
}

}  // namespace

Execution::Execution(World& world, const Machine& machine, ExecutionFacts facts) : world_(world), machine_(machine) {
  state_ = std::make_unique<ExecutionState>(std::move(facts), *this);
  state_->head.random_state = 42;
  limits_ = world.default_limits;
}

void Execution::step(const Command& command) {
  const StepContext context{
      .now = world_.now(),
      .limits = &limits_,
      .task_token = [this](TaskId task) { return world_.token(*this, task); },
      .activity_exists = [this](std::string_view arn) { return world_.has_activity(arn); },
  };
  const bool was_running = running();
  Command next = command;
  for (bool unfinished = true; unfinished;) {
    auto transition = interpreter::step(*machine_.program, *state_, next, context);
    ASSERT_TRUE(transition.has_value()) << transition.error().to_string();
    unfinished = transition->unfinished;
    ++steps_;
    effects_seen_ += transition->effects.size();
    next = Continue{};
    events_.insert(events_.end(), transition->events.begin(), transition->events.end());
    write_back();
    world_.take_effects(*this, *transition);
    reopen();
  }
  if (was_running && !running() && on_end) on_end(*this);
}

void Execution::write_back() {
  for (const FrameId id : state_->removed()) rows_.erase(id);
  for (const FrameId id : state_->touched()) {
    const auto frame = state_->find(id);
    ASSERT_TRUE(frame.has_value());
    std::string bytes;
    encode(bytes, **frame, *this);
    rows_[id] = std::move(bytes);
  }
  state_->clear_changes();
}

// Forgets all frames: the next step finds them in the rows.
void Execution::reopen() {
  auto fresh = std::make_unique<ExecutionState>(state_->facts, *this);
  fresh->head = state_->head;
  state_ = std::move(fresh);
}

std::uint32_t Execution::store(const Payload& payload) {
  for (std::size_t i = payloads_.size(); i > 0; --i) {
    if (payloads_[i - 1].identity() == payload.identity()) return static_cast<std::uint32_t>(i);
  }
  payloads_.push_back(payload);
  return static_cast<std::uint32_t>(payloads_.size());
}

base::Result<Payload> Execution::load(std::uint32_t number) {
  if (number == 0 || number > payloads_.size()) return base::make_error(base::ErrorCode::corrupt, "no such payload");
  return Payload::from_text(payloads_[number - 1].text());
}

base::Result<Frame> Execution::load_frame(FrameId id) {
  const auto row = rows_.find(id);
  if (row == rows_.end()) return base::make_error(base::ErrorCode::not_found, "no such frame");
  return decode_frame(row->second, *this);
}

std::optional<TaskRequest> Execution::task(TaskId id) {
  auto request = task_of(*machine_.program, *state_, id.frame);
  if (!request || !*request || (*request)->id != id) return std::nullopt;
  return **std::move(request);
}

World::World() : now_(base::Timestamp::from_seconds(kStartSeconds)) {}

const Machine& World::create_machine(const std::string& name, std::string_view definition, std::string& error) {
  auto compiled = asl::compile(definition);
  if (!compiled.program) error = asl::invalid_definition_message(compiled.diagnostics);
  const std::string arn = fmt::format("arn:aws:states:{}:{}:stateMachine:{}", kRegion, kAccount, name);
  return machines_[arn] = Machine{arn, name, compiled.program};
}

void World::add_function(Function function) {
  const std::string arn = fmt::format("arn:aws:lambda:{}:{}:function:{}", kRegion, kAccount, function.name);
  functions_[arn] = std::move(function);
}

std::string World::token(const Execution& execution, TaskId task) const {
  for (std::size_t i = 0; i < executions_.size(); ++i) {
    if (executions_[i].get() == &execution) return fmt::format("token-{}-{}-{}", i, task.frame, task.attempt);
  }
  return "token";
}

Execution& World::begin(const Machine& machine, ExecutionFacts facts) {
  facts.state_machine_arn = machine.arn;
  facts.state_machine_name = machine.name;
  facts.role_arn = kRole;
  facts.region = kRegion;
  facts.account = kAccount;
  facts.start_time = now_;
  return *executions_.emplace_back(std::make_unique<Execution>(*this, machine, std::move(facts)));
}

Execution& World::start(const Machine& machine, const std::string& name, Payload input) {
  ExecutionFacts facts;
  facts.name = name;
  facts.arn = fmt::format("arn:aws:states:{}:{}:execution:{}:{}", kRegion, kAccount, machine.name, name);
  facts.input = std::move(input);
  Execution& execution = begin(machine, std::move(facts));
  execution.step(Start{});
  return execution;
}

void World::run(Execution& execution, base::Timestamp until) {
  while (execution.running()) {
    if (!tasks_.empty()) {
      const auto [owner, id] = tasks_.front();
      tasks_.pop_front();
      dispatch(*owner, id);
      continue;
    }
    if (timers_.empty() || timers_.begin()->due > until) return;
    const Timer timer = *timers_.begin();
    timers_.erase(timers_.begin());
    now_ = std::max(now_, timer.due);
    timer.execution->step(TimerFired{timer.id, timer.due});
  }
}

void World::take_effects(Execution& execution, const Transition& transition) {
  for (const Effect& effect : transition.effects) {
    if (const auto* schedule = std::get_if<ScheduleTask>(&effect)) {
      tasks_.emplace_back(&execution, schedule->task);
      ++unsettled_;
    } else if (std::get_if<SettleTask>(&effect) != nullptr) {
      ASSERT_GT(unsettled_, 0u);
      --unsettled_;
    } else if (const auto* arm = std::get_if<ArmTimer>(&effect)) {
      timers_.insert({arm->due, &execution, arm->timer});
    } else if (const auto* cancel = std::get_if<CancelTimer>(&effect)) {
      timers_.erase({cancel->due, &execution, cancel->timer});
    }
  }
}

void World::dispatch(Execution& execution, TaskId id) {
  const auto request = execution.task(id);
  if (!request) return;
  switch (request->kind) {
    case TaskRequest::Kind::map_run:
      return run_map(execution, *request);
    case TaskRequest::Kind::lambda_function:
      call_function(execution, *request, request->resource, parsed_or_text(request->parameters.text()));
      return;
    case TaskRequest::Kind::activity:
      break;
    case TaskRequest::Kind::integration:
      if (request->service == "lambda" && request->action == "invoke" && invoke(execution, *request)) return;
      if (request->service == "states" && request->action == "startExecution" && start_nested(execution, *request))
        return;
      break;
  }
  if (answer) answer(execution, *request);
}

bool World::invoke(Execution& execution, const TaskRequest& request) {
  const Value parameters = parsed_or_text(request.parameters.text());
  const Value* name = parameters.find("FunctionName");
  if (name == nullptr || !name->is_string()) return false;
  std::string arn = name->as_string();
  if (!arn.starts_with("arn:")) arn = fmt::format("arn:aws:lambda:{}:{}:function:{}", kRegion, kAccount, arn);
  const Value* payload = parameters.find("Payload");
  Value event = payload != nullptr && !payload->is_null() ? *payload : Value::object(std::vector<json::Member>{});
  if (event.is_string()) event = parsed_or_text(event.as_string());
  if (!functions_.contains(arn)) {
    execution.step(
        TaskFailed{request.id, "Lambda.ResourceNotFoundException",
                   fmt::format("Function not found: {}:$LATEST (Service: AWSLambda; Status Code: 404; Error Code: "
                               "ResourceNotFoundException; Request ID: 0; Proxy: null)",
                               arn)});
    return true;
  }
  return call_function(execution, request, arn, event);
}

bool World::call_function(Execution& execution, const TaskRequest& request, const std::string& function_arn,
                          const Value& payload) {
  const auto function = functions_.find(function_arn);
  if (function == functions_.end()) return false;
  const std::string& behaviour = function->second.behaviour;
  if (behaviour.starts_with("sleep")) return true;
  if (behaviour == "raise-exception" || behaviour == "raise-custom") {
    const bool custom = behaviour == "raise-custom";
    const Value cause = raised(custom ? "CustomException" : "Exception", custom ? "" : "Some exception was raised.");
    execution.step(TaskFailed{request.id, custom ? "CustomException" : "Exception", json::print(cause)});
    return true;
  }
  Value result = payload;
  if (behaviour == "large-output") result = std::string(257 * 1024, 'a');
  if (behaviour == "quoted-string") result = "HelloWorld!";
  if (behaviour == "decorate") result = "input-event-" + python_text(payload, false);
  if (request.kind == TaskRequest::Kind::integration) {
    json::ObjectBuilder envelope;
    envelope.set("ExecutedVersion", "$LATEST").set("Payload", result).set("StatusCode", 200);
    result = std::move(envelope).build();
  }
  execution.step(TaskSucceeded{request.id, Payload::from_text(json::print(result))});
  return true;
}

bool World::start_nested(Execution& execution, const TaskRequest& request) {
  const Value parameters = parsed_or_text(request.parameters.text());
  const Value* arn = parameters.find("StateMachineArn");
  const auto machine = arn != nullptr && arn->is_string() ? machines_.find(arn->as_string()) : machines_.end();
  if (machine == machines_.end()) {
    execution.step(TaskFailed{
        request.id, "StepFunctions.StateMachineDoesNotExistException",
        fmt::format("State Machine Does Not Exist: '{}' (Service: AWSStepFunctions; Status Code: 400; Error Code: "
                    "StateMachineDoesNotExist; Request ID: 0; Proxy: null)",
                    arn != nullptr ? arn->as_string() : "")});
    return true;
  }
  const Value* input = parameters.find("Input");
  const Value* name = parameters.find("Name");
  const std::string text = input == nullptr || input->is_null() ? "{}"
                           : input->is_string()                 ? input->as_string()
                                                                : json::print(*input);
  ExecutionFacts facts;
  facts.name = name != nullptr ? name->as_string() : fmt::format("nested-{}", ++names_);
  facts.arn = fmt::format("arn:aws:states:{}:{}:execution:{}:{}", kRegion, kAccount, machine->second.name, facts.name);
  facts.input = Payload::from_text(text);
  Execution& child = begin(machine->second, std::move(facts));
  const Payload started =
      Payload::from_value(Value::object({{"ExecutionArn", child.state().facts.arn}, {"StartDate", now_.ms()}}));
  if (request.pattern == TaskPattern::request_response) {
    execution.step(TaskSucceeded{request.id, started});
  } else {
    execution.step(TaskSubmitted{request.id, started});
    child.on_end = [&execution, request](Execution& ended) {
      const bool succeeded = ended.state().head.status == Status::succeeded;
      const Value description = describe(ended, request.sync_as_json && succeeded);
      if (succeeded) {
        execution.step(TaskSucceeded{request.id, Payload::from_value(description)});
      } else {
        execution.step(TaskFailed{request.id, "States.TaskFailed", json::print(description)});
      }
    };
  }
  child.step(Start{});
  return true;
}

// Runs the children one after the other: what they do side by side does not show in the parent.
void World::run_map(Execution& execution, const TaskRequest& request) {
  const auto& program = execution.machine().program;
  const auto plan = map_run_plan(*program, request);
  ASSERT_TRUE(plan.has_value());
  const std::string label = plan->label.empty() ? "label" : plan->label;
  const std::string run_arn = fmt::format("arn:aws:states:{}:{}:mapRun:{}/{}:run-{}", kRegion, kAccount,
                                          execution.machine().name, label, ++names_);
  execution.step(MapRunStarted{request.id, run_arn});
  base::SplitMix generator(7);
  const Value items = plan->items.value_or(Value::array({}));
  const auto inputs = child_inputs(*program, *plan, items.items(), 0, generator, now_);
  ASSERT_TRUE(inputs.has_value()) << inputs.error().cause;
  std::string results = "[";
  std::uint64_t failed = 0;
  for (const ChildInput& input : *inputs) {
    ExecutionFacts facts;
    facts.name = fmt::format("child-{}", ++names_);
    facts.arn = fmt::format("arn:aws:states:{}:{}:execution:{}/{}:{}", kRegion, kAccount, execution.machine().name,
                            label, facts.name);
    facts.map_run_arn = run_arn;
    facts.graph = plan->processor;
    facts.input = input.input;
    Execution& child = begin(execution.machine(), std::move(facts));
    child.step(Start{});
    run(child);
    if (child.state().head.status != Status::succeeded) {
      ++failed;
      continue;
    }
    if (results.size() > 1) results += ',';
    results += child.state().head.output.text();
  }
  MapRunEnded ended{request.id};
  ended.succeeded = !exceeds_tolerance(*plan, failed, items.size());
  ended.output = Payload::from_text(results + "]");
  if (!ended.succeeded) {
    ended.error = "States.ExceedToleratedFailureThreshold";
    ended.cause = "The specified tolerated failure threshold was exceeded";
  }
  execution.step(ended);
}

}  // namespace escapement::interpreter::replay
