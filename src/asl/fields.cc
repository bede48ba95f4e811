#include "asl/fields.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "asl/template_node.h"
#include "json/print.h"

namespace escapement::asl {
namespace {

using json::Value;

Failure runtime(std::string cause) { return {"States.Runtime", std::move(cause), {}}; }

// "Invalid path '$.a' : No results for path: $['a']"
Failure invalid_path(const jsonpath::Path& path, const base::Error& error) {
  return runtime(fmt::format("Invalid path '{}' : {}", path.text(), error.message));
}

Evaluated<Value> value_at(const jsonpath::Path& path, const Environment& environment) {
  if (path.root() == jsonpath::Root::input && environment.input.is_null() && !path.is_root_only()) {
    return std::unexpected(runtime("Unable to apply Path transformation to null or empty input."));
  }
  auto value = jsonpath::evaluate(path, environment.input, environment.scope);
  if (value) return *std::move(value);
  return std::unexpected(invalid_path(path, value.error()));
}

// A text without its quotes, anything else as JSON.
std::string bare_text(const Value& value) { return value.is_string() ? value.as_string() : json::print(value); }

std::optional<std::int64_t> as_integer(const Value& value) {
  if (value.is_int64()) return value.as_int64();
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.as_string();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> as_number(const Value& value) {
  if (value.is_number()) return value.as_double();
  if (!value.is_string() || value.as_string().empty()) return std::nullopt;
  const std::string& text = value.as_string();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

// The field that a Path field stands for: "SecondsPath" is about Seconds.
std::string_view base_name(std::string_view name) {
  return name.ends_with("Path") ? name.substr(0, name.size() - 4) : name;
}

std::string_view error_name(std::string_view name) {
  return name.ends_with("Path") ? "States.Runtime" : "States.QueryEvaluationError";
}

// Seconds to wait come with words of their own.
Evaluated<std::int64_t> seconds_at(const jsonpath::Path& path, std::string_view name, const Environment& environment) {
  auto found = jsonpath::evaluate(path, environment.input, environment.scope);
  if (!found)
    return std::unexpected(
        runtime(fmt::format("The {} parameter does not reference an input value: {}", name, path.text())));
  if (!found->is_int64()) {
    return std::unexpected(runtime(fmt::format("The {} parameter cannot be parsed as a long value: {} == {}", name,
                                               path.text(), bare_text(*found))));
  }
  if (found->as_int64() < 0) {
    return std::unexpected(runtime(
        fmt::format("The {} parameter references a negative value: {} == {}", name, path.text(), found->as_int64())));
  }
  return found->as_int64();
}

Evaluated<std::int64_t> integer_at(const jsonpath::Path& path, std::string_view name, const Environment& environment) {
  if (name == "SecondsPath") return seconds_at(path, name, environment);
  auto value = value_at(path, environment);
  if (!value) return std::unexpected(std::move(value).error());
  if (const auto number = as_integer(*value)) return *number;
  return std::unexpected(runtime(fmt::format("The {} field refers to value \"{}\" which is not a valid integer: {}",
                                             name, bare_text(*value), path.text())));
}

// A JSONata number that is whole (2.0 counts).
Evaluated<std::int64_t> integer_from(const JsonataExpression& expression, std::string_view name,
                                     const Environment& environment) {
  auto value = expression.evaluate(name, environment);
  if (!value) return std::unexpected(std::move(value).error());
  if (value->is_int64()) return value->as_int64();
  if (!value->is_number()) return std::unexpected(expression.unexpected_type(name, "number", *value));
  const double number = value->as_double();
  if (number == std::floor(number) && std::fabs(number) < 9e15) return static_cast<std::int64_t>(number);
  return std::unexpected(expression.unexpected_type(name, "integer", *value));
}

struct Range {
  std::int64_t min;
  std::int64_t max;
};

Range range_of(std::string_view field) {
  constexpr std::int64_t kSecondsMax = 99'999'999;
  if (field == "Seconds") return {0, INT64_MAX};
  if (field == "TimeoutSeconds" || field == "HeartbeatSeconds") return {1, kSecondsMax};
  if (field == "MaxItemsPerBatch" || field == "MaxInputBytesPerBatch") return {1, INT64_MAX};
  return {0, INT64_MAX};
}

Evaluated<std::int64_t> check_range(std::int64_t number, std::string_view name) {
  const std::string_view field = base_name(name);
  const Range range = range_of(field);
  if (number >= range.min && number <= range.max) return number;
  std::string cause = range.min == 0 && number < 0 ? fmt::format("{} cannot be negative.", field)
                      : range.max == INT64_MAX
                          ? fmt::format("{} must be greater than 0.", field)
                          : fmt::format("{} must be between {} and {}.", field, range.min, range.max);
  return std::unexpected(Failure{std::string(error_name(name)), std::move(cause), {}});
}

}  // namespace

Evaluated<Value> SelectPath::evaluate(const Environment& environment) const {
  if (none_) return Value::object(std::vector<json::Member>{});
  if (!path_) return environment.input;
  return value_at(*path_, environment);
}

ResultPath::ResultPath(jsonpath::ReferencePath path) {
  if (!path.is_root_only()) path_ = std::move(path);
}

Evaluated<Value> ResultPath::apply(const Value& input, const Value& result) const {
  if (discard_) return input;
  if (!path_) return result;
  auto merged = path_->set(input, result);
  if (merged) return *std::move(merged);
  return std::unexpected(
      Failure{"States.ReferencePathConflict",
              fmt::format("Unable to apply ReferencePath {} to input {}", path_->text(), json::print(input)),
              {}});
}

Evaluated<std::optional<std::int64_t>> IntegerField::evaluate(const Environment& environment) const {
  Evaluated<std::int64_t> number = 0;
  if (std::holds_alternative<std::monostate>(value)) return std::nullopt;
  if (const auto* literal = std::get_if<std::int64_t>(&value)) return *literal;
  if (const auto* path = std::get_if<jsonpath::Path>(&value)) number = integer_at(*path, name, environment);
  if (const auto* expression = std::get_if<JsonataExpression>(&value))
    number = integer_from(*expression, name, environment);
  if (number) number = check_range(*number, name);
  if (!number) return std::unexpected(std::move(number).error());
  return *number;
}

Evaluated<std::optional<double>> NumberField::evaluate(const Environment& environment) const {
  if (std::holds_alternative<std::monostate>(value)) return std::nullopt;
  if (const auto* literal = std::get_if<double>(&value)) return *literal;
  double number = 0;
  if (const auto* path = std::get_if<jsonpath::Path>(&value)) {
    auto found = value_at(*path, environment);
    if (!found) return std::unexpected(std::move(found).error());
    const auto parsed = as_number(*found);
    if (!parsed) {
      return std::unexpected(runtime(fmt::format("The {} field refers to value \"{}\" which is not a valid number: {}",
                                                 name, bare_text(*found), path->text())));
    }
    number = *parsed;
  } else {
    const auto& expression = std::get<JsonataExpression>(value);
    auto found = expression.evaluate(name, environment);
    if (!found) return std::unexpected(std::move(found).error());
    if (!found->is_number()) return std::unexpected(expression.unexpected_type(name, "number", *found));
    number = found->as_double();
  }
  if (number >= 0 && number <= 100) return number;
  return std::unexpected(
      Failure{std::string(error_name(name)), fmt::format("{} must be between 0 and 100.", base_name(name)), {}});
}

Evaluated<std::optional<std::string>> TextField::evaluate(const Environment& environment) const {
  if (std::holds_alternative<std::monostate>(value)) return std::nullopt;
  if (const auto* literal = std::get_if<std::string>(&value)) return *literal;
  Value found;
  if (const auto* path = std::get_if<jsonpath::Path>(&value)) {
    auto at = jsonpath::evaluate(*path, environment.input, environment.scope);
    if (!at) return std::unexpected(path_not_found(*path, name, environment));
    found = *std::move(at);
  } else if (const auto* intrinsic = std::get_if<intrinsics::Expression>(&value)) {
    auto result = intrinsic->evaluate(to_intrinsics(environment));
    if (!result) return std::unexpected(intrinsic_failure(*intrinsic, result.error(), environment));
    found = *std::move(result);
  } else {
    const auto& expression = std::get<JsonataExpression>(value);
    auto result = expression.evaluate(name, environment);
    if (!result) return std::unexpected(std::move(result).error());
    if (!result->is_string()) return std::unexpected(expression.unexpected_type(name, "string", *result));
    found = *std::move(result);
  }
  if (found.is_string()) return found.as_string();
  return std::unexpected(
      runtime(fmt::format("The {} field refers to a value that is not a string: {}", name, json::print(found))));
}

}  // namespace escapement::asl
