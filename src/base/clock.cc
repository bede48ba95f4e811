#include "base/clock.h"

#include <ctime>

namespace escapement::base {

Timestamp SystemClock::now() const {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return {now.tv_sec * 1'000'000 + now.tv_nsec / 1'000};
}

}  // namespace escapement::base
