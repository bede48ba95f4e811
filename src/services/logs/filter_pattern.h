// Filter patterns over plain text: terms that must all occur, "phrases", -excluded and ?alternative terms.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace escapement::services::logs {

class FilterPattern {
 public:
  // Errors: InvalidParameterException (patterns over JSON fields, space-delimited columns and regular expressions are
  // not there yet).
  static base::Result<FilterPattern> parse(std::string_view text);
  bool matches(std::string_view message) const;

 private:
  std::vector<std::string> required_;
  std::vector<std::string> alternatives_;
  std::vector<std::string> excluded_;
};

}  // namespace escapement::services::logs
