#include "engine/engine.h"

#include "base/log.h"
#include "engine/dataset.h"
#include "engine/shard.h"
#include "engine/store_reader.h"

namespace escapement::engine {
namespace {

using base::ErrorCode;
using base::make_error;

base::Error refusal(Shard::Enqueued why) {
  if (why == Shard::Enqueued::full)
    return make_error(ErrorCode::limit_exceeded, "ThrottlingException", "Rate exceeded");
  return make_error(ErrorCode::unavailable, "ServiceUnavailable", "The server is not accepting work. Try again later.");
}

class ShardedEngine final : public Engine {
 public:
  ShardedEngine(store::Store& store, const base::Clock& clock, const MachineSource& machines, EffectSink& sink,
                Options options, Dataset dataset)
      : options_(options),
        partitions_(dataset.partitions),
        names_(dataset.name_secret),
        tokens_(dataset.token_key),
        reader_(store, machines, names_, dataset.partitions) {
    environment_ = {.store = &store,
                    .clock = &clock,
                    .machines = &machines,
                    .sink = &sink,
                    .names = &names_,
                    .tokens = &tokens_,
                    .options = &options_,
                    .partitions = dataset.partitions,
                    .lateness = &lateness_,
                    .commit_time = &commit_time_};
  }

  ~ShardedEngine() override { stop(); }

  base::Result<void> take_over() {
    const std::size_t shard_count = std::max<std::size_t>(1, std::min<std::size_t>(options_.shards, partitions_));
    std::vector<store::PartitionId> all(partitions_);
    for (std::uint16_t p = 0; p < partitions_; ++p) all[p] = p;
    ESC_TRY(const store::Epoch epoch, environment_.store->acquire(all));
    for (std::size_t s = 0; s < shard_count; ++s) {
      std::vector<store::PartitionId> owned;
      for (std::size_t p = s; p < partitions_; p += shard_count) owned.push_back(static_cast<store::PartitionId>(p));
      shards_.push_back(std::make_unique<Shard>(environment_, std::move(owned), epoch));
    }
    return {};
  }

  void start() override {
    for (const auto& shard : shards_) shard->start();
  }

  bool run_once() override {
    bool any = false;
    for (const auto& shard : shards_) any = shard->run_once() || any;
    return any;
  }

  std::optional<base::Timestamp> next_deadline() override {
    std::optional<base::Timestamp> earliest;
    for (const auto& shard : shards_) {
      const auto deadline = shard->next_deadline();
      if (deadline && (!earliest || *deadline < *earliest)) earliest = deadline;
    }
    return earliest;
  }

  void stop() override {
    for (const auto& shard : shards_) shard->stop();
  }

  void start_execution(StartRequest request, std::move_only_function<void(base::Result<Started>)> done) override {
    start_and_wait(std::move(request), std::move(done), {});
  }

  void start_and_wait(StartRequest request, std::move_only_function<void(base::Result<Started>)> done,
                      std::move_only_function<void(Ended)> ended) override {
    Shard& shard = shard_for(request);
    Work work = StartWork{std::move(request), std::move(done), std::move(ended)};
    const Shard::Enqueued enqueued = shard.enqueue(std::move(work), false);
    if (enqueued == Shard::Enqueued::yes) return;
    auto& refused = std::get<StartWork>(work);
    if (refused.done) refused.done(refusal(enqueued));
  }

  void submit(ExecutionId execution, interpreter::Command command,
              std::move_only_function<void(base::Result<void>)> done) override {
    if (execution.partition() >= partitions_) {
      if (done) done(make_error(ErrorCode::not_found, "ExecutionDoesNotExist", "Execution Does Not Exist"));
      return;
    }
    const bool urgent = !done;
    Work work = CommandWork{execution, std::move(command), std::move(done)};
    const Shard::Enqueued enqueued = shard_of(execution.partition()).enqueue(std::move(work), urgent);
    if (enqueued == Shard::Enqueued::yes) return;
    auto& refused = std::get<CommandWork>(work);
    if (refused.done) refused.done(refusal(enqueued));
  }

  const ExecutionReader& reader() const override { return reader_; }
  const TaskTokens& task_tokens() const override { return tokens_; }
  const base::Histogram& lateness() const override { return lateness_; }
  const base::Histogram& commit_time() const override { return commit_time_; }

  Statistics statistics() const override {
    Statistics total;
    for (const auto& shard : shards_) shard->add_statistics(total);
    return total;
  }

  void clock_moved() override {
    for (const auto& shard : shards_) shard->wake();
  }

  bool accepting() const override {
    for (const auto& shard : shards_) {
      if (!shard->accepting()) return false;
    }
    return true;
  }

 private:
  Shard& shard_of(store::PartitionId partition) { return *shards_[partition % shards_.size()]; }

  Shard& shard_for(const StartRequest& request) {
    if (has_unique_name(request)) {
      const std::string machine = shown_machine_name(*request.machine, request.map_run_arn);
      return shard_of(partition_of_name(request.machine->region, machine, *request.name, partitions_));
    }
    return *shards_[next_shard_.fetch_add(1, std::memory_order_relaxed) % shards_.size()];
  }

  Options options_;
  std::uint16_t partitions_;
  NameCodec names_;
  TaskTokens tokens_;
  base::Histogram lateness_;
  base::Histogram commit_time_;
  StoreReader reader_;
  ShardEnvironment environment_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<std::size_t> next_shard_{0};
};

}  // namespace

base::Result<std::unique_ptr<Engine>> Engine::open(store::Store& store, const base::Clock& clock,
                                                   const MachineSource& machines, EffectSink& sink, Options options) {
  ESC_TRY(Dataset dataset, open_dataset(store, options.partitions));
  auto engine = std::make_unique<ShardedEngine>(store, clock, machines, sink, options, std::move(dataset));
  ESC_CHECK(engine->take_over());
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace escapement::engine
