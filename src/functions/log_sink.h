// Where log lines of functions go.
//
// Threading: append() from any thread; it must not block and may drop lines when a bound is reached.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace escapement::functions {

struct LogLine {
  std::string_view region;
  std::string_view group;       // "/aws/lambda/NAME"
  std::string_view stream;      // "2024/05/01/[$LATEST]0123456789abcdef0123456789abcdef"
  std::string_view request_id;  // empty before the first invocation of a process
  base::Timestamp time;
  std::string_view text;  // one event as CloudWatch Logs shows it; START, END and REPORT lines end in a newline
};

// The views live only during the call.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void append(const LogLine& line) = 0;
};

}  // namespace escapement::functions
