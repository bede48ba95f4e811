// Where time comes from. Whoever knows the time got it from a `Clock`; nothing else in the program asks the system.
//
// Threading: now() may be called from any thread.
#pragma once

#include <atomic>

#include "base/time.h"

namespace escapement::base {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

// The system's wall clock.
class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
};

// A clock that stands still until it is told to move.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Timestamp start) : us_(start.us) {}
  Timestamp now() const override { return {us_.load(std::memory_order_acquire)}; }
  void advance(Duration d) { us_.fetch_add(d.us, std::memory_order_acq_rel); }
  void set(Timestamp t) { us_.store(t.us, std::memory_order_release); }

 private:
  std::atomic<std::int64_t> us_;
};

}  // namespace escapement::base
