// $keys, $merge, $type and the other functions on objects and on values of any type.
#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

void collect_keys(Evaluation& evaluation, const Value& value, ObjectNode& keys) {
  check_stack();
  evaluation.charge(1);
  if (value.is_array()) {
    const ArrayView items(value);
    if (items.form() == ArrayNode::Form::range) return;
    for (std::size_t i = 0; i < items.size(); ++i) collect_keys(evaluation, items[i], keys);
    return;
  }
  if (!value.is_object()) return;
  const ObjectView members(value);
  evaluation.charge(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) keys.set(evaluation.arena(), members.key(i), Value::of(true));
}

Value keys(const Call& call) {
  ObjectNode& found = *call.evaluation.object();
  collect_keys(call.evaluation, call[0], found);
  const Value result = call.evaluation.sequence();
  for (std::size_t i = 0; i < found.size; ++i) call.evaluation.push(result, Value::of(found.members[i].key));
  return result;
}

Value lookup(const Call& call) {
  return call[1].is_string() ? call.evaluation.lookup_member(call[0], call[1].text()) : Value();
}

void spread_members(Evaluation& evaluation, const Value& object, const Value& out) {
  const ObjectView members(object);
  for (std::size_t i = 0; i < members.size(); ++i) {
    ObjectNode* single = evaluation.object();
    single->set(evaluation.arena(), members.key(i), members.value(i));
    evaluation.push(out, Value::of(single));
  }
}

Value spread_value(Evaluation& evaluation, const Value& value) {
  check_stack();
  evaluation.charge(1);
  if (value.is_object()) {
    const Value result = evaluation.sequence();
    spread_members(evaluation, value, result);
    return result;
  }
  if (!value.is_array()) return value;
  const Value result = evaluation.sequence();
  const ArrayView items(value);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value part = spread_value(evaluation, items[i]);
    if (part.is_undefined()) continue;
    result.array_node()->flags = 0;  // appending makes a plain array of the sequence
    if (part.is_array()) {
      evaluation.push_all(result, part);
    } else {
      evaluation.push(result, part);
    }
  }
  return result;
}

Value spread(const Call& call) { return spread_value(call.evaluation, call[0]); }

Value merge(const Call& call) {
  if (call[0].is_undefined()) return {};
  ObjectNode* result = call.evaluation.object();
  const ArrayView items(call[0]);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_object()) continue;
    const ObjectView members(items[i]);
    call.evaluation.charge(1 + members.size());
    for (std::size_t m = 0; m < members.size(); ++m)
      result->set(call.evaluation.arena(), members.key(m), members.value(m));
  }
  return Value::of(result);
}

Value error(const Call& call) {
  const bool given = call[0].is_string() && !call[0].text().empty();
  throw Failure::with_text("D3137", given ? std::string(call[0].text()) : "$error() function evaluated");
}

Value assert_that(const Call& call) {
  if (call[0].is_boolean() && call[0].boolean()) return {};
  const bool given = call[1].is_string() && !call[1].text().empty();
  throw Failure::with_text("D3141", given ? std::string(call[1].text()) : "$assert() statement failed");
}

Value type(const Call& call) {
  switch (call[0].kind()) {
    case Kind::null:
      return Value::of("null");
    case Kind::boolean:
      return Value::of("boolean");
    case Kind::number:
      if (!call.evaluation.is_number(call[0])) return Value::of("object");
      return Value::of("number");
    case Kind::exact_number:
      return Value::of("number");
    case Kind::string:
      return Value::of("string");
    case Kind::json_array:
    case Kind::array:
      return Value::of("array");
    case Kind::json_object:
    case Kind::object:
      return Value::of("object");
    case Kind::function:
      return Value::of("function");
    default:
      return {};
  }
}

Value exists(const Call& call) { return Value::of(!call[0].is_undefined()); }

Value boolean(const Call& call) {
  return call[0].is_undefined() ? Value() : Value::of(call.evaluation.is_truthy(call[0]));
}

Value negation(const Call& call) {
  return call[0].is_undefined() ? Value() : Value::of(!call.evaluation.is_truthy(call[0]));
}

Value evaluate(const Call& call) {
  if (call[0].is_undefined()) return {};
  Value input = call.context;
  if (!call[1].is_undefined()) {
    input = call[1];
    if (input.is_array() && !input.is_sequence()) {
      input = call.evaluation.sequence_of(input);
      input.array_node()->flags |= ArrayNode::outer_wrapper;
    }
  }
  return call.evaluation.evaluate_text(call[0].text(), input, call.frame);
}

Value clone(const Call& call) { return call[0].is_undefined() ? Value() : call.evaluation.clone(call[0]); }

constexpr NativeFunction kFunctions[] = {
    {"keys", "<x-:a<s>>", 1, keys},  {"lookup", "<x-s:x>", 2, lookup}, {"spread", "<x-:a<o>>", 1, spread},
    {"merge", "<a<o>:o>", 1, merge}, {"error", "<s?:x>", 1, error},    {"assert", "<bs?:x>", 2, assert_that},
    {"type", "<x:s>", 1, type},      {"exists", "<x:b>", 1, exists},   {"boolean", "<x-:b>", 1, boolean},
    {"not", "<x-:b>", 1, negation},  {"eval", "<sx?:x>", 2, evaluate}, {"clone", "<(oa)-:o>", 1, clone},
};

}  // namespace

std::span<const NativeFunction> object_functions() { return kFunctions; }

}  // namespace escapement::query::jsonata
