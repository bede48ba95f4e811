#include "asl/retry.h"

#include <algorithm>
#include <cmath>

namespace escapement::asl {

bool matches_error(const std::vector<std::string>& error_equals, std::string_view error) {
  if (error == "States.Runtime") return false;
  const bool heartbeat = error == "States.HeartbeatTimeout";
  return std::any_of(error_equals.begin(), error_equals.end(), [&](const std::string& name) {
    if (name == error) return true;
    if (name == "States.ALL") return true;
    if (name == "States.TaskFailed") return error != "States.Timeout" && !heartbeat;
    return name == "States.Timeout" && heartbeat;
  });
}

double retry_delay_seconds(const Retrier& retrier, std::int64_t attempt) {
  const double delay = static_cast<double>(retrier.interval_seconds) *
                       std::pow(retrier.backoff_rate, static_cast<double>(std::max<std::int64_t>(attempt, 1) - 1));
  constexpr double kYear = 31'536'000;
  const double cap = retrier.delay_seconds_max ? static_cast<double>(*retrier.delay_seconds_max) : kYear;
  return std::isfinite(delay) ? std::min(delay, cap) : cap;
}

}  // namespace escapement::asl
