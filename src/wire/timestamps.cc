#include "wire/timestamps.h"

#include <charconv>
#include <cmath>
#include <ctime>

#include "base/time.h"

namespace escapement::wire {
namespace {

constexpr double kSecondsMax = 253'402'300'799.0;  // the end of the year 9999

std::int64_t whole_ms(const json::Value& seconds) {
  if (seconds.is_int64()) return seconds.as_int64() * 1'000;
  const double value = seconds.as_double();
  return std::isfinite(value) && std::fabs(value) <= kSecondsMax ? std::llround(value * 1e3) : 0;
}

std::optional<json::Value> parse_http_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text.substr(0, 64));
  const char* end = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return json::Value(static_cast<std::int64_t>(::timegm(&parts)));
}

}  // namespace

void append_epoch(std::string& out, const json::Value& seconds) {
  const std::int64_t ms = whole_ms(seconds);
  if (ms < 0) out.push_back('-');
  const std::int64_t magnitude = ms < 0 ? -ms : ms;
  out.append(std::to_string(magnitude / 1'000));
  const auto fraction = static_cast<int>(magnitude % 1'000);
  if (fraction == 0) return;
  out.push_back('.');
  out.push_back(static_cast<char>('0' + fraction / 100));
  if (fraction % 100 != 0) out.push_back(static_cast<char>('0' + fraction / 10 % 10));
  if (fraction % 10 != 0) out.push_back(static_cast<char>('0' + fraction % 10));
}

std::string to_iso8601_seconds(const json::Value& seconds) {
  const std::int64_t ms = whole_ms(seconds);
  std::string text = base::to_iso8601(base::Timestamp::from_ms(ms));
  if (ms % 1'000 == 0) text.erase(text.size() - 5, 4);  // ".000" before the Z
  return text;
}

std::string to_http_date(const json::Value& seconds) {
  const std::time_t time = whole_ms(seconds) / 1'000;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::optional<json::Value> parse_timestamp(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (!std::isfinite(seconds) || std::fabs(seconds) > kSecondsMax) return std::nullopt;
    if (seconds == std::floor(seconds)) return json::Value(static_cast<std::int64_t>(seconds));
    return json::Value(seconds);
  }
  if (const auto time = base::parse_rfc3339(text)) {
    if (time->us % 1'000'000 == 0) return json::Value(time->us / 1'000'000);
    return json::Value(static_cast<double>(time->us) / 1e6);
  }
  return parse_http_date(text);
}

}  // namespace escapement::wire
