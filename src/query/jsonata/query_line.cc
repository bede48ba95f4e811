#include "query/jsonata/query_line.h"

#include <array>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "json/parse.h"
#include "json/print.h"
#include "query/jsonata/jsonata.h"

namespace escapement::query::jsonata {
namespace {

std::string answer(std::string_view name, json::Value value) {
  return json::print(json::Value::object({{name, std::move(value)}}));
}

std::string invalid_request(std::string message) {
  return answer("error", json::Value::object({{"code", "InvalidRequest"}, {"message", std::move(message)}}));
}

std::string describe(const EvaluationError& error) {
  json::ObjectBuilder members;
  members.set("code", error.code).set("message", error.message);
  members.set("position", static_cast<std::int64_t>(error.position));
  members.set_if(!error.token.empty(), "token", error.token);
  if (error.value) members.set("value", *error.value);
  members.set_if(!error.function_name.empty(), "functionName", error.function_name);
  return answer("error", std::move(members).build());
}

base::SplitMix fresh_generator() {
  std::array<unsigned char, 8> bytes{};
  base::secure_random(bytes);
  std::uint64_t seed = 0;
  for (const unsigned char byte : bytes) seed = (seed << 8) | byte;
  return base::SplitMix(seed);
}

}  // namespace

std::string answer_query_line(std::string_view line) {
  const auto request = json::parse(line, {.keep_lone_surrogates = true});
  if (!request) return invalid_request(request.error().message);
  const json::Value* text = request->find("expr");
  if (text == nullptr || !text->is_string()) return invalid_request("\"expr\" must be there and be a string");
  std::vector<Binding> bindings;
  if (const json::Value* given = request->find("bindings"); given != nullptr && !given->is_null()) {
    if (!given->is_object()) return invalid_request("\"bindings\" must be an object");
    for (const json::Member& member : given->members()) bindings.push_back({member.key, &member.value});
  }
  const auto expression = Expression::compile(text->as_string());
  if (!expression) return describe(expression.error());
  base::SplitMix generator = fresh_generator();
  Environment environment{base::SystemClock().now(), generator};
  const auto result = expression->evaluate(request->find("input"), bindings, environment);
  if (!result) return describe(result.error());
  return *result ? answer("result", **result) : answer("undefined", json::Value(true));
}

}  // namespace escapement::query::jsonata
