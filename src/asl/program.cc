#include "asl/program.h"

#include <algorithm>

#include <fmt/format.h>

#include "json/print.h"

namespace escapement::asl {
namespace {

using json::Value;

// A timestamp in JSONata; TextField answers texts only, and this one has words of its own for what is not a timestamp.
Evaluated<base::Timestamp> wait_timestamp(const TextField& field, const Environment& environment) {
  const auto* path = std::get_if<jsonpath::Path>(&field.value);
  if (path == nullptr) {
    auto text = field.evaluate(environment);
    if (!text) return std::unexpected(std::move(text).error());
    const auto timestamp = base::parse_rfc3339(**text);
    if (timestamp) return *timestamp;
    return std::unexpected(Failure{
        "States.QueryEvaluationError",
        fmt::format("The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {}",
                    **text),
        "Timestamp"});
  }
  const auto refuse = [&](std::string_view shown) {
    return std::unexpected(
        Failure{"States.Runtime",
                fmt::format("The TimestampPath parameter does not reference a valid ISO-8601 extended offset "
                            "date-time format string: {} == {}",
                            path->text(), shown),
                {}});
  };
  const auto value = jsonpath::evaluate(*path, environment.input, environment.scope);
  if (!value) {
    return std::unexpected(
        Failure{"States.Runtime",
                fmt::format("The TimestampPath parameter does not reference an input value: {}", path->text()),
                {}});
  }
  if (!value->is_string()) return refuse(json::print(*value));
  const auto timestamp = base::parse_rfc3339(value->as_string());
  if (!timestamp) return refuse(value->as_string());
  return *timestamp;
}

Failure not_an_array(const Value& value) {
  return {"States.QueryEvaluationError",
          fmt::format("Map state input must be an array but was: {}", json::print(value)),
          {}};
}

}  // namespace

std::string_view to_string(StateType type) {
  static constexpr std::string_view kNames[] = {"Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"};
  return kNames[static_cast<std::size_t>(type)];
}

Evaluated<base::Timestamp> WaitState::evaluate(const Environment& environment) const {
  if (timestamp.present()) return wait_timestamp(timestamp, environment);
  auto delay = seconds.evaluate(environment);
  if (!delay) return std::unexpected(std::move(delay).error());
  constexpr std::int64_t kSecondsMax = 1'000'000'000'000;  // keeps the sum inside a Timestamp; AWS's bound is far below
  return environment.now + base::Duration::seconds(std::min(delay->value_or(0), kSecondsMax));
}

Evaluated<Value> MapState::evaluate_items(const Environment& environment) const {
  if (const auto* literal = std::get_if<Value>(&items)) return *literal;
  if (const auto* expression = std::get_if<Template>(&items)) {
    auto value = expression->evaluate("Items", environment);
    if (!value || value->is_array()) return value;
    if (const JsonataExpression* query = expression->expression()) {
      return std::unexpected(query->unexpected_type("Items", "array", *value));
    }
    return std::unexpected(not_an_array(*value));
  }
  if (jsonata) {
    if (environment.input.is_array()) return environment.input;
    return std::unexpected(not_an_array(environment.input));
  }
  auto value = items_path.evaluate(environment);
  if (!value || value->is_array()) return value;
  // A path into the context object is shown with a single `$`.
  const std::string_view text = items_path_text ? std::string_view(*items_path_text) : "$";
  return std::unexpected(
      Failure{"States.Runtime",
              fmt::format("Reference path \"{}\" must point to array.", text.starts_with("$$") ? text.substr(1) : text),
              {}});
}

const State* Program::find(std::string_view name) const {
  const auto found = std::find_if(states.begin(), states.end(), [&](const State& state) { return state.name == name; });
  return found == states.end() ? nullptr : &*found;
}

}  // namespace escapement::asl
