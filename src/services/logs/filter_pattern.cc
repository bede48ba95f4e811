#include "services/logs/filter_pattern.h"

#include <algorithm>

#include "services/logs/operations.h"

namespace escapement::services::logs {

base::Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  FilterPattern pattern;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    if (text[at] == '{' || text[at] == '[' || text[at] == '%') {
      return invalid_parameter(
          "Filter patterns over JSON fields, columns and regular expressions are not offered by this server; terms and "
          "phrases are.");
    }
    std::vector<std::string>* list = &pattern.required_;
    if (text[at] == '-') list = &pattern.excluded_;
    if (text[at] == '?') list = &pattern.alternatives_;
    if (list != &pattern.required_) ++at;
    std::string term;
    if (at < text.size() && text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        term.push_back(text[at]);
      }
      if (at == text.size()) return invalid_parameter("Invalid filter pattern");
      ++at;
    } else {
      while (at < text.size() && text[at] != ' ') term.push_back(text[at++]);
    }
    if (!term.empty()) list->push_back(std::move(term));
  }
  return pattern;
}

bool FilterPattern::matches(std::string_view message) const {
  const auto occurs = [&](const std::string& term) { return message.find(term) != std::string_view::npos; };
  if (!std::ranges::all_of(required_, occurs) || std::ranges::any_of(excluded_, occurs)) return false;
  return alternatives_.empty() || std::ranges::any_of(alternatives_, occurs);
}

}  // namespace escapement::services::logs
