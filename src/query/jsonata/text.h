// Text as JSONata sees it. Strings are UTF-8; a lone surrogate, which JavaScript strings may hold, is kept as the three
// bytes that UTF-8 would give it, and joins its partner when the two meet.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace escapement::query::jsonata {

// Appends `piece`, joining a high surrogate at the end of `out` with a low one at the start of `piece`.
void append_text(std::string& out, std::string_view piece);
// Appends a code point or a surrogate, joining as above.
void append_code_point(std::string& out, char32_t code_point);

// The code point at `at`, which moves behind it. A byte that does not begin one is taken as it is.
char32_t next_code_point(std::string_view text, std::size_t& at);

std::size_t count_code_points(std::string_view text);
// Bytes before code point `n`; text.size() if there are fewer.
std::size_t code_point_offset(std::string_view text, std::size_t n);
std::size_t count_utf16_units(std::string_view text);
// Bytes before UTF-16 unit `n` (inside a pair: before the pair).
std::size_t utf16_offset(std::string_view text, std::size_t n);

// <0, 0, >0 in the order of UTF-16 units, which is how JavaScript compares strings.
int compare_utf16(std::string_view a, std::string_view b);

std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

bool has_lone_surrogate(std::string_view text);
// `text` with U+FFFD, which is as long, for each lone surrogate: UTF-8 if the rest is.
std::string replace_lone_surrogates(std::string_view text);

// A number as JavaScript prints it: "1", "0.1", "1e+21", "NaN", "Infinity".
std::string number_text(double number);
void append_number(std::string& out, double number);
// The text of `number` in `radix` (2 to 36), whole numbers and fractions as JavaScript's toString(radix).
std::string number_text(double number, int radix);
// Fixed-point with `digits` after the point, as JavaScript's toFixed.
std::string fixed_text(double number, int digits);
// `number` with 15 significant digits.
double round_to_15_digits(double number);
// Everything of `text` must be a decimal literal as JavaScript's Number() reads it; NaN otherwise.
double parse_number(std::string_view text);

inline std::uint32_t hash_text(std::string_view text) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace escapement::query::jsonata
