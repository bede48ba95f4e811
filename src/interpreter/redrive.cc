// RedriveExecution: an execution that ended badly goes on from where it stood.
//
// AWS ("Restarting state machine executions with redrive"): states that were entered and not left run again with their
// input and no new …StateEntered event; a Fail state is entered anew; only the branches and iterations that did not
// succeed are run again; counters of retries and timeouts start over.
#include "interpreter/stepper.h"

namespace escapement::interpreter {

base::Result<void> Stepper::apply(const Redrive&) {
  ExecutionHead& head = state_.head;
  ESC_TRY(Frame* const root, state_.touch(0));
  ++head.redrive_count;
  head.redrive_time = context_.now;
  head.status = Status::running;
  head.stop_time.reset();
  head.error.reset();
  head.cause.reset();
  arm_execution_timeout();
  Event& event = emit(EventType::ExecutionRedriven, head.next_event_id - 1);
  add(event, FieldId::redrive_count, static_cast<std::int64_t>(head.redrive_count));
  redriven_event_ = event.id;
  return resume(*root);
}

base::Result<void> Stepper::resume(Frame& frame) {
  const asl::State& state = program_.at(frame.state);
  frame.last_event = redriven_event_;
  frame.retries.clear();
  if (frame.children) {
    frame.phase = Phase::joining;
    const Children children = *frame.children;
    for (std::uint32_t i = 0; i < children.started; ++i) {
      ESC_TRY(Frame* const child, state_.find(children.first + i));
      if (child->phase == Phase::succeeded) continue;
      ESC_CHECK(state_.touch(child->id));
      ESC_CHECK(resume(*child));
    }
    if (state.type() == asl::StateType::map) return start_iterations(frame, redriven_event_);
    return {};
  }
  frame.phase = Phase::ready;
  if (state.type() == asl::StateType::fail) frame.entered_event = 0;
  runnable_.push_back(frame.id);
  return {};
}

}  // namespace escapement::interpreter
