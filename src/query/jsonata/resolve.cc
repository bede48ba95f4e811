#include "query/jsonata/resolve.h"

#include <algorithm>
#include <unordered_set>

#include "base/codec.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/library.h"
#include "query/jsonata/parser.h"
#include "query/jsonata/render.h"
#include "query/jsonata/stack.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

bool is_path(const Node* node) { return node->type == NodeType::path; }

}  // namespace

std::string_view type_text(const Node& node) {
  switch (node.type) {
    case NodeType::path:
      return "path";
    case NodeType::name:
      return "name";
    case NodeType::literal:
      return node.literal.is_string() ? "string" : node.literal.is_number() ? "number" : "value";
    case NodeType::variable:
      return "variable";
    case NodeType::wildcard:
      return "wildcard";
    case NodeType::descendants:
      return "descendant";
    case NodeType::parent:
      return "parent";
    case NodeType::regex:
      return "regex";
    case NodeType::negate:
    case NodeType::array:
    case NodeType::object:
      return "unary";
    case NodeType::block:
      return "block";
    case NodeType::bind:
      return "bind";
    case NodeType::condition:
    case NodeType::elvis:
    case NodeType::coalesce:
      return "condition";
    case NodeType::call:
      return "function";
    case NodeType::partial:
      return "partial";
    case NodeType::lambda:
    case NodeType::tail_call:
      return "lambda";
    case NodeType::apply:
      return "apply";
    case NodeType::transform:
      return "transform";
    case NodeType::sort:
      return "sort";
    default:
      return "binary";
  }
}

Node* Resolver::resolve(Node* node) {
  check_stack();
  const bool keep_array = node->keep_array;
  Node* result = resolve_kind(node);
  if (keep_array) result->keep_array = true;
  return result;
}

Node* Resolver::resolve_kind(Node* node) {
  switch (node->type) {
    case NodeType::dot:
      return dot(node);
    case NodeType::predicate:
      return predicate(node);
    case NodeType::grouping:
      return grouping(node);
    case NodeType::order_by:
      return order_by(node);
    case NodeType::focus:
      return focus(node);
    case NodeType::position:
      return position(node);
    case NodeType::name:
    case NodeType::word:
      return name(node);
    case NodeType::negate:
      return negate(node);
    case NodeType::block:
      return block(node);
    case NodeType::parent:
      return parent(node);
    case NodeType::binary:
    case NodeType::both:
    case NodeType::either:
    case NodeType::elvis:
    case NodeType::coalesce:
      return both_sides(node);
    case NodeType::bind:
      node->rhs = resolve(node->rhs);
      push_ancestry(node, node->rhs);
      return node;
    case NodeType::apply:
      node->lhs = resolve(node->lhs);
      node->rhs = resolve(node->rhs);
      node->keep_array = node->lhs->keep_array || node->rhs->keep_array;
      return node;
    case NodeType::condition:
      both_sides(node);
      if (node->third != nullptr) {
        node->third = resolve(node->third);
        push_ancestry(node, node->third);
      }
      return node;
    case NodeType::array:
      for (Node*& item : node->list) {
        item = resolve(item);
        push_ancestry(node, item);
      }
      return node;
    case NodeType::object:
      for (auto& [key, value] : node->pairs) {
        key = resolve(key);
        push_ancestry(node, key);
        value = resolve(value);
        push_ancestry(node, value);
      }
      return node;
    case NodeType::call:
    case NodeType::partial:
      for (Node*& argument : node->list) {
        argument = resolve(argument);
        push_ancestry(node, argument);
      }
      node->lhs = resolve(node->lhs);
      return node;
    case NodeType::lambda:
      node->rhs = optimise_tail(resolve(node->rhs));
      return node;
    case NodeType::transform:
      node->lhs = resolve(node->lhs);
      node->rhs = resolve(node->rhs);
      if (node->third != nullptr) node->third = resolve(node->third);
      return node;
    case NodeType::end: {
      Failure failure = Failure::at("S0207", node->at);
      failure.token = json::Value("(end)");
      throw failure;
    }
    default:
      return node;
  }
}

Node* Resolver::path_of(Node* step) {
  Node* path = program_.make(NodeType::path, step->at);
  path->list.push_back(step);
  return path;
}

Node* Resolver::dot(Node* node) {
  Node* left = resolve(node->lhs);
  Node* path = is_path(left) ? left : path_of(left);
  if (left->type == NodeType::parent) path->more().seeking = {left->slot};
  Node* rest = resolve(node->rhs);
  if (is_path(rest)) {
    path->list.insert(path->list.end(), rest->list.begin(), rest->list.end());
  } else {
    if (rest->has_predicates()) {
      for (Node* expression : rest->extra->predicates) rest->extra->stages.push_back(Stage{expression, {}});
      rest->extra->predicates.clear();
    }
    path->list.push_back(rest);
  }
  check_steps(path);
  resolve_ancestry(path);
  return path;
}

void Resolver::check_steps(Node* path) {
  for (Node* step : path->list) {
    if (step->type == NodeType::literal) {
      if (!step->literal.is_string()) {
        Failure failure = Failure::at("S0213", step->at);
        failure.value = to_json(step->literal, true);
        throw failure;
      }
      step->type = NodeType::name;
    }
    if (step->keep_array) path->keep_singleton = true;
  }
  for (Node* step : {path->list.front(), path->list.back()}) {
    if (step->type == NodeType::array) step->constructed = true;
  }
}

Node* Resolver::predicate(Node* node) {
  Node* result = resolve(node->lhs);
  Node* step = is_path(result) ? result->list.back() : result;
  if (step->has_grouping()) throw Failure::at("S0209", node->at);
  Node* filter = resolve(node->rhs);
  if (filter->extra && !filter->extra->seeking.empty()) {
    for (ParentSlot* slot : filter->extra->seeking) {
      if (slot->level == 1) {
        seek_parent(step, slot);
      } else {
        --slot->level;
      }
    }
    push_ancestry(step, filter);
  }
  if (is_path(result)) {
    step->more().stages.push_back(Stage{filter, {}});
  } else {
    step->more().predicates.push_back(filter);
  }
  return result;
}

Node* Resolver::grouping(Node* node) {
  Node* result = resolve(node->lhs);
  if (result->has_grouping()) throw Failure::at("S0210", node->at);
  auto group = std::make_unique<Grouping>();
  group->position = node->at;
  for (const auto& [key, value] : node->pairs) {
    Node* resolved_key = resolve(key);
    group->pairs.emplace_back(resolved_key, resolve(value));
  }
  result->more().grouping = std::move(group);
  return result;
}

Node* Resolver::order_by(Node* node) {
  Node* result = resolve(node->lhs);
  if (!is_path(result)) result = path_of(result);
  Node* sort = program_.make(NodeType::sort, node->at);
  for (const SortTerm& term : node->extra->terms) {
    Node* expression = resolve(term.expression);
    push_ancestry(sort, expression);
    sort->more().terms.push_back(SortTerm{expression, term.descending});
  }
  result->list.push_back(sort);
  resolve_ancestry(result);
  return result;
}

Node* Resolver::focus(Node* node) {
  Node* result = resolve(node->lhs);
  Node* step = is_path(result) ? result->list.back() : result;
  if (step->has_stages() || step->has_predicates()) throw Failure::at("S0215", node->at);
  if (step->type == NodeType::sort) throw Failure::at("S0216", node->at);
  if (node->keep_array) step->keep_array = true;
  step->more().focus.text = node->text;
  step->tuple = true;
  return result;
}

Node* Resolver::position(Node* node) {
  Node* result = resolve(node->lhs);
  Node* step = result;
  if (is_path(result)) {
    step = result->list.back();
  } else {
    result = path_of(result);
    if (step->has_predicates()) {
      for (Node* expression : step->extra->predicates) step->extra->stages.push_back(Stage{expression, {}});
      step->extra->predicates.clear();
    }
  }
  if (step->has_stages()) {
    step->extra->stages.push_back(Stage{nullptr, {node->text, 0}});
  } else {
    step->more().index.text = node->text;
  }
  step->tuple = true;
  return result;
}

Node* Resolver::name(Node* node) {
  node->type = NodeType::name;
  Node* path = path_of(node);
  path->keep_singleton = node->keep_array;
  return path;
}

Node* Resolver::negate(Node* node) {
  Node* operand = resolve(node->rhs);
  if (operand->type == NodeType::literal && operand->literal.is_number()) {
    operand->literal = Value::of(-operand->literal.number());
    return operand;
  }
  node->rhs = operand;
  push_ancestry(node, operand);
  return node;
}

Node* Resolver::block(Node* node) {
  for (Node*& part : node->list) {
    part = resolve(part);
    push_ancestry(node, part);
    if (part->constructed || (is_path(part) && part->list.front()->constructed)) node->constructed = true;
  }
  return node;
}

Node* Resolver::parent(Node* node) {
  ParentSlot& slot = program_.slots.emplace_back();
  slot.label.text = "!" + std::to_string(program_.slots.size() - 1);
  node->slot = &slot;
  return node;
}

Node* Resolver::both_sides(Node* node) {
  node->lhs = resolve(node->lhs);
  push_ancestry(node, node->lhs);
  node->rhs = resolve(node->rhs);
  push_ancestry(node, node->rhs);
  return node;
}

// A call whose result is the lambda's result is made by the caller's loop, so that tail recursion needs no stack.
Node* Resolver::optimise_tail(Node* node) {
  check_stack();
  const bool changes_result = node->has_predicates() || node->has_grouping() || node->keep_array;
  switch (node->type) {
    case NodeType::call: {
      if (changes_result) return node;
      Node* tail = program_.make(NodeType::tail_call, node->at);
      tail->rhs = node;
      return tail;
    }
    case NodeType::condition:
      if (changes_result) return node;
      node->rhs = optimise_tail(node->rhs);
      if (node->third != nullptr) node->third = optimise_tail(node->third);
      return node;
    case NodeType::elvis:
    case NodeType::coalesce:
      if (!changes_result) node->rhs = optimise_tail(node->rhs);
      return node;
    case NodeType::block:
      if (!changes_result && !node->list.empty()) node->list.back() = optimise_tail(node->list.back());
      return node;
    default:
      return node;
  }
}

void Resolver::seek_parent(Node* node, ParentSlot* slot) {
  check_stack();
  switch (node->type) {
    case NodeType::name:
    case NodeType::wildcard:
      if (--slot->level == 0) {
        NodeExtra& extra = node->more();
        if (extra.ancestor != nullptr) slot->label = extra.ancestor->label;
        extra.ancestor = slot;
        node->tuple = true;
      }
      return;
    case NodeType::parent:
      ++slot->level;
      return;
    case NodeType::block:
      if (node->list.empty()) return;
      node->tuple = true;
      seek_parent(node->list.back(), slot);
      return;
    case NodeType::path: {
      node->tuple = true;
      std::size_t index = node->list.size();
      seek_parent(node->list[--index], slot);
      while (slot->level > 0 && index > 0) seek_parent(node->list[--index], slot);
      return;
    }
    default: {
      Failure failure = Failure::at("S0217", node->at);
      failure.token = json::Value(type_text(*node));
      throw failure;
    }
  }
}

void Resolver::push_ancestry(Node* result, const Node* value) {
  const bool seeks = value->extra && !value->extra->seeking.empty();
  if (!seeks && value->type != NodeType::parent) return;
  auto& seeking = result->more().seeking;
  if (seeks) seeking.insert(seeking.end(), value->extra->seeking.begin(), value->extra->seeking.end());
  if (value->type == NodeType::parent) seeking.push_back(value->slot);
}

void Resolver::resolve_ancestry(Node* path) {
  const Node* last = path->list.back();
  std::vector<ParentSlot*> slots;
  if (last->extra) slots = last->extra->seeking;
  if (last->type == NodeType::parent) slots.push_back(last->slot);
  for (ParentSlot* slot : slots) {
    std::size_t index = path->list.size() - 1;  // one past the step to look at next
    while (slot->level > 0) {
      if (index == 0) {
        path->more().seeking.push_back(slot);
        break;
      }
      Node* step = path->list[--index];
      const auto binds_focus = [](const Node* node) { return node->extra && !node->extra->focus.text.empty(); };
      while (index > 0 && binds_focus(step) && binds_focus(path->list[index - 1])) step = path->list[--index];
      seek_parent(step, slot);
    }
  }
}

namespace {

// Hashes of names, built-in functions, and which variables may be bound by the expression itself.
void finish(Program& program, bool inside_eval) {
  std::unordered_set<std::string_view> bound;
  const auto hash = [](BoundName& name) { name.hash = hash_text(name.text); };
  for (Node& node : program.nodes) {
    node.hash = hash_text(node.text);
    node.plain = node.type == NodeType::name && !node.extra && !node.keep_array && !node.tuple;
    if (node.type == NodeType::bind) bound.insert(node.text);
    if (node.type == NodeType::lambda) {
      for (const Node* parameter : node.list) bound.insert(parameter->text);
    }
    if (node.type == NodeType::variable && node.text == "eval" && !program.options.states_dialect)
      program.evaluates_text = true;
    if (!node.extra) continue;
    hash(node.extra->focus);
    hash(node.extra->index);
    bound.insert(node.extra->focus.text);
    bound.insert(node.extra->index.text);
    for (Stage& stage : node.extra->stages) {
      hash(stage.index);
      bound.insert(stage.index.text);
    }
  }
  for (ParentSlot& slot : program.slots) hash(slot.label);
  for (Node& node : program.nodes) {
    if (node.type != NodeType::variable) continue;
    node.maybe_local = inside_eval || program.evaluates_text || bound.contains(node.text);
    node.native = find_native(node.text, program.options.states_dialect);
  }
}

}  // namespace

std::shared_ptr<const Program> compile_program(std::string_view text, const Options& options, bool inside_eval) {
  if (text.size() > options.source_bytes_max) fail_out_of_memory();
  if (!base::is_valid_utf8(replace_lone_surrogates(text)))
    throw Failure::with_text("S0107", "The expression is not valid UTF-8");
  auto program = std::make_shared<Program>();
  program->source = text;
  program->options = options;
  Parser parser(*program);
  Resolver resolver(*program);
  program->root = resolver.resolve(parser.parse());
  const Node& root = *program->root;
  if (root.type == NodeType::parent || (root.extra && !root.extra->seeking.empty())) {
    Failure failure = Failure::at("S0217", root.at);
    failure.token = json::Value(type_text(root));
    throw failure;
  }
  finish(*program, inside_eval);
  return program;
}

}  // namespace escapement::query::jsonata
