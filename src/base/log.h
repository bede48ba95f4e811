// The server's own log: one line an event on standard error. Never pass a secret. Any thread.
#pragma once

#include <string_view>

namespace escapement::base {

enum class LogLevel { debug, info, warning, error, off };

void set_log_level(LogLevel level);
// `area` is the room that speaks ("engine", "functions").
void log(LogLevel level, std::string_view area, std::string_view message);

}  // namespace escapement::base
