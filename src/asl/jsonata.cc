#include "asl/jsonata.h"

#include <algorithm>

#include <fmt/format.h>

#include "json/print.h"
#include "query/jsonata/jsonata.h"

namespace escapement::asl {

namespace jsonata = query::jsonata;
using json::Value;

struct CompiledJsonata {
  std::string text;
  jsonata::Expression expression;
  std::vector<std::string> variables;  // free ones, without `states`
  bool reads_states = false;
  bool reads_context = false;
  bool reads_error_output = false;
  std::vector<std::string> context_references;
  std::vector<std::string>
      functions;  // built-in ones that it mentions; a workflow variable of that name takes its place
};

namespace {

constexpr std::string_view kOpen = "{%";
constexpr std::string_view kClose = "%}";

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// `$states`, with the members that there are here. The context object is left out where it is not read, since it may
// have to be built for the purpose.
Value states_object(const CompiledJsonata& compiled, const Environment& environment) {
  std::vector<json::Member> members;
  members.push_back({"input", environment.input});
  if (compiled.reads_context) members.push_back({"context", environment.scope.context()});
  if (environment.result != nullptr) members.push_back({"result", *environment.result});
  if (environment.error_output != nullptr) members.push_back({"errorOutput", *environment.error_output});
  return Value::object(std::move(members));
}

std::string opening(const CompiledJsonata& compiled, std::string_view location) {
  return fmt::format("The JSONata expression '{}' specified for the field '{}'", compiled.text, location);
}

Failure failure(std::string cause, std::string_view location) {
  return {"States.QueryEvaluationError", std::move(cause), std::string(location)};
}

}  // namespace

bool JsonataExpression::is_expression(std::string_view text) {
  return text.size() >= kOpen.size() + kClose.size() && text.starts_with(kOpen) && text.ends_with(kClose);
}

base::Result<JsonataExpression> JsonataExpression::compile(std::string_view text) {
  const std::string_view inner = trim(text.substr(kOpen.size(), text.size() - kOpen.size() - kClose.size()));
  static const jsonata::Options options = jsonata::Options::for_states();
  auto expression = jsonata::Expression::compile(inner, options);
  if (!expression)
    return base::make_error(base::ErrorCode::invalid, expression.error().code, expression.error().message);
  auto compiled = std::make_shared<CompiledJsonata>(
      CompiledJsonata{std::string(inner), *std::move(expression), {}, {}, {}, {}, {}, {}});
  for (std::string& name : compiled->expression.free_variables()) {
    if (name == "states")
      compiled->reads_states = true;
    else
      compiled->variables.push_back(std::move(name));
  }
  for (const auto& path : compiled->expression.states_paths()) {
    if (path.empty() || path[0] == "context") compiled->reads_context = true;
    if (!path.empty() && path[0] == "errorOutput") compiled->reads_error_output = true;
  }
  compiled->context_references = compiled->expression.context_references();
  compiled->functions = compiled->expression.builtin_functions();
  return JsonataExpression(std::move(compiled));
}

const std::string& JsonataExpression::text() const { return compiled_->text; }

const std::vector<std::string>& JsonataExpression::context_references() const { return compiled_->context_references; }

bool JsonataExpression::reads_error_output() const { return compiled_->reads_error_output; }

Evaluated<Value> JsonataExpression::evaluate(std::string_view location, const Environment& environment) const {
  const CompiledJsonata& compiled = *compiled_;
  std::vector<jsonata::Binding> bindings;
  bindings.reserve(compiled.variables.size() + 1);
  Value states;
  if (compiled.reads_states) {
    states = states_object(compiled, environment);
    bindings.push_back({"states", &states});
  }
  for (const std::string& name : compiled.variables) {
    if (const Value* value = environment.scope.variable(name)) bindings.push_back({name, value});
  }
  for (const std::string& name : compiled.functions) {
    if (const Value* value = environment.scope.variable(name)) bindings.push_back({name, value});
  }
  jsonata::Environment outside{environment.now, environment.generator};
  auto result = compiled.expression.evaluate(nullptr, bindings, outside);
  if (!result) {
    return std::unexpected(failure(
        fmt::format("{} threw an error during evaluation{}", opening(compiled, location), result.error().aws_tail()),
        location));
  }
  if (!*result)
    return std::unexpected(failure(opening(compiled, location) + " returned nothing (undefined).", location));
  return **std::move(result);
}

Failure JsonataExpression::unexpected_type(std::string_view location, std::string_view expected,
                                           const Value& value) const {
  return failure(fmt::format("{} returned an unexpected result type. Expected '{}', but was '{}' for value: {}",
                             opening(*compiled_, location), expected, type_name(value), json::print(value)),
                 location);
}

void JsonataExpression::collect_variables(std::vector<std::string>& out) const {
  out.insert(out.end(), compiled_->variables.begin(), compiled_->variables.end());
}

std::string_view type_name(const Value& value) {
  switch (value.kind()) {
    case json::Kind::null:
      return "null";
    case json::Kind::boolean:
      return "boolean";
    case json::Kind::number:
      return "number";
    case json::Kind::string:
      return "string";
    case json::Kind::array:
      return "array";
    case json::Kind::object:
      return "object";
  }
  return "null";
}

}  // namespace escapement::asl
