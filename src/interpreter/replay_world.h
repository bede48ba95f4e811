// A world for state machines in memory: a clock that jumps to what is due next, functions of known behaviour, nested
// executions and map runs. Tests only.
//
// Every step goes through the stored form: frames are encoded after each step and decoded before the next, so what a
// test sees is what a restart after every commit would give.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "asl/compile.h"
#include "interpreter/map_run.h"
#include "interpreter/step.h"
#include "json/value.h"

namespace escapement::interpreter::replay {

struct Machine {
  std::string arn;
  std::string name;
  std::shared_ptr<const asl::Program> program;  // shared with the executions
};

class World;

// One execution with its rows.
class Execution final : public FrameSource, public history::PayloadWriter, public history::PayloadReader {
 public:
  Execution(World& world, const Machine& machine, ExecutionFacts facts);

  void step(const Command& command);
  std::uint32_t store(const json::Payload& payload) override;
  base::Result<json::Payload> load(std::uint32_t number) override;
  base::Result<Frame> load_frame(FrameId id) override;

  const Machine& machine() const { return machine_; }
  ExecutionState& state() { return *state_; }
  const std::vector<history::Event>& events() const { return events_; }
  bool running() const { return state_->head.status == Status::running; }
  std::size_t steps() const { return steps_; }
  std::size_t effects_seen() const { return effects_seen_; }
  std::optional<TaskRequest> task(TaskId id);

  std::function<void(Execution&)> on_end;  // told once

 private:
  void reopen();
  void write_back();

  World& world_;
  Machine machine_;
  std::unique_ptr<ExecutionState> state_;
  std::vector<history::Event> events_;
  std::vector<json::Payload> payloads_;
  std::map<FrameId, std::string> rows_;
  Limits limits_;
  std::size_t steps_ = 0;
  std::size_t effects_seen_ = 0;
};

struct Function {
  std::string name;
  std::string behaviour;  // "echo", "raise-exception", ...
};

class World {
 public:
  static constexpr std::string_view kRegion = "us-east-1";
  static constexpr std::string_view kAccount = "111111111111";
  static constexpr std::string_view kRole = "arn:aws:iam::111111111111:role/replay";

  World();

  const Machine& create_machine(const std::string& name, std::string_view definition, std::string& error);
  Execution& start(const Machine& machine, const std::string& name, json::Payload input);
  // Carries out tasks and fires timers until the execution ends, or nothing is left to do but timers after `until`.
  void run(Execution& execution, base::Timestamp until = base::Timestamp::max());

  void add_function(Function function);
  void add_activity(const std::string& arn) { activities_.insert(arn); }
  bool has_activity(std::string_view arn) const { return activities_.contains(std::string(arn)); }
  // What task tokens are made of.
  std::string token(const Execution& execution, TaskId task) const;

  base::Timestamp now() const { return now_; }
  // Lets time pass in which no timer is looked at.
  void pass(base::Duration time) { now_ = now_ + time; }

  // For Execution.
  void take_effects(Execution& execution, const Transition& transition);
  std::size_t pending_timers() const { return timers_.size(); }
  std::size_t unsettled_tasks() const { return unsettled_; }

  Limits default_limits;  // of executions started from now on

  // Answers a task of a kind that the world does not know; false: nobody answers. May be empty.
  std::function<bool(Execution&, const TaskRequest&)> answer;

 private:
  struct Timer {
    base::Timestamp due;
    Execution* execution;
    TimerId id;
    auto operator<=>(const Timer&) const = default;
  };

  void dispatch(Execution& execution, TaskId id);
  bool call_function(Execution& execution, const TaskRequest& request, const std::string& function_arn,
                     const json::Value& payload);
  bool invoke(Execution& execution, const TaskRequest& request);
  bool start_nested(Execution& execution, const TaskRequest& request);
  void run_map(Execution& execution, const TaskRequest& request);
  Execution& begin(const Machine& machine, ExecutionFacts facts);

  base::Timestamp now_;
  std::deque<std::unique_ptr<Execution>> executions_;
  std::map<std::string, Machine> machines_;    // by ARN
  std::map<std::string, Function> functions_;  // by ARN
  std::set<std::string> activities_;
  std::set<Timer> timers_;
  std::deque<std::pair<Execution*, TaskId>> tasks_;
  std::size_t unsettled_ = 0;
  int names_ = 0;
};

}  // namespace escapement::interpreter::replay
