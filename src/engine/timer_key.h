// What waits for a moment or must not be forgotten: one row of the timer table or of the outbox, and its whole content.
//
// The timer table holds the interpreter's timers and the removal of closed executions (the one that the key names, and
// those of its partition that the row's value lists).
//
// The outbox holds what the engine owes: a task that was let go and whose answer is outstanding, a step that stopped
// short, a child's end that its parent must hear of, a child that its parent no longer waits for and that must be
// stopped. In place of a due time these have a stamp, which grows whatever the wall clock does, across restarts too: so
// what a former process left is told from this one's, and comes in its order.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "engine/ids.h"
#include "interpreter/step.h"

namespace escapement::engine {

// The interpreter's kinds keep their numbers. Numbers are stored: append only, never reuse.
enum class TimerRowKind : std::uint8_t {
  wait = 1,
  retry = 2,
  task_timeout = 3,
  task_heartbeat = 4,
  execution_timeout = 5,
  task_in_flight = 16,
  unfinished_step = 17,
  tell_parent = 18,
  retention = 19,
  stop_child = 20,
};

inline bool is_owed(TimerRowKind kind) {
  return kind >= TimerRowKind::task_in_flight && kind != TimerRowKind::retention;
}

struct TimerKey {
  base::Timestamp due;  // or the stamp
  ExecutionId execution;
  interpreter::FrameId frame = 0;
  TimerRowKind kind = TimerRowKind::wait;
  std::uint32_t attempt = 0;

  // The order of the rows: earliest first.
  auto operator<=>(const TimerKey&) const = default;

  std::string encode() const;
  static std::optional<TimerKey> decode(std::string_view key);
};

inline TimerKey timer_key(ExecutionId execution, const interpreter::TimerId& timer, base::Timestamp due) {
  return {due, execution, timer.frame, static_cast<TimerRowKind>(timer.kind), timer.attempt};
}

// The row of a task whose answer is outstanding.
inline TimerKey in_flight_row(const TaskKey& task, base::Timestamp stamp) {
  return {stamp, task.execution, task.task.frame, TimerRowKind::task_in_flight, task.task.attempt};
}

}  // namespace escapement::engine
