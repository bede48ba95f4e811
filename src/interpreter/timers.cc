// Timers: armed and cancelled as effects, fired and moved by commands.
#include <algorithm>

#include "interpreter/stepper.h"

namespace escapement::interpreter {

namespace {

// Farther back an armed timer is not looked for when it is cancelled in the same step; the engine then sees both
// effects.
constexpr std::size_t kEffectsLookedAt = 64;

}  // namespace

// A timer armed in this very step is as if it never was.
void Stepper::cancel(const TimerId& timer, base::Timestamp due) {
  auto& effects = out_.effects;
  if (effects.size() <= kEffectsLookedAt) {
    const auto armed_here = std::find_if(effects.begin(), effects.end(), [&](const Effect& effect) {
      const auto* arm = std::get_if<ArmTimer>(&effect);
      return arm != nullptr && arm->timer == timer && arm->due == due;
    });
    if (armed_here != effects.end()) {
      effects.erase(armed_here);
      return;
    }
  }
  effects.push_back(CancelTimer{timer, due});
}

base::Timestamp Stepper::last_moment() const {
  const std::int64_t seconds = state_.facts.express ? limits_.express_seconds_max : limits_.standard_seconds_max;
  return state_.facts.start_time + base::Duration::seconds(seconds);
}

void Stepper::arm(const TimerId& timer, base::Timestamp due) {
  out_.effects.push_back(ArmTimer{timer, due});
  if (due <= last_moment() || state_.head.timeout_due) return;
  state_.head.timeout_due = last_moment();
  out_.effects.push_back(ArmTimer{{0, TimerKind::execution_timeout, state_.head.redrive_count}, last_moment()});
}

void Stepper::arm_execution_timeout() {
  const ExecutionFacts& facts = state_.facts;
  std::optional<std::int64_t> seconds = facts.graph == 0 ? program_.timeout_seconds : std::nullopt;
  if (facts.express) seconds = std::min(seconds.value_or(limits_.express_seconds_max), limits_.express_seconds_max);
  if (!seconds) return;
  state_.head.timeout_due = context_.now + base::Duration::seconds(*seconds);
  if (!facts.express) state_.head.timeout_due = std::min(*state_.head.timeout_due, last_moment());
  arm({0, TimerKind::execution_timeout, state_.head.redrive_count}, *state_.head.timeout_due);
}

base::Timestamp* Stepper::armed(Frame& frame, TimerKind kind) {
  const auto within = [](std::optional<base::Timestamp>& due) { return due ? &*due : nullptr; };
  switch (kind) {
    case TimerKind::wait:
      return frame.phase == Phase::waiting ? &frame.due : nullptr;
    case TimerKind::retry:
      return frame.phase == Phase::backing_off ? &frame.due : nullptr;
    case TimerKind::task_timeout:
      return frame.phase == Phase::working && frame.task ? within(frame.task->timeout_due) : nullptr;
    case TimerKind::task_heartbeat:
      return frame.phase == Phase::working && frame.task ? within(frame.task->heartbeat_due) : nullptr;
    case TimerKind::execution_timeout:
      return nullptr;
  }
  return nullptr;
}

base::Result<void> Stepper::apply(const TimerFired& command) {
  const TimerId& timer = command.timer;
  const bool due_is_known = command.due != base::Timestamp{};
  const auto is_current = [&](base::Timestamp due) { return due_is_known ? due == command.due : due <= context_.now; };
  if (timer.kind == TimerKind::execution_timeout) {
    auto& due = state_.head.timeout_due;
    if (!due || timer.attempt != state_.head.redrive_count || !is_current(*due)) return {};
    due.reset();
    return time_out_execution();
  }
  ESC_TRY(Frame* const frame, frame_of(timer));
  if (frame == nullptr) return {};
  const base::Timestamp* due = armed(*frame, timer.kind);
  if (due == nullptr || !is_current(*due)) return {};
  switch (timer.kind) {
    case TimerKind::wait:
      return wait_is_over(*frame);
    case TimerKind::retry:
      frame->phase = Phase::ready;
      runnable_.push_back(frame->id);
      return {};
    case TimerKind::task_timeout:
      frame->task->timeout_due.reset();
      return task_timed_out(*frame, false);
    case TimerKind::task_heartbeat:
      frame->task->heartbeat_due.reset();
      return task_timed_out(*frame, true);
    case TimerKind::execution_timeout:
      break;
  }
  return {};
}

base::Result<void> Stepper::apply(const MoveTimer& command) {
  const TimerId& timer = command.timer;
  base::Timestamp* due = nullptr;
  if (timer.kind == TimerKind::execution_timeout) {
    if (timer.attempt == state_.head.redrive_count && state_.head.timeout_due) due = &*state_.head.timeout_due;
  } else {
    ESC_TRY(Frame* const frame, frame_of(timer));
    if (frame != nullptr) due = armed(*frame, timer.kind);
  }
  if (due == nullptr || *due == command.due) return {};
  cancel(timer, *due);
  *due = command.due;
  arm(timer, *due);
  return {};
}

}  // namespace escapement::interpreter
