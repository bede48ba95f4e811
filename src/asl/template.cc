#include "asl/template.h"

#include <fmt/format.h>

#include "asl/template_node.h"
#include "json/print.h"

namespace escapement::asl {
namespace {

using json::Value;

// What the path was applied to, as text for a message.
std::string root_text(const jsonpath::Path& path, const Environment& environment) {
  switch (path.root()) {
    case jsonpath::Root::context:
      return json::print(environment.scope.context());
    case jsonpath::Root::variable: {
      const Value* variable = environment.scope.variable(path.variable());
      return variable == nullptr ? std::string() : json::print(*variable);
    }
    case jsonpath::Root::input:
      break;
  }
  return json::print(environment.input);
}

// The place of a node inside its field, spelled only when a message needs it: "Output/items[0]".
struct Place {
  const Place* parent;
  std::string_view name;
  std::size_t index;

  std::string text() const {
    if (parent == nullptr) return std::string(name);
    if (name.data() != nullptr) return parent->text() + "/" + std::string(name);
    return parent->text() + "[" + std::to_string(index) + "]";
  }
};

class Evaluator {
 public:
  explicit Evaluator(const Environment& environment) : environment_(environment) {}

  // `field` is the nearest member's name, for JSONPath messages.
  Evaluated<Value> evaluate(const TemplateNode& node, std::string_view field, const Place& place) {
    return std::visit([&](const auto& content) { return this->value_of(content, field, place); }, node.content);
  }

 private:
  Evaluated<Value> value_of(const Value& constant, std::string_view, const Place&) { return constant; }

  Evaluated<Value> value_of(const TemplateNode::Object& members, std::string_view, const Place& place) {
    std::vector<json::Member> out;
    out.reserve(members.size());
    for (const TemplateMember& member : members) {
      const Place inner{&place, member.key, 0};
      auto value = evaluate(member.node, member.field, inner);
      if (!value) return value;
      out.push_back({member.key, *std::move(value)});
    }
    return Value::object(std::move(out));
  }

  Evaluated<Value> value_of(const TemplateNode::Array& items, std::string_view field, const Place& place) {
    std::vector<Value> out;
    out.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Place inner{&place, {}, i};
      auto value = evaluate(items[i], field, inner);
      if (!value) return value;
      out.push_back(*std::move(value));
    }
    return Value::array(std::move(out));
  }

  Evaluated<Value> value_of(const jsonpath::Path& path, std::string_view field, const Place&) {
    auto value = jsonpath::evaluate(path, environment_.input, environment_.scope);
    if (value) return *std::move(value);
    return std::unexpected(path_not_found(path, field, environment_));
  }

  Evaluated<Value> value_of(const intrinsics::Expression& expression, std::string_view, const Place&) {
    auto value = expression.evaluate(to_intrinsics(environment_));
    if (value) return *std::move(value);
    return std::unexpected(intrinsic_failure(expression, value.error(), environment_));
  }

  Evaluated<Value> value_of(const JsonataExpression& expression, std::string_view, const Place& place) {
    return expression.evaluate(place.text(), environment_);
  }

  const Environment& environment_;
};

void collect(const TemplateNode& node, std::vector<std::string>& out) {
  if (const auto* members = std::get_if<TemplateNode::Object>(&node.content)) {
    for (const TemplateMember& member : *members) collect(member.node, out);
  } else if (const auto* items = std::get_if<TemplateNode::Array>(&node.content)) {
    for (const TemplateNode& item : *items) collect(item, out);
  } else if (const auto* path = std::get_if<jsonpath::Path>(&node.content)) {
    if (path->root() == jsonpath::Root::variable) out.push_back(path->variable());
  } else if (const auto* intrinsic = std::get_if<intrinsics::Expression>(&node.content)) {
    intrinsic->collect_variables(out);
  } else if (const auto* jsonata = std::get_if<JsonataExpression>(&node.content)) {
    jsonata->collect_variables(out);
  }
}

}  // namespace

Failure path_not_found(const jsonpath::Path& path, std::string_view field, const Environment& environment) {
  return {"States.Runtime",
          fmt::format("The JSONPath '{}' specified for the field '{}' could not be found in the input '{}'",
                      path.text(), field, root_text(path, environment)),
          {}};
}

Failure intrinsic_failure(const intrinsics::Expression& expression, const intrinsics::Failure& failure,
                          const Environment& environment) {
  if (failure.kind == intrinsics::Failure::Kind::intrinsic) return {"States.IntrinsicFailure", failure.cause, {}};
  const auto path = jsonpath::Path::compile(failure.path);
  const std::string root = path ? root_text(*path, environment) : json::print(environment.input);
  return {
      "States.Runtime",
      fmt::format(
          "The function '{}' had the following error: The JsonPath argument for the field '{}' could not be found in "
          "the input '{}'",
          expression.text(), failure.path, root),
      {}};
}

Evaluated<Value> Template::evaluate(std::string_view field, const Environment& environment) const {
  if (const auto* constant = std::get_if<Value>(&root_->content)) return *constant;
  const Place root{nullptr, field, 0};
  return Evaluator(environment).evaluate(*root_, field, root);
}

bool Template::is_constant() const { return root_->is_constant(); }

const JsonataExpression* Template::expression() const { return std::get_if<JsonataExpression>(&root_->content); }

void Template::collect_variables(std::vector<std::string>& out) const { collect(*root_, out); }

}  // namespace escapement::asl
