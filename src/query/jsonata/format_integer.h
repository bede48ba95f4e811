// Whole numbers by picture: $formatInteger and $parseInteger, and the components of dates. After XPath and XQuery
// Functions and Operators 3.1, section 4.6: digits with grouping, letters, Roman numerals, English words, ordinals.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace escapement::query::jsonata {

struct IntegerPicture {
  enum class Form : std::uint8_t { decimal, letters, roman, words, sequence };
  enum class LetterCase : std::uint8_t { lower, upper, title };
  struct Separator {
    std::size_t position;  // digits to its right
    std::string character;
  };

  Form form = Form::decimal;
  LetterCase letter_case = LetterCase::lower;
  bool ordinal = false;
  char32_t zero = U'0';
  std::size_t mandatory_digits = 0;
  std::size_t optional_digits = 0;
  std::size_t regular_group = 0;      // the interval of the separators, if it is one; 0: see `separators`
  std::vector<Separator> separators;  // from the right
  std::string token;                  // of a sequence that is not supported

  // Throws Failure D3131.
  static IntegerPicture parse(std::string_view picture);
};

// `number` is whole. Throws Failure D3130.
std::string format_integer(double number, const IntegerPicture& picture);

// NaN: the text is not a number of that form. Throws Failure D3130.
double parse_integer(std::string_view text, const IntegerPicture& picture);

// The words that numbers are written with, in lower case, for a regular expression that finds them.
std::vector<std::string> number_words();

}  // namespace escapement::query::jsonata
