#include <cstdint>

#include "interpreter/stepper.h"

namespace escapement::interpreter {
namespace {

// AWS counts the delay in 32 bits of seconds: 24,855 days are accepted, 24,856 are not.
constexpr base::Duration kDelayMax = base::Duration::seconds(INT32_MAX);

bool is_literal(const asl::WaitState& wait) {
  return std::holds_alternative<std::int64_t>(wait.seconds.value) ||
         std::holds_alternative<std::string>(wait.timestamp.value);
}

}  // namespace

base::Result<void> Stepper::run_wait(Activation& activation) {
  Frame& frame = activation.frame;
  const auto& wait = activation.state.as<asl::WaitState>();
  auto input = effective_input(activation);
  if (!input) return fail_evaluation(activation, input.error());
  const json::Value value = is_literal(wait) ? json::Value() : value_of(*input);
  auto due = wait.evaluate(environment(activation, value));
  if (activation.scope.load_error()) return *activation.scope.load_error();
  // Evaluated once the state has been entered, so the failure follows the …Entered event.
  frame.before_entered = frame.entered_event;
  if (!due) return fail_evaluation(activation, due.error());
  if (*due - context_.now > kDelayMax) {
    const bool jsonata = activation.state.language == asl::QueryLanguage::jsonata;
    return fail_evaluation(
        activation, {jsonata ? "States.QueryEvaluationError" : "States.Runtime", "Wait state delay is too long.", {}});
  }
  if (*due <= context_.now) return complete(activation, {.result = *std::move(input), .next = &activation.state.next});
  frame.phase = Phase::waiting;
  frame.due = *due;
  ++frame.attempt;
  arm({frame.id, TimerKind::wait, frame.attempt}, *due);
  return {};
}

base::Result<void> Stepper::wait_is_over(Frame& frame) {
  frame.phase = Phase::ready;
  Activation activation = activate(frame);
  auto input = effective_input(activation);
  if (!input) return fail_evaluation(activation, input.error());
  return complete(activation, {.result = *std::move(input), .next = &activation.state.next});
}

}  // namespace escapement::interpreter
