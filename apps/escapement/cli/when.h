// Durations and points in time as people type them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace escapement::cli {

// "90s", "1h30m", "2d", "500ms", "1.5h", or a plain number of seconds. Units: ms, s, m, h, d, w. Never negative; at
// most a hundred years. Errors: invalid.
base::Result<base::Duration> parse_duration(std::string_view text);

// A point in time, seen from `now`:
//   2026-12-01T14:00:05Z, 2026-12-01T14:00:05.250+02:00    RFC 3339
//   2026-12-01 14:00:05, 2026-12-01T14:00, 2026-12-01      local time
//   14:00:05, 14:00                                        local time, today, or tomorrow where that has passed
// Local times that a change of the clocks skips are refused; of those that occur twice the first is taken.
// Errors: invalid.
base::Result<base::Timestamp> parse_when(std::string_view text, base::Timestamp now);

// "2026-12-01 14:00:05.250" in local time.
std::string format_local(base::Timestamp t);

// "950 ms", "4.21 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
std::string format_duration(base::Duration d);

}  // namespace escapement::cli
