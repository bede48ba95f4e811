// Paths: steps, filters, sorting, and the tuple streams that `@`, `#` and `%` turn a path into.
#include <algorithm>
#include <cmath>
#include <vector>

#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/render.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

bool has_name(const BoundName& name) { return !name.text.empty(); }

}  // namespace

// The value between two steps is a list where it is an array, else a list of one.
Value Evaluation::path(const Node& node, const Value& input, Frame* frame) {
  bool is_list = input.is_array() && node.list.front()->type != NodeType::variable;
  bool tuple_stream = false;
  Value current = input;
  Value tuples;
  for (std::size_t i = 0; i < node.list.size(); ++i) {
    const Node& next = *node.list[i];
    tuple_stream = tuple_stream || next.tuple;
    if (next.plain && !is_list && !tuple_stream && current.is_object()) {
      // The common step: a member of one object. What is an array made here goes the long way.
      count_leaf();
      const Value member = find_member(current, next.text);
      if (member.kind() != Kind::array) {
        current = member;
        is_list = member.is_array();
        if (is_list && ArrayView(member).size() == 0 && i + 1 < node.list.size()) current = Value();
        if (current.is_undefined()) break;
        continue;
      }
    }
    if (tuple_stream && !(i == 0 && next.constructed)) {
      tuples = tuple_step(next, current, is_list, tuples, frame);
      continue;
    }
    if (i == 0 && next.constructed) {
      current = evaluate(next, is_list ? current : sequence_of(current), frame);
    } else {
      current = step(next, current, is_list, frame, i + 1 == node.list.size());
    }
    is_list = current.is_array();
    const bool empty = current.is_undefined() || (is_list && ArrayView(current).size() == 0);
    if (empty && !tuple_stream) break;
  }
  Value result = current;
  if (tuple_stream) {
    if (tuples.is_undefined()) tuples = sequence();
    result = tuples;
    if (!node.tuple) {
      result = sequence();
      const ArrayView items(tuples);
      for (std::size_t i = 0; i < items.size(); ++i) push(result, items[i].tuple().value);
    }
  }
  if (node.keep_singleton) {
    if (!result.is_array()) {
      result = result.is_undefined() ? result : sequence_of(result);
    } else if (result.has_flag(ArrayNode::constructed) && !result.is_sequence()) {
      result = sequence_of(result);
    } else if (result.kind() == Kind::array) {
      result = reflagged(result, result.array_node()->flags);
    }
    if (result.is_sequence()) result.array_node()->flags |= ArrayNode::keep_singleton;
  }
  if (!node.has_grouping()) return result;
  const Grouping& grouping = *node.extra->grouping;
  return group(grouping.pairs, grouping.position, tuple_stream ? tuples : result, frame);
}

Value Evaluation::step_once(const Node& node, const Value& item, Frame* frame) {
  Value result = evaluate(node, item, frame);
  if (!node.has_stages()) return result;
  for (const Stage& stage : node.extra->stages) {
    if (stage.expression != nullptr) result = filter(*stage.expression, result, frame);
  }
  return result;
}

// The results of a step over each item, flattened into one list.
Value Evaluation::step(const Node& node, const Value& input, bool is_list, Frame* frame, bool last) {
  if (node.type == NodeType::sort) {
    const Value sorted = is_list ? sort(node, input, frame) : input;
    return node.has_stages() ? stages(node.extra->stages, sorted, frame) : sorted;
  }
  Value first;
  Value results;
  std::size_t count = 0;
  const auto add = [&](const Value& value) {
    if (value.is_array() && !value.has_flag(ArrayNode::constructed)) {
      push_all(results, value);
    } else {
      push(results, value);
    }
  };
  if (!is_list) {
    first = step_once(node, input, frame);
    count = first.is_undefined() ? 0 : 1;
  } else {
    const ArrayView items(input);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Value result = step_once(node, items[i], frame);
      if (result.is_undefined()) continue;
      if (++count == 1) {
        first = result;
        continue;
      }
      if (count == 2) {
        results = sequence();
        add(first);
      }
      add(result);
    }
  }
  if (count == 0) return {};
  if (count > 1) return results;
  if (!first.is_array()) return first;
  if (last && !first.is_sequence()) return first;
  if (first.has_flag(ArrayNode::constructed)) return sequence_of(first);
  return reflagged(first, ArrayNode::sequence);
}

Frame* Evaluation::frame_of(const TupleNode& tuple, Frame* parent) {
  Frame* frame = make_frame(parent);
  frame->bindings = tuple.bindings;
  frame->shares_bindings = true;
  return frame;
}

Value Evaluation::tuple_step(const Node& node, const Value& input, bool is_list, const Value& given, Frame* frame) {
  const auto tuple_of = [&](const Value& item) {
    TupleNode* tuple = arena_.make<TupleNode>();
    tuple->value = item;
    return tuple;
  };
  Value result = sequence();
  result.array_node()->flags |= ArrayNode::tuple_stream;
  if (node.type == NodeType::sort) {
    if (!given.is_undefined()) {
      result = sort(node, given, frame);
    } else {
      const ArrayView items(is_list ? sort(node, input, frame) : sequence_of(input));
      for (std::size_t i = 0; i < items.size(); ++i) {
        TupleNode* tuple = tuple_of(items[i]);
        if (node.extra && has_name(node.extra->index)) {
          tuple->bindings = arena_.make<BindingNode>(node.extra->index.text, node.extra->index.hash,
                                                     Value::of(static_cast<double>(i)), nullptr);
        }
        push(result, Value::of(tuple));
      }
    }
    return node.has_stages() ? stages(node.extra->stages, result, frame) : result;
  }
  const auto visit = [&](const TupleNode& tuple) {
    const Value results = evaluate(node, tuple.value, frame_of(tuple, frame));
    if (!results.is_undefined()) extend_tuple(node, tuple, results, result);
  };
  if (!given.is_undefined()) {
    const ArrayView items(given);
    for (std::size_t i = 0; i < items.size(); ++i) visit(items[i].tuple());
  } else if (is_list) {
    const ArrayView items(input);
    for (std::size_t i = 0; i < items.size(); ++i) visit(*tuple_of(items[i]));
  } else {
    visit(*tuple_of(input));
  }
  return node.has_stages() ? stages(node.extra->stages, result, frame) : result;
}

// One tuple of `out` for each result that the step made from `from`.
void Evaluation::extend_tuple(const Node& node, const TupleNode& from, const Value& results, const Value& out) {
  const NodeExtra* extra = node.extra.get();
  const auto add = [&](const Value& item, std::size_t index) {
    TupleNode* tuple = arena_.make<TupleNode>();
    tuple->bindings = from.bindings;
    const auto bind_name = [&](const BoundName& name, const Value& value) {
      tuple->bindings = arena_.make<BindingNode>(name.text, name.hash, value, tuple->bindings);
    };
    if (item.kind() == Kind::tuple) {
      tuple->value = item.tuple().value;
      std::vector<const BindingNode*> inner;
      for (const BindingNode* b = item.tuple().bindings; b != nullptr && b != from.bindings; b = b->next)
        inner.push_back(b);
      for (std::size_t i = inner.size(); i-- > 0;) {
        tuple->bindings = arena_.make<BindingNode>(inner[i]->name, inner[i]->hash, inner[i]->value, tuple->bindings);
      }
      push(out, Value::of(tuple));
      return;
    }
    tuple->value = item;
    if (extra != nullptr) {
      if (has_name(extra->focus)) {
        bind_name(extra->focus, item);
        tuple->value = from.value;
      }
      if (has_name(extra->index)) bind_name(extra->index, Value::of(static_cast<double>(index)));
      if (extra->ancestor != nullptr) bind_name(extra->ancestor->label, from.value);
    }
    push(out, Value::of(tuple));
  };
  if (!results.is_array()) {
    add(results, 0);
    return;
  }
  const ArrayView items(results);
  for (std::size_t i = 0; i < items.size(); ++i) add(items[i], i);
}

Value Evaluation::stages(const std::vector<Stage>& stages, Value input, Frame* frame) {
  for (const Stage& stage : stages) {
    if (stage.expression != nullptr) {
      input = filter(*stage.expression, input, frame);
      continue;
    }
    if (!input.is_array()) continue;
    const ArrayView items(input);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].kind() != Kind::tuple) continue;
      TupleNode& tuple = items[i].tuple();
      tuple.bindings = arena_.make<BindingNode>(stage.index.text, stage.index.hash, Value::of(static_cast<double>(i)),
                                                tuple.bindings);
    }
  }
  return input;
}

Value Evaluation::filter_by_index(double index, const Value& input) {
  const bool is_list = input.is_array();
  const double size = is_list ? static_cast<double>(ArrayView(input).size()) : 1;
  index = std::floor(index);
  if (index < 0) index += size;
  Value item;
  if (index >= 0 && index < size) item = is_list ? ArrayView(input)[static_cast<std::size_t>(index)] : input;
  if (item.is_array()) return item;
  const Value result = sequence();
  if (input.is_tuple_stream()) result.array_node()->flags |= ArrayNode::tuple_stream;
  if (!item.is_undefined()) push(result, item);
  return result;
}

// Whether a predicate's value picks the item at `index`: numbers are positions, anything else is true or false.
// `times`: how often it does.
bool Evaluation::selects(const Value& test, std::size_t index, std::size_t size, std::size_t& times) {
  times = 0;
  const auto at = [&](double position) {
    position = std::floor(position);
    if (position < 0) position += static_cast<double>(size);
    if (position == static_cast<double>(index)) ++times;
  };
  if (is_number(test)) {
    at(test.number());
    return times > 0;
  }
  if (test.is_array()) {
    const ArrayView items(test);
    bool numbers = true;
    for (std::size_t i = 0; i < items.size() && numbers; ++i) numbers = is_number(items[i]);
    if (numbers) {
      charge(items.size());
      for (std::size_t i = 0; i < items.size(); ++i) at(items[i].number());
      return times > 0;
    }
  }
  times = is_truthy(test) ? 1 : 0;
  return times > 0;
}

Value Evaluation::filter(const Node& predicate, const Value& input, Frame* frame) {
  if (predicate.type == NodeType::literal && predicate.literal.is_number() && !predicate.extra) {
    return filter_by_index(predicate.literal.number(), input);
  }
  const Value results = sequence();
  std::size_t times = 0;
  const auto keep = [&](const Value& item) {
    for (; times > 0; --times) push(results, item);
  };
  if (!input.is_array()) {
    if (selects(evaluate(predicate, input, frame), 0, 1, times)) keep(input);
    return results;
  }
  const bool tuples = input.is_tuple_stream();
  if (tuples) results.array_node()->flags |= ArrayNode::tuple_stream;
  const ArrayView items(input);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value item = items[i];
    const Value test = tuples ? evaluate(predicate, item.tuple().value, frame_of(item.tuple(), frame))
                              : evaluate(predicate, item, frame);
    if (selects(test, i, items.size(), times)) keep(item);
  }
  return results;
}

namespace {

bool is_comparable(const Value& value) { return value.is_string() || value.is_number(); }

// The order of two sort keys. Undefined goes last, whatever the direction.
int compare_keys(const Node& node, const SortTerm& term, const Value& a, const Value& b) {
  if (a.is_undefined()) return b.is_undefined() ? 0 : 1;
  if (b.is_undefined()) return -1;
  if (!is_comparable(a) || !is_comparable(b)) {
    Failure failure = Failure::at("T2008", node.at);
    failure.value = for_message(is_comparable(a) ? b : a);
    throw failure;
  }
  if (a.is_string() != b.is_string()) {
    Failure failure = Failure::at("T2007", node.at);
    failure.value = for_message(a);
    failure.value2 = for_message(b);
    throw failure;
  }
  int order = 0;
  if (a.is_string()) {
    order = compare_utf16(a.text(), b.text());
  } else {
    order = a.number() < b.number() ? -1 : a.number() == b.number() ? 0 : 1;
  }
  return term.descending ? -order : order;
}

}  // namespace

// A stable merge sort. Each key is evaluated once, when a comparison first needs it.
Value Evaluation::sort(const Node& node, const Value& input, Frame* frame) {
  const ArrayView items(input);
  const std::size_t size = items.size();
  if (size <= 1) return input;
  const bool tuples = input.is_tuple_stream();
  const auto& terms = node.extra->terms;
  std::vector<Value> keys(size * terms.size());
  std::vector<bool> known(size * terms.size());
  const auto key = [&](std::size_t item, std::size_t term) {
    const std::size_t at = item * terms.size() + term;
    if (!known[at]) {
      const Value value = items[item];
      keys[at] = tuples ? evaluate(*terms[term].expression, value.tuple().value, frame_of(value.tuple(), frame))
                        : evaluate(*terms[term].expression, value, frame);
      known[at] = true;
    }
    return keys[at];
  };
  const auto goes_before = [&](std::size_t right, std::size_t left) {
    charge(1);
    for (std::size_t term = 0; term < terms.size(); ++term) {
      const Value a = key(left, term);
      const int order = compare_keys(node, terms[term], a, key(right, term));
      if (order != 0) return order > 0;
    }
    return false;
  };
  std::vector<std::uint32_t> order(size);
  for (std::size_t i = 0; i < size; ++i) order[i] = static_cast<std::uint32_t>(i);
  std::vector<std::uint32_t> merged(size);
  for (std::size_t width = 1; width < size; width *= 2) {
    for (std::size_t start = 0; start < size; start += 2 * width) {
      std::size_t left = start;
      const std::size_t middle = std::min(start + width, size);
      std::size_t right = middle;
      const std::size_t end = std::min(start + 2 * width, size);
      for (std::size_t out = start; out < end; ++out) {
        const bool take_right = left == middle || (right < end && goes_before(order[right], order[left]));
        merged[out] = take_right ? order[right++] : order[left++];
      }
    }
    order.swap(merged);
  }
  const Value result = array();
  for (const std::uint32_t index : order) push(result, items[index]);
  if (tuples) result.array_node()->flags |= ArrayNode::sequence | ArrayNode::tuple_stream;
  return result;
}

}  // namespace escapement::query::jsonata
