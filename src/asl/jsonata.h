// One JSONata expression of a definition: the text between `{%` and `%}`, compiled.
//
// Threading: immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "asl/environment.h"
#include "base/result.h"
#include "json/value.h"

namespace escapement::asl {

struct CompiledJsonata;

class JsonataExpression {
 public:
  // Whether `text` is written as an expression: it begins with `{%` and ends with `%}`.
  static bool is_expression(std::string_view text);
  // `text` with its delimiters.
  // Errors: invalid; the name is the evaluator's code ("S0207"), the message its words.
  static base::Result<JsonataExpression> compile(std::string_view text);

  const std::string& text() const;  // without the delimiters and the blanks around

  // `location` is the field as AWS names it ("Output/result").
  // Failures: States.QueryEvaluationError: the expression failed, or returned nothing.
  Evaluated<json::Value> evaluate(std::string_view location, const Environment& environment) const;

  // "The JSONata expression '1' specified for the field 'Items' returned an unexpected result type. Expected 'array',
  // but was 'number' for value: 1".
  Failure unexpected_type(std::string_view location, std::string_view expected, const json::Value& value) const;

  // What it reads from a context item, which Step Functions does not have ("phone", "$$"); empty in a valid definition.
  const std::vector<std::string>& context_references() const;
  bool reads_error_output() const;  // `$states.errorOutput`

  // The variables it mentions that it does not bind itself, without `$states`, in order of appearance.
  void collect_variables(std::vector<std::string>& out) const;

 private:
  explicit JsonataExpression(std::shared_ptr<const CompiledJsonata> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const CompiledJsonata> compiled_;  // shared: copied with the state that holds it
};

// "null", "boolean", "number", "string", "array", "object".
std::string_view type_name(const json::Value& value);

}  // namespace escapement::asl
