// The tree of an expression: what the parser makes, what `resolve` turns it into, and what the evaluator walks.
//
// The parser makes operators with two sides; resolve flattens `.`, `[`, `{`, `^`, `@` and `#` into paths of steps with
// stages, finds what `%` refers to, and marks calls in tail position. After that nothing changes.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "query/jsonata/jsonata.h"
#include "query/jsonata/value.h"

namespace escapement::query::jsonata {

struct NativeFunction;
class Regex;
class Signature;
struct Node;

enum class NodeType : std::uint8_t {
  // Of the parser only.
  dot,          // lhs . rhs
  predicate,    // lhs [ rhs ]
  grouping,     // lhs { pairs }
  order_by,     // lhs ^ ( terms )
  focus,        // lhs @ $text
  position,     // lhs # $text
  word,         // `and`, `or`, `in` where a name is meant
  placeholder,  // `?` as an argument (stays in the arguments of `partial`)
  end,          // the end of the text where an expression was expected

  path,
  name,
  literal,
  variable,
  wildcard,
  descendants,
  parent,
  regex,
  binary,
  both,    // and
  either,  // or
  negate,
  array,      // list
  object,     // pairs
  block,      // list
  bind,       // $text := rhs
  condition,  // lhs ? rhs : third
  elvis,      // lhs ?: rhs
  coalesce,   // lhs ?? rhs
  call,       // lhs ( list )
  partial,    // lhs ( list with placeholders )
  lambda,     // list (parameters), rhs (body)
  tail_call,  // rhs is a call in tail position
  apply,      // lhs ~> rhs
  transform,  // | lhs | rhs, third |
  sort,       // a step of a path
};

enum class Operator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  remainder,
  equal,
  unequal,
  less,
  less_equal,
  greater,
  greater_equal,
  concatenate,
  range,
  in,
};
std::string_view operator_text(Operator op);

// The name of a variable, ready to be looked up. Empty: none.
struct BoundName {
  std::string text;
  std::uint32_t hash = 0;
};

// What one `%` refers to: the step that carries the label puts its input under it.
struct ParentSlot {
  BoundName label;
  int level = 1;  // steps still to go back
};

struct Stage {
  Node* expression = nullptr;  // a filter; null for an index
  BoundName index;
};

struct SortTerm {
  Node* expression = nullptr;
  bool descending = false;
};

using Pair = std::pair<Node*, Node*>;

struct Grouping {
  std::vector<Pair> pairs;
  std::uint32_t position = 0;
};

// What few nodes have.
struct NodeExtra {
  std::vector<Stage> stages;      // of a step: filters and indexes, in order
  std::vector<Node*> predicates;  // of what is no path: filters
  std::unique_ptr<Grouping> grouping;
  BoundName focus;
  BoundName index;
  ParentSlot* ancestor = nullptr;              // this step's input is what a `%` refers to
  std::vector<ParentSlot*> seeking;            // parents not found inside this node
  std::shared_ptr<const Regex> regex;          // shared with the functions made of it
  std::shared_ptr<const Signature> signature;  // likewise
  std::vector<SortTerm> terms;
};

struct Node {
  NodeType type = NodeType::end;
  Operator op = Operator::add;
  bool keep_array = false;      // followed by `[]`
  bool keep_singleton = false;  // of a path: a step of it is
  bool constructed = false;     // an array constructor at the start or end of a path
  bool tuple = false;           // the step makes a tuple stream
  bool maybe_local = true;      // of a variable: a frame may hold it
  bool has_else = false;        // of a condition
  bool plain = false;           // a name, and nothing but the name
  std::uint32_t at = 0;         // bytes into the text, after the token
  std::uint32_t hash = 0;       // of `text`
  std::string text;             // of names, variables, literals; the token
  Value literal;
  Node* lhs = nullptr;
  Node* rhs = nullptr;
  Node* third = nullptr;
  const NativeFunction* native = nullptr;  // of a variable: the built-in function of that name
  ParentSlot* slot = nullptr;              // of a parent
  std::vector<Node*> list;
  std::vector<Pair> pairs;
  std::unique_ptr<NodeExtra> extra;

  NodeExtra& more() {
    if (!extra) extra = std::make_unique<NodeExtra>();
    return *extra;
  }
  bool has_stages() const { return extra && !extra->stages.empty(); }
  bool has_predicates() const { return extra && !extra->predicates.empty(); }
  bool has_grouping() const { return extra && extra->grouping; }
};

// A compiled expression. Immutable once compiled.
struct Program {
  std::string source;
  Options options;
  std::deque<Node> nodes;  // every node, so that none is destroyed by recursion
  std::deque<ParentSlot> slots;
  Node* root = nullptr;
  bool evaluates_text = false;  // mentions $eval, which may bind any name anywhere

  Node* make(NodeType type, std::uint32_t at) {
    Node& node = nodes.emplace_back();
    node.type = type;
    node.at = at;
    return &node;
  }
};

// Throws Failure. `inside_eval`: the text was passed to $eval, so any name may be bound around it.
std::shared_ptr<const Program> compile_program(std::string_view text, const Options& options, bool inside_eval);

// The reference implementation's name for what `node` is.
std::string_view type_text(const Node& node);

}  // namespace escapement::query::jsonata
