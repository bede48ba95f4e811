// Value to JSON text.
//
// Reals print as the shortest digits that read back as the same number, always with a fraction or an exponent, in the
// form AWS's answers have (`1.0`, `1.5E10`, `1.0E-4`). Members keep their order. Text is UTF-8; only `"`, `\` and
// control characters are escaped.
#pragma once

#include <string>

#include "json/value.h"

namespace escapement::json {

std::string print(const Value& value);         // compact
std::string print_pretty(const Value& value);  // two blanks an indent
void print_to(std::string& out, const Value& value);
// Quoted and escaped. AWS's answers have upper-case digits in escapes, JavaScript's JSON.stringify lower-case ones.
enum class EscapeDigits { upper, lower };
void print_string_to(std::string& out, std::string_view text, EscapeDigits digits = EscapeDigits::upper);
std::string print_number(const Value& number);

}  // namespace escapement::json
