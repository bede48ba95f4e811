#include "query/jsonata/format_integer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/codec.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/number_words.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

// The zeros of Unicode's decimal digit groups (in the basic plane).
constexpr char32_t kZeros[] = {0x30,   0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6,
                               0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0,
                               0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
                               0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10};
constexpr std::size_t kDigitsMax = 10'000;

std::size_t regular_interval(const std::vector<IntegerPicture::Separator>& separators) {
  if (separators.empty()) return 0;
  std::size_t factor = separators.front().position;
  for (const auto& separator : separators) {
    if (separator.character != separators.front().character) return 0;
    factor = std::gcd(factor, separator.position);
  }
  for (std::size_t i = 1; i <= separators.size(); ++i) {
    const bool there = std::any_of(separators.begin(), separators.end(),
                                   [&](const auto& separator) { return separator.position == i * factor; });
    if (!there) return 0;
  }
  return factor;
}

void parse_digits(IntegerPicture& picture, std::string_view text) {
  std::vector<char32_t> characters;
  for (std::size_t at = 0; at < text.size();) characters.push_back(next_code_point(text, at));
  char32_t zero = 0;
  std::size_t position = 0;
  for (std::size_t i = characters.size(); i-- > 0;) {
    const char32_t c = characters[i];
    const auto* family =
        std::find_if(std::begin(kZeros), std::end(kZeros), [&](char32_t z) { return c >= z && c <= z + 9; });
    if (family != std::end(kZeros)) {
      if (zero != 0 && zero != *family) throw Failure::of("D3131");
      zero = *family;
      ++picture.mandatory_digits;
      ++position;
    } else if (c == U'#') {
      ++picture.optional_digits;
      ++position;
    } else {
      IntegerPicture::Separator separator{position, {}};
      base::append_utf8(separator.character, c);
      picture.separators.push_back(std::move(separator));
    }
  }
  if (picture.mandatory_digits == 0) {
    picture.form = IntegerPicture::Form::sequence;
    picture.token = text;
    return;
  }
  picture.zero = zero;
  picture.regular_group = regular_interval(picture.separators);
}

[[noreturn]] void fail_sequence(const IntegerPicture& picture) {
  throw Failure::of("D3130", json::Value(picture.token));
}

std::string format_decimal(double number, const IntegerPicture& picture) {
  std::string ascii = number_text(number);
  if (picture.mandatory_digits > kDigitsMax) fail_out_of_memory();
  if (ascii.size() < picture.mandatory_digits) ascii.insert(0, picture.mandatory_digits - ascii.size(), '0');
  std::string out;
  for (std::size_t i = 0; i < ascii.size(); ++i) {
    const std::size_t right = ascii.size() - i;
    if (picture.regular_group > 0) {
      if (i > 0 && right % picture.regular_group == 0) out += picture.separators.front().character;
    } else {
      for (std::size_t s = picture.separators.size(); s-- > 0;) {
        if (picture.separators[s].position == right) out += picture.separators[s].character;
      }
    }
    if (ascii[i] >= '0' && ascii[i] <= '9') {
      base::append_utf8(out, picture.zero + static_cast<char32_t>(ascii[i] - '0'));
    } else {
      out.push_back(ascii[i]);
    }
  }
  if (!picture.ordinal) return out;
  const char last = ascii.back();
  const bool teens = ascii.size() > 1 && ascii[ascii.size() - 2] == '1';
  return out + (teens ? "th" : last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th");
}

// Leading digits only, as parseInt reads them; NaN: there are none.
double leading_integer(std::string_view text) {
  std::size_t at = 0;
  const bool negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t start = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  if (at == start) return std::nan("");
  const double number = parse_number(text.substr(start, at - start));
  return negative ? -number : number;
}

double parse_decimal(std::string_view text, const IntegerPicture& picture) {
  if (picture.ordinal) text = text.substr(0, text.size() < 2 ? 0 : text.size() - 2);
  std::string ascii;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = next_code_point(text, at);
    const std::string_view character = text.substr(start, at - start);
    const bool separates = picture.regular_group > 0
                               ? character == ","
                               : std::any_of(picture.separators.begin(), picture.separators.end(),
                                             [&](const auto& separator) { return separator.character == character; });
    if (separates) continue;
    if (c >= picture.zero && c <= picture.zero + 9) {
      ascii.push_back(static_cast<char>('0' + (c - picture.zero)));
    } else {
      ascii.append(character);
    }
  }
  return leading_integer(ascii);
}

}  // namespace

IntegerPicture IntegerPicture::parse(std::string_view text) {
  IntegerPicture picture;
  const std::size_t semicolon = text.rfind(';');
  const std::string_view primary = text.substr(0, semicolon);
  if (semicolon != std::string_view::npos) picture.ordinal = text.substr(semicolon + 1).starts_with('o');
  if (primary == "A" || primary == "a") {
    picture.form = Form::letters;
  } else if (primary == "I" || primary == "i") {
    picture.form = Form::roman;
  } else if (primary == "W" || primary == "w" || primary == "Ww") {
    picture.form = Form::words;
  } else {
    parse_digits(picture, primary);
    return picture;
  }
  picture.letter_case = primary == "Ww" ? LetterCase::title : primary[0] < 'a' ? LetterCase::upper : LetterCase::lower;
  return picture;
}

std::string format_integer(double number, const IntegerPicture& picture) {
  if (!std::isfinite(number)) return number_text(number);
  const double magnitude = std::fabs(number);
  const bool upper = picture.letter_case == IntegerPicture::LetterCase::upper;
  std::string out;
  switch (picture.form) {
    case IntegerPicture::Form::letters:
      out = to_letters(magnitude, upper ? 'A' : 'a');
      break;
    case IntegerPicture::Form::roman:
      out = to_roman(magnitude);
      if (upper) out = to_upper(out);
      break;
    case IntegerPicture::Form::words:
      out = to_words(magnitude, picture.ordinal);
      if (upper) out = to_upper(out);
      if (picture.letter_case == IntegerPicture::LetterCase::lower) out = to_lower(out);
      break;
    case IntegerPicture::Form::decimal:
      out = format_decimal(magnitude, picture);
      break;
    case IntegerPicture::Form::sequence:
      fail_sequence(picture);
  }
  return number < 0 ? "-" + out : out;
}

double parse_integer(std::string_view text, const IntegerPicture& picture) {
  const bool upper = picture.letter_case == IntegerPicture::LetterCase::upper;
  switch (picture.form) {
    case IntegerPicture::Form::letters:
      return from_letters(text, upper ? 'A' : 'a');
    case IntegerPicture::Form::roman:
      return from_roman(upper ? std::string(text) : to_upper(text));
    case IntegerPicture::Form::words:
      return from_words(to_lower(text));
    case IntegerPicture::Form::decimal:
      return parse_decimal(text, picture);
    case IntegerPicture::Form::sequence:
      fail_sequence(picture);
  }
  return std::nan("");
}

}  // namespace escapement::query::jsonata
