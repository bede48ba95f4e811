#include "services/logs/filter_scanner.h"

#include <re2/re2.h>

#include <charconv>
#include <cmath>

#include "base/glob.h"
#include "services/logs/operations.h"

namespace escapement::services::logs {
namespace {

constexpr std::int64_t kRegexMemoryBytes = 1 << 20;

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '@' || c == ':';
}

}  // namespace

base::Error bad_pattern(std::string_view why) {
  return invalid_parameter("Invalid filter pattern: " + std::string(why));
}

void FilterScanner::skip_blanks() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
}

bool FilterScanner::at_end() {
  skip_blanks();
  return at_ == text_.size();
}

bool FilterScanner::take(std::string_view token) {
  skip_blanks();
  if (!text_.substr(at_).starts_with(token)) return false;
  at_ += token.size();
  return true;
}

bool FilterScanner::take_word(std::string_view word) {
  skip_blanks();
  const std::string_view rest = text_.substr(at_);
  if (rest.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (upper(rest[i]) != word[i]) return false;
  }
  if (rest.size() > word.size() && is_name(rest[word.size()])) return false;
  at_ += word.size();
  return true;
}

char FilterScanner::peek() {
  skip_blanks();
  return at_ < text_.size() ? text_[at_] : '\0';
}

std::string FilterScanner::name() {
  skip_blanks();
  const std::size_t begin = at_;
  while (at_ < text_.size() && is_name(text_[at_])) ++at_;
  return std::string(text_.substr(begin, at_ - begin));
}

base::Result<std::string> FilterScanner::until_quote(char quote) {
  std::string result;
  for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
    // In regular expressions a backslash belongs to the expression, except before the end mark.
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
      ++at_;
      if (quote == '%' && text_[at_] != quote) result.push_back('\\');
    }
    result.push_back(text_[at_]);
  }
  if (at_ == text_.size()) return bad_pattern(std::string("a ") + quote + " is missing");
  ++at_;
  return result;
}

std::string FilterScanner::bare(std::string_view stops) {
  skip_blanks();
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != '\t' && text_[at_] != '\n' &&
         stops.find(text_[at_]) == std::string_view::npos)
    ++at_;
  return std::string(text_.substr(begin, at_ - begin));
}

base::Result<std::shared_ptr<const re2::RE2>> filter_regex(const std::string& text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemoryBytes);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  auto regex = std::make_shared<const re2::RE2>(text, options);
  if (!regex->ok()) return bad_pattern(regex->error());
  return regex;
}

std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

base::Result<FilterTest> FilterTest::parse(FilterScanner& scanner, std::string_view stops) {
  FilterTest test;
  if (scanner.take("!=")) {
    test.comparison_ = Comparison::unequal;
  } else if (scanner.take("<=")) {
    test.comparison_ = Comparison::at_most;
  } else if (scanner.take(">=")) {
    test.comparison_ = Comparison::at_least;
  } else if (scanner.take("<")) {
    test.comparison_ = Comparison::less;
  } else if (scanner.take(">")) {
    test.comparison_ = Comparison::greater;
  } else if (!scanner.take("=")) {
    return bad_pattern("an operator is missing");
  }
  const bool by_order = test.comparison_ != Comparison::equal && test.comparison_ != Comparison::unequal;
  if (scanner.take("\"")) {
    ESC_TRY(test.text_, scanner.until_quote('"'));
  } else if (scanner.take("%")) {
    ESC_TRY(const std::string expression, scanner.until_quote('%'));
    ESC_TRY(test.regex_, filter_regex(expression));
  } else {
    test.text_ = scanner.bare(stops);
    if (test.text_.empty()) return bad_pattern("a value is missing");
    test.number_ = number_of(test.text_);
  }
  if (by_order && !test.number_) return bad_pattern("only numbers are ordered");
  return test;
}

bool FilterTest::compares(double number) const {
  switch (comparison_) {
    case Comparison::equal:
      return number == *number_;
    case Comparison::unequal:
      return number != *number_;
    case Comparison::less:
      return number < *number_;
    case Comparison::greater:
      return number > *number_;
    case Comparison::at_most:
      return number <= *number_;
    case Comparison::at_least:
      return number >= *number_;
  }
  return false;
}

bool FilterTest::matches(std::string_view text, std::optional<double> number) const {
  if (number_ && number) return compares(*number);
  if (comparison_ != Comparison::equal && comparison_ != Comparison::unequal) return false;
  const bool equal = regex_ ? re2::RE2::PartialMatch(text, *regex_) : base::matches_glob(text_, text);
  return equal == (comparison_ == Comparison::equal);
}

}  // namespace escapement::services::logs
