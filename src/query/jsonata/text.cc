#include "query/jsonata/text.h"

#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/codec.h"

namespace escapement::query::jsonata {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

bool is_surrogate_at(std::string_view text, std::size_t at) {
  return at + 2 < text.size() && byte_at(text, at) == 0xed && byte_at(text, at + 1) >= 0xa0 &&
         is_continuation(text[at + 1]) && is_continuation(text[at + 2]);
}

bool starts_with_low_surrogate(std::string_view text) {
  return text.size() >= 3 && byte_at(text, 0) == 0xed && byte_at(text, 1) >= 0xb0;
}

bool ends_with_high_surrogate(std::string_view text) {
  if (text.size() < 3) return false;
  const std::size_t at = text.size() - 3;
  return byte_at(text, at) == 0xed && byte_at(text, at + 1) >= 0xa0 && byte_at(text, at + 1) < 0xb0;
}

// The C library's Unicode tables; one character to one, so the few that grow are listed in append_upper.
locale_t unicode_locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

void append_lower(std::string& out, char32_t c) {
  if (c == 0x130) {
    out += "i\xcc\x87";
    return;
  }
  const locale_t locale = unicode_locale();
  base::append_utf8(out, locale == nullptr ? c : static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), locale)));
}

void append_upper(std::string& out, char32_t c) {
  switch (c) {
    case 0xdf:
      out += "SS";
      return;
    case 0x149:
      out += "\xca\xbcN";
      return;
    case 0xfb00:
      out += "FF";
      return;
    case 0xfb01:
      out += "FI";
      return;
    case 0xfb02:
      out += "FL";
      return;
    case 0xfb03:
      out += "FFI";
      return;
    case 0xfb04:
      out += "FFL";
      return;
    case 0xfb05:
    case 0xfb06:
      out += "ST";
      return;
    default:
      break;
  }
  const locale_t locale = unicode_locale();
  base::append_utf8(out, locale == nullptr ? c : static_cast<char32_t>(towupper_l(static_cast<wint_t>(c), locale)));
}

}  // namespace

void append_text(std::string& out, std::string_view piece) {
  if (starts_with_low_surrogate(piece) && ends_with_high_surrogate(out)) {
    std::size_t at = out.size() - 3;
    const char32_t high = next_code_point(out, at);
    std::size_t behind = 0;
    const char32_t low = next_code_point(piece, behind);
    out.resize(out.size() - 3);
    base::append_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
    piece.remove_prefix(behind);
  }
  out.append(piece);
}

void append_code_point(std::string& out, char32_t code_point) {
  std::string piece;
  base::append_utf8(piece, code_point);
  append_text(out, piece);
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const unsigned char lead = byte_at(text, at++);
  if (lead < 0xc0) return lead;
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  char32_t code_point = lead & (0x3f >> more);
  for (int i = 0; i < more && at < text.size() && is_continuation(text[at]); ++i) {
    code_point = (code_point << 6) | (byte_at(text, at++) & 0x3f);
  }
  return code_point;
}

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::size_t code_point_offset(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_continuation(text[at])) {
      if (n == 0) return at;
      --n;
    }
    ++at;
  }
  return at;
}

std::size_t count_utf16_units(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

std::size_t utf16_offset(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  std::size_t units = 0;
  while (at < text.size()) {
    std::size_t behind = at;
    const std::size_t width = next_code_point(text, behind) >= 0x10000 ? 2 : 1;
    if (units + width > n) return at;
    units += width;
    at = behind;
  }
  return at;
}

int compare_utf16(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    const unsigned char x = byte_at(a, i);
    const unsigned char y = byte_at(b, i);
    if (x == y) continue;
    // Bytes order like code points; in UTF-16 the surrogates of what lies above U+FFFF sort before U+E000 to U+FFFF.
    const bool x_above = x >= 0xf0;
    const bool y_above = y >= 0xf0;
    if (x_above != y_above) {
      if (x_above && y >= 0xee) return -1;
      if (y_above && x >= 0xee) return 1;
    }
    return x < y ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

std::string to_lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (byte_at(text, at) < 0x80) {
      const char c = text[at++];
      out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
      continue;
    }
    append_lower(out, next_code_point(text, at));
  }
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (byte_at(text, at) < 0x80) {
      const char c = text[at++];
      out.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
      continue;
    }
    append_upper(out, next_code_point(text, at));
  }
  return out;
}

bool has_lone_surrogate(std::string_view text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (is_surrogate_at(text, i)) return true;
  }
  return false;
}

std::string replace_lone_surrogates(std::string_view text) {
  std::string clean(text);
  for (std::size_t i = 0; i + 2 < clean.size(); ++i) {
    if (is_surrogate_at(clean, i)) clean.replace(i, 3, "\xef\xbf\xbd");
  }
  return clean;
}

void append_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "NaN";
    return;
  }
  if (std::isinf(number)) {
    out += number < 0 ? "-Infinity" : "Infinity";
    return;
  }
  if (number == 0) {
    out.push_back('0');
    return;
  }
  char buffer[40];
  if (std::fabs(number) < 1e15 && number == std::trunc(number)) {
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, static_cast<std::int64_t>(number)).ptr);
    return;
  }
  // The shortest digits, then ECMAScript's rules for where the point goes.
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(number), std::chars_format::scientific).ptr;
  std::string_view scientific(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t mark = scientific.find('e');
  std::string digits(scientific.substr(0, 1));
  if (mark > 2) digits += scientific.substr(2, mark - 2);
  int exponent = 0;
  std::string_view exponent_text = scientific.substr(mark + 1);
  if (exponent_text[0] == '+') exponent_text.remove_prefix(1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  const int point = exponent + 1;  // digits before the decimal point
  const int count = static_cast<int>(digits.size());
  if (number < 0) out.push_back('-');
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out.push_back('.');
    out.append(digits, static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out.push_back(digits[0]);
    if (count > 1) {
      out.push_back('.');
      out.append(digits, 1);
    }
    out.push_back('e');
    out.push_back(exponent < 0 ? '-' : '+');
    out += std::to_string(std::abs(exponent));
  }
}

std::string number_text(double number) {
  std::string out;
  append_number(out, number);
  return out;
}

std::string number_text(double number, int radix) {
  if (radix == 10 || !std::isfinite(number)) return number_text(number);
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  double whole = std::floor(std::fabs(number));
  std::string out;
  do {
    const double digit = std::fmod(whole, radix);
    out.push_back(kDigits[static_cast<std::size_t>(digit)]);
    whole = std::floor((whole - digit) / radix);
  } while (whole > 0);
  if (number < 0) out.push_back('-');
  std::reverse(out.begin(), out.end());
  return out;
}

std::string fixed_text(double number, int digits) {
  if (std::fabs(number) >= 1e21) return number_text(number);
  char buffer[512];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed, std::min(digits, 100)).ptr;
  return {buffer, end};
}

double round_to_15_digits(double number) {
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific, 14).ptr;
  double rounded = number;
  std::from_chars(buffer, end, rounded);
  return rounded;
}

double parse_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || text.empty()) return std::numeric_limits<double>::quiet_NaN();
  if (error == std::errc::result_out_of_range) {
    // Too large or too small to be told apart by from_chars: the exponent's sign says which.
    const std::size_t mark = text.find_first_of("eE");
    const bool small = mark != std::string_view::npos && mark + 1 < text.size() && text[mark + 1] == '-';
    const double magnitude = small ? 0 : std::numeric_limits<double>::infinity();
    return text[0] == '-' ? -magnitude : magnitude;
  }
  return number;
}

}  // namespace escapement::query::jsonata
