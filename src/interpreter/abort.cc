#include "interpreter/stepper.h"

namespace escapement::interpreter {

// Cancels the frame's timers and its task; the frame itself stays where it stands.
void Stepper::release(Frame& frame) {
  const auto cancel_timer = [&](TimerKind kind, base::Timestamp due) { cancel({frame.id, kind, frame.attempt}, due); };
  if (frame.phase == Phase::waiting) cancel_timer(TimerKind::wait, frame.due);
  if (frame.phase == Phase::backing_off) cancel_timer(TimerKind::retry, frame.due);
  if (frame.phase != Phase::working || !frame.task) return;
  out_.effects.push_back(CancelTask{{frame.id, frame.attempt}});
  end_task(frame);
}

base::Result<void> Stepper::abort(Frame& frame, std::uint64_t cause_event, bool tell) {
  const asl::State& state = program_.at(frame.state);
  const bool was_joining = frame.phase == Phase::joining;
  const bool had_map_run = frame.task && frame.task->map_run_started;
  release(frame);
  frame.phase = Phase::aborted;
  if (was_joining) ESC_CHECK(abort_children(frame, cause_event, nullptr, tell));
  if (!tell) return {};
  if (had_map_run) emit(EventType::MapRunAborted, cause_event);
  const auto aborted = events_of(state.type()).aborted;
  if (aborted && frame.entered_event != 0) emit(*aborted, cause_event);
  return {};
}

base::Result<void> Stepper::abort_children(Frame& parent, std::uint64_t cause_event, const Frame* except, bool tell) {
  const asl::State& around = program_.at(parent.state);
  const Children& children = *parent.children;
  for (std::uint32_t i = 0; i < children.started; ++i) {
    if (except != nullptr && children.first + i == except->id) continue;
    ESC_TRY(Frame* const child, state_.find(children.first + i));
    if (!child->is_running()) continue;
    ESC_CHECK(state_.touch(child->id));
    ESC_CHECK(abort(*child, cause_event, tell));
    if (!tell || around.type() != asl::StateType::map) continue;
    Event& event = emit(EventType::MapIterationAborted, cause_event);
    add(event, FieldId::name, around.name);
    add(event, FieldId::index, static_cast<std::int64_t>(child->index));
  }
  return {};
}

base::Result<void> Stepper::remove_children(Frame& frame) {
  if (!frame.children) return {};
  const Children children = *frame.children;
  frame.children.reset();
  for (std::uint32_t i = 0; i < children.started; ++i) {
    ESC_TRY(Frame* const child, state_.find(children.first + i));
    ESC_CHECK(remove_children(*child));
    state_.remove(children.first + i);
  }
  return {};
}

}  // namespace escapement::interpreter
