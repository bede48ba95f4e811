#include "interpreter/stepper.h"

namespace escapement::interpreter {

base::Result<void> Stepper::run_pass(Activation& activation) {
  const asl::State& state = activation.state;
  const bool jsonpath = state.language == asl::QueryLanguage::jsonpath;
  const auto& fixed = state.as<asl::PassState>().result;
  if (fixed)
    return complete(activation,
                    {.result = json::Payload::from_value(*fixed), .next = &state.next, .has_result = jsonpath});
  auto input = effective_input(activation);
  if (!input) return fail_evaluation(activation, input.error());
  auto parameters = state_parameters(activation, *input);
  if (!parameters) return fail_evaluation(activation, parameters.error());
  return complete(activation, {.result = *std::move(parameters), .next = &state.next, .has_result = jsonpath});
}

}  // namespace escapement::interpreter
