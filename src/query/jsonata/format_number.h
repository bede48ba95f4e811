// Numbers by picture: $formatNumber, after XPath and XQuery Functions and Operators 3.1, section 4.7.
#pragma once

#include <string>
#include <string_view>

namespace escapement::query::jsonata {

// The characters with a meaning in a picture, and those that stand in the result.
struct NumberFormat {
  std::string decimal_separator = ".";
  std::string grouping_separator = ",";
  std::string exponent_separator = "e";
  std::string minus_sign = "-";
  std::string percent = "%";
  std::string per_mille = "\xe2\x80\xb0";
  std::string zero_digit = "0";
  std::string digit = "#";
  std::string pattern_separator = ";";

  // `name` as the specification has it ("decimal-separator"); other names are ignored.
  void set(std::string_view name, std::string_view value);
};

// Throws Failure D3080 to D3093: the picture is not one.
std::string format_number(double number, std::string_view picture, const NumberFormat& format);

}  // namespace escapement::query::jsonata
