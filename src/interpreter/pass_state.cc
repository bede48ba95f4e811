#include "interpreter/stepper.h"

namespace escapement::interpreter {

base::Result<void> Stepper::run_pass(Activation& activation) {
  const asl::State& state = activation.state;
  auto input = effective_input(activation);
  if (!input) return fail_evaluation(activation, input.error());
  auto parameters = state_parameters(activation, *input);
  if (!parameters) return fail_evaluation(activation, parameters.error());
  const auto& fixed = state.as<asl::PassState>().result;
  const bool jsonpath = state.language == asl::QueryLanguage::jsonpath;
  return complete(activation, {.result = fixed ? json::Payload::from_value(*fixed) : *std::move(parameters),
                               .next = &state.next,
                               .has_result = jsonpath});
}

}  // namespace escapement::interpreter
