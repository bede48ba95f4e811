// Patterns over events whose fields are set apart by blanks: [ip, user, ..., status = 4* || status = 5*, bytes > 1000].
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/logs/filter_scanner.h"

namespace escapement::services::logs {

class ColumnPattern {
 public:
  // `scanner` stands after the "[". Errors: InvalidParameterException.
  static base::Result<ColumnPattern> parse(FilterScanner& scanner);
  // An event with another number of fields does not match, unless "..." stands for some.
  bool matches(std::string_view message) const;

 private:
  // Tests of one field: any of the lists must hold whole. No list: any field will do.
  struct Column {
    std::vector<std::vector<FilterTest>> any;

    bool holds(std::string_view field) const;
  };

  static base::Result<Column> parse_column(FilterScanner& scanner);

  std::vector<Column> before_;  // "..."; all of them where there is no "..."
  std::vector<Column> after_;
  bool has_rest_ = false;
};

}  // namespace escapement::services::logs
