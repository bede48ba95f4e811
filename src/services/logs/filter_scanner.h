// Reads the tokens of a filter pattern, and the tests of one value that all structured patterns share.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace escapement::services::logs {

base::Error bad_pattern(std::string_view why);

class FilterScanner {
 public:
  explicit FilterScanner(std::string_view text) : text_(text) {}

  void skip_blanks();
  bool at_end();                          // after blanks
  bool take(std::string_view token);      // after blanks; false: not there, nothing taken
  bool take_word(std::string_view word);  // the same for a word in any case, not followed by more of one
  char peek();                            // after blanks; 0 at the end
  std::string name();                     // letters, digits, "_", "-", "@", ":"; may be empty

  // What stands between two `quote`s, the first of which was taken. Errors: InvalidParameterException.
  base::Result<std::string> until_quote(char quote);
  // A value without quotes: up to a blank or one of `stops`.
  std::string bare(std::string_view stops);

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// "= 5", "!= \"a*\"", "= %[45]..%": a comparison with a number, a text with wildcards or a regular expression.
// Immutable.
class FilterTest {
 public:
  // `stops` are the characters that end a value without quotes. Errors: InvalidParameterException.
  static base::Result<FilterTest> parse(FilterScanner& scanner, std::string_view stops);
  // A value is compared as a number where the pattern has one and `number` is there.
  bool matches(std::string_view text, std::optional<double> number) const;

 private:
  enum class Comparison { equal, unequal, less, greater, at_most, at_least };

  bool compares(double number) const;

  Comparison comparison_ = Comparison::equal;
  std::string text_;
  std::optional<double> number_;
  std::shared_ptr<const re2::RE2> regex_;  // shared by copies of the pattern
};

// Errors: InvalidParameterException. The expression's size and the memory of its match are bounded.
base::Result<std::shared_ptr<const re2::RE2>> filter_regex(const std::string& text);

std::optional<double> number_of(std::string_view text);  // nullopt unless all of it is a number

}  // namespace escapement::services::logs
