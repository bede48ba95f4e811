// The rules of a Choice state.
//
// Threading: immutable; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "asl/environment.h"
#include "asl/jsonata.h"
#include "asl/template.h"
#include "asl/transition.h"

namespace escapement::asl {

struct ConditionNode;  // and, or, not, comparison

// Either language's condition.
class Condition {
 public:
  explicit Condition(bool literal) : value_(literal) {}
  explicit Condition(JsonataExpression expression) : value_(std::move(expression)) {}
  explicit Condition(std::shared_ptr<const ConditionNode> root) : value_(std::move(root)) {}

  // `rule` is the rule's place among Choices, for locations ("Choices[0]/Condition").
  // Failures: States.Runtime ("Invalid path '$.x': The choice state's condition path references an invalid value."),
  // States.QueryEvaluationError.
  Evaluated<bool> holds(std::size_t rule, const Environment& environment) const;
  void collect_variables(std::vector<std::string>& out) const;

 private:
  std::variant<bool, JsonataExpression, std::shared_ptr<const ConditionNode>> value_;  // shared: copied with its state
};

struct ChoiceRule {
  Condition condition;
  Transition next;
  std::optional<Template> assign;
  std::optional<Template> output;  // JSONata
};

struct ChoiceState {
  std::vector<ChoiceRule> rules;
  std::optional<Transition> otherwise;  // Default
  // A Default taken uses the state's own Assign and Output.

  // The first rule that holds; nullopt when none does.
  Evaluated<std::optional<std::size_t>> select(const Environment& environment) const;
};

}  // namespace escapement::asl
