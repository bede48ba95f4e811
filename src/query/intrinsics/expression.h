// The intrinsic functions of the JSONPath query language (`States.Format('Hi {}', $.name)`), 18 in number.
//
// An expression is parsed once and then evaluated as often as wanted. Arguments are strings in single quotes, numbers,
// true, false, null, paths, and calls; calls nest ten deep at most, as on AWS.
//
// Evaluation is pure: UUID and MathRandom draw from the environment's generator.
// Threading: immutable; any thread.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "json/value.h"
#include "query/jsonpath/scope.h"

namespace escapement::intrinsics {

struct Environment {
  const json::Value& input;  // what `$` means
  const jsonpath::Scope& scope;
  base::SplitMix& generator;
};

// Why an evaluation failed.
struct Failure {
  enum class Kind : std::uint8_t {
    path,       // a path among the arguments found nothing, or its variable is unknown
    intrinsic,  // a function refused its arguments: States.IntrinsicFailure
  };
  Kind kind = Kind::intrinsic;
  std::string path;  // the path's text, for Kind::path
  std::string cause;
};

struct Node;

class Expression {
 public:
  // Errors: invalid, with the reason in the message: syntax, an unknown function, a wrong number of arguments.
  static base::Result<Expression> compile(std::string_view text);

  const std::string& text() const;  // as written
  std::expected<json::Value, Failure> evaluate(const Environment& environment) const;

  // Appends the names of the variables that the arguments mention, in order of appearance, with repetitions.
  void collect_variables(std::vector<std::string>& out) const;

 private:
  explicit Expression(std::shared_ptr<const Node> root, std::string text);

  std::shared_ptr<const Node> root_;  // shared: copies of an Expression are the same parsed expression
  std::string text_;
};

}  // namespace escapement::intrinsics
