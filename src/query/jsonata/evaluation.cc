#include "query/jsonata/evaluation.h"

#include <algorithm>
#include <cmath>

#include "query/jsonata/failure.h"
#include "query/jsonata/render.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {

Evaluation::Evaluation(const Program& program, const json::Value* input, std::span<const Binding> bindings,
                       Environment& environment)
    : program_(program),
      options_(program.options),
      arena_(program.options.memory_bytes_max),
      environment_(environment),
      bindings_(bindings),
      root_(input == nullptr ? Value() : Value::wrap(*input)),
      steps_left_(program.options.steps_max) {}

Value Evaluation::run() {
  Frame* frame = make_frame(nullptr);
  Value input = root_;
  if (input.is_array()) {
    input = sequence_of(input);
    input.array_node()->flags |= ArrayNode::outer_wrapper;
  }
  return evaluate(*program_.root, input, frame);
}

Value Evaluation::evaluate(const Node& node, const Value& input, Frame* frame) {
  if (node.type == NodeType::literal && node.extra == nullptr) {
    count_leaf();
    return node.literal;
  }
  if (steps_left_ == 0) fail_out_of_steps();
  --steps_left_;
  if (++depth_ > options_.depth_max) fail_too_deep(depth_, options_.depth_max);
  check_stack();
  Value result = dispatch(node, input, frame);
  if (node.extra != nullptr || result.kind() == Kind::array) result = finish(node, result, frame);
  --depth_;
  return result;
}

Value Evaluation::dispatch(const Node& node, const Value& input, Frame* frame) {
  switch (node.type) {
    case NodeType::path:
      return path(node, input, frame);
    case NodeType::name:
      return lookup_member(input, node.text);
    case NodeType::literal:
      return node.literal;
    case NodeType::variable:
      return variable(node, input, frame);
    case NodeType::wildcard:
      return wildcard(input);
    case NodeType::descendants:
      return descendants(input);
    case NodeType::parent:
      return lookup(frame, node.slot->label.text, node.slot->label.hash);
    case NodeType::regex: {
      auto* function = arena_.make<FunctionNode>(FunctionNode::Form::regex);
      function->regex = node.extra->regex.get();
      function->node = &node;
      return Value::of(function);
    }
    case NodeType::binary:
      return binary(node, input, frame);
    case NodeType::both:
    case NodeType::either:
      return logic(node, input, frame);
    case NodeType::negate:
      return negate(node, input, frame);
    case NodeType::array:
      return array_constructor(node, input, frame);
    case NodeType::object:
      return construct(node, input, frame);
    case NodeType::block:
      return block(node, input, frame);
    case NodeType::bind: {
      const Value value = evaluate(*node.rhs, input, frame);
      bind(frame, node.text, node.hash, value);
      return value;
    }
    case NodeType::condition:
      if (is_truthy(evaluate(*node.lhs, input, frame))) return evaluate(*node.rhs, input, frame);
      return node.third == nullptr ? Value() : evaluate(*node.third, input, frame);
    case NodeType::elvis: {
      const Value value = evaluate(*node.lhs, input, frame);
      return is_truthy(value) ? value : evaluate(*node.rhs, input, frame);
    }
    case NodeType::coalesce: {
      const Value value = evaluate(*node.lhs, input, frame);
      return value.is_undefined() ? evaluate(*node.rhs, input, frame) : value;
    }
    case NodeType::call:
      return call_expression(node, input, frame, nullptr);
    case NodeType::partial:
      return partial(node, input, frame);
    case NodeType::lambda:
      return lambda(node, input, frame);
    case NodeType::tail_call:
      return Value::of(arena_.make<ThunkNode>(node.rhs, input, frame));
    case NodeType::apply:
      return apply_expression(node, input, frame);
    case NodeType::transform:
      return closure(node, FunctionNode::Form::transform, input, frame);
    default:
      return {};
  }
}

Value Evaluation::finish(const Node& node, Value result, Frame* frame) {
  if (node.has_predicates()) {
    for (const Node* predicate : node.extra->predicates) result = filter(*predicate, result, frame);
    if (node.keep_array && !result.is_array() && !result.is_undefined()) result = sequence_of(result);
  }
  if (node.type != NodeType::path && node.has_grouping()) {
    result = group(node.extra->grouping->pairs, node.extra->grouping->position, result, frame);
  }
  if (!result.is_sequence() || result.is_tuple_stream()) return result;
  ArrayNode& sequence = *result.array_node();
  if (node.keep_array) sequence.flags |= ArrayNode::keep_singleton;
  if (sequence.size == 0) return {};
  if (sequence.size == 1 && !sequence.has(ArrayNode::keep_singleton)) return ArrayView(result)[0];
  return result;
}

Value Evaluation::variable(const Node& node, const Value& input, Frame* frame) {
  if (node.text.empty()) return input.has_flag(ArrayNode::outer_wrapper) ? ArrayView(input)[0] : input;
  if (node.maybe_local) {
    if (const Value* local = find_local(frame, node.text, node.hash)) return *local;
  }
  if (node.text == "$") return root_;
  for (const Binding& binding : bindings_) {
    if (binding.name == node.text) return Value::wrap(*binding.value);
  }
  return node.native == nullptr ? Value() : Value::of(node.native->function);
}

Value Evaluation::lookup(Frame* frame, std::string_view name, std::uint32_t hash) const {
  if (const Value* local = find_local(frame, name, hash)) return *local;
  for (const Binding& binding : bindings_) {
    if (binding.name == name) return Value::wrap(*binding.value);
  }
  return {};
}

const Value* Evaluation::find_local(const Frame* frame, std::string_view name, std::uint32_t hash) const {
  for (; frame != nullptr; frame = frame->parent) {
    for (const BindingNode* binding = frame->bindings; binding != nullptr; binding = binding->next) {
      if (binding->hash == hash && binding->name == name) return &binding->value;
    }
    if (frame->lambda == nullptr) continue;
    const auto& parameters = frame->lambda->list;
    for (std::size_t i = parameters.size(); i-- > 0;) {
      if (parameters[i]->hash == hash && parameters[i]->text == name) return &frame->parameters[i];
    }
  }
  return nullptr;
}

void Evaluation::bind(Frame* frame, std::string_view name, std::uint32_t hash, const Value& value) {
  if (!frame->shares_bindings) {
    for (BindingNode* binding = frame->bindings; binding != nullptr; binding = binding->next) {
      if (binding->hash == hash && binding->name == name) {
        binding->value = value;
        return;
      }
    }
  }
  frame->bindings = arena_.make<BindingNode>(name, hash, value, frame->bindings);
}

Value Evaluation::block(const Node& node, const Value& input, Frame* frame) {
  Frame* inner = make_frame(frame);
  Value result;
  for (const Node* part : node.list) result = evaluate(*part, input, inner);
  return result;
}

Value Evaluation::lookup_member(const Value& input, std::string_view key) {
  if (input.is_object()) return find_member(input, key);
  if (!input.is_array()) return {};
  check_stack();
  const ArrayView items(input);
  charge(items.size());
  if (items.form() == ArrayNode::Form::range) return {};
  const Value result = sequence();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value found = lookup_member(items[i], key);
    if (found.is_undefined()) continue;
    if (found.is_array()) {
      push_all(result, found);
    } else {
      push(result, found);
    }
  }
  return result;
}

Value Evaluation::wildcard(const Value& given) {
  Value input = given;
  if (input.has_flag(ArrayNode::outer_wrapper) && input.array_node()->size > 0) input = ArrayView(input)[0];
  Value results = sequence();
  const auto add = [&](const Value& value) {
    if (!value.is_array()) {
      push(results, value);
      return;
    }
    // Appending makes a plain array of what was a sequence.
    results.array_node()->flags = 0;
    flatten_into(results, value);
  };
  if (input.is_array()) {
    const ArrayView items(input);
    for (std::size_t i = 0; i < items.size(); ++i) add(items[i]);
  } else if (input.is_object()) {
    const ObjectView members(input);
    for (std::size_t i = 0; i < members.size(); ++i) add(members.value(i));
  }
  return results;
}

void Evaluation::flatten_into(const Value& out, const Value& value) {
  if (!value.is_array()) {
    push(out, value);
    return;
  }
  check_stack();
  const ArrayView items(value);
  charge(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) flatten_into(out, items[i]);
}

Value Evaluation::descendants(const Value& input) {
  if (input.is_undefined()) return {};
  const Value results = sequence();
  collect_descendants(input, results);
  return results.array_node()->size == 1 ? ArrayView(results)[0] : results;
}

void Evaluation::collect_descendants(const Value& input, const Value& out) {
  check_stack();
  charge(1);
  if (input.is_array()) {
    const ArrayView items(input);
    for (std::size_t i = 0; i < items.size(); ++i) collect_descendants(items[i], out);
    return;
  }
  push(out, input);
  if (!input.is_object()) return;
  const ObjectView members(input);
  for (std::size_t i = 0; i < members.size(); ++i) collect_descendants(members.value(i), out);
}

Value Evaluation::array_constructor(const Node& node, const Value& input, Frame* frame) {
  const std::uint8_t flags = node.constructed ? std::uint8_t{ArrayNode::constructed} : std::uint8_t{0};
  if (node.list.size() == 1 && node.list[0]->type != NodeType::array) {
    const Value only = evaluate(*node.list[0], input, frame);
    if (only.is_array()) return reflagged(only, flags);
    const Value result = array();
    if (!only.is_undefined()) push(result, only);
    result.array_node()->flags = flags;
    return result;
  }
  const Value result = array();
  for (const Node* item : node.list) {
    const Value value = evaluate(*item, input, frame);
    if (value.is_undefined()) continue;
    if (value.is_array() && item->type != NodeType::array) {
      push_all(result, value);
    } else {
      push(result, value);
    }
  }
  result.array_node()->flags = flags;
  return result;
}

Value Evaluation::text(std::string_view text) {
  if (text.size() > options_.string_bytes_max) fail_out_of_memory();
  charge(text.size() / 64);
  return Value::of(arena_.copy(text));
}

Value Evaluation::adopt(json::Value value) { return Value::wrap(adopted_.emplace_back(std::move(value))); }

Value Evaluation::array() { return Value::of(arena_.make<ArrayNode>()); }

Value Evaluation::sequence() {
  ArrayNode* node = arena_.make<ArrayNode>();
  node->flags = ArrayNode::sequence;
  return Value::of(node);
}

Value Evaluation::sequence_of(const Value& item) {
  const Value result = sequence();
  push(result, item);
  return result;
}

Value Evaluation::array_of(std::span<const Value> items) {
  const Value result = array();
  ArrayNode& node = *result.array_node();
  grow(node, items.size());
  std::copy(items.begin(), items.end(), node.values);
  node.size = static_cast<std::uint32_t>(items.size());
  return result;
}

Value Evaluation::reflagged(const Value& array, std::uint8_t flags) {
  ArrayNode* node = arena_.make<ArrayNode>();
  if (array.kind() == Kind::json_array) {
    const auto items = array.json().items();
    node->form = ArrayNode::Form::json;
    node->json = items.data();
    node->size = static_cast<std::uint32_t>(items.size());
  } else {
    *node = *array.array_node();
    node->capacity = 0;  // the items are shared: see owned()
  }
  node->flags = flags;
  return Value::of(node);
}

void Evaluation::grow(ArrayNode& node, std::size_t size) {
  if (size > options_.sequence_max) {
    if (options_.states_dialect) fail_out_of_memory();
    throw Failure::of("D2015", json::Value(static_cast<std::int64_t>(options_.sequence_max)));
  }
  const bool shared = node.form != ArrayNode::Form::values || node.capacity < node.size;
  if (!shared && size <= node.capacity) return;
  const std::size_t capacity = std::max<std::size_t>({size, shared ? node.size : std::size_t{node.capacity} * 2, 4});
  Value* values = arena_.make_array<Value>(capacity);
  if (node.size > 0) {
    const ArrayView items(Value::of(&node));
    for (std::size_t i = 0; i < node.size; ++i) values[i] = items[i];
  }
  node.form = ArrayNode::Form::values;
  node.values = values;
  node.capacity = static_cast<std::uint32_t>(capacity);
}

void Evaluation::push(const Value& array, const Value& item) {
  ArrayNode& node = *array.array_node();
  if (node.size >= node.capacity || node.form != ArrayNode::Form::values) grow(node, std::size_t{node.size} + 1);
  node.values[node.size++] = item;
}

void Evaluation::push_all(const Value& array, const Value& items) {
  const ArrayView view(items);
  ArrayNode& node = *array.array_node();
  charge(view.size());
  grow(node, node.size + view.size());
  for (std::size_t i = 0; i < view.size(); ++i) node.values[node.size + i] = view[i];
  node.size += static_cast<std::uint32_t>(view.size());
}

Value Evaluation::append(const Value& left, const Value& right) {
  if (left.is_undefined()) return right;
  if (right.is_undefined()) return left;
  const Value result = left.is_array() ? reflagged(left, 0) : array_of({&left, 1});
  if (right.is_array()) {
    push_all(result, right);
  } else {
    push(result, right);
  }
  return result;
}

bool Evaluation::is_number(const Value& value) {
  if (!value.is_number()) return false;
  const double number = value.number();
  if (std::isinf(number)) throw Failure::of("D1001", json::Value());
  return !std::isnan(number);
}

bool Evaluation::is_truthy(const Value& value) {
  switch (value.kind()) {
    case Kind::boolean:
      return value.boolean();
    case Kind::number:
    case Kind::exact_number:
      return is_number(value) && value.number() != 0;
    case Kind::string:
      return !value.text().empty();
    case Kind::json_object:
    case Kind::object:
      return ObjectView(value).size() > 0;
    case Kind::json_array:
    case Kind::array: {
      check_stack();
      const ArrayView items(value);
      for (std::size_t i = 0; i < items.size(); ++i) {
        charge(1);
        if (is_truthy(items[i])) return true;
      }
      return false;
    }
    default:
      return false;
  }
}

bool Evaluation::equal(const Value& left, const Value& right) {
  charge(1);
  if (left.is_number() && right.is_number()) {
    if (left.kind() == Kind::exact_number && right.kind() == Kind::exact_number) return left.json() == right.json();
    return left.number() == right.number();
  }
  if (left.is_string() && right.is_string()) return left.text() == right.text();
  if (left.is_boolean() && right.is_boolean()) return left.boolean() == right.boolean();
  if (left.is_array() && right.is_array()) {
    check_stack();
    const ArrayView a(left);
    const ArrayView b(right);
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!equal(a[i], b[i])) return false;
    }
    return true;
  }
  if (left.is_object() && right.is_object()) {
    check_stack();
    const ObjectView a(left);
    if (a.size() != ObjectView(right).size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Value other = find_member(right, a.key(i));
      if (other.is_undefined() || !equal(a.value(i), other)) return false;
    }
    return true;
  }
  if (left.is_function() && right.is_function()) return &left.function() == &right.function();
  return left.kind() == right.kind() && (left.is_null() || left.is_undefined());
}

std::string Evaluation::string_of(const Value& value, bool pretty) {
  if (value.is_string()) return std::string(value.text());
  if (value.is_function()) return {};
  std::string out;
  if (value.kind() == Kind::number && !std::isfinite(value.number())) throw Failure::of("D3001", for_message(value));
  const Value shown = value.has_flag(ArrayNode::outer_wrapper) ? ArrayView(value)[0] : value;
  stringify(out, shown, pretty, options_.string_bytes_max);
  charge(out.size() / 16);
  return out;
}

Value Evaluation::clone(const Value& value) {
  check_stack();
  charge(1);
  switch (value.kind()) {
    case Kind::undefined:
      return Value::null();
    case Kind::function:
      return Value::of(std::string_view());
    case Kind::number: {
      const double number = value.number();
      if (std::isnan(number)) return Value::null();
      if (std::isinf(number)) throw Failure::of("D1001", json::Value());
      return number == std::trunc(number) ? value : Value::of(round_to_15_digits(number));
    }
    case Kind::json_array:
    case Kind::array: {
      const ArrayView items(value);
      const Value copy = array();
      grow(*copy.array_node(), items.size());
      for (std::size_t i = 0; i < items.size(); ++i) push(copy, clone(items[i]));
      return copy;
    }
    case Kind::json_object:
    case Kind::object: {
      const ObjectView members(value);
      ObjectNode* copy = object();
      for (std::size_t i = 0; i < members.size(); ++i) {
        const Value member = members.value(i);
        if (!member.is_undefined()) copy->set(arena_, members.key(i), clone(member));
      }
      return Value::of(copy);
    }
    default:
      return value;
  }
}

}  // namespace escapement::query::jsonata
