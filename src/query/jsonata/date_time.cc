#include "query/jsonata/date_time.h"

#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <vector>

#include "query/jsonata/calendar.h"
#include "query/jsonata/date_picture.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/format_integer.h"
#include "query/jsonata/regex.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr double kMsMax = 8.64e15;

struct Zone {
  double hours = 0;
  double minutes = 0;
};

// "+hhmm" as a number, cut as the reference cuts it.
Zone parse_zone(std::optional<std::string_view> text) {
  if (!text) return {};
  const double offset = parse_integer(*text, IntegerPicture::parse("0"));
  if (std::isnan(offset)) return {};
  return {std::floor(offset / 100), std::fmod(offset, 100)};
}

std::string in_case(std::string_view name, DatePart::Names names) {
  if (names == DatePart::Names::upper) return to_upper(name);
  if (names == DatePart::Names::lower) return to_lower(name);
  return std::string(name);
}

std::string format_name(const DatePart& part, double value) {
  std::string_view name;
  if (part.component == 'M' || part.component == 'x') {
    name = kMonths[static_cast<std::size_t>(value) - 1];
  } else if (part.component == 'F') {
    name = kDays[static_cast<std::size_t>(value) - 1];
  } else {
    throw Failure::of("D3133", json::Value(std::string(1, part.component)));
  }
  return in_case(name.substr(0, part.width_max.value_or(name.size())), part.names);
}

std::string format_zone(const DatePart& part, const Zone& zone) {
  const double offset = zone.hours * 100 + zone.minutes;
  if (offset == 0 && part.zulu) return "Z";
  std::string text;
  const std::size_t digits = part.integer ? part.integer->mandatory_digits : 0;
  if (!part.integer || part.integer->regular_group > 0 || digits == 3 || digits == 4) {
    text = format_integer(offset, part.integer ? *part.integer : IntegerPicture::parse("01:01"));
  } else if (digits == 1 || digits == 2) {
    text = format_integer(zone.hours, *part.integer);
    if (zone.minutes != 0) text += ":" + format_integer(zone.minutes, IntegerPicture::parse("00"));
  } else {
    throw Failure::of("D3134", json::Value(static_cast<std::int64_t>(digits)));
  }
  if (offset >= 0) text.insert(0, "+");
  return part.component == 'z' ? "GMT" + text : text;
}

std::string format_part(const DatePart& part, std::int64_t ms, const Zone& zone) {
  switch (part.component) {
    case 0:
      return part.literal;
    case 'Z':
    case 'z':
      return format_zone(part, zone);
    case 'P': {
      const std::string_view half = calendar_component(ms, 'P') > 0 ? "pm" : "am";
      return part.names == DatePart::Names::upper ? to_upper(half) : std::string(half);
    }
    case 'C':
    case 'E':
      return "ISO";
    default:
      break;
  }
  double value = calendar_component(ms, part.component);
  if (part.component == 'Y' && part.year_modulus_digits >= 0)
    value = std::fmod(value, std::pow(10, part.year_modulus_digits));
  if (part.names != DatePart::Names::none && part.component != 'f') return format_name(part, value);
  if (!part.integer) throw Failure::of("D3132", json::Value(std::string(1, part.component)));
  return format_integer(value, *part.integer);
}

// How one part of a picture is found in a text and read from it.
struct PartReader {
  char component = 0;
  std::string pattern;
  const DatePart* part = nullptr;
  std::string zone_separator;
};

std::string escape_pattern(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(".*+?^${}()|[]\\/-# ").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string words_pattern() {
  std::string pattern = "(?:";
  for (const std::string& word : number_words()) pattern += word + "|";
  return pattern + "and|[\\-, ])+";
}

std::string integer_pattern(const DatePart& part) {
  const IntegerPicture& integer = *part.integer;
  const bool upper = integer.letter_case == IntegerPicture::LetterCase::upper;
  switch (integer.form) {
    case IntegerPicture::Form::letters:
      return upper ? "[A-Z]+" : "[a-z]+";
    case IntegerPicture::Form::roman:
      return upper ? "[MDCLXVI]+" : "[mdclxvi]+";
    case IntegerPicture::Form::words:
      return words_pattern();
    case IntegerPicture::Form::sequence:
      throw Failure::of("D3130", json::Value(integer.token));
    case IntegerPicture::Form::decimal:
      break;
  }
  std::string pattern = "[0-9]";
  pattern += part.parse_width > 0 ? "{" + std::to_string(part.parse_width) + "}" : "+";
  if (integer.ordinal) pattern += "(?:th|st|nd|rd)";
  return pattern;
}

PartReader make_reader(const DatePart& part) {
  PartReader reader;
  reader.component = part.component;
  reader.part = &part;
  switch (part.component) {
    case 0:
      reader.pattern = escape_pattern(part.literal);
      return reader;
    case 'Z':
    case 'z':
      if (part.integer && part.integer->regular_group > 0)
        reader.zone_separator = part.integer->separators.front().character;
      reader.pattern = part.component == 'z' ? "GMT[-+][0-9]+" : "[-+][0-9]+";
      if (!reader.zone_separator.empty()) reader.pattern += escape_pattern(reader.zone_separator) + "[0-9]+";
      return reader;
    case 'f':
      reader.pattern = "[0-9]+";
      return reader;
    default:
      break;
  }
  if (part.integer) {
    reader.pattern = integer_pattern(part);
    return reader;
  }
  if (std::string_view("MxFP").find(part.component) == std::string_view::npos) {
    throw Failure::of("D3133", json::Value(std::string(1, part.component)));
  }
  reader.pattern = "[a-zA-Z]+";
  return reader;
}

double read_zone(const PartReader& reader, std::string_view text) {
  if (reader.component == 'z') text.remove_prefix(3);
  const IntegerPicture digits = IntegerPicture::parse("0");
  if (!reader.zone_separator.empty()) {
    const std::size_t at = text.find(reader.zone_separator);
    return parse_integer(text.substr(0, at), digits) * 60 +
           parse_integer(text.substr(at + reader.zone_separator.size()), digits);
  }
  if (text.size() - 1 <= 2) return parse_integer(text, digits) * 60;
  return parse_integer(text.substr(0, 3), digits) * 60 + parse_integer(text.substr(3), digits);
}

// The position of a name, from 1; NaN: it is none.
template <std::size_t kCount>
double read_name(const std::array<std::string_view, kCount>& names, const DatePart& part, std::string_view text) {
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::size_t width = part.width_max.value_or(0) > 0 ? *part.width_max : names[i].size();
    if (names[i].substr(0, width) == text) return static_cast<double>(i + 1);
  }
  return std::nan("");
}

double read_part(const PartReader& reader, std::string_view text) {
  switch (reader.component) {
    case 'Z':
    case 'z':
      return read_zone(reader, text);
    case 'f':
      return parse_number("0." + std::string(text.substr(0, 3))) * 1000;
    default:
      break;
  }
  if (reader.part->integer) return parse_integer(text, *reader.part->integer);
  switch (reader.component) {
    case 'M':
    case 'x':
      return read_name(kMonths, *reader.part, text);
    case 'F':
      return read_name(kDays, *reader.part, text);
    default: {
      const std::string lower = to_lower(text);
      return lower == "am" ? 0 : lower == "pm" ? 1 : std::nan("");
    }
  }
}

using Components = std::map<char, double>;

bool has(const Components& components, char component) {
  const auto found = components.find(component);
  return found != components.end() && found->second != 0 && !std::isnan(found->second);
}

// Whether the components given are among `relevant`, and at least one of them is.
bool uses_only(const Components& components, std::string_view all, std::string_view relevant) {
  bool any = false;
  for (const char component : all) {
    if (!has(components, component)) continue;
    if (relevant.find(component) == std::string_view::npos) return false;
    any = true;
  }
  return any;
}

// What is missing before the first component given is now's, what is missing behind it is the least; nothing may be
// missing in between.
void complete(Components& components, std::string_view order, double now_ms) {
  bool started = false;
  bool ended = false;
  for (const char component : order) {
    const auto found = components.find(component);
    if (found != components.end() && !std::isnan(found->second)) {
      started = true;
      if (ended) throw Failure::of("D3136");
    } else if (started) {
      components[component] = std::string_view("MDd").find(component) != std::string_view::npos ? 1 : 0;
      ended = true;
    } else {
      components[component] = calendar_component(static_cast<std::int64_t>(now_ms), component);
    }
  }
}

double assemble(Components& components, double now_ms) {
  constexpr std::string_view kDate = "YXMxWwdD";
  const bool by_month = uses_only(components, kDate, "YMD");
  const bool by_day = !by_month && uses_only(components, kDate, "Yd");
  const bool by_month_week = uses_only(components, kDate, "Xxw");
  const bool by_year_week = !by_month_week && uses_only(components, kDate, "XW");
  constexpr std::string_view kTime = "PHhmsf";
  const bool by_24_hours = uses_only(components, kTime, "Hmsf");
  const bool by_12_hours = !by_24_hours && uses_only(components, kTime, "Phmsf");
  std::string order(by_day ? "YD" : by_month_week ? "XxwF" : by_year_week ? "XWF" : "YMD");
  order += by_12_hours ? "Phmsf" : "Hmsf";
  complete(components, order, now_ms);
  if (by_month_week || by_year_week) throw Failure::of("D3136");
  double month = has(components, 'M') && components['M'] > 0 ? components['M'] - 1 : 0;
  double day = components['D'];
  if (by_day) {
    const double first = utc_ms(components['Y'], 0, 1, 0, 0, 0, 0);
    const double derived = first + (components['d'] - 1) * static_cast<double>(kMsPerDay);
    if (std::isnan(derived)) return derived;
    const CalendarTime time = calendar_time(static_cast<std::int64_t>(derived));
    month = time.month - 1;
    day = time.day;
  }
  double hour = components['H'];
  if (by_12_hours) hour = (components['h'] == 12 ? 0 : components['h']) + (components['P'] == 1 ? 12 : 0);
  double ms = utc_ms(components['Y'], month, day, hour, components['m'], components['s'], components['f']);
  for (const char zone : {'Z', 'z'}) {
    if (has(components, zone)) ms -= components[zone] * 60'000;
  }
  return ms;
}

// A picture made ready to read texts by.
struct PictureReader {
  std::string picture;
  std::vector<DatePart> pieces;
  std::vector<PartReader> parts;       // refer to `pieces`
  std::shared_ptr<const Regex> regex;  // as Regex hands them out
};

std::unique_ptr<const PictureReader> make_picture_reader(std::string_view picture) {
  auto reader = std::make_unique<PictureReader>();
  reader->picture = picture;
  reader->pieces = parse_date_picture(picture);
  std::string pattern = "^";
  for (const DatePart& piece : reader->pieces) {
    reader->parts.push_back(make_reader(piece));
    pattern += "(" + reader->parts.back().pattern + ")";
  }
  reader->regex = Regex::compile_native(pattern + "$", {.ignore_case = true});
  return reader;
}

// The readers used last on this thread: the same few pictures come again and again, and compiling one costs more than
// using it.
const PictureReader& reader_of(std::string_view picture) {
  constexpr std::size_t kKept = 16;
  static thread_local std::array<std::unique_ptr<const PictureReader>, kKept> kept;
  auto& slot = kept[hash_text(picture) % kKept];
  if (!slot || slot->picture != picture) slot = make_picture_reader(picture);
  return *slot;
}

}  // namespace

std::string format_timestamp(double ms, std::optional<std::string_view> picture,
                             std::optional<std::string_view> zone_text) {
  const Zone zone = parse_zone(zone_text);
  const auto parts = parse_date_picture(picture.value_or("[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"));
  const double shifted = std::trunc(ms + (60 * zone.hours + zone.minutes) * 60'000);
  if (!(std::fabs(shifted) <= kMsMax)) throw Failure::of("D1001", json::Value(ms));
  std::string out;
  for (const DatePart& part : parts) out += format_part(part, static_cast<std::int64_t>(shifted), zone);
  return out;
}

double parse_iso8601(std::string_view text) {
  std::size_t at = 0;
  const auto fail = [&]() -> double { throw Failure::of("D3110", json::Value(text)); };
  const auto digits = [&](std::size_t count, double& value) {
    value = 0;
    if (text.size() - at < count) return false;
    for (std::size_t i = 0; i < count; ++i) {
      if (text[at + i] < '0' || text[at + i] > '9') return false;
      value = value * 10 + (text[at + i] - '0');
    }
    at += count;
    return true;
  };
  const auto take = [&](char c) {
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  };
  double year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0, offset = 0;
  bool has_time = false;
  if (!digits(4, year)) return fail();
  if (take('-')) {
    if (!digits(2, month)) return fail();
    if (take('-') && !digits(2, day)) return fail();
  }
  if (take('T')) {
    has_time = true;
    if (!digits(2, hour) || !take(':') || !digits(2, minute) || !take(':') || !digits(2, second)) return fail();
    if (take('.')) {
      const std::size_t start = at;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
      if (at == start) return fail();
      std::string fraction(text.substr(start, std::min<std::size_t>(at - start, 3)));
      fraction.resize(3, '0');
      millisecond = parse_number(fraction);
    }
  }
  if (at < text.size() && !take('Z')) {
    const double sign = text[at] == '-' ? -1 : 1;
    if (!has_time || (!take('+') && !take('-'))) return fail();
    double hours = 0;
    double minutes = 0;
    if (!digits(2, hours)) return fail();
    take(':');
    if (!digits(2, minutes) || hours > 23 || minutes > 59) return fail();
    offset = sign * (hours * 60 + minutes);
  }
  if (at < text.size()) return fail();
  const bool midnight = hour == 24 && minute == 0 && second == 0 && millisecond == 0;
  if (month < 1 || month > 12 || day < 1 || day > 31 || (hour > 23 && !midnight) || minute > 59 || second > 59)
    return fail();
  // Not utc_ms's reading of years before 100: four digits say the year.
  const double ms = utc_ms(year + 400, month - 1, day, hour, minute, second, millisecond) -
                    146'097.0 * static_cast<double>(kMsPerDay);
  return ms - offset * 60'000;
}

std::optional<double> parse_timestamp(std::string_view text, std::string_view picture, double now_ms,
                                      std::uint64_t& steps_left) {
  const PictureReader& reader = reader_of(picture);
  const auto match = reader.regex->match(Regex::Subject(text), 0, steps_left);
  if (!match) return std::nullopt;
  Components components;
  for (std::size_t i = 0; i < reader.parts.size(); ++i) {
    const PartReader& part = reader.parts[i];
    if (part.component == 0) continue;
    const Regex::Group& group = (*match)[i + 1];
    components[part.component] = read_part(part, text.substr(group.start, group.end - group.start));
  }
  if (components.empty()) return std::nullopt;
  return assemble(components, now_ms);
}

}  // namespace escapement::query::jsonata
