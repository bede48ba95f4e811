#include "query/jsonata/date_picture.h"

#include <algorithm>

#include "query/jsonata/failure.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

constexpr std::string_view kNumbers = "YMDdFWwXxHhmsf";
constexpr std::size_t kPartsMax = 1'000;
constexpr double kWidthMax = 10'000;

// What a component is written as where the picture does not say. Empty: there is no such component.
std::string_view default_presentation(char component) {
  switch (component) {
    case 'Y':
    case 'M':
    case 'D':
    case 'd':
    case 'W':
    case 'w':
    case 'X':
    case 'x':
    case 'H':
    case 'h':
    case 'f':
      return "1";
    case 'F':
    case 'P':
    case 'C':
    case 'E':
      return "n";
    case 'm':
    case 's':
      return "01";
    case 'Z':
    case 'z':
      return "01:01";
    default:
      return {};
  }
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }

// A width; nullopt: `*`, nothing, or no number.
std::optional<std::size_t> width(std::string_view text) {
  double value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
    value = value * 10 + (text[digits++] - '0');
  if (digits == 0) return std::nullopt;
  return static_cast<std::size_t>(std::min(value, kWidthMax));
}

void set_number(DatePart& part, std::string_view presentation, char modifier, std::optional<std::size_t> width_min) {
  std::string pattern(presentation);
  if (modifier != 0) pattern += std::string(";") + modifier;
  part.integer = IntegerPicture::parse(pattern);
  IntegerPicture& integer = *part.integer;
  if (width_min && integer.mandatory_digits < *width_min) integer.mandatory_digits = *width_min;
  if (part.component != 'Y') return;
  if (part.width_max) {
    part.year_modulus_digits = static_cast<double>(*part.width_max);
    integer.mandatory_digits = *part.width_max;
  } else if (integer.mandatory_digits + integer.optional_digits >= 2) {
    part.year_modulus_digits = static_cast<double>(integer.mandatory_digits + integer.optional_digits);
  }
}

// What stands between the brackets, without blanks.
DatePart parse_marker(std::string_view marker, DatePart* previous) {
  DatePart part;
  part.component = marker.empty() ? '\0' : marker[0];
  std::string_view presentation = marker.empty() ? marker : marker.substr(1);
  std::optional<std::size_t> width_min;
  if (const std::size_t comma = presentation.rfind(','); comma != std::string_view::npos) {
    const std::string_view widths = presentation.substr(comma + 1);
    presentation = presentation.substr(0, comma);
    const std::size_t dash = widths.find('-');
    width_min = width(widths.substr(0, dash));
    if (dash != std::string_view::npos) part.width_max = width(widths.substr(dash + 1));
  }
  char modifier = 0;
  if (presentation.size() > 1 && std::string_view("atco").find(presentation.back()) != std::string_view::npos) {
    modifier = presentation.back();
    presentation.remove_suffix(1);
  } else if (presentation.empty()) {
    presentation = default_presentation(part.component);
  }
  if (presentation.empty()) {
    throw Failure::of("D3132", json::Value(marker.substr(0, code_point_offset(marker, 1))));
  }
  part.zulu = modifier == 't';
  if (presentation[0] == 'n') {
    part.names = DatePart::Names::lower;
  } else if (presentation[0] == 'N') {
    part.names = presentation.substr(1, 1) == "n" ? DatePart::Names::title : DatePart::Names::upper;
  } else if (kNumbers.find(part.component) != std::string_view::npos && part.component != 0) {
    set_number(part, presentation, modifier, width_min);
    if (previous != nullptr && previous->integer && previous->component != 0) {
      previous->parse_width = previous->integer->mandatory_digits;
    }
  }
  if (part.component == 'Z' || part.component == 'z') part.integer = IntegerPicture::parse(presentation);
  return part;
}

}  // namespace

std::vector<DatePart> parse_date_picture(std::string_view picture) {
  std::vector<DatePart> parts;
  const auto add_literal = [&](std::string_view text) {
    if (text.empty()) return;
    DatePart part;
    for (std::size_t i = 0; i < text.size(); ++i) {
      part.literal.push_back(text[i]);
      if (text[i] == ']' && i + 1 < text.size() && text[i + 1] == ']') ++i;
    }
    parts.push_back(std::move(part));
  };
  std::size_t start = 0;
  for (std::size_t at = 0; at < picture.size();) {
    if (picture[at] != '[') {
      ++at;
      continue;
    }
    if (parts.size() > kPartsMax) fail_out_of_memory();
    add_literal(picture.substr(start, at - start));
    if (at + 1 < picture.size() && picture[at + 1] == '[') {
      add_literal("[");
      at += 2;
      start = at;
      continue;
    }
    const std::size_t close = picture.find(']', at);
    if (close == std::string_view::npos) throw Failure::of("D3135");
    std::string marker;
    for (const char c : picture.substr(at + 1, close - at - 1)) {
      if (!is_space(c)) marker.push_back(c);
    }
    DatePart part = parse_marker(marker, parts.empty() ? nullptr : &parts.back());
    parts.push_back(std::move(part));
    at = close + 1;
    start = at;
  }
  add_literal(picture.substr(start));
  return parts;
}

}  // namespace escapement::query::jsonata
