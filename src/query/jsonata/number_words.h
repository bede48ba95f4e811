// Whole numbers as English words, Roman numerals and letters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace escapement::query::jsonata {

// "Twelve Thousand, Four Hundred and Seventy-Sixth". `number` is whole and not negative.
std::string to_words(double number, bool ordinal);
double from_words(std::string_view lower_case);  // NaN: a word is none of a number

std::string to_roman(double number);             // lower case
double from_roman(std::string_view upper_case);  // NaN: a character is no numeral

std::string to_letters(double number, char a);  // 1 is `a`, 27 is `aa`
double from_letters(std::string_view text, char a);

}  // namespace escapement::query::jsonata
