// $map, $filter and the other functions that call functions.
#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"

namespace escapement::query::jsonata {
namespace {

Value at(std::size_t index) { return Value::of(static_cast<double>(index)); }

Value map(const Call& call) {
  if (call[0].is_undefined()) return {};
  const Value result = call.evaluation.sequence();
  const ArrayView items(call[0]);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value mapped = call.evaluation.call_fitting(call[1], {items[i], at(i), call[0]});
    if (!mapped.is_undefined()) call.evaluation.push(result, mapped);
  }
  return result;
}

Value filter(const Call& call) {
  if (call[0].is_undefined()) return {};
  const Value result = call.evaluation.sequence();
  const ArrayView items(call[0]);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value item = items[i];
    const Value test = call.evaluation.call_fitting(call[1], {item, at(i), call[0]});
    if (call.evaluation.is_truthy(test)) call.evaluation.push(result, item);
  }
  return result;
}

Value single(const Call& call) {
  if (call[0].is_undefined()) return {};
  const ArrayView items(call[0]);
  Value found;
  bool has_found = false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value item = items[i];
    if (call[1].is_function()) {
      const Value test = call.evaluation.call_fitting(call[1], {item, at(i), call[0]});
      if (!call.evaluation.is_truthy(test)) continue;
    }
    if (has_found) throw Failure::of("D3138");
    found = item;
    has_found = true;
  }
  if (!has_found) throw Failure::of("D3139");
  return found;
}

Value reduce(const Call& call) {
  if (call[0].is_undefined()) return {};
  const std::size_t arity = function_arity(call[1].function());
  if (arity < 2) throw Failure::of("D3050");
  const ArrayView items(call[0]);
  const bool starts_with_first = call[2].is_undefined() && items.size() > 0;
  Value result = starts_with_first ? items[0] : call[2];
  for (std::size_t i = starts_with_first ? 1 : 0; i < items.size(); ++i) {
    result = call.evaluation.call_fitting(call[1], {result, items[i], at(i), call[0]});
  }
  return result;
}

Value each(const Call& call) {
  const Value result = call.evaluation.sequence();
  if (!call[0].is_object()) return result;
  const ObjectView members(call[0]);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Value value = call.evaluation.call_fitting(call[1], {members.value(i), Value::of(members.key(i)), call[0]});
    if (!value.is_undefined()) call.evaluation.push(result, value);
  }
  return result;
}

Value sift(const Call& call) {
  if (!call[0].is_object()) return {};
  ObjectNode* result = call.evaluation.object();
  const ObjectView members(call[0]);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Value value = members.value(i);
    const Value test = call.evaluation.call_fitting(call[1], {value, Value::of(members.key(i)), call[0]});
    if (call.evaluation.is_truthy(test)) result->set(call.evaluation.arena(), members.key(i), value);
  }
  return result->size == 0 ? Value() : Value::of(result);
}

constexpr NativeFunction kFunctions[] = {
    {"map", "<af>", 2, map},           {"filter", "<af>", 2, filter}, {"single", "<af?>", 2, single},
    {"reduce", "<afj?:j>", 3, reduce}, {"each", "<o-f:a>", 2, each},  {"sift", "<o-f?:o>", 2, sift},
};

}  // namespace

std::span<const NativeFunction> higher_order_functions() { return kFunctions; }

}  // namespace escapement::query::jsonata
