// Operators on values: arithmetic, comparison, logic, text, ranges.
#include <cmath>

#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/render.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

constexpr double kRangeMax = 1e7;

bool is_comparable(const Value& value) { return value.is_undefined() || value.is_string() || value.is_number(); }

bool is_integer(const Value& value) {
  return value.is_number() && std::isfinite(value.number()) && value.number() == std::trunc(value.number());
}

}  // namespace

Value Evaluation::binary(const Node& node, const Value& input, Frame* frame) {
  const Value left = evaluate(*node.lhs, input, frame);
  const Value right = evaluate(*node.rhs, input, frame);
  try {
    switch (node.op) {
      case Operator::add:
      case Operator::subtract:
      case Operator::multiply:
      case Operator::divide:
      case Operator::remainder:
        return arithmetic(node.op, left, right);
      case Operator::equal:
        return Value::of(!left.is_undefined() && !right.is_undefined() && equal(left, right));
      case Operator::unequal:
        return Value::of(!left.is_undefined() && !right.is_undefined() && !equal(left, right));
      case Operator::less:
      case Operator::less_equal:
      case Operator::greater:
      case Operator::greater_equal:
        return comparison(node.op, left, right);
      case Operator::concatenate:
        return concatenate(left, right);
      case Operator::range:
        return range(left, right);
      case Operator::in:
        return includes(left, right);
    }
  } catch (Failure& failure) {
    failure.position = node.at;
    failure.token = json::Value(operator_text(node.op));
    throw;
  }
  return {};
}

Value Evaluation::arithmetic(Operator op, const Value& left, const Value& right) {
  if (!left.is_undefined() && !is_number(left)) throw Failure::of("T2001", for_message(left));
  if (!right.is_undefined() && !is_number(right)) throw Failure::of("T2002", for_message(right));
  if (left.is_undefined() || right.is_undefined()) return {};
  const double a = left.number();
  const double b = right.number();
  switch (op) {
    case Operator::add:
      return Value::of(a + b);
    case Operator::subtract:
      return Value::of(a - b);
    case Operator::multiply:
      return Value::of(a * b);
    case Operator::divide:
      return Value::of(a / b);
    default:
      return Value::of(std::fmod(a, b));
  }
}

Value Evaluation::comparison(Operator op, const Value& left, const Value& right) {
  if (!is_comparable(left) || !is_comparable(right)) {
    const bool left_is_wrong = !left.is_string() && !left.is_number();
    throw Failure::of("T2010", for_message(left_is_wrong ? left : right));
  }
  if (left.is_undefined() || right.is_undefined()) return {};
  if (left.is_string() != right.is_string()) {
    Failure failure = Failure::of("T2009", for_message(left));
    failure.value2 = for_message(right);
    throw failure;
  }
  if (left.is_string()) {
    const int order = compare_utf16(left.text(), right.text());
    switch (op) {
      case Operator::less:
        return Value::of(order < 0);
      case Operator::less_equal:
        return Value::of(order <= 0);
      case Operator::greater:
        return Value::of(order > 0);
      default:
        return Value::of(order >= 0);
    }
  }
  const double a = left.number();
  const double b = right.number();
  switch (op) {
    case Operator::less:
      return Value::of(a < b);
    case Operator::less_equal:
      return Value::of(a <= b);
    case Operator::greater:
      return Value::of(a > b);
    default:
      return Value::of(a >= b);
  }
}

// Membership by identity, so no array and no object that was made anew is found.
Value Evaluation::includes(const Value& left, const Value& right) {
  if (left.is_undefined() || right.is_undefined()) return Value::of(false);
  const auto same = [&](const Value& item) {
    if (left.kind() == Kind::json_array || left.kind() == Kind::json_object) {
      return item.kind() == left.kind() && &item.json() == &left.json();
    }
    if (left.kind() == Kind::array) return item.kind() == Kind::array && item.array_node() == left.array_node();
    if (left.kind() == Kind::object) return item.kind() == Kind::object && item.object_node() == left.object_node();
    return equal(left, item);
  };
  if (!right.is_array()) return Value::of(same(right));
  const ArrayView items(right);
  for (std::size_t i = 0; i < items.size(); ++i) {
    charge(1);
    if (same(items[i])) return Value::of(true);
  }
  return Value::of(false);
}

Value Evaluation::concatenate(const Value& left, const Value& right) {
  std::string joined;
  if (!left.is_undefined()) joined = string_of(left);
  if (!right.is_undefined()) {
    if (right.is_string()) {
      append_text(joined, right.text());
    } else {
      append_text(joined, string_of(right));
    }
  }
  return text(joined);
}

// The range is kept as its first number and its length; whoever reads it makes the items.
Value Evaluation::range(const Value& left, const Value& right) {
  if (!left.is_undefined() && !is_integer(left)) throw Failure::of("T2003", for_message(left));
  if (!right.is_undefined() && !is_integer(right)) throw Failure::of("T2004", for_message(right));
  if (left.is_undefined() || right.is_undefined()) return {};
  const double first = left.number();
  const double last = right.number();
  if (first > last) return {};
  const double size = last - first + 1;
  if (size > kRangeMax) throw Failure::of("D2014", to_json(Value::of(size), true));
  if (size > static_cast<double>(options_.sequence_max)) {
    if (options_.states_dialect) fail_out_of_memory();
    throw Failure::of("D2015", to_json(Value::of(size), true));
  }
  charge(static_cast<std::uint64_t>(size) / 64);
  ArrayNode* node = arena_.make<ArrayNode>();
  node->flags = ArrayNode::sequence;
  node->form = ArrayNode::Form::range;
  node->first = first;
  node->size = static_cast<std::uint32_t>(size);
  return Value::of(node);
}

Value Evaluation::negate(const Node& node, const Value& input, Frame* frame) {
  const Value value = evaluate(*node.rhs, input, frame);
  if (value.is_undefined()) return {};
  if (is_number(value)) return Value::of(-value.number());
  Failure failure = Failure::of("D1002", for_message(value));
  failure.position = node.at;
  failure.token = json::Value("-");
  throw failure;
}

Value Evaluation::logic(const Node& node, const Value& input, Frame* frame) {
  const Value left = evaluate(*node.lhs, input, frame);
  const bool is_and = node.type == NodeType::both;
  if (is_truthy(left) != is_and) return Value::of(!is_and);
  return Value::of(is_truthy(evaluate(*node.rhs, input, frame)));
}

}  // namespace escapement::query::jsonata
