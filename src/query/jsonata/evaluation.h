// One evaluation of a Program: its budget, its memory, and the semantics of every kind of node.
//
// The rules (what is flattened, what is unwrapped, when a context is an array) are those of the reference
// implementation; evaluation_path.cc, _operators.cc, _group.cc and _apply.cc hold one part each.
//
// Threading: one thread, one evaluation. Errors: Failure.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/jsonata/arena.h"
#include "query/jsonata/jsonata.h"
#include "query/jsonata/library.h"
#include "query/jsonata/regex.h"
#include "query/jsonata/stack.h"
#include "query/jsonata/syntax.h"
#include "query/jsonata/value.h"

namespace escapement::query::jsonata {

struct BindingNode {
  std::string_view name;
  std::uint32_t hash;
  Value value;
  BindingNode* next;
};

// Where variables live. Frames form a chain to the evaluation's own, which holds nothing.
struct Frame {
  Frame* parent = nullptr;
  BindingNode* bindings = nullptr;
  const Node* lambda = nullptr;  // whose parameters are in `parameters`
  Value* parameters = nullptr;
  bool shares_bindings = false;  // `bindings` belong to a tuple too: new ones go in front, none is changed
};

struct TupleNode {
  Value value;
  BindingNode* bindings = nullptr;
};

struct ThunkNode {
  const Node* call;
  Value input;
  Frame* frame;
};

struct FunctionNode {
  enum class Form : std::uint8_t { native, lambda, partial, regex, regex_next, transform, composed };

  Form form;
  std::uint32_t count = 0;  // partial: of its arguments; open ones are counted by function_arity()
  const NativeFunction* native = nullptr;
  const Node* node = nullptr;           // lambda, transform
  Frame* frame = nullptr;               // where it was made
  Value input;                          // the context it was made in
  const FunctionNode* inner = nullptr;  // partial: of what; composed: applied first
  const FunctionNode* outer = nullptr;  // composed: applied second
  const Value* bound = nullptr;         // partial: arguments, with
  const bool* open = nullptr;           //          those that the call will give
  const Regex* regex = nullptr;
  std::string_view subject;  // regex_next: what it goes on searching,
  std::size_t from = 0;      //             from which byte
};

std::size_t function_arity(const FunctionNode& function);

class Evaluation {
 public:
  // All borrowed for as long as it lives.
  Evaluation(const Program& program, const json::Value* input, std::span<const Binding> bindings,
             Environment& environment);

  Value run();

  // Bounds.
  void charge(std::uint64_t steps) {
    if (steps > steps_left_) fail_out_of_steps();
    steps_left_ -= steps;
  }
  std::uint64_t& steps_left() { return steps_left_; }
  const Options& options() const { return options_; }
  Arena& arena() { return arena_; }
  Environment& environment() { return environment_; }

  // Making values.
  Value text(std::string_view text);  // copied; fails past string_bytes_max
  Value array();
  Value sequence();
  Value sequence_of(const Value& item);
  Value array_of(std::span<const Value> items);
  void push(const Value& array, const Value& item);  // `array` was made by this evaluation
  void push_all(const Value& array, const Value& items);
  ObjectNode* object() { return arena_.make<ObjectNode>(); }
  // A copy of the array's header over the same items, with `flags`; the items of neither may be pushed to in place.
  Value reflagged(const Value& array, std::uint8_t flags);

  // Semantics shared by operators and functions.
  Value evaluate(const Node& node, const Value& input, Frame* frame);
  Value lookup_member(const Value& input, std::string_view key);
  Value append(const Value& left, const Value& right);
  bool is_truthy(const Value& value);  // undefined is false
  bool equal(const Value& left, const Value& right);
  bool is_number(const Value& value);  // false for NaN; throws D1001 for an infinity
  std::string string_of(const Value& value, bool pretty = false);
  Value clone(const Value& value);  // through its JSON text, as $clone does: every part new
  Value adopt(json::Value value);   // keeps it to the end of the evaluation

  // Calls `function` as a higher-order function does.
  Value call(const Value& function, std::initializer_list<Value> arguments);
  Value call(const Value& function, std::span<const Value> arguments);
  // `arguments` cut to what the function takes (one at least).
  Value call_fitting(const Value& function, std::initializer_list<Value> arguments);
  Value match_object(const Regex& regex, std::string_view subject, std::size_t from);
  Value evaluate_text(std::string_view expression, const Value& input, Frame* frame);

  Frame* make_frame(Frame* parent) {
    Frame* frame = arena_.make<Frame>();
    frame->parent = parent;
    return frame;
  }
  void bind(Frame* frame, std::string_view name, std::uint32_t hash, const Value& value);
  Value lookup(Frame* frame, std::string_view name, std::uint32_t hash) const;

 private:
  Value dispatch(const Node& node, const Value& input, Frame* frame);
  Value variable(const Node& node, const Value& input, Frame* frame);
  Value wildcard(const Value& input);
  Value descendants(const Value& input);
  void collect_descendants(const Value& input, const Value& out);
  void flatten_into(const Value& out, const Value& value);
  Value array_constructor(const Node& node, const Value& input, Frame* frame);
  Value block(const Node& node, const Value& input, Frame* frame);
  Value finish(const Node& node, Value result, Frame* frame);
  const Value* find_local(const Frame* frame, std::string_view name, std::uint32_t hash) const;
  ArrayNode* owned(const Value& array);
  void grow(ArrayNode& node, std::size_t size);

  // What evaluating a leaf costs, without evaluating it.
  void count_leaf() {
    if (steps_left_ == 0) fail_out_of_steps();
    --steps_left_;
    if (depth_ >= options_.depth_max) fail_too_deep(depth_ + 1, options_.depth_max);
  }

  // evaluation_path.cc
  Value path(const Node& node, const Value& input, Frame* frame);
  Value step(const Node& node, const Value& input, bool is_list, Frame* frame, bool last);
  Value step_once(const Node& node, const Value& item, Frame* frame);
  Value tuple_step(const Node& node, const Value& input, bool is_list, const Value& tuples, Frame* frame);
  void extend_tuple(const Node& node, const TupleNode& from, const Value& results, const Value& out);
  Value stages(const std::vector<Stage>& stages, Value input, Frame* frame);
  Value filter(const Node& predicate, const Value& input, Frame* frame);
  Value filter_by_index(double index, const Value& input);
  bool selects(const Value& test, std::size_t index, std::size_t size, std::size_t& times);
  Value sort(const Node& node, const Value& input, Frame* frame);
  Frame* frame_of(const TupleNode& tuple, Frame* parent);

  // evaluation_operators.cc
  Value binary(const Node& node, const Value& input, Frame* frame);
  Value arithmetic(Operator op, const Value& left, const Value& right);
  Value comparison(Operator op, const Value& left, const Value& right);
  Value includes(const Value& left, const Value& right);
  Value concatenate(const Value& left, const Value& right);
  Value range(const Value& left, const Value& right);
  Value negate(const Node& node, const Value& input, Frame* frame);
  Value logic(const Node& node, const Value& input, Frame* frame);

  // evaluation_group.cc
  Value group(const std::vector<Pair>& pairs, std::uint32_t position, const Value& input, Frame* frame);
  Value construct(const Node& node, const Value& input, Frame* frame);
  void check_key(const Value& key, std::uint32_t position);

  // evaluation_apply.cc
  Value call_expression(const Node& node, const Value& input, Frame* frame, const Value* first);
  // `site`: the call in the expression, which errors point at; may be null.
  Value apply(const Value& function, std::span<const Value> arguments, const Value& context, Frame* frame,
              const Node* site = nullptr);
  Value apply_once(const Value& function, std::span<const Value> arguments, const Value& context, Frame* frame,
                   bool validate = true);
  Value apply_lambda(const FunctionNode& function, std::span<const Value> arguments);
  Value apply_partial(const FunctionNode& function, std::span<const Value> arguments, Frame* frame);
  Value apply_regex(const FunctionNode& function, std::span<const Value> arguments);
  Value apply_transform(const FunctionNode& function, const Value& input);
  void update(const FunctionNode& function, const Value& match);
  Value apply_expression(const Node& node, const Value& input, Frame* frame);
  Value partial(const Node& node, const Value& input, Frame* frame);
  Value lambda(const Node& node, const Value& input, Frame* frame);
  Value closure(const Node& node, FunctionNode::Form form, const Value& input, Frame* frame);
  bool forgot_dollar(const Node& procedure, Frame* frame) const;

  const Program& program_;
  const Options& options_;
  Arena arena_;
  Environment& environment_;
  std::span<const Binding> bindings_;
  Value root_;
  std::uint64_t steps_left_;
  std::size_t depth_ = 0;
  std::deque<json::Value> adopted_;
  std::vector<std::shared_ptr<const Program>>
      evaluated_;  // programs of $eval: their nodes are referred to until the end
};

}  // namespace escapement::query::jsonata
