// Bugs stop the process. ESC_ASSERT stays on in release; ESC_VERIFY is for costly checks and is on with
// ESC_DEBUG_CHECKS.
#pragma once

namespace escapement::base {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define ESC_ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::escapement::base::assertion_failed(#expression, __FILE__, __LINE__))

#ifdef ESC_DEBUG_CHECKS
#define ESC_VERIFY(expression) ESC_ASSERT(expression)
#else
#define ESC_VERIFY(expression) void(0)
#endif
