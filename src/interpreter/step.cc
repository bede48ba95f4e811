#include "interpreter/step.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "interpreter/stepper.h"

namespace escapement::interpreter {
namespace {

const Limits kDefaultLimits;
constexpr std::size_t kEventsOfAStep = 8;  // of most

}  // namespace

Stepper::Stepper(const asl::Program& program, ExecutionState& state, const StepContext& context)
    : program_(program),
      state_(state),
      context_(context),
      limits_(context.limits != nullptr ? *context.limits : kDefaultLimits),
      generator_(state.head.random_state) {
  out_.events.reserve(kEventsOfAStep);
}

base::Result<Transition> Stepper::run(const Command& command) {
  const bool starts = std::holds_alternative<Start>(command);
  const bool redrives = std::holds_alternative<Redrive>(command);
  const bool running = state_.head.status == Status::running;
  const bool fresh = running && state_.head.next_event_id == 1;
  const bool redrivable = !running && !state_.facts.express && state_.head.status != Status::succeeded;
  if (starts ? !fresh : redrives ? !redrivable : !running) return std::move(out_);

  if (!starts) {
    ESC_TRY(Frame* const root, state_.find(0));
    if (!root->runnable.empty()) {
      ESC_CHECK(state_.touch(0));
      runnable_ = std::move(root->runnable);
      root->runnable.clear();
    }
  }
  const bool stops = std::holds_alternative<Stop>(command);
  if (running && !starts && !stops && !state_.facts.express && context_.now >= last_moment()) {
    ESC_CHECK(time_out_execution());
  } else {
    ESC_CHECK(std::visit([&](const auto& one) { return apply(one); }, command));
  }
  ESC_CHECK(run_all());
  state_.head.random_state = generator_.state();
  return std::move(out_);
}

base::Result<void> Stepper::run_all() {
  std::size_t left = limits_.transitions_per_step_max;
  while (next_runnable_ < runnable_.size() && state_.head.status == Status::running) {
    if (history_full_) return exceed_history();
    if (left-- == 0) {
      ESC_TRY(Frame* const root, state_.touch(0));
      root->runnable.assign(runnable_.begin() + static_cast<std::ptrdiff_t>(next_runnable_), runnable_.end());
      out_.unfinished = true;
      return {};
    }
    const FrameId id = runnable_[next_runnable_++];
    if (next_runnable_ == runnable_.size()) {
      runnable_.clear();
      next_runnable_ = 0;
    }
    auto frame = state_.touch(id);
    if (!frame) {
      if (frame.error().code == base::ErrorCode::not_found) continue;
      return std::move(frame).error();
    }
    if ((*frame)->phase == Phase::ready) ESC_CHECK(run_state(**frame));
  }
  if (history_full_ && state_.head.status == Status::running) return exceed_history();
  return {};
}

base::Result<void> Stepper::run_state(Frame& frame) {
  const asl::State& state = program_.at(frame.state);
  if (frame.entered_event == 0) emit_entered(frame, state);
  Activation activation = activate(frame);
  switch (state.type()) {
    case asl::StateType::pass:
      return run_pass(activation);
    case asl::StateType::task:
      return run_task(activation);
    case asl::StateType::choice:
      return run_choice(activation);
    case asl::StateType::wait:
      return run_wait(activation);
    case asl::StateType::succeed:
      return run_succeed(activation);
    case asl::StateType::fail:
      return run_fail(activation);
    case asl::StateType::parallel:
      return run_parallel(activation);
    case asl::StateType::map:
      return run_map(activation);
  }
  return {};
}

base::Result<void> Stepper::apply(const Start&) {
  const ExecutionFacts& facts = state_.facts;
  Frame& root = state_.create(0);
  Event& event = emit(EventType::ExecutionStarted, 0);
  add(event, FieldId::input, facts.input);
  add(event, FieldId::role_arn, facts.role_arn);
  if (!facts.alias_arn.empty()) add(event, FieldId::state_machine_alias_arn, facts.alias_arn);
  if (!facts.version_arn.empty()) add(event, FieldId::state_machine_version_arn, facts.version_arn);
  ESC_ASSERT(facts.graph < program_.graphs.size());
  arm_execution_timeout();
  enter_next(root, program_.graphs[facts.graph].start_at, facts.input);
  return {};
}

base::Result<Frame*> Stepper::frame_at(FrameId id, std::uint32_t attempt) {
  auto found = state_.find(id);
  if (!found) {
    if (found.error().code == base::ErrorCode::not_found) return nullptr;
    return std::move(found).error();
  }
  if ((*found)->attempt != attempt) return nullptr;
  return state_.touch(id);
}

base::Result<Frame*> Stepper::working_frame(const TaskId& task) {
  ESC_TRY(Frame* const frame, frame_at(task.frame, task.attempt));
  return frame != nullptr && frame->phase == Phase::working && frame->task ? frame : nullptr;
}

base::Result<Frame*> Stepper::frame_of(const TimerId& timer) { return frame_at(timer.frame, timer.attempt); }

base::Result<void> Stepper::time_out_execution() {
  ESC_TRY(Frame* const root, state_.touch(0));
  ESC_CHECK(abort(*root, 0, false));
  emit(EventType::ExecutionTimedOut, 0);
  return end_execution(Status::timed_out, {});
}

base::Result<void> Stepper::apply(const Stop& command) {
  ESC_TRY(Frame* const root, state_.touch(0));
  ESC_CHECK(abort(*root, 0, false));
  const StateError error{command.error, command.cause};
  Event& event = emit(EventType::ExecutionAborted, 0);
  add_error(event, error);
  return end_execution(Status::aborted, error);
}

base::Result<void> Stepper::exceed_history() {
  ESC_TRY(Frame* const root, state_.touch(0));
  ESC_CHECK(abort(*root, 0, false));
  const StateError error{
      "States.Runtime",
      fmt::format("The execution reached the maximum number of history events ({}).", limits_.history_events_max)};
  const std::uint64_t previous = out_.events.empty() ? root->last_event : out_.events.back().id;
  Event& event = emit(EventType::ExecutionFailed, previous);
  add_error(event, error);
  return end_execution(Status::failed, error);
}

base::Result<Transition> step(const asl::Program& program, ExecutionState& state, const Command& command,
                              const StepContext& context) {
  return Stepper(program, state, context).run(command);
}

}  // namespace escapement::interpreter
