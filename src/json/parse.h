// JSON text to Value (RFC 8259), strict: no comments, no trailing commas, no NaN, valid UTF-8 only.
//
// Error messages follow those of AWS's own parser (Jackson), since callers see them inside InvalidDefinition and
// InvalidExecutionInput: "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null',
// 'true' or 'false')" with the line and column.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace escapement::json {

struct ParseLimits {
  std::size_t depth_max = 1'000;  // containers nested in one another
  // An escaped surrogate without its partner becomes the three bytes that UTF-8 would give it, not U+FFFD. Only for
  // tools that speak to JavaScript; print() escapes such bytes again.
  bool keep_lone_surrogates = false;
};

// Errors: invalid. One value and white space around it; anything more is an error.
base::Result<Value> parse(std::string_view text, ParseLimits limits = {});

}  // namespace escapement::json
