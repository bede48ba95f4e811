// What an evaluation is given and what it answers. Everything that `asl` evaluates (templates, paths, fields, choice
// rules) takes an Environment and has no other input, so the same environment gives the same answer.
#pragma once

#include <expected>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "json/value.h"
#include "query/jsonpath/scope.h"

namespace escapement::asl {

using Scope = jsonpath::Scope;

// All references and pointers are borrowed for the call.
struct Environment {
  const json::Value& input;  // `$` in JSONPath; `$states.input` in JSONata
  const Scope& scope;        // the context object and the variables
  base::SplitMix& generator;
  const json::Value* result = nullptr;        // `$states.result`, where there is one
  const json::Value* error_output = nullptr;  // `$states.errorOutput`, where there is one
  base::Timestamp now = {};                   // `$now()` and `$millis()`
};

// A workflow failure: data that the interpreter records, matches against catchers and reports. The interpreter puts
// AWS's opening before the cause: "An error occurred while executing the state 'X' (entered at the event id #2). ".
struct Failure {
  std::string error;  // "States.Runtime", "States.ParameterPathFailure", "States.QueryEvaluationError", ...
  std::string cause;
  std::string location;  // JSONata only: the field, as EvaluationFailed shows it ("Output/result"); may be empty
};

template <typename T>
using Evaluated = std::expected<T, Failure>;

}  // namespace escapement::asl
