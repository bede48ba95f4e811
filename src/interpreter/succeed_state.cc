#include "interpreter/stepper.h"

namespace escapement::interpreter {

base::Result<void> Stepper::run_succeed(Activation& activation) {
  static const asl::Transition kEnd;
  auto input = effective_input(activation);
  if (!input) return fail_evaluation(activation, input.error());
  return complete(activation, {.result = *std::move(input), .next = &kEnd});
}

}  // namespace escapement::interpreter
