// What happens when a state fails: it is retried, or caught, or fails its frame, and with it the Parallel or Map state
// around.
#include <fmt/format.h>

#include <cmath>

#include "interpreter/stepper.h"

namespace escapement::interpreter {

using asl::QueryLanguage;
using json::Payload;
using json::Value;

namespace {

constexpr std::string_view kRuntime = "States.Runtime";
constexpr std::string_view kQueryEvaluation = "States.QueryEvaluationError";

Value text_or_null(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

Value error_output(const StateError& error) {
  return Value::object({{"Error", text_or_null(error.error)}, {"Cause", text_or_null(error.cause)}});
}

}  // namespace

// TestState shows the bare cause: it has no events to point to.
StateError Stepper::error_of(const asl::Failure& failure, const Frame& frame, const asl::State& state) const {
  if (context_.inspector != nullptr) return {failure.error, failure.cause};
  return {failure.error,
          fmt::format("An error occurred while executing the state '{}' (entered at the event id #{}). {}", state.name,
                      frame.entered_event, failure.cause)};
}

base::Result<void> Stepper::fail_evaluation(Activation& activation, const asl::Failure& failure) {
  if (activation.scope.load_error()) return *activation.scope.load_error();
  Frame& frame = activation.frame;
  const asl::State& state = activation.state;
  const StateError error = error_of(failure, frame, state);
  if (failure.error == kQueryEvaluation) emit_evaluation_failed(frame, state, error, failure);
  return fail_state(frame, state, error);
}

// AWS evaluates what enters a state before it links the …Entered event, so the failure links to that event's
// predecessor.
void Stepper::emit_evaluation_failed(Frame& frame, const asl::State& state, const StateError& error,
                                     const asl::Failure& failure) {
  if (frame.last_event == frame.entered_event) frame.last_event = frame.before_entered;
  Event& event = emit(EventType::EvaluationFailed, frame);
  add_error(event, error);
  if (!failure.location.empty()) add(event, FieldId::location, failure.location);
  add(event, FieldId::state, state.name);
}

base::Result<void> Stepper::fail_state(Frame& frame, const asl::State& state, const StateError& error) {
  if (context_.inspector != nullptr) context_.inspector->fails(error);
  if (error.error == kRuntime) return fail_execution(frame, error);
  if (retry(frame, state, error)) return remove_children(frame);
  if (state.type() == asl::StateType::map) emit(EventType::MapStateFailed, frame);
  if (state.type() == asl::StateType::parallel) emit(EventType::ParallelStateFailed, frame);
  StateError outcome = error;
  ESC_TRY(const bool caught, catch_error(frame, state, outcome));
  if (caught) return {};
  return fail_frame(frame, std::move(outcome));
}

base::Result<void> Stepper::fail_execution(Frame& frame, const StateError& error) {
  frame.phase = Phase::failed;
  if (frame.children) ESC_CHECK(abort_children(frame, 0, nullptr, false));
  if (frame.id != 0) {
    ESC_TRY(Frame* const root, state_.touch(0));
    ESC_CHECK(abort(*root, 0, false));
  }
  Event& event = emit(EventType::ExecutionFailed, frame);
  add_error(event, error);
  return end_execution(Status::failed, error);
}

bool Stepper::retry(Frame& frame, const asl::State& state, const StateError& error) {
  for (std::size_t i = 0; i < state.retry.size(); ++i) {
    const asl::Retrier& retrier = state.retry[i];
    if (!asl::matches_error(retrier.error_equals, error.matched_name())) continue;
    if (frame.retries.empty()) frame.retries.resize(state.retry.size());
    const bool used_up = frame.retries[i] >= retrier.attempts_max;
    double seconds = asl::retry_delay_seconds(retrier, frame.retries[i] + 1);
    if (context_.inspector != nullptr) context_.inspector->retries(i, used_up ? std::nullopt : std::optional(seconds));
    if (used_up) return false;
    ++frame.retries[i];
    if (retrier.jitter == asl::Jitter::full) seconds *= generator_.uniform();
    frame.phase = Phase::backing_off;
    frame.map_run_arn.clear();
    frame.due = context_.now + base::Duration::microseconds(std::llround(seconds * 1e6));
    ++frame.attempt;
    arm({frame.id, TimerKind::retry, frame.attempt}, frame.due);
    return true;
  }
  return false;
}

base::Result<bool> Stepper::catch_error(Frame& frame, const asl::State& state, StateError& error) {
  for (std::size_t i = 0; i < state.catchers.size(); ++i) {
    const asl::Catcher& catcher = state.catchers[i];
    if (!asl::matches_error(catcher.error_equals, error.matched_name())) continue;
    if (context_.inspector != nullptr) context_.inspector->catches(i);
    ESC_CHECK(remove_children(frame));
    Activation activation = activate(frame);
    auto outcome = caught_outcome(activation, catcher, error);
    if (activation.scope.load_error()) return *activation.scope.load_error();
    if (!outcome) {
      const asl::Failure& failure = outcome.error();
      error = error_of(failure, frame, state);
      if (failure.error == kQueryEvaluation) emit_evaluation_failed(frame, state, error, failure);
      return false;
    }
    ESC_TRY(auto too_large, check_outcome(frame, *outcome, state.name));
    if (too_large) {
      error = *std::move(too_large);
      return false;
    }
    ESC_CHECK(leave(frame, state, *outcome, catcher.next));
    return true;
  }
  return false;
}

asl::Evaluated<Stepper::Outcome> Stepper::caught_outcome(Activation& activation, const asl::Catcher& catcher,
                                                         const StateError& error) {
  const Value caught = error_output(error);
  const Value input = value_of(activation.frame.input);
  Outcome outcome;
  const bool jsonata = activation.state.language == QueryLanguage::jsonata;
  // `$` is the error output in JSONPath, where no other name stands for it.
  asl::Environment env = environment(activation, jsonata ? input : caught);
  if (jsonata) env.error_output = &caught;
  if (catcher.assign) {
    auto assigned = catcher.assign->evaluate("Assign", env);
    if (!assigned) return std::unexpected(std::move(assigned).error());
    outcome.assigned = *std::move(assigned);
  }
  auto output = jsonata ? (catcher.output ? catcher.output->evaluate("Output", env) : asl::Evaluated<Value>(caught))
                        : catcher.result_path.apply(input, caught);
  if (!output) return std::unexpected(std::move(output).error());
  outcome.output = Payload::from_value(*std::move(output));
  return outcome;
}

base::Result<void> Stepper::fail_frame(Frame& frame, StateError error) {
  frame.phase = Phase::failed;
  if (frame.id == 0) {
    Event& event = emit(EventType::ExecutionFailed, frame);
    add_error(event, error);
    return end_execution(Status::failed, error);
  }
  ESC_TRY(Frame* const parent, state_.touch(frame.parent));
  const asl::State& around = program_.at(parent->state);
  const std::uint64_t cause_event = frame.last_event;
  if (around.type() == asl::StateType::map) {
    Event& event = emit(EventType::MapIterationFailed, cause_event);
    add(event, FieldId::name, around.name);
    add(event, FieldId::index, static_cast<std::int64_t>(frame.index));
  } else if (const auto aborted = events_of(program_.at(frame.state).type()).aborted) {
    emit(*aborted, cause_event);  // in a Parallel state, AWS counts the failed state among the aborted ones
  }
  ESC_CHECK(abort_children(*parent, cause_event, &frame));
  parent->last_event = cause_event;
  return fail_state(*parent, around, error);
}

}  // namespace escapement::interpreter
