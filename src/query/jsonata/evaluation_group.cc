// Object constructors and grouping: items gathered under keys, then one value made of each group.
#include <vector>

#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/render.h"

namespace escapement::query::jsonata {
namespace {

struct Group {
  std::size_t pair;
  Value data;
  bool owned = false;  // `data` is an array made here, which may be pushed to
};

// The tuples of one group as one: each name's values appended.
class TupleReducer {
 public:
  explicit TupleReducer(Evaluation& evaluation) : evaluation_(evaluation) {}

  void add(const TupleNode& tuple) {
    value_ = count_ == 0 ? tuple.value : evaluation_.append(value_, tuple.value);
    std::vector<const BindingNode*> seen;
    for (const BindingNode* binding = tuple.bindings; binding != nullptr; binding = binding->next) {
      bool shadowed = false;
      for (const BindingNode* earlier : seen) shadowed = shadowed || same_name(*earlier, *binding);
      if (shadowed) continue;
      seen.push_back(binding);
      merge(*binding);
    }
    ++count_;
  }

  const Value& value() const { return value_; }
  BindingNode* bindings() const { return bindings_; }

 private:
  static bool same_name(const BindingNode& a, const BindingNode& b) { return a.hash == b.hash && a.name == b.name; }

  void merge(const BindingNode& binding) {
    for (BindingNode* known = bindings_; known != nullptr; known = known->next) {
      if (!same_name(*known, binding)) continue;
      known->value = evaluation_.append(known->value, binding.value);
      return;
    }
    bindings_ = evaluation_.arena().make<BindingNode>(binding.name, binding.hash, binding.value, bindings_);
  }

  Evaluation& evaluation_;
  std::size_t count_ = 0;
  Value value_;
  BindingNode* bindings_ = nullptr;
};

}  // namespace

void Evaluation::check_key(const Value& key, std::uint32_t position) {
  const bool reserved = key.is_string() && (key.text() == "_jsonata_lambda" || key.text() == "_jsonata_function");
  if (key.is_string() && !reserved) return;
  Failure failure = Failure::at(reserved ? "D1013" : "T1003", position);
  failure.value = for_message(key);
  throw failure;
}

// `{ key: value, ... }` over one context item that is no array: no groups to gather.
Value Evaluation::construct(const Node& node, const Value& input, Frame* frame) {
  if (input.is_array()) return group(node.pairs, node.at, input, frame);
  ObjectNode* result = object();
  std::vector<std::pair<std::string_view, const Node*>> members;
  members.reserve(node.pairs.size());
  ObjectNode* keys = node.pairs.size() > 1 ? object() : nullptr;
  for (const auto& [key_node, value_node] : node.pairs) {
    const Value key = evaluate(*key_node, input, frame);
    if (key.is_undefined()) continue;
    check_key(key, node.at);
    if (keys != nullptr) {
      if (keys->find(key.text()) != nullptr) {
        Failure failure = Failure::at("D1009", node.at);
        failure.value = for_message(key);
        throw failure;
      }
      keys->set(arena_, key.text(), Value::null());
    }
    members.emplace_back(key.text(), value_node);
  }
  for (const auto& [key, value_node] : members) {
    const Value value = evaluate(*value_node, input, frame);
    if (!value.is_undefined()) result->set(arena_, key, value);
  }
  return Value::of(result);
}

Value Evaluation::group(const std::vector<Pair>& pairs, std::uint32_t position, const Value& given, Frame* frame) {
  const bool reduce = given.is_tuple_stream();
  Value input = given.is_array() ? given : sequence_of(given);
  if (ArrayView(input).size() == 0 && !reduce) input = sequence_of(Value());
  const ArrayView items(input);
  std::vector<Group> groups;
  ObjectNode* keys = object();  // the position in `groups` under each key
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value item = items[i];
    Frame* item_frame = reduce ? frame_of(item.tuple(), frame) : frame;
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      const Value key = evaluate(*pairs[p].first, reduce ? item.tuple().value : item, item_frame);
      if (key.is_undefined()) continue;
      check_key(key, position);
      const ObjectNode::Member* known = keys->find(key.text());
      if (known == nullptr) {
        keys->set(arena_, key.text(), Value::of(static_cast<double>(groups.size())));
        groups.push_back(Group{p, item});
        continue;
      }
      Group& group = groups[static_cast<std::size_t>(known->value.number())];
      if (group.pair != p) {
        Failure failure = Failure::at("D1009", position);
        failure.value = for_message(key);
        throw failure;
      }
      if (!group.owned) {
        group.data = append(group.data, item);
        group.owned = group.data.kind() == Kind::array && !item.is_undefined();
      } else if (item.is_array()) {
        push_all(group.data, item);
      } else if (!item.is_undefined()) {
        push(group.data, item);
      }
    }
  }
  ObjectNode* result = object();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Node& value_node = *pairs[groups[g].pair].second;
    Value value;
    if (reduce) {
      TupleReducer reducer(*this);
      if (groups[g].data.is_array()) {
        const ArrayView tuples(groups[g].data);
        for (std::size_t i = 0; i < tuples.size(); ++i) reducer.add(tuples[i].tuple());
      } else {
        reducer.add(groups[g].data.tuple());
      }
      Frame* group_frame = make_frame(frame);
      group_frame->bindings = reducer.bindings();
      value = evaluate(value_node, reducer.value(), group_frame);
    } else {
      value = evaluate(value_node, groups[g].data, frame);
    }
    if (!value.is_undefined()) result->set(arena_, keys->members[g].key, value);
  }
  return Value::of(result);
}

}  // namespace escapement::query::jsonata
