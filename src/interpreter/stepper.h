// One step in progress. Its methods are spread over files by idea: step.cc (commands and the run loop), events.cc,
// data_flow.cc (what goes into a state and comes out of it), failure.cc (retry, catch, failing upwards), abort.cc,
// redrive.cc, and one file for each state type. Internal to this room.
//
// Methods return Result<void>; the only errors are those of loading frames.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "asl/program.h"
#include "base/random.h"
#include "interpreter/execution.h"
#include "interpreter/scope.h"
#include "interpreter/step.h"

namespace escapement::interpreter {

class Stepper {
 public:
  // All are borrowed and must outlive the stepper.
  Stepper(const asl::Program& program, ExecutionState& state, const StepContext& context);

  base::Result<Transition> run(const Command& command);

 private:
  using Event = history::Event;
  using EventType = history::EventType;
  using FieldId = history::FieldId;

  // ---- step.cc
  base::Result<void> apply(const Start&);
  base::Result<void> apply(const TimerFired& command);
  base::Result<void> apply(const ActivityTaken& command);
  base::Result<void> apply(const TaskSubmitted& command);
  base::Result<void> apply(const TaskSucceeded& command);
  base::Result<void> apply(const TaskFailed& command);
  base::Result<void> apply(const TaskStartFailed& command);
  base::Result<void> apply(const TaskHeartbeat& command);
  base::Result<void> apply(const Stop& command);
  base::Result<void> apply(const Redrive&);
  base::Result<void> apply(const Continue&) { return {}; }
  base::Result<void> apply(const MapRunStarted& command);
  base::Result<void> apply(const MapRunEnded& command);
  base::Result<void> apply(const MoveTimer& command);
  // The armed time of a timer of the frame; nullptr: it is not armed.
  base::Timestamp* armed(Frame& frame, TimerKind kind);
  // The frame of a timer, marked as changed; nullptr when it has moved on or is gone.
  base::Result<Frame*> frame_of(const TimerId& timer);
  void arm(const TimerId& timer, base::Timestamp due);
  void cancel(const TimerId& timer, base::Timestamp due);
  void arm_execution_timeout();
  base::Timestamp last_moment() const;
  base::Result<void> run_all();
  base::Result<void> run_state(Frame& frame);
  // The frame of a task in flight, marked as changed; nullptr when it has moved on or is gone.
  base::Result<Frame*> working_frame(const TaskId& task);
  base::Result<Frame*> frame_at(FrameId id, std::uint32_t attempt);
  base::Result<void> time_out_execution();
  base::Result<void> exceed_history();

  // ---- events.cc
  Event& emit(EventType type, std::uint64_t previous);
  // Links the event to the frame's last one and makes it the last.
  Event& emit(EventType type, Frame& frame);
  static void add(Event& event, FieldId id, std::string_view text);
  static void add(Event& event, FieldId id, std::int64_t number);
  static void add(Event& event, FieldId id, const json::Payload& payload);
  static void add_error(Event& event, const StateError& error);
  void add_resource(Event& event, const asl::Resource& resource);
  void emit_entered(Frame& frame, const asl::State& state);
  void emit_exited(Frame& frame, const asl::State& state, const json::Payload& output, const json::Value* assigned);

  // ---- data_flow.cc
  // Everything that evaluations for one state share.
  struct Activation {
    Frame& frame;
    const asl::State& state;
    StateScope scope;
  };
  Activation activate(Frame& frame) {
    return {frame, program_.at(frame.state), StateScope(program_, state_, frame, context_)};
  }
  asl::Environment environment(const Activation& activation, const json::Value& input) {
    return {input, activation.scope, generator_, nullptr, nullptr, context_.now};
  }
  void inspect(Stage stage, const json::Payload& payload);

  // InputPath applied; JSONata: the input.
  asl::Evaluated<json::Payload> effective_input(Activation& activation);
  // The same, and Parameters or Arguments applied.
  asl::Evaluated<json::Payload> state_parameters(Activation& activation, const json::Payload& input);
  // A state is done: `result` becomes its output, variables are assigned, and the frame moves on to `next`.
  struct Completion {
    json::Payload result;
    const asl::Transition* next = nullptr;
    const std::optional<asl::Template>* assign = nullptr;  // nullptr: the state's own
    const std::optional<asl::Template>* output = nullptr;  // JSONata; nullptr: the state's own
    bool has_result = false;  // `$states.result` is defined, and ResultSelector and ResultPath apply
  };
  base::Result<void> complete(Activation& activation, const Completion& completion);
  struct Outcome {
    json::Payload output;
    std::optional<json::Value> assigned;  // variables by name
  };
  asl::Evaluated<Outcome> jsonpath_outcome(Activation& activation, const Completion& completion);
  asl::Evaluated<Outcome> jsonata_outcome(Activation& activation, const Completion& completion);
  // States.DataLimitExceeded, if the payload is larger than allowed. `source` is the state's name or the resource.
  std::optional<StateError> check_size(const json::Payload& payload, std::string_view source) const;
  // The same for the output and the variables with which a state is left.
  base::Result<std::optional<StateError>> check_outcome(const Frame& frame, const Outcome& outcome,
                                                        std::string_view source);
  base::Result<std::size_t> variable_bytes(const Frame& frame, const json::Value& replaced);
  base::Result<void> leave(Frame& frame, const asl::State& state, const Outcome& outcome, const asl::Transition& next);
  void assign(Frame& frame, const json::Value& variables);
  void enter_next(Frame& frame, asl::StateIndex target, json::Payload input);
  // The frame's graph has ended with `output`.
  base::Result<void> finish(Frame& frame, const json::Payload& output);
  base::Result<void> end_execution(Status status, const StateError& error);

  // ---- failure.cc
  StateError error_of(const asl::Failure& failure, const Frame& frame, const asl::State& state) const;
  // An evaluation failed: tells the history, then fails the state.
  base::Result<void> fail_evaluation(Activation& activation, const asl::Failure& failure);
  base::Result<void> fail_state(Frame& frame, const asl::State& state, const StateError& error);
  // For States.Runtime, which nothing retries or catches: as on AWS, the states around the failed one leave no events.
  base::Result<void> fail_execution(Frame& frame, const StateError& error);
  bool retry(Frame& frame, const asl::State& state, const StateError& error);
  // False: nobody catches it. `error` changes when the catcher itself fails.
  base::Result<bool> catch_error(Frame& frame, const asl::State& state, StateError& error);
  asl::Evaluated<Outcome> caught_outcome(Activation& activation, const asl::Catcher& catcher, const StateError& error);
  base::Result<void> fail_frame(Frame& frame, StateError error);
  void emit_evaluation_failed(Frame& frame, const asl::State& state, const StateError& error,
                              const asl::Failure& failure);

  // ---- abort.cc
  // Stops whatever the frame waits for, and its children.
  base::Result<void> abort(Frame& frame, std::uint64_t cause_event, bool tell);
  // All children that still run but `except` (which may be nullptr).
  base::Result<void> abort_children(Frame& parent, std::uint64_t cause_event, const Frame* except, bool tell = true);
  void release(Frame& frame);
  base::Result<void> remove_children(Frame& frame);

  // ---- one file each
  base::Result<void> run_pass(Activation& activation);
  base::Result<void> run_choice(Activation& activation);
  base::Result<void> run_wait(Activation& activation);
  base::Result<void> wait_is_over(Frame& frame);
  base::Result<void> run_succeed(Activation& activation);
  base::Result<void> run_fail(Activation& activation);
  base::Result<void> run_task(Activation& activation);
  base::Result<void> run_parallel(Activation& activation);
  base::Result<void> run_map(Activation& activation);

  // ---- task_state.cc, task_answer.cc
  struct TaskPlan {
    json::Payload parameters;
    std::string role_arn;
    std::int64_t timeout_seconds = 0;
    std::int64_t heartbeat_seconds = 0;
  };
  asl::Evaluated<TaskPlan> plan_task(Activation& activation);
  void schedule(Frame& frame, const asl::State& state, TaskPlan plan);
  void start_clocks(Frame& frame);
  void settle(Frame& frame);
  void end_task(Frame& frame);
  base::Result<void> task_failed(Frame& frame, EventType integration, EventType lambda, EventType activity,
                                 const StateError& error);
  base::Result<void> task_timed_out(Frame& frame, bool heartbeat_missed);

  // ---- children of Parallel and inline Map: parallel_state.cc, map_state.cc
  base::Result<void> child_finished(Frame& child, const json::Payload& output);
  base::Result<void> join(Frame& parent);
  base::Result<json::Payload> collect_results(const Frame& parent);
  // Starts iterations up to the Map's concurrency; their first events link to `previous`.
  base::Result<void> start_iterations(Frame& map, std::uint64_t previous);
  base::Result<void> start_iteration(Frame& map, std::uint64_t previous);
  asl::Evaluated<std::uint32_t> map_concurrency(Activation& activation, const json::Value& input);
  struct Tolerance {
    std::optional<std::int64_t> count;
    std::optional<double> percentage;
  };
  asl::Evaluated<Tolerance> map_tolerance(Activation& activation, const json::Value& input);
  asl::Evaluated<json::Value> map_items(Activation& activation, const json::Value& input);
  base::Result<void> inspect_map(Activation& activation, const json::Payload& input, const json::Value& items);
  base::Result<void> take_mocked(Activation& activation, const Inspector::Children& children);

  // ---- map_run.cc
  asl::Evaluated<json::Value> plan_map_run(Activation& activation, const json::Value& input, const json::Value& items,
                                           std::uint32_t concurrency);
  std::optional<asl::Failure> inspect_inputs(Activation& activation, const json::Value& stored_plan,
                                             const json::Value& items);
  base::Result<void> schedule_map_run(Activation& activation, const json::Payload& input, const json::Value& items,
                                      std::uint32_t concurrency);

  base::Result<void> map_run_failed(Frame& frame, const StateError& error);

  // ---- redrive.cc
  base::Result<void> resume(Frame& frame);

  const asl::Program& program_;
  ExecutionState& state_;
  const StepContext& context_;
  const Limits& limits_;
  base::SplitMix generator_;
  Transition out_;
  std::vector<FrameId> runnable_;  // those from next_runnable_ on, first in first out
  std::size_t next_runnable_ = 0;
  std::uint64_t redriven_event_ = 0;
  bool history_full_ = false;
  Event dropped_;  // stands in for events past the history's limit
};

// The event types that go with a type of state.
struct StateEvents {
  history::EventType entered;
  history::EventType exited;
  std::optional<history::EventType> aborted;
};
const StateEvents& events_of(asl::StateType type);

}  // namespace escapement::interpreter
