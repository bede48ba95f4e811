// The parsed form of an intrinsic call. Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "json/value.h"
#include "query/intrinsics/expression.h"
#include "query/jsonpath/path.h"

namespace escapement::intrinsics {

enum class Function : std::uint8_t {
  format,
  string_to_json,
  json_to_string,
  array,
  array_partition,
  array_contains,
  array_range,
  array_get_item,
  array_length,
  array_unique,
  base64_encode,
  base64_decode,
  hash,
  json_merge,
  math_random,
  math_add,
  string_split,
  uuid
};

struct FunctionInfo {
  std::string_view name;  // "States.Format"
  Function function;
  std::size_t arguments_min;
  std::size_t arguments_max;
};

// nullptr: no such function.
const FunctionInfo* find_function(std::string_view name);

struct Node {
  enum class Kind : std::uint8_t { literal, path, call };
  Kind kind = Kind::literal;
  json::Value literal;
  std::string raw;  // a text literal with its escapes, as States.Format wants it
  std::optional<jsonpath::Path> path;
  const FunctionInfo* function = nullptr;
  std::vector<Node> arguments;
};

// What a function is called with. `raw_template`: the first argument as written, where it is a text literal.
struct Call {
  std::span<const json::Value> arguments;
  const std::string* raw_template;
  base::SplitMix& generator;
};

// Errors: invalid, with the reason.
base::Result<json::Value> apply(Function function, const Call& call);

}  // namespace escapement::intrinsics
