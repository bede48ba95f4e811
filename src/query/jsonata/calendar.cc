#include "query/jsonata/calendar.h"

#include <cmath>
#include <initializer_list>

namespace escapement::query::jsonata {
namespace {

// H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return quotient - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

int weekday_of(std::int64_t day) {
  const auto since_monday = static_cast<int>((day + 3) - floor_divide(day + 3, 7) * 7);  // day 0 was a Thursday
  return since_monday + 1;
}

struct YearMonth {
  std::int64_t year;
  int month;  // 1 to 12
};

YearMonth next_month(YearMonth m) { return m.month == 12 ? YearMonth{m.year + 1, 1} : YearMonth{m.year, m.month + 1}; }
YearMonth previous_month(YearMonth m) {
  return m.month == 1 ? YearMonth{m.year - 1, 12} : YearMonth{m.year, m.month - 1};
}

// The Monday that begins the first week, the one that holds the first Thursday.
std::int64_t first_week(YearMonth m) {
  const std::int64_t first = days_from_civil(m.year, m.month, 1);
  const int weekday = weekday_of(first);
  return weekday > 4 ? first + 8 - weekday : first - (weekday - 1);
}

int week_between(std::int64_t start, std::int64_t day) { return static_cast<int>(floor_divide(day - start, 7)) + 1; }

int week_in_year(std::int64_t day, std::int64_t year) {
  const int week = week_between(first_week({year, 1}), day);
  if (week > 52 && day >= first_week({year + 1, 1})) return 1;
  if (week < 1) return week_between(first_week({year - 1, 1}), day);
  return week;
}

int week_in_month(std::int64_t day, YearMonth m) {
  const int week = week_between(first_week(m), day);
  if (week > 4 && day >= first_week(next_month(m))) return 1;
  if (week < 1) return week_between(first_week(previous_month(m)), day);
  return week;
}

}  // namespace

CalendarTime calendar_time(std::int64_t ms) {
  const std::int64_t days = floor_divide(ms, kMsPerDay);
  std::int64_t rest = ms - days * kMsPerDay;
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = floor_divide(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_shifted = (5 * day_of_year + 2) / 153;
  CalendarTime time{};
  time.day = static_cast<int>(day_of_year - (153 * month_shifted + 2) / 5 + 1);
  time.month = static_cast<int>(month_shifted < 10 ? month_shifted + 3 : month_shifted - 9);
  time.year = year_of_era + era * 400 + (time.month <= 2 ? 1 : 0);
  time.weekday = weekday_of(days);
  time.millisecond = static_cast<int>(rest % 1'000);
  rest /= 1'000;
  time.second = static_cast<int>(rest % 60);
  rest /= 60;
  time.minute = static_cast<int>(rest % 60);
  time.hour = static_cast<int>(rest / 60);
  return time;
}

double utc_ms(double year, double month, double day, double hour, double minute, double second, double millisecond) {
  for (const double field : {year, month, day, hour, minute, second, millisecond}) {
    if (!std::isfinite(field) || std::fabs(field) > 1e9) return std::nan("");
  }
  year = std::trunc(year);
  if (year >= 0 && year <= 99) year += 1900;
  const double months = std::trunc(month);
  const auto carried = static_cast<std::int64_t>(year) + floor_divide(static_cast<std::int64_t>(months), 12);
  const auto in_year =
      static_cast<int>(static_cast<std::int64_t>(months) - floor_divide(static_cast<std::int64_t>(months), 12) * 12);
  const double days = static_cast<double>(days_from_civil(carried, in_year + 1, 1)) + std::trunc(day) - 1;
  const double ms = days * static_cast<double>(kMsPerDay) + std::trunc(hour) * 3'600'000 + std::trunc(minute) * 60'000 +
                    std::trunc(second) * 1'000 + std::trunc(millisecond);
  return std::fabs(ms) > 8.64e15 ? std::nan("") : ms;
}

double calendar_component(std::int64_t ms, char component) {
  const CalendarTime time = calendar_time(ms);
  const std::int64_t day = floor_divide(ms, kMsPerDay);
  const YearMonth month{time.year, time.month};
  switch (component) {
    case 'Y':
      return static_cast<double>(time.year);
    case 'M':
      return time.month;
    case 'D':
      return time.day;
    case 'd':
      return static_cast<double>(day - days_from_civil(time.year, 1, 1) + 1);
    case 'F':
      return time.weekday;
    case 'W':
      return week_in_year(day, time.year);
    case 'w':
      return week_in_month(day, month);
    case 'X':
      if (day < first_week({time.year, 1})) return static_cast<double>(time.year - 1);
      return static_cast<double>(day >= first_week({time.year + 1, 1}) ? time.year + 1 : time.year);
    case 'x':
      if (day < first_week(month)) return previous_month(month).month;
      return day >= first_week(next_month(month)) ? next_month(month).month : time.month;
    case 'H':
      return time.hour;
    case 'h':
      return time.hour % 12 == 0 ? 12 : time.hour % 12;
    case 'P':
      return time.hour >= 12 ? 1 : 0;
    case 'm':
      return time.minute;
    case 's':
      return time.second;
    case 'f':
      return time.millisecond;
    default:
      return 0;
  }
}

}  // namespace escapement::query::jsonata
