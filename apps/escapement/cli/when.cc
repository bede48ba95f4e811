#include "escapement/cli/when.h"

#include <charconv>
#include <ctime>
#include <optional>

#include <fmt/format.h>

namespace escapement::cli {
namespace {

constexpr std::int64_t kUsPerSecond = 1'000'000;
constexpr base::Duration kDurationMax = base::Duration::seconds(100ll * 366 * 86'400);

base::Error bad_duration(std::string_view text) {
  return base::make_error(base::ErrorCode::invalid,
                          fmt::format("\"{}\" is not a duration; write 90s, 1h30m, 2d or 500ms", text));
}

base::Error bad_time(std::string_view text) {
  return base::make_error(
      base::ErrorCode::invalid,
      fmt::format("\"{}\" is not a time; write 2026-12-01T14:00:05Z, \"2026-12-01 14:00:05\" (local) or 14:00:05",
                  text));
}

// Microseconds in a unit; 0 for a unit that is none.
double unit_us(std::string_view unit) {
  if (unit == "ms") return 1e3;
  if (unit == "s" || unit == "sec") return 1e6;
  if (unit == "m" || unit == "min") return 60e6;
  if (unit == "h") return 3'600e6;
  if (unit == "d") return 86'400e6;
  if (unit == "w") return 604'800e6;
  return 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes `count` digits off the front; -1 if they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

struct LocalTime {
  int year = 0, month = 0, day = 0;
  int hour = 0, minute = 0, second = 0;
  std::int64_t fraction_us = 0;
};

bool parse_clock(std::string_view& text, LocalTime& t) {
  t.hour = take_digits(text, 2);
  if (!take(text, ':')) return false;
  t.minute = take_digits(text, 2);
  if (take(text, ':')) {
    t.second = take_digits(text, 2);
    if (take(text, '.')) {
      std::int64_t scale = kUsPerSecond / 10;
      if (text.empty() || !is_digit(text.front())) return false;
      for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), scale /= 10)
        t.fraction_us += (text.front() - '0') * scale;
    }
  }
  return t.hour >= 0 && t.hour < 24 && t.minute >= 0 && t.minute < 60 && t.second >= 0 && t.second < 60;
}

bool parse_date(std::string_view& text, LocalTime& t) {
  t.year = take_digits(text, 4);
  if (!take(text, '-')) return false;
  t.month = take_digits(text, 2);
  if (!take(text, '-')) return false;
  t.day = take_digits(text, 2);
  return t.year >= 1970 && t.month >= 1 && t.month <= 12 && t.day >= 1 && t.day <= 31;
}

// nullopt: no such local time.
std::optional<base::Timestamp> to_timestamp(const LocalTime& t) {
  std::tm fields{};
  fields.tm_year = t.year - 1900;
  fields.tm_mon = t.month - 1;
  fields.tm_mday = t.day;
  fields.tm_hour = t.hour;
  fields.tm_min = t.minute;
  fields.tm_sec = t.second;
  fields.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&fields);
  const bool is_same = fields.tm_mday == t.day && fields.tm_hour == t.hour && fields.tm_min == t.minute;
  if (seconds == -1 || !is_same) return std::nullopt;
  // Where the clocks go back, mktime may have chosen the second of two.
  std::time_t earlier = seconds - 3'600;
  std::tm check{};
  localtime_r(&earlier, &check);
  if (check.tm_hour == t.hour && check.tm_mday == t.day && check.tm_min == t.minute)
    return base::Timestamp{earlier * kUsPerSecond + t.fraction_us};
  return base::Timestamp{seconds * kUsPerSecond + t.fraction_us};
}

LocalTime local_day(base::Timestamp t, int days_later) {
  const std::time_t seconds = t.us / kUsPerSecond;
  std::tm fields{};
  localtime_r(&seconds, &fields);
  fields.tm_mday += days_later;
  fields.tm_hour = 12;
  fields.tm_min = fields.tm_sec = 0;
  fields.tm_isdst = -1;
  std::mktime(&fields);
  LocalTime day;
  day.year = fields.tm_year + 1900;
  day.month = fields.tm_mon + 1;
  day.day = fields.tm_mday;
  return day;
}

base::Result<base::Timestamp> checked(std::string_view text, const std::optional<base::Timestamp>& t) {
  if (t) return *t;
  return base::make_error(base::ErrorCode::invalid, fmt::format("\"{}\" does not exist in local time", text));
}

}  // namespace

base::Result<base::Duration> parse_duration(std::string_view text) {
  double total = 0;
  std::string_view rest = text;
  if (rest.empty()) return bad_duration(text);
  while (!rest.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || number < 0 || rest.front() == '-') return bad_duration(text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    std::size_t unit_size = 0;
    while (unit_size < rest.size() && !is_digit(rest[unit_size]) && rest[unit_size] != '.') ++unit_size;
    const bool is_plain = unit_size == 0 && rest.empty() && total == 0;
    const double unit = is_plain ? 1e6 : unit_us(rest.substr(0, unit_size));
    if (unit == 0) return bad_duration(text);
    rest.remove_prefix(unit_size);
    total += number * unit;
    if (!(total <= static_cast<double>(kDurationMax.us))) return bad_duration(text);
  }
  return base::Duration{static_cast<std::int64_t>(total + 0.5)};
}

base::Result<base::Timestamp> parse_when(std::string_view text, base::Timestamp now) {
  if (auto exact = base::parse_rfc3339(text)) return *exact;
  std::string_view rest = text;
  LocalTime t;
  if (text.size() >= 3 && text[2] == ':') {
    if (!parse_clock(rest, t) || !rest.empty()) return bad_time(text);
    for (const int days_later : {0, 1}) {
      const LocalTime day = local_day(now, days_later);
      t.year = day.year, t.month = day.month, t.day = day.day;
      const auto when = to_timestamp(t);
      if (when && *when > now) return *when;
    }
    return checked(text, std::nullopt);
  }
  if (!parse_date(rest, t)) return bad_time(text);
  if (!rest.empty() && (!(take(rest, ' ') || take(rest, 'T')) || !parse_clock(rest, t) || !rest.empty()))
    return bad_time(text);
  return checked(text, to_timestamp(t));
}

std::string format_local(base::Timestamp t) {
  const std::time_t seconds = t.us / kUsPerSecond;
  std::tm fields{};
  localtime_r(&seconds, &fields);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", fields.tm_year + 1900, fields.tm_mon + 1,
                     fields.tm_mday, fields.tm_hour, fields.tm_min, fields.tm_sec, t.us / 1'000 % 1'000);
}

std::string format_duration(base::Duration d) {
  const std::int64_t seconds = d.us / kUsPerSecond;
  if (d.us < kUsPerSecond) return fmt::format("{} ms", d.us / 1'000);
  if (seconds < 60) return fmt::format("{:.2f} s", d.as_seconds());
  if (seconds < 3'600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{} h {} min", seconds / 3'600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86'400, seconds / 3'600 % 24);
}

}  // namespace escapement::cli
