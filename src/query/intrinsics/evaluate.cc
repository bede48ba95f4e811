#include <fmt/format.h>

#include "query/intrinsics/node.h"

namespace escapement::intrinsics {
namespace {

using json::Value;

std::expected<Value, Failure> evaluate_node(const Node& node, const Environment& environment, const std::string& text) {
  switch (node.kind) {
    case Node::Kind::literal:
      return node.literal;
    case Node::Kind::path: {
      auto value = jsonpath::evaluate(*node.path, environment.input, environment.scope);
      if (value) return *std::move(value);
      return std::unexpected(Failure{Failure::Kind::path, node.path->text(), value.error().message});
    }
    case Node::Kind::call:
      break;
  }
  std::vector<Value> arguments;
  arguments.reserve(node.arguments.size());
  for (const Node& argument : node.arguments) {
    auto value = evaluate_node(argument, environment, text);
    if (!value) return value;
    arguments.push_back(*std::move(value));
  }
  const bool literal_template = !node.arguments.empty() && node.arguments[0].kind == Node::Kind::literal;
  const Call call{arguments, literal_template ? &node.arguments[0].raw : nullptr, environment.generator};
  auto result = apply(node.function->function, call);
  if (result) return *std::move(result);
  return std::unexpected(
      Failure{Failure::Kind::intrinsic,
              {},
              fmt::format("The function '{}' had the following error: {}", text, result.error().message)});
}

void collect(const Node& node, std::vector<std::string>& out) {
  if (node.kind == Node::Kind::path && node.path->root() == jsonpath::Root::variable)
    out.push_back(node.path->variable());
  for (const Node& argument : node.arguments) collect(argument, out);
}

}  // namespace

Expression::Expression(std::shared_ptr<const Node> root, std::string text)
    : root_(std::move(root)), text_(std::move(text)) {}

const std::string& Expression::text() const { return text_; }

std::expected<Value, Failure> Expression::evaluate(const Environment& environment) const {
  return evaluate_node(*root_, environment, text_);
}

void Expression::collect_variables(std::vector<std::string>& out) const { collect(*root_, out); }

}  // namespace escapement::intrinsics
