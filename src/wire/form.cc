#include "wire/form.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>

#include "base/codec.h"
#include "wire/timestamps.h"

namespace escapement::wire {
namespace {

using base::ErrorCode;
using base::make_error;
using base::Result;
using json::Member;
using json::Value;

constexpr std::size_t kParametersMax = 10'000;
constexpr std::size_t kPartsMax = 64;  // of one dotted name

// One step of the dotted names, with what lies below it.
struct Node {
  const std::string* value = nullptr;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> children;

  const Node* child(std::string_view name) const {
    const auto at = children.find(name);
    return at == children.end() ? nullptr : at->second.get();
  }
};

base::Error malformed(std::string message) {
  return make_error(ErrorCode::invalid, "MalformedInput", std::move(message));
}

Result<Value> leaf(const std::string& text, const Shape& shape) {
  switch (shape.type) {
    case ShapeType::integer: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc{} || end != text.data() + text.size())
        return malformed("Invalid number: " + text.substr(0, 64));
      return Value(number);
    }
    case ShapeType::real: {
      double number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc{} || end != text.data() + text.size())
        return malformed("Invalid number: " + text.substr(0, 64));
      return Value(number);
    }
    case ShapeType::boolean:
      if (text == "true" || text == "True") return Value(true);
      if (text == "false" || text == "False") return Value(false);
      return malformed("Invalid boolean: " + text.substr(0, 64));
    case ShapeType::timestamp: {
      auto time = parse_timestamp(text);
      if (!time) return malformed("Invalid time: " + text.substr(0, 64));
      return std::move(*time);
    }
    case ShapeType::blob: {
      auto bytes = base::from_base64(text);
      if (!bytes) return malformed("Invalid base64");
      return Value(std::move(*bytes));
    }
    default:
      return Value(text);
  }
}

// The numbered children in their order.
std::vector<const Node*> numbered(const Node& node) {
  std::vector<std::pair<unsigned, const Node*>> found;
  for (const auto& [name, child] : node.children) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && end == name.data() + name.size()) found.emplace_back(number, child.get());
  }
  std::sort(found.begin(), found.end());
  std::vector<const Node*> ordered;
  for (const auto& [number, child] : found) ordered.push_back(child);
  return ordered;
}

Result<Value> to_value(const Node& node, const Shape& shape, bool flattened);

Result<Value> structure(const Node& node, const Shape& shape) {
  std::vector<Member> members;
  for (const MemberShape& member : shape.members) {
    const Node* child = node.child(member.wire_name);
    if (child == nullptr) continue;
    ESC_TRY(Value value, to_value(*child, *member.shape, member.flattened));
    members.push_back({member.name, std::move(value)});
  }
  return Value::object(std::move(members));
}

Result<Value> list(const Node& node, const Shape& shape, bool flattened) {
  std::vector<Value> items;
  const Node* holder = &node;
  if (!flattened && !shape.flattened) {
    holder = node.child(shape.element.wire_name);
    if (holder == nullptr) return Value::array({});  // "Tags=" is the empty list.
  }
  for (const Node* item : numbered(*holder)) {
    ESC_TRY(Value value, to_value(*item, *shape.element.shape, false));
    items.push_back(std::move(value));
  }
  return Value::array(std::move(items));
}

Result<Value> map(const Node& node, const Shape& shape, bool flattened) {
  std::vector<Member> members;
  const Node* holder = &node;
  if (!flattened && !shape.flattened) {
    holder = node.child("entry");
    if (holder == nullptr) return Value::object(std::vector<Member>{});
  }
  for (const Node* entry : numbered(*holder)) {
    const Node* key = entry->child(shape.key.wire_name);
    const Node* value = entry->child(shape.element.wire_name);
    if (key == nullptr || key->value == nullptr || value == nullptr) continue;
    ESC_TRY(Value converted, to_value(*value, *shape.element.shape, false));
    members.push_back({*key->value, std::move(converted)});
  }
  return Value::object(std::move(members));
}

Result<Value> to_value(const Node& node, const Shape& shape, bool flattened) {
  if (shape.type == ShapeType::structure) return structure(node, shape);
  if (shape.type == ShapeType::list) return list(node, shape, flattened);
  if (shape.type == ShapeType::map) return map(node, shape, flattened);
  static const std::string kEmpty;
  return leaf(node.value != nullptr ? *node.value : kEmpty, shape);
}

}  // namespace

Result<Form> Form::parse(std::string_view text) {
  Form form;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    auto name = base::percent_decode(part.substr(0, equals), true);
    auto value = base::percent_decode(equals < part.size() ? part.substr(equals + 1) : std::string_view{}, true);
    if (!name || !value || !base::is_valid_utf8(*name) || !base::is_valid_utf8(*value)) {
      return make_error(ErrorCode::invalid, "MalformedQueryString", "The request's parameters are not well-formed.");
    }
    if (form.parameters_.size() == kParametersMax)
      return make_error(ErrorCode::limit_exceeded, "MalformedQueryString", "The request has too many parameters.");
    form.parameters_.emplace_back(std::move(*name), std::move(*value));
  }
  return form;
}

std::string_view Form::get(std::string_view name) const {
  for (const auto& [known, value] : parameters_) {
    if (known == name) return value;
  }
  return {};
}

Result<Value> Form::to_value(const Shape& shape) const {
  Node root;
  for (const auto& [name, value] : parameters_) {
    Node* node = &root;
    std::string_view rest = name;
    for (std::size_t parts = 0; !rest.empty() || parts == 0; ++parts) {
      if (parts == kPartsMax) return malformed("A parameter's name has too many parts.");
      const std::size_t dot = std::min(rest.find('.'), rest.size());
      auto& next = node->children[std::string(rest.substr(0, dot))];
      if (next == nullptr) next = std::make_unique<Node>();
      node = next.get();
      rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    if (node->value == nullptr) node->value = &value;
  }
  return structure(root, shape);
}

}  // namespace escapement::wire
