#include "query/jsonata/references.h"

#include <algorithm>

namespace escapement::query::jsonata {
namespace {

template <typename T>
void add_once(std::vector<T>& list, T item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(std::move(item));
}

// Walks the tree with the names bound around each place, and whether the context there is the expression's own. The
// tree was made within the bounds of the stack, so walking it is too.
class Walker {
 public:
  explicit Walker(References& out) : out_(out) {}

  void visit(const Node* node, bool outer_context) {
    if (node == nullptr) return;
    const std::size_t scope = bound_.size();
    visit_kind(*node, outer_context);
    // A binding made in a block ends with it; elsewhere it reaches the expressions that follow.
    if (node->type == NodeType::block || node->type == NodeType::lambda || node->type == NodeType::path)
      bound_.resize(scope);
    visit_extra(*node);
  }

 private:
  void visit_kind(const Node& node, bool outer_context) {
    switch (node.type) {
      case NodeType::path:
        path(node, outer_context);
        return;
      case NodeType::name:
        if (outer_context) add_once(out_.context, node.text);
        return;
      case NodeType::wildcard:
        if (outer_context) add_once(out_.context, std::string("*"));
        return;
      case NodeType::descendants:
        if (outer_context) add_once(out_.context, std::string("**"));
        return;
      case NodeType::variable:
        variable(node, outer_context, {});
        return;
      case NodeType::bind:
        visit(node.rhs, outer_context);
        bound_.push_back(node.text);
        return;
      case NodeType::lambda:
        for (const Node* parameter : node.list) bound_.push_back(parameter->text);
        visit(node.rhs, outer_context);
        return;
      case NodeType::transform:
        visit(node.lhs, false);
        visit(node.rhs, false);
        visit(node.third, false);
        return;
      default:
        break;
    }
    visit(node.lhs, outer_context);
    for (const Node* item : node.list) visit(item, outer_context);
    visit(node.rhs, outer_context);
    visit(node.third, outer_context);
    for (const auto& [key, value] : node.pairs) {
      visit(key, outer_context);
      visit(value, outer_context);
    }
  }

  // Predicates, sort terms and groupings see the items they are about.
  void visit_extra(const Node& node) {
    if (!node.extra) return;
    for (const Stage& stage : node.extra->stages) visit(stage.expression, false);
    for (const Node* predicate : node.extra->predicates) visit(predicate, false);
    for (const SortTerm& term : node.extra->terms) visit(term.expression, false);
    if (!node.extra->grouping) return;
    for (const auto& [key, value] : node.extra->grouping->pairs) {
      visit(key, false);
      visit(value, false);
    }
  }

  void path(const Node& node, bool outer_context) {
    const Node& first = *node.list.front();
    if (first.type == NodeType::variable) {
      std::vector<std::string> below;
      for (std::size_t i = 1; i < node.list.size() && node.list[i]->type == NodeType::name; ++i) {
        below.push_back(node.list[i]->text);
        if (node.list[i]->extra) break;
      }
      if (first.extra) below.clear();
      variable(first, outer_context, std::move(below));
      visit_extra(first);
    } else {
      visit(&first, outer_context);
    }
    bind_names(first);
    for (std::size_t i = 1; i < node.list.size(); ++i) {
      visit(node.list[i], false);
      bind_names(*node.list[i]);
    }
  }

  void bind_names(const Node& step) {
    if (!step.extra) return;
    for (const std::string* name : {&step.extra->focus.text, &step.extra->index.text}) {
      if (!name->empty()) bound_.push_back(*name);
    }
    for (const Stage& stage : step.extra->stages) {
      if (!stage.index.text.empty()) bound_.push_back(stage.index.text);
    }
  }

  void variable(const Node& node, bool outer_context, std::vector<std::string> below) {
    if (node.text.empty()) {
      if (outer_context) add_once(out_.context, std::string("$"));
      return;
    }
    if (node.text == "$") {
      add_once(out_.context, std::string("$$"));
      return;
    }
    if (std::find(bound_.begin(), bound_.end(), node.text) != bound_.end()) return;
    add_once(node.native != nullptr ? out_.functions : out_.variables, node.text);
    if (node.text == "states") add_once(out_.states_paths, std::move(below));
  }

  References& out_;
  std::vector<std::string_view> bound_;
};

}  // namespace

References find_references(const Program& program) {
  References references;
  Walker(references).visit(program.root, true);
  return references;
}

}  // namespace escapement::query::jsonata
