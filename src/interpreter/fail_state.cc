#include "interpreter/stepper.h"

namespace escapement::interpreter {

base::Result<void> Stepper::run_fail(Activation& activation) {
  const auto& fail = activation.state.as<asl::FailState>();
  if (activation.state.language == asl::QueryLanguage::jsonpath)
    inspect(Stage::after_input_path, activation.frame.input);
  const json::Value value = value_of(activation.frame.input);
  const asl::Environment env = environment(activation, value);
  auto error = fail.error.evaluate(env);
  if (activation.scope.load_error()) return *activation.scope.load_error();
  if (!error) return fail_evaluation(activation, error.error());
  auto cause = fail.cause.evaluate(env);
  if (activation.scope.load_error()) return *activation.scope.load_error();
  if (!cause) return fail_evaluation(activation, cause.error());
  return fail_state(activation.frame, activation.state, {*std::move(error), *std::move(cause)});
}

}  // namespace escapement::interpreter
