// Days, months and weeks of the proleptic Gregorian calendar, in milliseconds since the epoch.
#pragma once

#include <cstdint>

namespace escapement::query::jsonata {

inline constexpr std::int64_t kMsPerDay = 86'400'000;

struct CalendarTime {
  std::int64_t year;
  int month;  // 1 to 12
  int day;    // 1 to 31
  int hour, minute, second, millisecond;
  int weekday;  // 1 Monday to 7 Sunday
};

// `ms` within JavaScript's range, +-8.64e15.
CalendarTime calendar_time(std::int64_t ms);

// Fields out of their range carry over, as Date.UTC does it. `month` is 0 to 11 when in range.
double utc_ms(double year, double month, double day, double hour, double minute, double second, double millisecond);

// The value of a component of a date picture ('Y', 'M', 'd', 'W', ...) that is a number.
double calendar_component(std::int64_t ms, char component);

}  // namespace escapement::query::jsonata
