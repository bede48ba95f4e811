#include "interpreter/stepper.h"

namespace escapement::interpreter {

base::Result<void> Stepper::run_choice(Activation& activation) {
  const asl::State& state = activation.state;
  const auto& choice = state.as<asl::ChoiceState>();
  auto input = effective_input(activation);
  if (!input) return fail_evaluation(activation, input.error());

  std::optional<std::size_t> chosen;
  {
    const json::Value value = value_of(*input);
    auto selected = choice.select(environment(activation, value));
    if (activation.scope.load_error()) return *activation.scope.load_error();
    if (!selected) return fail_evaluation(activation, selected.error());
    chosen = *selected;
  }
  if (chosen) {
    const asl::ChoiceRule& rule = choice.rules[*chosen];
    return complete(activation,
                    {.result = *std::move(input), .next = &rule.next, .assign = &rule.assign, .output = &rule.output});
  }
  if (choice.otherwise) return complete(activation, {.result = *std::move(input), .next = &*choice.otherwise});
  return fail_evaluation(
      activation,
      {"States.Runtime", "Failed to transition out of the state. The state does not point to a next state.", {}});
}

}  // namespace escapement::interpreter
