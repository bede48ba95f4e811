// Functions: calling, partial application, composition, closures, transforms.
#include <algorithm>

#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/render.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

// The name by which an error reports what was called.
std::string_view procedure_name(const Node& procedure) {
  if (procedure.type == NodeType::path) return procedure.list.front()->text;
  return procedure.type == NodeType::variable ? std::string_view(procedure.text) : std::string_view();
}

// An error inside a function is reported at the call, one of no function where it was found out.
void annotate(Failure& failure, const Value& function, std::uint32_t at, std::string_view name) {
  if (function.is_function() || failure.position == kNoPosition) failure.position = at;
  if (!failure.token && !name.empty()) failure.token = json::Value(name);
}

}  // namespace

std::size_t function_arity(const FunctionNode& function) {
  switch (function.form) {
    case FunctionNode::Form::native:
      return function.native->arity;
    case FunctionNode::Form::lambda:
      return function.node->list.size();
    case FunctionNode::Form::partial:
      return static_cast<std::size_t>(std::count(function.open, function.open + function.count, true));
    case FunctionNode::Form::regex:
      return 2;
    case FunctionNode::Form::regex_next:
      return 0;
    case FunctionNode::Form::transform:
    case FunctionNode::Form::composed:
      return 1;
  }
  return 0;
}

bool Evaluation::forgot_dollar(const Node& procedure, Frame* frame) const {
  if (procedure.type != NodeType::path) return false;
  const Node& first = *procedure.list.front();
  return !lookup(frame, first.text, first.hash).is_undefined() ||
         find_native(first.text, options_.states_dialect) != nullptr;
}

Value Evaluation::call_expression(const Node& node, const Value& input, Frame* frame, const Value* first) {
  const Node& procedure = *node.lhs;
  const Value function = evaluate(procedure, input, frame);
  if (function.is_undefined() && forgot_dollar(procedure, frame)) {
    Failure failure = Failure::at("T1005", node.at);
    failure.token = json::Value(procedure_name(procedure));
    throw failure;
  }
  const std::size_t extra = first == nullptr ? 0 : 1;
  Value* arguments = arena_.make_array<Value>(node.list.size() + extra);
  if (first != nullptr) arguments[0] = *first;
  for (std::size_t i = 0; i < node.list.size(); ++i) arguments[i + extra] = evaluate(*node.list[i], input, frame);
  return apply(function, {arguments, node.list.size() + extra}, input, frame, &node);
}

// A lambda whose body ends in a call answers that call; making it here instead of inside keeps the stack flat.
Value Evaluation::apply(const Value& function, std::span<const Value> arguments, const Value& context, Frame* frame,
                        const Node* site) {
  Value result;
  try {
    result = apply_once(function, arguments, context, frame);
  } catch (Failure& failure) {
    if (site != nullptr) annotate(failure, function, site->at, procedure_name(*site->lhs));
    throw;
  }
  while (result.kind() == Kind::thunk) {
    const ThunkNode& thunk = result.thunk();
    const Node& call = *thunk.call;
    const Value next = evaluate(*call.lhs, thunk.input, thunk.frame);
    Value* values = arena_.make_array<Value>(call.list.size());
    for (std::size_t i = 0; i < call.list.size(); ++i) values[i] = evaluate(*call.list[i], thunk.input, thunk.frame);
    try {
      result = apply_once(next, {values, call.list.size()}, context, frame);
    } catch (Failure& failure) {
      annotate(failure, next, call.lhs->at, procedure_name(*call.lhs));
      if (site != nullptr && !failure.token) annotate(failure, Value(), site->at, procedure_name(*site->lhs));
      throw;
    }
  }
  return result;
}

Value Evaluation::apply_once(const Value& value, std::span<const Value> arguments, const Value& context, Frame* frame,
                             bool validate) {
  if (!value.is_function()) throw Failure::of("T1006");
  check_stack();
  charge(1);
  const FunctionNode& function = value.function();
  switch (function.form) {
    case FunctionNode::Form::native: {
      const NativeFunction& native = *function.native;
      return native.run(Call{*this, native.signature->validate(arena_, arguments, context), context, frame});
    }
    case FunctionNode::Form::lambda: {
      const Signature* signature = function.node->extra ? function.node->extra->signature.get() : nullptr;
      if (signature != nullptr && validate) arguments = signature->validate(arena_, arguments, context);
      return apply_lambda(function, arguments);
    }
    case FunctionNode::Form::partial:
      return apply_partial(function, arguments, frame);
    case FunctionNode::Form::regex:
    case FunctionNode::Form::regex_next:
      return apply_regex(function, arguments);
    case FunctionNode::Form::transform: {
      static const Signature signature("<(oa):o>", 0);
      return apply_transform(function, signature.validate(arena_, arguments, context)[0]);
    }
    case FunctionNode::Form::composed: {
      const Value between = apply(Value::of(function.inner), arguments, Value::null(), frame);
      return apply(Value::of(function.outer), {&between, 1}, Value::null(), frame);
    }
  }
  return {};
}

Value Evaluation::apply_lambda(const FunctionNode& function, std::span<const Value> arguments) {
  const Node& node = *function.node;
  Frame* frame = make_frame(function.frame);
  frame->lambda = &node;
  frame->parameters = arena_.make_array<Value>(node.list.size());
  std::copy_n(arguments.begin(), std::min(arguments.size(), node.list.size()), frame->parameters);
  return evaluate(*node.rhs, function.input, frame);
}

Value Evaluation::apply_partial(const FunctionNode& function, std::span<const Value> arguments, Frame* frame) {
  Value* all = arena_.make_array<Value>(function.count);
  std::size_t given = 0;
  for (std::uint32_t i = 0; i < function.count; ++i) {
    if (!function.open[i]) {
      all[i] = function.bound[i];
    } else if (given < arguments.size()) {
      all[i] = arguments[given++];
    }
  }
  return apply_once(Value::of(function.inner), {all, function.count}, Value(), frame, false);
}

Value Evaluation::apply_regex(const FunctionNode& function, std::span<const Value> arguments) {
  if (function.form == FunctionNode::Form::regex_next) {
    if (function.from >= function.subject.size()) return {};
    const Value next = match_object(*function.regex, function.subject, function.from);
    if (!next.is_undefined() && find_member(next, "match").text().empty()) {
      Failure failure = Failure::of("D1004", json::Value(function.regex->source()));
      if (function.node != nullptr) failure.position = function.node->at;
      throw failure;
    }
    return next;
  }
  if (arguments.empty() || !arguments[0].is_string()) return {};
  const std::string_view subject = arguments[0].text();
  std::size_t from = 0;
  if (arguments.size() > 1 && arguments[1].is_number() && arguments[1].number() > 0) {
    from = utf16_offset(subject, static_cast<std::size_t>(std::min(arguments[1].number(), 1e9)));
  }
  return match_object(*function.regex, subject, from);
}

// What a regular expression answers as a function: where it matched, and a function that goes on from there.
Value Evaluation::match_object(const Regex& regex, std::string_view subject, std::size_t from) {
  const Regex::Subject prepared(subject);
  const auto match = regex.match(prepared, from, steps_left_);
  if (!match) return {};
  const Regex::Group& whole = match->front();
  const std::string_view matched = subject.substr(whole.start, whole.end - whole.start);
  const std::size_t start = count_utf16_units(subject.substr(0, whole.start));
  const Value groups = array();
  for (std::size_t i = 1; i < match->size(); ++i) {
    const Regex::Group& group = (*match)[i];
    push(groups, group.matched ? Value::of(subject.substr(group.start, group.end - group.start)) : Value());
  }
  auto* next = arena_.make<FunctionNode>(FunctionNode::Form::regex_next);
  next->regex = &regex;
  next->subject = subject;
  next->from = whole.end;
  ObjectNode* result = object();
  result->set(arena_, "match", Value::of(matched));
  result->set(arena_, "start", Value::of(static_cast<double>(start)));
  result->set(arena_, "end", Value::of(static_cast<double>(start + count_utf16_units(matched))));
  result->set(arena_, "groups", groups);
  result->set(arena_, "next", Value::of(next));
  return Value::of(result);
}

Value Evaluation::apply_transform(const FunctionNode& function, const Value& input) {
  if (input.is_undefined()) return {};
  static const std::uint32_t clone_hash = hash_text("clone");
  const Value cloner = lookup(function.frame, "clone", clone_hash);
  Value result;
  if (cloner.is_undefined()) {
    result = clone(input);
  } else {
    if (!cloner.is_function()) throw Failure::at("T2013", function.node->at);
    result = apply(cloner, {&input, 1}, Value::null(), function.frame);
  }
  const Value matches = evaluate(*function.node->lhs, result, function.frame);
  if (matches.is_undefined()) return result;
  if (!matches.is_array()) {
    update(function, matches);
    return result;
  }
  const ArrayView items(matches);
  for (std::size_t i = 0; i < items.size(); ++i) update(function, items[i]);
  return result;
}

// Changes one matched object in place: it belongs to the copy that the transform answers.
void Evaluation::update(const FunctionNode& function, const Value& match) {
  const Node& node = *function.node;
  const Value changes = evaluate(*node.rhs, match, function.frame);
  if (!changes.is_undefined()) {
    if (!changes.is_object()) {
      Failure failure = Failure::at("T2011", node.rhs->at);
      failure.value = for_message(changes);
      throw failure;
    }
    const ObjectView members(changes);
    if (!match.is_object() && !match.is_array() && members.size() > 0) {
      Failure failure = Failure::at("T2014", node.lhs->at);
      failure.value = for_message(match);
      throw failure;
    }
    if (match.kind() == Kind::object) {
      for (std::size_t i = 0; i < members.size(); ++i)
        match.object_node()->set(arena_, members.key(i), members.value(i));
    }
  }
  if (node.third == nullptr) return;
  const Value deletions = evaluate(*node.third, match, function.frame);
  if (deletions.is_undefined()) return;
  const ArrayView keys(deletions.is_array() ? deletions : sequence_of(deletions));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].is_string()) continue;
    Failure failure = Failure::at("T2012", node.third->at);
    failure.value = for_message(deletions);
    throw failure;
  }
  if (match.kind() != Kind::object) return;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    charge(1 + match.object_node()->size / 8);
    match.object_node()->erase(keys[i].text());
  }
}

Value Evaluation::apply_expression(const Node& node, const Value& input, Frame* frame) {
  const Value left = evaluate(*node.lhs, input, frame);
  // The call alone: predicates behind it are not looked at, as in the reference.
  if (node.rhs->type == NodeType::call) return call_expression(*node.rhs, input, frame, &left);
  const Value function = evaluate(*node.rhs, input, frame);
  if (!function.is_function()) {
    Failure failure = Failure::at("T2006", node.at);
    failure.value = for_message(function);
    throw failure;
  }
  if (!left.is_function()) return apply(function, {&left, 1}, Value::null(), frame);
  auto* composed = arena_.make<FunctionNode>(FunctionNode::Form::composed);
  composed->inner = &left.function();
  composed->outer = &function.function();
  return Value::of(composed);
}

Value Evaluation::partial(const Node& node, const Value& input, Frame* frame) {
  const std::size_t size = node.list.size();
  Value* bound = arena_.make_array<Value>(size);
  bool* open = arena_.make_array<bool>(size);
  for (std::size_t i = 0; i < size; ++i) {
    open[i] = node.list[i]->type == NodeType::placeholder;
    if (!open[i]) bound[i] = evaluate(*node.list[i], input, frame);
  }
  const Value function = evaluate(*node.lhs, input, frame);
  if (!function.is_function()) {
    const bool forgot = function.is_undefined() && forgot_dollar(*node.lhs, frame);
    Failure failure = Failure::at(forgot ? "T1007" : "T1008", node.at);
    const std::string_view name = procedure_name(*node.lhs);
    if (!name.empty()) failure.token = json::Value(name);
    throw failure;
  }
  auto* result = arena_.make<FunctionNode>(FunctionNode::Form::partial);
  result->inner = &function.function();
  result->bound = bound;
  result->open = open;
  result->count = static_cast<std::uint32_t>(size);
  return Value::of(result);
}

Value Evaluation::closure(const Node& node, FunctionNode::Form form, const Value& input, Frame* frame) {
  auto* function = arena_.make<FunctionNode>(form);
  function->node = &node;
  function->frame = frame;
  function->input = input;
  return Value::of(function);
}

Value Evaluation::lambda(const Node& node, const Value& input, Frame* frame) {
  return closure(node, FunctionNode::Form::lambda, input, frame);
}

Value Evaluation::call(const Value& function, std::initializer_list<Value> arguments) {
  return call(function, std::span<const Value>(arguments.begin(), arguments.size()));
}

Value Evaluation::call(const Value& function, std::span<const Value> arguments) {
  return apply(function, arguments, Value::null(), nullptr);
}

Value Evaluation::call_fitting(const Value& function, std::initializer_list<Value> arguments) {
  const std::size_t takes = function.is_function() ? function_arity(function.function()) : 1;
  const std::size_t count = std::min(arguments.size(), std::max<std::size_t>(takes, 1));
  return call(function, std::span<const Value>(arguments.begin(), count));
}

Value Evaluation::evaluate_text(std::string_view expression, const Value& input, Frame* frame) {
  const Program* program = nullptr;
  try {
    program = evaluated_.emplace_back(compile_program(expression, options_, true)).get();
  } catch (const Failure& failure) {
    if (failure.code == kBoundCode) throw;
    throw Failure::of("D3120", json::Value(failure_message(failure)));
  }
  charge(expression.size());
  try {
    return evaluate(*program->root, input, frame);
  } catch (const Failure& failure) {
    if (failure.code == kBoundCode) throw;
    throw Failure::of("D3121", json::Value(failure_message(failure)));
  }
}

}  // namespace escapement::query::jsonata
