#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace escapement::base {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "escapement: assertion failed: %s (%s:%d)\n", expression, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace escapement::base
