// Values out of an evaluation: as JSON values, as the text that $string makes, and inside error messages.
#pragma once

#include <cstddef>
#include <string>

#include "json/value.h"
#include "query/jsonata/value.h"

namespace escapement::query::jsonata {

// Undefined items become null; functions become null in an array and are left out of an object. A number that JSON has
// no literal for becomes null, or its JavaScript name where `name_non_finite`. Throws Failure U1001: nested too deeply.
json::Value to_json(const Value& value, bool name_non_finite);

// The JSON text of a value as JSON.stringify makes it, fractions rounded to 15 significant digits, functions as "".
// Appends to `out`. Throws Failure D1001: a number is not finite; U1001: longer than `bytes_max`, or nested too deeply.
void stringify(std::string& out, const Value& value, bool pretty, std::size_t bytes_max);

// A value for an error: long ones are cut, so that an error stays small.
json::Value for_message(const Value& value);

}  // namespace escapement::query::jsonata
