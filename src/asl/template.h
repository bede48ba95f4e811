// Payload templates: the JSON value of Parameters, ResultSelector, ItemSelector, Assign (JSONPath: members whose names
// end in `.$` hold paths or intrinsic calls) and of Arguments, Output, Assign, ItemSelector (JSONata: strings that are
// `{% ... %}` anywhere in the value).
//
// Compiled once; parts without queries are constants and are shared, not copied, into every result.
// Threading: immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "asl/environment.h"
#include "json/value.h"

namespace escapement::asl {

struct TemplateNode;
class JsonataExpression;

class Template {
 public:
  explicit Template(std::shared_ptr<const TemplateNode> root) : root_(std::move(root)) {}

  // Failures: States.Runtime (a path found nothing), States.IntrinsicFailure, States.QueryEvaluationError.
  // `field` names what is evaluated ("Parameters", "Output"); JSONata locations begin with it.
  Evaluated<json::Value> evaluate(std::string_view field, const Environment& environment) const;

  bool is_constant() const;  // no query in it
  // The expression that it consists of, where it is one JSONata text; nullptr otherwise.
  const JsonataExpression* expression() const;

  // The variables that it mentions, in order of appearance, with repetitions.
  void collect_variables(std::vector<std::string>& out) const;

 private:
  std::shared_ptr<const TemplateNode> root_;  // shared: a State is copied with its templates
};

}  // namespace escapement::asl
