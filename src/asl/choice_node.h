// The parsed form of a JSONPath choice rule. Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "json/value.h"
#include "query/jsonpath/path.h"

namespace escapement::asl {

// What a comparison compares, and how. Each but the `is_` ones comes with a literal or (its Path form) a second path.
enum class Subject : std::uint8_t { string, numeric, boolean, timestamp, is };
enum class Comparison : std::uint8_t {
  equals,
  less_than,
  less_than_equals,
  greater_than,
  greater_than_equals,
  matches,
  is_null,
  is_present,
  is_string,
  is_numeric,
  is_boolean,
  is_timestamp
};

struct Operator {
  std::string_view name;  // "StringLessThanPath"
  Subject subject;
  Comparison comparison;
  bool path;  // the value is a path
};

// nullptr: no such operator.
const Operator* find_operator(std::string_view name);

struct ConditionNode {
  enum class Kind : std::uint8_t { all_of, any_of, negation, comparison };
  Kind kind = Kind::comparison;
  std::vector<ConditionNode> children;
  // A comparison.
  const Operator* op = nullptr;
  std::vector<jsonpath::Path> variable;  // one
  std::vector<jsonpath::Path> other;     // one, for a Path operator
  json::Value literal;
  base::Timestamp timestamp;  // the literal of a timestamp comparison
};

}  // namespace escapement::asl
