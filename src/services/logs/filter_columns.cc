#include "services/logs/filter_columns.h"

#include <algorithm>

namespace escapement::services::logs {
namespace {

constexpr std::string_view kStops = ",]&|";

// Fields in "quotes" and [brackets] may hold blanks.
std::vector<std::string_view> fields_of(std::string_view message) {
  std::vector<std::string_view> fields;
  for (std::size_t at = 0; at < message.size();) {
    const char first = message[at];
    if (first == ' ' || first == '\t' || first == '\n' || first == '\r') {
      ++at;
      continue;
    }
    const char closing = first == '"' ? '"' : (first == '[' ? ']' : '\0');
    const std::size_t end = closing == '\0' ? std::string_view::npos : message.find(closing, at + 1);
    if (end != std::string_view::npos) {
      fields.push_back(message.substr(at + 1, end - at - 1));
      at = end + 1;
    } else {
      const std::size_t blank = std::min(message.find_first_of(" \t\n\r", at), message.size());
      fields.push_back(message.substr(at, blank - at));
      at = blank;
    }
  }
  return fields;
}

}  // namespace

base::Result<ColumnPattern::Column> ColumnPattern::parse_column(FilterScanner& scanner) {
  Column column;
  const std::string name = scanner.name();
  if (name.empty()) return bad_pattern("a field has no name");
  if (scanner.peek() == ',' || scanner.peek() == ']') return column;
  column.any.emplace_back();
  for (;;) {
    ESC_TRY(FilterTest test, FilterTest::parse(scanner, kStops));
    column.any.back().push_back(std::move(test));
    if (scanner.take("||")) {
      column.any.emplace_back();
    } else if (!scanner.take("&&")) {
      return column;
    }
    if (scanner.name() != name) return bad_pattern("conditions of a field name the same field");
  }
}

base::Result<ColumnPattern> ColumnPattern::parse(FilterScanner& scanner) {
  ColumnPattern pattern;
  do {
    if (scanner.take("...")) {
      if (pattern.has_rest_) return bad_pattern("... stands once");
      pattern.has_rest_ = true;
      continue;
    }
    ESC_TRY(Column column, parse_column(scanner));
    (pattern.has_rest_ ? pattern.after_ : pattern.before_).push_back(std::move(column));
  } while (scanner.take(","));
  if (!scanner.take("]") || !scanner.at_end()) return bad_pattern("the ] is missing or not the end");
  return pattern;
}

bool ColumnPattern::Column::holds(std::string_view field) const {
  if (any.empty()) return true;
  const auto number = number_of(field);
  return std::ranges::any_of(any, [&](const std::vector<FilterTest>& all) {
    return std::ranges::all_of(all, [&](const FilterTest& test) { return test.matches(field, number); });
  });
}

bool ColumnPattern::matches(std::string_view message) const {
  const std::vector<std::string_view> fields = fields_of(message);
  const std::size_t wanted = before_.size() + after_.size();
  if (has_rest_ ? fields.size() < wanted : fields.size() != wanted) return false;
  for (std::size_t i = 0; i < before_.size(); ++i) {
    if (!before_[i].holds(fields[i])) return false;
  }
  const std::size_t skipped = fields.size() - after_.size();
  for (std::size_t i = 0; i < after_.size(); ++i) {
    if (!after_[i].holds(fields[skipped + i])) return false;
  }
  return true;
}

}  // namespace escapement::services::logs
