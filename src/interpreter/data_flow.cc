// What goes into a state and what comes out of it, in both query languages.
//
// A payload that nothing looks into keeps its text: it is parsed only where a path, template or expression needs its
// value.
#include <fmt/format.h>

#include <algorithm>

#include "interpreter/stepper.h"
#include "json/print.h"

namespace escapement::interpreter {

using asl::Evaluated;
using asl::QueryLanguage;
using json::Payload;
using json::Value;

namespace {

bool is_constant(const std::optional<asl::Template>& field) { return !field || field->is_constant(); }

// Whether the state made its result, rather than its children or its own input.
bool shows_result(const asl::State& state) {
  if (state.type() == asl::StateType::pass) return state.as<asl::PassState>().result.has_value();
  return state.type() == asl::StateType::task;
}

}  // namespace

void Stepper::inspect(Stage stage, const Payload& payload) {
  if (context_.inspector != nullptr) context_.inspector->see(stage, payload);
}

Evaluated<Payload> Stepper::effective_input(Activation& activation) {
  const asl::State& state = activation.state;
  const Payload& input = activation.frame.input;
  if (state.language == QueryLanguage::jsonata || state.input_path.is_whole()) {
    if (state.language == QueryLanguage::jsonpath) inspect(Stage::after_input_path, input);
    return input;
  }
  const Value value = value_of(input);
  auto selected = state.input_path.evaluate(environment(activation, value));
  if (!selected) return std::unexpected(std::move(selected).error());
  Payload result = Payload::from_value(*std::move(selected));
  inspect(Stage::after_input_path, result);
  return result;
}

Evaluated<Payload> Stepper::state_parameters(Activation& activation, const Payload& input) {
  const asl::State& state = activation.state;
  const bool jsonata = state.language == QueryLanguage::jsonata;
  Payload result = input;
  if (state.parameters) {
    const Value value = state.parameters->is_constant() ? Value() : value_of(input);
    auto made = state.parameters->evaluate(jsonata ? "Arguments" : "Parameters", environment(activation, value));
    if (!made) return std::unexpected(std::move(made).error());
    result = Payload::from_value(*std::move(made));
  }
  if (!jsonata || state.parameters) inspect(jsonata ? Stage::after_arguments : Stage::after_parameters, result);
  return result;
}

Evaluated<Stepper::Outcome> Stepper::jsonpath_outcome(Activation& activation, const Completion& completion) {
  const asl::State& state = activation.state;
  const std::optional<asl::Template>& assign = completion.assign != nullptr ? *completion.assign : state.assign;
  Payload result = completion.result;
  Outcome outcome;

  if (completion.has_result && shows_result(state)) inspect(Stage::result, result);
  if (completion.has_result && state.result_selector) {
    const Value value = value_of(result);
    auto selected = state.result_selector->evaluate("ResultSelector", environment(activation, value));
    if (!selected) return std::unexpected(std::move(selected).error());
    result = Payload::from_value(*std::move(selected));
  }
  if (completion.has_result) inspect(Stage::after_result_selector, result);

  if (assign) {
    const Value value = is_constant(assign) ? Value() : value_of(result);
    auto assigned = assign->evaluate("Assign", environment(activation, value));
    if (!assigned) return std::unexpected(std::move(assigned).error());
    outcome.assigned = *std::move(assigned);
  }

  if (completion.has_result && state.result_path.discards()) {
    result = activation.frame.input;
  } else if (completion.has_result && !state.result_path.is_whole()) {
    auto merged = state.result_path.apply(value_of(activation.frame.input), value_of(result));
    if (!merged) return std::unexpected(std::move(merged).error());
    result = Payload::from_value(*std::move(merged));
  }
  if (completion.has_result) inspect(Stage::after_result_path, result);

  if (!state.output_path.is_whole()) {
    const Value value = value_of(result);
    auto selected = state.output_path.evaluate(environment(activation, value));
    if (!selected) return std::unexpected(std::move(selected).error());
    result = Payload::from_value(*std::move(selected));
  }
  outcome.output = std::move(result);
  return outcome;
}

Evaluated<Stepper::Outcome> Stepper::jsonata_outcome(Activation& activation, const Completion& completion) {
  const asl::State& state = activation.state;
  const std::optional<asl::Template>& assign = completion.assign != nullptr ? *completion.assign : state.assign;
  const std::optional<asl::Template>& output = completion.output != nullptr ? *completion.output : state.output;
  if (completion.has_result && shows_result(state)) inspect(Stage::result, completion.result);
  Outcome outcome;
  outcome.output = completion.result;
  const bool constant = is_constant(assign) && is_constant(output);
  const Value input = constant ? Value() : value_of(activation.frame.input);
  const Value result = constant || !completion.has_result ? Value() : value_of(completion.result);
  asl::Environment env = environment(activation, input);
  if (completion.has_result) env.result = &result;
  if (assign) {
    auto assigned = assign->evaluate("Assign", env);
    if (!assigned) return std::unexpected(std::move(assigned).error());
    outcome.assigned = *std::move(assigned);
  }
  if (output) {
    auto made = output->evaluate("Output", env);
    if (!made) return std::unexpected(std::move(made).error());
    outcome.output = Payload::from_value(*std::move(made));
  }
  return outcome;
}

base::Result<void> Stepper::complete(Activation& activation, const Completion& completion) {
  const asl::State& state = activation.state;
  auto outcome = state.language == QueryLanguage::jsonata ? jsonata_outcome(activation, completion)
                                                          : jsonpath_outcome(activation, completion);
  if (activation.scope.load_error()) return *activation.scope.load_error();
  if (!outcome) return fail_evaluation(activation, outcome.error());
  ESC_TRY(const auto too_large, check_outcome(activation.frame, *outcome, state.name));
  if (too_large) return fail_state(activation.frame, state, *too_large);
  return leave(activation.frame, state, *outcome, *completion.next);
}

std::optional<StateError> Stepper::check_size(const Payload& payload, std::string_view source) const {
  if (payload.text().size() <= limits_.payload_bytes_max) return std::nullopt;
  return StateError{
      "States.DataLimitExceeded",
      fmt::format(
          "The state/task '{}' returned a result with a size exceeding the maximum number of bytes service limit.",
          source)};
}

base::Result<std::optional<StateError>> Stepper::check_outcome(const Frame& frame, const Outcome& outcome,
                                                               std::string_view source) {
  if (auto too_large = check_size(outcome.output, source)) return too_large;
  if (!outcome.assigned || !outcome.assigned->is_object()) return std::nullopt;
  const auto too_large = [&](std::string_view what, std::size_t limit) {
    return StateError{
        "States.DataLimitExceeded",
        fmt::format("The state '{}' assigns variables that exceed the limit of {} bytes {}.", source, limit, what)};
  };
  std::size_t assigned = 0;
  for (const json::Member& member : outcome.assigned->members()) assigned += json::print(member.value).size();
  if (assigned > limits_.assigned_bytes_max) return too_large("for one Assign", limits_.assigned_bytes_max);
  ESC_TRY(const std::size_t others, variable_bytes(frame, *outcome.assigned));
  if (others + assigned > limits_.variables_bytes_max) return too_large("in all", limits_.variables_bytes_max);
  return std::nullopt;
}

// What the scope of `frame` and those around it hold, without those that `replaced` names.
base::Result<std::size_t> Stepper::variable_bytes(const Frame& frame, const Value& replaced) {
  std::size_t bytes = 0;
  for (const Variable& variable : frame.variables) {
    if (replaced.find(variable.name) == nullptr) bytes += variable.value.text().size();
  }
  for (const Frame* around = &frame; around->id != 0;) {
    ESC_TRY(around, state_.find(around->parent));
    for (const Variable& variable : around->variables) bytes += variable.value.text().size();
  }
  return bytes;
}

base::Result<void> Stepper::leave(Frame& frame, const asl::State& state, const Outcome& outcome,
                                  const asl::Transition& next) {
  const Value* const assigned = outcome.assigned ? &*outcome.assigned : nullptr;
  if (context_.inspector != nullptr) {
    context_.inspector->leaves(outcome.output, next.name, assigned);
    frame.phase = Phase::succeeded;
    return {};
  }
  emit_exited(frame, state, outcome.output, assigned);
  if (outcome.assigned) assign(frame, *outcome.assigned);
  if (next.target == asl::kNoState) return finish(frame, outcome.output);
  enter_next(frame, next.target, outcome.output);
  return {};
}

void Stepper::assign(Frame& frame, const Value& variables) {
  if (!variables.is_object()) return;
  for (const json::Member& member : variables.members()) {
    Payload value = Payload::from_value(member.value);
    const auto known = std::find_if(frame.variables.begin(), frame.variables.end(),
                                    [&](const Variable& v) { return v.name == member.key; });
    if (known == frame.variables.end()) {
      frame.variables.push_back({member.key, std::move(value)});
    } else {
      known->value = std::move(value);
    }
  }
}

void Stepper::enter_next(Frame& frame, asl::StateIndex target, Payload input) {
  frame.phase = Phase::ready;
  frame.state = target;
  frame.input = std::move(input);
  frame.entered_event = 0;
  frame.retries.clear();
  frame.map_run_arn.clear();
  runnable_.push_back(frame.id);
}

base::Result<void> Stepper::finish(Frame& frame, const Payload& output) {
  if (frame.id != 0) return child_finished(frame, output);
  Event& event = emit(EventType::ExecutionSucceeded, frame);
  add(event, FieldId::output, output);
  state_.head.output = output;
  return end_execution(Status::succeeded, {});
}

// Frames of an execution that ended badly stay for a redrive, which express executions do not have.
base::Result<void> Stepper::end_execution(Status status, const StateError& error) {
  ExecutionHead& head = state_.head;
  head.status = status;
  head.stop_time = context_.now;
  head.error = error.error;
  head.cause = error.cause && error.cause->empty() ? std::nullopt : error.cause;
  if (head.timeout_due) {
    cancel({0, TimerKind::execution_timeout, head.redrive_count}, *head.timeout_due);
    head.timeout_due.reset();
  }
  runnable_.clear();
  next_runnable_ = 0;
  if (status != Status::succeeded && !state_.facts.express) return {};
  ESC_TRY(Frame* const root, state_.touch(0));
  ESC_CHECK(remove_children(*root));
  state_.remove(0);
  return {};
}

}  // namespace escapement::interpreter
