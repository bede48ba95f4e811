// The world that a simulated engine lives in: state machines, tasks that misbehave, and a record of every promise.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "engine/engine.h"

namespace escapement::simulation {

// Which faults a run has, and how often. A seed turns some off and others high.
struct Faults {
  double task_fails = 0;
  double task_answers_twice = 0;
  double task_never_answers = 0;  // only tasks with a timeout
  double answer_after_crash = 0;
  double stop_execution = 0;
  double crash = 0;
  double clock_jump = 0;
  double commit_lost = 0;
  double commit_unknown = 0;
  double disk_full = 0;

  static Faults draw(base::SplitMix& random);
};

class World final : public engine::EffectSink, public engine::MachineSource {
 public:
  World(base::SplitMix& random, base::VirtualClock& clock, const Faults& faults);

  const std::vector<std::shared_ptr<const engine::MachineRevision>>& machines() const { return machines_; }

  // The engine of the current life; null between lives, when answers have nowhere to go.
  void set_engine(engine::Engine* engine) { engine_ = engine; }
  // From now on tasks answer once and well.
  void end_faults() { faults_ = {}; }

  // Delivers answers that are due. Returns whether there were any.
  bool deliver();
  std::optional<base::Timestamp> next_answer() const;

  // How often each task was let go.
  const std::map<engine::TaskKey, int>& dispatches() const { return dispatches_; }
  std::uint64_t trace_hash() const { return trace_; }
  void trace(std::uint64_t value) { trace_ = (trace_ ^ value) * 0x100000001b3ull; }

  void dispatch(engine::TaskDispatch task) override;
  void cancel(const engine::TaskKey& task) override;
  void child_ended(engine::ChildEnded child, std::move_only_function<void()> settled) override;
  void stop_child(engine::ChildToStop child, std::move_only_function<void()> settled) override;
  base::Result<std::shared_ptr<const engine::MachineRevision>> find_revision(std::uint32_t revision) const override;

 private:
  void answer_later(const engine::TaskKey& task, base::Duration delay, bool fails);
  bool chance(double probability) { return random_.uniform() < probability; }

  base::SplitMix& random_;
  base::VirtualClock& clock_;
  Faults faults_;
  engine::Engine* engine_ = nullptr;
  std::vector<std::shared_ptr<const engine::MachineRevision>> machines_;
  std::multimap<base::Timestamp, std::function<void()>> answers_;
  std::map<engine::TaskKey, int> dispatches_;
  std::uint64_t trace_ = 0xcbf29ce484222325ull;
};

}  // namespace escapement::simulation
