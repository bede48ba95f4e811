#include "simulation.h"

#include <fmt/format.h>

#include "base/log.h"
#include "checker.h"
#include "store/memory/memory_store.h"
#include "world.h"

namespace escapement::simulation {
namespace {

using base::Duration;
using store::CommitFate;

class Run {
 public:
  explicit Run(const RunOptions& options)
      : options_(options),
        random_(options.seed),
        clock_(base::Timestamp::from_seconds(1'790'000'000)),
        faults_(Faults::draw(random_)),
        world_(random_, clock_, faults_) {
    engine_options_.partitions = static_cast<std::uint16_t>(1 + random_.next() % 8);
    engine_options_.shards = static_cast<std::uint32_t>(1 + random_.next() % 2);
    engine_options_.resident_timers_max = static_cast<std::uint32_t>(16 + random_.next() % 64);
    engine_options_.cached_executions_max = static_cast<std::uint32_t>(1 + random_.next() % 16);
    engine_options_.batch_commands_max = static_cast<std::uint32_t>(1 + random_.next() % 64);
    engine_options_.dispatched_tasks_max = static_cast<std::uint32_t>(2 + random_.next() % 64);
  }

  Outcome go() {
    open();
    for (int step = 0; step < options_.steps && checker_.findings().empty(); ++step) {
      act();
      settle();
    }
    finish();
    outcome_.findings = checker_.findings();
    outcome_.executions = checker_.acknowledged_count();
    outcome_.dispatches = world_.dispatches().size();
    outcome_.trace_hash = world_.trace_hash() ^ checker_.digest();
    return outcome_;
  }

 private:
  bool chance(double probability) { return random_.uniform() < probability; }

  void open() {
    store_ = std::make_unique<store::MemoryStore>(disk_, [this] { return fate(); });
    auto opened = engine::Engine::open(*store_, clock_, world_, world_, engine_options_);
    if (!opened) {
      checker_.find("the engine does not open: " + opened.error().message);
      return;
    }
    engine_ = std::move(*opened);
    world_.set_engine(engine_.get());
  }

  CommitFate fate() {
    if (!faulty_ || engine_ == nullptr) return CommitFate::normal;
    if (chance(faults_.commit_lost)) return CommitFate::lost;
    if (chance(faults_.commit_unknown)) return CommitFate::unknown;
    if (chance(faults_.disk_full)) return CommitFate::disk_full;
    return CommitFate::normal;
  }

  void crash() {
    ++outcome_.crashes;
    world_.set_engine(nullptr);
    engine_.reset();
    store_.reset();
    open();
    if (engine_) checker_.check_histories(engine_->reader());
  }

  void act() {
    if (!engine_->accepting() || chance(faults_.crash)) crash();
    if (!engine_) return;
    if (chance(faults_.clock_jump))
      clock_.advance(Duration::seconds(static_cast<std::int64_t>(random_.next() % 7'200) - 3'600));
    const std::uint64_t burst = random_.next() % 10 == 0 ? 20 : random_.next() % 3;
    for (std::uint64_t i = 0; i < burst; ++i) start_one();
    if (chance(faults_.stop_execution) && checker_.acknowledged_count() > 0) {
      engine_->submit(checker_.any(random_.next()), interpreter::Stop{"Stopped", "by the seed"}, {});
    }
    clock_.advance(Duration::milliseconds(static_cast<std::int64_t>(random_.next() % 3'000)));
  }

  void start_one() {
    engine::StartRequest request;
    request.machine = world_.machines()[random_.next() % world_.machines().size()];
    if (random_.next() % 3 == 0) request.name = fmt::format("named-{}", random_.next() % 200);
    request.input =
        json::Payload::from_text(fmt::format(R"({{"seconds":{},"items":[1,2,3,4,5]}})", random_.next() % 12));
    engine_->start_execution(std::move(request), [this](base::Result<engine::Started> started) {
      if (started) checker_.acknowledged(*started);
    });
  }

  // Runs until nothing more happens at this instant.
  void settle() {
    for (int round = 0; engine_ && engine_->accepting(); ++round) {
      const bool delivered = world_.deliver();
      if (!engine_->run_once() && !delivered) return;
      if (round > 100'000) {
        checker_.find("the engine does not come to rest");
        return;
      }
    }
  }

  // Without faults everything must end.
  void finish() {
    faulty_ = false;
    world_.end_faults();
    if (!checker_.findings().empty()) return;
    crash();
    for (int round = 0; round < 100'000 && engine_; ++round) {
      settle();
      auto next = engine_->next_deadline();
      const auto answer = world_.next_answer();
      if (answer && (!next || *answer < *next)) next = answer;
      // What remains is the removal of closed executions, months ahead.
      if (!next || *next - clock_.now() > Duration::seconds(86'400)) break;
      if (*next > clock_.now()) clock_.set(*next);
    }
    if (!engine_) return;
    checker_.check_histories(engine_->reader());
    checker_.check_all_ended(engine_->reader());
    const engine::Statistics statistics = engine_->statistics();
    if (statistics.resident_timers > engine_options_.shards * (engine_options_.resident_timers_max * 2ull + 2)) {
      checker_.find(fmt::format("{} timers are resident", statistics.resident_timers));
    }
  }

  RunOptions options_;
  base::SplitMix random_;
  base::VirtualClock clock_;
  Faults faults_;
  World world_;
  Checker checker_;
  engine::Options engine_options_;
  std::shared_ptr<store::MemoryStore::Disk> disk_ = store::MemoryStore::new_disk();  // outlives each store opened on it
  std::unique_ptr<store::MemoryStore> store_;
  std::unique_ptr<engine::Engine> engine_;
  bool faulty_ = true;
  Outcome outcome_;
};

}  // namespace

Outcome run(const RunOptions& options) { return Run(options).go(); }

}  // namespace escapement::simulation
