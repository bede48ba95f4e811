// Filter expressions: `[?(@.price < 10 && @.title =~ /.*tale/i)]`.
//
// A side that is a path without a value is "undefined": equal to nothing, and no order applies to it. Numbers and texts
// compare by value with each other (`'1' == 1`), as in Jayway.
#include <algorithm>

#include <re2/re2.h>

#include "json/print.h"
#include "query/jsonpath/compiled.h"

namespace escapement::jsonpath {
namespace {

using json::Value;

std::optional<Value> resolve(const Operand& operand, const Value& current, Evaluation& evaluation) {
  switch (operand.kind) {
    case Operand::Kind::literal:
      return operand.literal;
    case Operand::Kind::regex:
      return std::nullopt;
    case Operand::Kind::current:
    case Operand::Kind::root: {
      const Value& start = operand.kind == Operand::Kind::current ? current : evaluation.root;
      if (operand.steps.empty()) return start;
      auto value = evaluate_steps(operand.steps, start, evaluation);
      if (!value) return std::nullopt;
      return *std::move(value);
    }
  }
  return std::nullopt;
}

std::optional<double> as_number(const Value& value) {
  if (value.is_number()) return value.as_double();
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.as_string();
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) return std::nullopt;
  return number;
}

bool equals(const Value& a, const Value& b) {
  if (a.is_string() && b.is_number()) return as_number(a) == b.as_double();
  if (a.is_number() && b.is_string()) return as_number(b) == a.as_double();
  return a == b;
}

bool holds(const Value& array, const Value& item) {
  return array.is_array() &&
         std::any_of(array.items().begin(), array.items().end(), [&](const Value& v) { return equals(v, item); });
}

bool contains(const Value& left, const Value& right) {
  if (left.is_string() && right.is_string()) return left.as_string().find(right.as_string()) != std::string::npos;
  return holds(left, right);
}

// -1, 0, 1; nullopt where there is no order.
std::optional<int> order(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    const double x = a.as_double();
    const double y = b.as_double();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.is_string() && b.is_string()) return std::clamp(a.as_string().compare(b.as_string()), -1, 1);
  return std::nullopt;
}

bool matches(const FilterNode& node, const std::optional<Value>& left, const std::optional<Value>& right) {
  const bool pattern_right = node.right.kind == Operand::Kind::regex;
  const re2::RE2& regex = pattern_right ? *node.right.regex : *node.left.regex;
  const std::optional<Value>& subject = pattern_right ? left : right;
  if (!subject) return false;
  if (subject->is_string()) return re2::RE2::FullMatch(subject->as_string(), regex);
  if (subject->is_number() || subject->is_bool()) return re2::RE2::FullMatch(json::print(*subject), regex);
  if (!subject->is_array()) return false;
  return std::any_of(subject->items().begin(), subject->items().end(), [&](const Value& item) {
    return item.is_string() && re2::RE2::FullMatch(item.as_string(), regex);
  });
}

bool compare(const FilterNode& node, const std::optional<Value>& left, const std::optional<Value>& right) {
  using Op = FilterNode::Operator;
  if (node.op == Op::matches) return matches(node, left, right);
  if (node.op == Op::eq) return left && right && equals(*left, *right);
  if (node.op == Op::ne) return !(left && right && equals(*left, *right));
  if (!left || !right) return node.op == Op::nin && !left && right;
  const auto sign = order(*left, *right);
  switch (node.op) {
    case Op::lt:
      return sign && *sign < 0;
    case Op::le:
      return sign && *sign <= 0;
    case Op::gt:
      return sign && *sign > 0;
    case Op::ge:
      return sign && *sign >= 0;
    case Op::in:
      return holds(*right, *left);
    case Op::nin:
      return !holds(*right, *left);
    case Op::contains:
      return contains(*left, *right);
    case Op::size:
      return right->is_number() && (left->is_array() || left->is_string()) &&
             static_cast<double>(left->is_array() ? left->size() : left->as_string().size()) == right->as_double();
    case Op::empty: {
      if (!right->is_bool() || !(left->is_array() || left->is_object() || left->is_string())) return false;
      return (left->is_string() ? left->as_string().empty() : left->size() == 0) == right->as_bool();
    }
    case Op::subset_of:
    case Op::any_of:
    case Op::none_of:
      break;
    default:
      return false;
  }
  if (!left->is_array()) return false;
  const auto found = [&](const Value& item) { return holds(*right, item); };
  const auto items = left->items();
  if (node.op == Op::subset_of) return std::all_of(items.begin(), items.end(), found);
  const bool any = std::any_of(items.begin(), items.end(), found);
  return node.op == Op::any_of ? any : !any;
}

}  // namespace

bool accepts(const FilterNode& filter, const Value& current, Evaluation& evaluation) {
  switch (filter.kind) {
    case FilterNode::Kind::all_of:
      return std::all_of(filter.children.begin(), filter.children.end(),
                         [&](const auto& child) { return accepts(*child, current, evaluation); });
    case FilterNode::Kind::any_of:
      return std::any_of(filter.children.begin(), filter.children.end(),
                         [&](const auto& child) { return accepts(*child, current, evaluation); });
    case FilterNode::Kind::negation:
      return !accepts(*filter.children[0], current, evaluation);
    case FilterNode::Kind::exists:
      return resolve(filter.left, current, evaluation).has_value();
    case FilterNode::Kind::comparison:
      return compare(filter, resolve(filter.left, current, evaluation), resolve(filter.right, current, evaluation));
  }
  return false;
}

}  // namespace escapement::jsonpath
