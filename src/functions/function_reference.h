// How callers name a function: by its ARN, of which every part before the name may be left out, with or without a
// qualifier.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace escapement::functions {

struct FunctionReference {
  std::string region;   // empty where the text names none
  std::string account;  // the same
  std::string name;
  std::string qualifier;  // the same
};

// Errors: invalid (InvalidParameterValueException).
base::Result<FunctionReference> parse_function_reference(std::string_view text);

}  // namespace escapement::functions
