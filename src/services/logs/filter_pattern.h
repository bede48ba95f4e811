// The filter patterns of FilterLogEvents: terms that must all occur, "phrases", %regular expressions%, -excluded and
// ?alternative terms; conditions over JSON fields (filter_json.h) and over columns (filter_columns.h). Immutable.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "services/logs/filter_columns.h"
#include "services/logs/filter_json.h"

namespace escapement::services::logs {

class FilterPattern {
 public:
  // Errors: InvalidParameterException.
  static base::Result<FilterPattern> parse(std::string_view text);
  bool matches(std::string_view message) const;

 private:
  using Term = std::variant<std::string, std::shared_ptr<const re2::RE2>>;

  base::Result<void> parse_terms(FilterScanner& scanner);

  std::vector<Term> required_;
  std::vector<Term> alternatives_;
  std::vector<Term> excluded_;
  std::variant<std::monostate, JsonPattern, ColumnPattern> structured_;
};

}  // namespace escapement::services::logs
