#include "asl/checker.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace escapement::asl {
namespace {

using json::Value;

std::string list_of(std::initializer_list<std::string_view> names) {
  std::string out = "[";
  for (const std::string_view name : names) {
    if (out.size() > 1) out += ", ";
    out += name;
  }
  return out + "]";
}

// "A, B": those of `names` that the object lacks.
std::string missing_of(const Value& object, std::initializer_list<std::string_view> names) {
  std::string missing;
  for (const std::string_view name : names) {
    if (object.find(name) != nullptr) continue;
    if (!missing.empty()) missing += ", ";
    missing += name;
  }
  return missing;
}

}  // namespace

std::string Place::text() const {
  if (parent == nullptr) return "/";
  std::string out = parent->text();
  if (index >= 0) return out + "[" + std::to_string(index) + "]";
  if (out != "/") out += "/";
  return out + std::string(name);
}

void Checker::add(Severity severity, std::string code, std::string message, std::string location) {
  if (severity == Severity::error) ++errors_;
  if (diagnostics_.size() >= max_) return;
  diagnostics_.push_back({severity, std::move(code), std::move(message), std::move(location)});
}

std::vector<Diagnostic> Checker::take() {
  std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return a.severity < b.severity; });
  return std::move(diagnostics_);
}

std::optional<std::string> Reader::text(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->as_string();
  checker.schema("Expected value of type String", at(name));
  return std::nullopt;
}

std::optional<std::int64_t> Reader::integer(std::string_view name, std::int64_t min, std::int64_t max) const {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_int64()) {
    checker.schema("Expected value of type Integer", at(name));
    return std::nullopt;
  }
  if (value->as_int64() >= min && value->as_int64() <= max) return value->as_int64();
  checker.schema(max == INT64_MAX
                     ? fmt::format("The value for the field '{}' must be at least {}", name, min)
                     : fmt::format("The value for the field '{}' must be between {} and {}", name, min, max),
                 at(name));
  return std::nullopt;
}

std::optional<double> Reader::number(std::string_view name, double min, double max) const {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    checker.schema("Expected value of type Number", at(name));
    return std::nullopt;
  }
  const double number = value->as_double();
  if (number >= min && number <= max && std::isfinite(number)) return number;
  checker.schema(std::isinf(max)
                     ? fmt::format("The value for the field '{}' must be at least {}", name, min)
                     : fmt::format("The value for the field '{}' must be between {} and {}", name, min, max),
                 at(name));
  return std::nullopt;
}

std::optional<bool> Reader::boolean(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->as_bool();
  checker.schema("Expected value of type Boolean", at(name));
  return std::nullopt;
}

std::optional<std::string> Reader::one_of(std::string_view name, std::initializer_list<std::string_view> values) const {
  auto value = text(name);
  if (!value || std::find(values.begin(), values.end(), *value) != values.end()) return value;
  checker.schema(fmt::format("The field '{}' should have one of these values: {}", name, list_of(values)), at(name));
  return std::nullopt;
}

const Value* Reader::array(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr || value->is_array()) return value;
  checker.schema("Expected value of type Array", at(name));
  return nullptr;
}

const Value* Reader::child(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr || value->is_object()) return value;
  checker.schema("Expected value of type Object", at(name));
  return nullptr;
}

void Reader::require(std::initializer_list<std::string_view> names) const {
  const std::string missing = missing_of(object, names);
  if (!missing.empty()) checker.schema("These fields are required: [" + missing + "]", place);
}

void Reader::expect(std::initializer_list<std::string_view> names) const {
  const std::string missing = missing_of(object, names);
  if (!missing.empty()) checker.schema_rule("These fields are required: [" + missing + "]", place);
}

void Reader::at_most_one(std::initializer_list<std::string_view> names) const {
  const auto count =
      std::count_if(names.begin(), names.end(), [&](std::string_view name) { return find(name) != nullptr; });
  if (count > 1) checker.schema_rule("Only one of these fields is allowed: " + list_of(names), place);
}

void Reader::exactly_one(std::initializer_list<std::string_view> names) const {
  at_most_one(names);
  const bool any =
      std::any_of(names.begin(), names.end(), [&](std::string_view name) { return find(name) != nullptr; });
  if (!any) checker.schema("One of these fields is required: " + list_of(names), place);
}

void Reader::allow_only(std::initializer_list<std::string_view> names) const {
  for (const json::Member& member : object.members()) {
    if (std::find(names.begin(), names.end(), member.key) == names.end()) {
      checker.schema_rule(fmt::format("Field '{}' is not supported", member.key), place);
    }
  }
}

}  // namespace escapement::asl
