#include "services/logs/filter_pattern.h"

#include <re2/re2.h>

#include <algorithm>

namespace escapement::services::logs {

base::Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  FilterPattern pattern;
  FilterScanner scanner(text);
  if (scanner.take("{")) {
    ESC_TRY(pattern.structured_, JsonPattern::parse(scanner));
  } else if (scanner.take("[")) {
    ESC_TRY(pattern.structured_, ColumnPattern::parse(scanner));
  } else {
    ESC_CHECK(pattern.parse_terms(scanner));
  }
  return pattern;
}

base::Result<void> FilterPattern::parse_terms(FilterScanner& scanner) {
  while (!scanner.at_end()) {
    std::vector<Term>* list = &required_;
    if (scanner.take("-")) {
      list = &excluded_;
    } else if (scanner.take("?")) {
      list = &alternatives_;
    }
    if (scanner.take("\"")) {
      ESC_TRY(std::string phrase, scanner.until_quote('"'));
      if (!phrase.empty()) list->emplace_back(std::move(phrase));
    } else if (scanner.take("%")) {
      ESC_TRY(const std::string expression, scanner.until_quote('%'));
      ESC_TRY(std::shared_ptr<const re2::RE2> regex, filter_regex(expression));
      list->emplace_back(std::move(regex));
    } else if (std::string term = scanner.bare(""); !term.empty()) {
      list->emplace_back(std::move(term));
    }
  }
  return {};
}

bool FilterPattern::matches(std::string_view message) const {
  if (const auto* const json = std::get_if<JsonPattern>(&structured_)) return json->matches(message);
  if (const auto* const columns = std::get_if<ColumnPattern>(&structured_)) return columns->matches(message);
  const auto occurs = [&](const Term& term) {
    if (const auto* const text = std::get_if<std::string>(&term)) return message.find(*text) != std::string_view::npos;
    return re2::RE2::PartialMatch(message, *std::get<std::shared_ptr<const re2::RE2>>(term));
  };
  if (!std::ranges::all_of(required_, occurs) || std::ranges::any_of(excluded_, occurs)) return false;
  return alternatives_.empty() || std::ranges::any_of(alternatives_, occurs);
}

}  // namespace escapement::services::logs
