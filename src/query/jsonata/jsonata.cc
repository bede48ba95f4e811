#include "query/jsonata/jsonata.h"

#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/references.h"
#include "query/jsonata/render.h"
#include "query/jsonata/stack.h"
#include "query/jsonata/syntax.h"

namespace escapement::query::jsonata {

Options Options::for_states() {
  Options options;
  options.states_dialect = true;
  options.depth_max = 100;
  options.steps_max = 4'000'000;
  options.sequence_max = 873'782;
  options.string_bytes_max = 6'990'256;
  options.memory_bytes_max = 160 << 20;
  return options;
}

std::expected<Expression, EvaluationError> Expression::compile(std::string_view text, const Options& options) {
  const StackScope stack(options.stack_bytes_max);
  try {
    return Expression(compile_program(text, options, false));
  } catch (const Failure& failure) {
    return std::unexpected(to_evaluation_error(failure, text));
  }
}

std::expected<std::optional<json::Value>, EvaluationError> Expression::evaluate(const json::Value* input,
                                                                                std::span<const Binding> bindings,
                                                                                Environment& environment) const {
  const StackScope stack(program_->options.stack_bytes_max);
  try {
    Evaluation evaluation(*program_, input, bindings, environment);
    const Value result = evaluation.run();
    if (result.is_undefined() || result.is_function()) return std::optional<json::Value>();
    return std::optional<json::Value>(to_json(result, program_->options.states_dialect));
  } catch (const Failure& failure) {
    return std::unexpected(to_evaluation_error(failure, program_->source));
  }
}

const std::string& Expression::text() const { return program_->source; }

std::vector<std::string> Expression::free_variables() const { return find_references(*program_).variables; }

std::vector<std::string> Expression::builtin_functions() const { return find_references(*program_).functions; }

std::vector<std::vector<std::string>> Expression::states_paths() const {
  return find_references(*program_).states_paths;
}

std::vector<std::string> Expression::context_references() const { return find_references(*program_).context; }

}  // namespace escapement::query::jsonata
