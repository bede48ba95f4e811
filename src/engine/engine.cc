#include "engine/engine.h"

#include "base/log.h"
#include "engine/dataset.h"
#include "engine/keys.h"
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
    ESC_TRY(const base::Timestamp first_stamp, find_first_stamp());
    for (std::size_t s = 0; s < shard_count; ++s) {
      std::vector<store::PartitionId> owned;
      for (std::size_t p = s; p < partitions_; p += shard_count) owned.push_back(static_cast<store::PartitionId>(p));
      shards_.push_back(std::make_unique<Shard>(environment_, std::move(owned), epoch, first_stamp));
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

  std::vector<std::string> disagreements() override {
    std::vector<std::string> found;
    for (const auto& shard : shards_) shard->add_disagreements(found);
    return found;
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
    enqueue({execution, std::move(command), std::move(done), false});
  }

  void deliver(ExecutionId execution, interpreter::Command command,
               std::move_only_function<void(base::Result<void>)> done) override {
    enqueue({execution, std::move(command), std::move(done), true});
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
  // Beyond what any former process wrote, wherever the wall clock stood then.
  base::Result<base::Timestamp> find_first_stamp() const {
    const std::string outbox(1, keys::kOutbox);
    const std::string end = store::prefix_end(outbox);
    const auto cursor = environment_.store->cursor(outbox, end);
    cursor->seek_before(end);
    ESC_CHECK(cursor->status());
    const base::Timestamp now = environment_.clock->now();
    if (!cursor->valid()) return now;
    const auto last = TimerKey::decode(cursor->key());
    if (!last) return make_error(ErrorCode::corrupt, "a row of the outbox is not readable");
    return std::max(now, last->due + base::Duration::microseconds(1));
  }

  Shard& shard_of(store::PartitionId partition) { return *shards_[partition % shards_.size()]; }

  void enqueue(CommandWork&& command) {
    if (command.execution.partition() >= partitions_) {
      if (command.done)
        command.done(make_error(ErrorCode::not_found, "ExecutionDoesNotExist", "Execution Does Not Exist"));
      return;
    }
    Shard& shard = shard_of(command.execution.partition());
    const bool urgent = command.must_not_be_lost;
    Work work = std::move(command);
    const Shard::Enqueued enqueued = shard.enqueue(std::move(work), urgent);
    if (enqueued == Shard::Enqueued::yes) return;
    auto& refused = std::get<CommandWork>(work);
    if (refused.done) refused.done(refusal(enqueued));
  }

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
