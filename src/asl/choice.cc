#include "asl/choice.h"

#include <algorithm>

#include <fmt/format.h>

#include "asl/choice_node.h"
#include "base/glob.h"

namespace escapement::asl {
namespace {

using json::Value;

constexpr Operator kOperators[] = {
    {"BooleanEquals", Subject::boolean, Comparison::equals, false},
    {"BooleanEqualsPath", Subject::boolean, Comparison::equals, true},
    {"IsBoolean", Subject::is, Comparison::is_boolean, false},
    {"IsNull", Subject::is, Comparison::is_null, false},
    {"IsNumeric", Subject::is, Comparison::is_numeric, false},
    {"IsPresent", Subject::is, Comparison::is_present, false},
    {"IsString", Subject::is, Comparison::is_string, false},
    {"IsTimestamp", Subject::is, Comparison::is_timestamp, false},
    {"NumericEquals", Subject::numeric, Comparison::equals, false},
    {"NumericEqualsPath", Subject::numeric, Comparison::equals, true},
    {"NumericGreaterThan", Subject::numeric, Comparison::greater_than, false},
    {"NumericGreaterThanPath", Subject::numeric, Comparison::greater_than, true},
    {"NumericGreaterThanEquals", Subject::numeric, Comparison::greater_than_equals, false},
    {"NumericGreaterThanEqualsPath", Subject::numeric, Comparison::greater_than_equals, true},
    {"NumericLessThan", Subject::numeric, Comparison::less_than, false},
    {"NumericLessThanPath", Subject::numeric, Comparison::less_than, true},
    {"NumericLessThanEquals", Subject::numeric, Comparison::less_than_equals, false},
    {"NumericLessThanEqualsPath", Subject::numeric, Comparison::less_than_equals, true},
    {"StringEquals", Subject::string, Comparison::equals, false},
    {"StringEqualsPath", Subject::string, Comparison::equals, true},
    {"StringGreaterThan", Subject::string, Comparison::greater_than, false},
    {"StringGreaterThanPath", Subject::string, Comparison::greater_than, true},
    {"StringGreaterThanEquals", Subject::string, Comparison::greater_than_equals, false},
    {"StringGreaterThanEqualsPath", Subject::string, Comparison::greater_than_equals, true},
    {"StringLessThan", Subject::string, Comparison::less_than, false},
    {"StringLessThanPath", Subject::string, Comparison::less_than, true},
    {"StringLessThanEquals", Subject::string, Comparison::less_than_equals, false},
    {"StringLessThanEqualsPath", Subject::string, Comparison::less_than_equals, true},
    {"StringMatches", Subject::string, Comparison::matches, false},
    {"TimestampEquals", Subject::timestamp, Comparison::equals, false},
    {"TimestampEqualsPath", Subject::timestamp, Comparison::equals, true},
    {"TimestampGreaterThan", Subject::timestamp, Comparison::greater_than, false},
    {"TimestampGreaterThanPath", Subject::timestamp, Comparison::greater_than, true},
    {"TimestampGreaterThanEquals", Subject::timestamp, Comparison::greater_than_equals, false},
    {"TimestampGreaterThanEqualsPath", Subject::timestamp, Comparison::greater_than_equals, true},
    {"TimestampLessThan", Subject::timestamp, Comparison::less_than, false},
    {"TimestampLessThanPath", Subject::timestamp, Comparison::less_than, true},
    {"TimestampLessThanEquals", Subject::timestamp, Comparison::less_than_equals, false},
    {"TimestampLessThanEqualsPath", Subject::timestamp, Comparison::less_than_equals, true},
};

// `*` stands for any run of characters; a backslash takes the next character as it is.
constexpr base::GlobSyntax kStringMatches{.run = '*', .one = {}, .escape = '\\'};

template <typename T>
bool compare(Comparison comparison, const T& a, const T& b) {
  switch (comparison) {
    case Comparison::equals:
      return a == b;
    case Comparison::less_than:
      return a < b;
    case Comparison::less_than_equals:
      return a <= b;
    case Comparison::greater_than:
      return a > b;
    case Comparison::greater_than_equals:
      return a >= b;
    default:
      return false;
  }
}

// A value of another kind than the operator's compares false, never an error.
bool compare_values(const ConditionNode& node, const Value& left, const Value& right) {
  const Operator& op = *node.op;
  switch (op.subject) {
    case Subject::string:
      if (!left.is_string() || !right.is_string()) return false;
      if (op.comparison == Comparison::matches)
        return base::matches_glob(right.as_string(), left.as_string(), kStringMatches);
      return compare(op.comparison, left.as_string(), right.as_string());
    case Subject::numeric:
      if (!left.is_number() || !right.is_number()) return false;
      if (left.is_int64() && right.is_int64()) return compare(op.comparison, left.as_int64(), right.as_int64());
      return compare(op.comparison, left.as_double(), right.as_double());
    case Subject::boolean:
      return left.is_bool() && right.is_bool() && left.as_bool() == right.as_bool();
    case Subject::timestamp: {
      if (!left.is_string() || !right.is_string()) return false;
      const auto a = base::parse_rfc3339(left.as_string());
      if (!a) return false;
      if (!op.path) return compare(op.comparison, *a, node.timestamp);
      const auto b = base::parse_rfc3339(right.as_string());
      return b && compare(op.comparison, *a, *b);
    }
    case Subject::is:
      break;
  }
  return false;
}

bool is_of_kind(Comparison comparison, const Value& value) {
  switch (comparison) {
    case Comparison::is_null:
      return value.is_null();
    case Comparison::is_string:
      return value.is_string();
    case Comparison::is_numeric:
      return value.is_number();
    case Comparison::is_boolean:
      return value.is_bool();
    case Comparison::is_timestamp:
      return value.is_string() && base::parse_rfc3339(value.as_string()).has_value();
    default:
      return true;
  }
}

Evaluated<Value> operand(const jsonpath::Path& path, const Environment& environment) {
  auto value = jsonpath::evaluate(path, environment.input, environment.scope);
  if (value) return *std::move(value);
  return std::unexpected(Failure{
      "States.Runtime",
      fmt::format("Invalid path '{}': The choice state's condition path references an invalid value.", path.text()),
      {}});
}

Evaluated<bool> evaluate_comparison(const ConditionNode& node, const Environment& environment) {
  const Comparison comparison = node.op->comparison;
  if (comparison == Comparison::is_present) {
    return jsonpath::evaluate(node.variable[0], environment.input, environment.scope).has_value() ==
           node.literal.as_bool();
  }
  auto left = operand(node.variable[0], environment);
  if (!left) return std::unexpected(std::move(left).error());
  if (node.op->subject == Subject::is) return is_of_kind(comparison, *left) == node.literal.as_bool();
  if (!node.op->path) return compare_values(node, *left, node.literal);
  auto right = operand(node.other[0], environment);
  if (!right) return std::unexpected(std::move(right).error());
  return compare_values(node, *left, *right);
}

Evaluated<bool> evaluate_node(const ConditionNode& node, const Environment& environment) {
  if (node.kind == ConditionNode::Kind::comparison) return evaluate_comparison(node, environment);
  const bool all = node.kind == ConditionNode::Kind::all_of;
  for (const ConditionNode& child : node.children) {
    auto holds = evaluate_node(child, environment);
    if (!holds) return holds;
    if (node.kind == ConditionNode::Kind::negation) return !*holds;
    if (*holds != all) return *holds;
  }
  return all;
}

void collect(const ConditionNode& node, std::vector<std::string>& out) {
  for (const auto* paths : {&node.variable, &node.other}) {
    for (const jsonpath::Path& path : *paths) {
      if (path.root() == jsonpath::Root::variable) out.push_back(path.variable());
    }
  }
  for (const ConditionNode& child : node.children) collect(child, out);
}

}  // namespace

const Operator* find_operator(std::string_view name) {
  const auto* op =
      std::find_if(std::begin(kOperators), std::end(kOperators), [&](const Operator& o) { return o.name == name; });
  return op == std::end(kOperators) ? nullptr : op;
}

Evaluated<bool> Condition::holds(std::size_t rule, const Environment& environment) const {
  if (const bool* literal = std::get_if<bool>(&value_)) return *literal;
  if (const auto* node = std::get_if<std::shared_ptr<const ConditionNode>>(&value_))
    return evaluate_node(**node, environment);
  const auto& expression = std::get<JsonataExpression>(value_);
  const std::string location = fmt::format("Choices[{}]/Condition", rule);
  auto value = expression.evaluate(location, environment);
  if (!value) return std::unexpected(std::move(value).error());
  if (!value->is_bool()) return std::unexpected(expression.unexpected_type(location, "boolean", *value));
  return value->as_bool();
}

void Condition::collect_variables(std::vector<std::string>& out) const {
  if (const auto* expression = std::get_if<JsonataExpression>(&value_)) expression->collect_variables(out);
  if (const auto* node = std::get_if<std::shared_ptr<const ConditionNode>>(&value_)) collect(**node, out);
}

Evaluated<std::optional<std::size_t>> ChoiceState::select(const Environment& environment) const {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    auto holds = rules[i].condition.holds(i, environment);
    if (!holds) return std::unexpected(std::move(holds).error());
    if (*holds) return i;
  }
  return std::nullopt;
}

}  // namespace escapement::asl
