#include "base/time.h"

#include <fmt/format.h>

#include <chrono>

namespace escapement::base {
namespace {

struct Civil {
  int year, month, day, hour, minute, second, ms;
};

Civil to_civil(Timestamp t) {
  using namespace std::chrono;
  const sys_time<microseconds> point{microseconds{t.us}};
  const auto day_point = floor<days>(point);
  const year_month_day date{day_point};
  const hh_mm_ss time{floor<milliseconds>(point - day_point)};
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(time.hours().count()),
          static_cast<int>(time.minutes().count()),
          static_cast<int>(time.seconds().count()),
          static_cast<int>(time.subseconds().count())};
}

// Reads fixed-width digits and separators from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool digits(int count, int& value) {
    if (text_.size() < static_cast<std::size_t>(count)) return false;
    value = 0;
    for (int i = 0; i < count; ++i) {
      const char c = text_[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(static_cast<std::size_t>(count));
    return true;
  }

  bool literal(char expected) {
    if (text_.empty() || text_.front() != expected) return false;
    text_.remove_prefix(1);
    return true;
  }

  // Digits after a decimal point, as microseconds; at least one.
  bool fraction(std::int64_t& us) {
    std::int64_t scale = 100'000;
    std::size_t count = 0;
    us = 0;
    while (count < text_.size() && text_[count] >= '0' && text_[count] <= '9') {
      us += (text_[count] - '0') * scale;
      scale /= 10;
      ++count;
    }
    text_.remove_prefix(count);
    return count > 0;
  }

  bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

}  // namespace

std::string to_iso8601(Timestamp t) {
  const Civil c = to_civil(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", c.year, c.month, c.day, c.hour, c.minute, c.second,
                     c.ms);
}

std::string to_basic_iso8601(Timestamp t) {
  const Civil c = to_civil(t);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  const auto fail = [&] {
    return make_error(ErrorCode::invalid, fmt::format("'{}' is not an RFC 3339 timestamp", text));
  };
  Reader in(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!in.digits(4, year) || !in.literal('-') || !in.digits(2, month) || !in.literal('-') || !in.digits(2, day))
    return fail();
  if (!in.literal('T') || !in.digits(2, hour) || !in.literal(':') || !in.digits(2, minute) || !in.literal(':') ||
      !in.digits(2, second))
    return fail();
  std::int64_t fraction_us = 0;
  if (in.literal('.') && !in.fraction(fraction_us)) return fail();
  int offset_minutes = 0;
  if (!in.literal('Z')) {
    const bool negative = in.literal('-');
    if (!negative && !in.literal('+')) return fail();
    int offset_hour = 0, offset_minute = 0;
    if (!in.digits(2, offset_hour) || !in.literal(':') || !in.digits(2, offset_minute)) return fail();
    if (offset_hour > 23 || offset_minute > 59) return fail();
    offset_minutes = (offset_hour * 60 + offset_minute) * (negative ? -1 : 1);
  }
  if (!in.at_end() || hour > 23 || minute > 59 || second > 59) return fail();
  using namespace std::chrono;
  const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return fail();
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + hour * 3'600 + minute * 60 + second - offset_minutes * 60;
  return Timestamp{seconds * 1'000'000 + fraction_us};
}

}  // namespace escapement::base
