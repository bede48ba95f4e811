#include "query/jsonata/format_number.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include "base/codec.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/numeric.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

using Characters = std::u32string;

constexpr std::size_t kNone = Characters::npos;
constexpr std::size_t kDigitsMax = 300;  // of one part of a picture that counts

Characters characters(std::string_view text) {
  Characters out;
  for (std::size_t at = 0; at < text.size();) out.push_back(next_code_point(text, at));
  return out;
}

char32_t first_of(const std::string& text) {
  std::size_t at = 0;
  return text.empty() ? U'\0' : next_code_point(text, at);
}

// The characters of NumberFormat that pictures are made of.
struct Marks {
  char32_t decimal_separator, grouping_separator, exponent_separator, percent, per_mille, zero, digit,
      pattern_separator;

  explicit Marks(const NumberFormat& format)
      : decimal_separator(first_of(format.decimal_separator)),
        grouping_separator(first_of(format.grouping_separator)),
        exponent_separator(first_of(format.exponent_separator)),
        percent(first_of(format.percent)),
        per_mille(first_of(format.per_mille)),
        zero(first_of(format.zero_digit)),
        digit(first_of(format.digit)),
        pattern_separator(first_of(format.pattern_separator)) {}

  bool is_digit(char32_t c) const { return c >= zero && c < zero + 10; }
  bool is_any_digit(char32_t c) const { return is_digit(c) || c == digit; }
  bool is_active(char32_t c) const {
    return is_any_digit(c) || c == decimal_separator || c == exponent_separator || c == grouping_separator ||
           c == pattern_separator;
  }
};

// A sub-picture cut into what the specification names.
struct Parts {
  Characters whole;
  Characters prefix, suffix, active, mantissa, integer, fraction;
  std::optional<Characters> exponent;
};

std::size_t count(const Characters& text, auto&& test) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), test));
}

Parts split(const Characters& picture, const Marks& marks) {
  Parts parts;
  parts.whole = picture;
  const auto ends_passive = [&](char32_t c) { return marks.is_active(c) && c != marks.exponent_separator; };
  const auto first = std::find_if(picture.begin(), picture.end(), ends_passive);
  const std::size_t prefix = first == picture.end() ? 0 : static_cast<std::size_t>(first - picture.begin());
  const auto last = std::find_if(picture.rbegin(), picture.rend(), ends_passive);
  const std::size_t suffix = last == picture.rend() ? 0 : static_cast<std::size_t>(last - picture.rbegin());
  parts.prefix = picture.substr(0, prefix);
  parts.suffix = picture.substr(picture.size() - suffix);
  parts.active = picture.substr(prefix, picture.size() - suffix - prefix);
  const std::size_t exponent = parts.active.find(marks.exponent_separator);
  parts.mantissa = parts.active.substr(0, exponent);
  if (exponent != kNone) {
    parts.exponent = parts.active.substr(exponent + 1);
  } else if (!parts.suffix.empty() && parts.suffix.front() == marks.exponent_separator) {
    parts.exponent.emplace();
  }
  const std::size_t point = parts.mantissa.find(marks.decimal_separator);
  parts.integer = parts.mantissa.substr(0, point);
  parts.fraction = point == kNone ? parts.suffix : parts.mantissa.substr(point + 1);
  return parts;
}

bool repeats(const Characters& text, char32_t c) { return text.find(c) != text.rfind(c); }

// The rules of 4.7.3; the last one broken is reported, as the reference does.
void validate(const Parts& parts, const Marks& marks) {
  std::string_view error;
  const Characters& whole = parts.whole;
  const std::size_t point = whole.find(marks.decimal_separator);
  if (repeats(whole, marks.decimal_separator)) error = "D3081";
  if (repeats(whole, marks.percent)) error = "D3082";
  if (repeats(whole, marks.per_mille)) error = "D3083";
  const bool has_percent = whole.find(marks.percent) != kNone;
  const bool has_per_mille = whole.find(marks.per_mille) != kNone;
  if (has_percent && has_per_mille) error = "D3084";
  if (count(parts.mantissa, [&](char32_t c) { return marks.is_any_digit(c); }) == 0) error = "D3085";
  if (count(parts.active, [&](char32_t c) { return !marks.is_active(c); }) > 0) error = "D3086";
  if (point != kNone) {
    const bool before = point > 0 && whole[point - 1] == marks.grouping_separator;
    const bool behind = point + 1 < whole.size() && whole[point + 1] == marks.grouping_separator;
    if (before || behind) error = "D3087";
  } else if (!parts.integer.empty() && parts.integer.back() == marks.grouping_separator) {
    error = "D3088";
  }
  if (whole.find(Characters(2, marks.grouping_separator)) != kNone) error = "D3089";
  const auto is_digit = [&](char32_t c) { return marks.is_digit(c); };
  const std::size_t optional = parts.integer.find(marks.digit);
  if (optional != kNone && count(parts.integer.substr(0, optional), is_digit) > 0) error = "D3090";
  const std::size_t last_optional = parts.fraction.rfind(marks.digit);
  if (last_optional != kNone && count(parts.fraction.substr(last_optional), is_digit) > 0) error = "D3091";
  if (parts.exponent) {
    if (!parts.exponent->empty() && (has_percent || has_per_mille)) error = "D3092";
    if (parts.exponent->empty() || count(*parts.exponent, is_digit) < parts.exponent->size()) error = "D3093";
  }
  if (!error.empty()) throw Failure::of(error);
}

// What a sub-picture asks for (4.7.4).
struct Layout {
  std::string prefix, suffix;
  bool percent = false;
  bool per_mille = false;
  bool has_point = false;
  std::vector<std::size_t> integer_groups;   // digits to the right of each separator
  std::size_t regular_group = 0;             // the interval, if all are the same; 0: they are not
  std::vector<std::size_t> fraction_groups;  // digits to the left of each separator
  std::size_t integer_min = 0, scaling = 0, fraction_min = 0, fraction_max = 0, exponent_min = 0;
};

std::string utf8(const Characters& text) {
  std::string out;
  for (const char32_t c : text) base::append_utf8(out, c);
  return out;
}

std::size_t regular_interval(const std::vector<std::size_t>& positions) {
  if (positions.empty()) return 0;
  std::size_t factor = positions.front();
  for (const std::size_t position : positions) factor = std::gcd(factor, position);
  for (std::size_t i = 1; i <= positions.size(); ++i) {
    if (std::find(positions.begin(), positions.end(), i * factor) == positions.end()) return 0;
  }
  return factor;
}

Layout analyse(const Parts& parts, const Marks& marks) {
  Layout layout;
  layout.prefix = utf8(parts.prefix);
  layout.suffix = utf8(parts.suffix);
  layout.percent = parts.whole.find(marks.percent) != kNone;
  layout.per_mille = parts.whole.find(marks.per_mille) != kNone;
  layout.has_point = parts.whole.find(marks.decimal_separator) != kNone;
  const auto is_digit = [&](char32_t c) { return marks.is_digit(c); };
  const auto is_any_digit = [&](char32_t c) { return marks.is_any_digit(c); };
  for (std::size_t at = parts.integer.find(marks.grouping_separator); at != kNone;
       at = parts.integer.find(marks.grouping_separator, at + 1)) {
    layout.integer_groups.push_back(count(parts.integer.substr(at), is_any_digit));
  }
  layout.regular_group = regular_interval(layout.integer_groups);
  // Only the first separator of a fraction counts, as in the reference.
  if (const std::size_t at = parts.fraction.find(marks.grouping_separator); at != kNone) {
    layout.fraction_groups.push_back(count(parts.fraction.substr(0, at), is_any_digit));
  }
  layout.integer_min = layout.scaling = std::min(count(parts.integer, is_digit), kDigitsMax);
  layout.fraction_min = std::min(count(parts.fraction, is_digit), kDigitsMax);
  layout.fraction_max = std::min(count(parts.fraction, is_any_digit), kDigitsMax);
  const bool has_exponent = parts.exponent.has_value();
  if (layout.integer_min == 0 && layout.fraction_max == 0) {
    if (has_exponent) {
      layout.fraction_min = layout.fraction_max = 1;
    } else {
      layout.integer_min = 1;
    }
  }
  if (has_exponent && layout.integer_min == 0 && parts.integer.find(marks.digit) != kNone) layout.integer_min = 1;
  if (layout.integer_min == 0 && layout.fraction_min == 0) layout.fraction_min = 1;
  if (has_exponent) layout.exponent_min = std::min(count(*parts.exponent, is_digit), kDigitsMax);
  return layout;
}

// ASCII digits into the picture's family of digits.
std::string in_family(std::string_view ascii, char32_t zero) {
  std::string out;
  for (const char c : ascii) {
    if (c >= '0' && c <= '9') {
      base::append_utf8(out, zero + static_cast<char32_t>(c - '0'));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// Puts separators into `digits`, so many digits from its end (or, for a fraction, from its start).
std::string grouped_integer(const std::string& digits, const Layout& layout, const Marks& marks,
                            const std::string& separator) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t right = digits.size() - i;
    const bool separates = layout.regular_group > 0
                               ? i > 0 && right % layout.regular_group == 0
                               : std::find(layout.integer_groups.begin(), layout.integer_groups.end(), right) !=
                                     layout.integer_groups.end();
    if (separates && i > 0) out += separator;
    out += in_family(digits.substr(i, 1), marks.zero);
  }
  return out;
}

std::string grouped_fraction(const std::string& digits, const Layout& layout, const Marks& marks,
                             const std::string& separator) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto& groups = layout.fraction_groups;
    if (std::find(groups.begin(), groups.end(), i) != groups.end()) out += separator;
    out += in_family(digits.substr(i, 1), marks.zero);
  }
  return out;
}

}  // namespace

void NumberFormat::set(std::string_view name, std::string_view value) {
  if (name == "decimal-separator") decimal_separator = value;
  if (name == "grouping-separator") grouping_separator = value;
  if (name == "exponent-separator") exponent_separator = value;
  if (name == "minus-sign") minus_sign = value;
  if (name == "percent") percent = value;
  if (name == "per-mille") per_mille = value;
  if (name == "zero-digit") zero_digit = value;
  if (name == "digit") digit = value;
  if (name == "pattern-separator") pattern_separator = value;
}

std::string format_number(double number, std::string_view picture, const NumberFormat& format) {
  const Marks marks(format);
  std::vector<Characters> pictures(1);
  for (const char32_t c : characters(picture)) {
    if (c == marks.pattern_separator) {
      pictures.emplace_back();
    } else {
      pictures.back().push_back(c);
    }
  }
  if (pictures.size() > 2) throw Failure::of("D3080");
  std::vector<Layout> layouts;
  std::vector<Parts> parts;
  for (const Characters& sub : pictures) parts.push_back(split(sub, marks));
  for (const Parts& part : parts) validate(part, marks);
  for (const Parts& part : parts) layouts.push_back(analyse(part, marks));
  if (layouts.size() == 1) {
    layouts.push_back(layouts.front());
    layouts.back().prefix.insert(0, format.minus_sign);
  }
  const Layout& layout = layouts[number >= 0 ? 0 : 1];
  if (!std::isfinite(number)) return layout.prefix + (std::isnan(number) ? "NaN" : "Infinity") + layout.suffix;

  double mantissa = number * (layout.percent ? 100 : layout.per_mille ? 1000 : 1);
  int exponent = 0;
  if (layout.exponent_min > 0 && mantissa != 0) {
    const double most = std::pow(10, static_cast<double>(layout.scaling));
    const double least = std::pow(10, static_cast<double>(layout.scaling) - 1);
    for (; std::fabs(mantissa) < least; --exponent) mantissa *= 10;
    for (; std::fabs(mantissa) > most; ++exponent) mantissa /= 10;
  }
  const double rounded = round_half_even(mantissa, static_cast<double>(layout.fraction_max));
  const std::string fixed = fixed_text(std::fabs(rounded), static_cast<int>(layout.fraction_max));
  const std::size_t point = fixed.find('.');
  std::string integer = fixed.substr(0, point);
  std::string fraction = point == std::string::npos ? std::string() : fixed.substr(point + 1);
  integer.erase(0, std::min(integer.find_first_not_of('0'), integer.size()));
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (integer.size() < layout.integer_min) integer.insert(0, layout.integer_min - integer.size(), '0');
  if (fraction.size() < layout.fraction_min) fraction.append(layout.fraction_min - fraction.size(), '0');

  std::string out = layout.prefix + grouped_integer(integer, layout, marks, format.grouping_separator);
  if (layout.has_point && !fraction.empty()) {
    out += format.decimal_separator;
    out += grouped_fraction(fraction, layout, marks, format.grouping_separator);
  }
  if (layout.exponent_min > 0) {
    std::string digits = std::to_string(std::abs(exponent));
    if (digits.size() < layout.exponent_min) digits.insert(0, layout.exponent_min - digits.size(), '0');
    out += format.exponent_separator;
    if (exponent < 0) out += format.minus_sign;
    out += in_family(digits, marks.zero);
  }
  return out + layout.suffix;
}

}  // namespace escapement::query::jsonata
