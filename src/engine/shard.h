// The owner of some partitions: one thread that takes queued work and due timers, applies them into one batch, commits
// it, and then releases what the batch allowed: answers, effects, timers.
//
// Threading: enqueue(), wake() and statistics() from any thread; all else on the shard's own thread, which is the one
// that runs start()'s loop or, in simulation, whoever calls run_once().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "base/histogram.h"
#include "engine/engine.h"
#include "engine/execution_cache.h"
#include "engine/timer_index.h"
#include "store/store.h"

namespace escapement::engine {

// What all shards of an engine share. Everything is borrowed and outlives them.
struct ShardEnvironment {
  store::Store* store = nullptr;
  const base::Clock* clock = nullptr;
  const MachineSource* machines = nullptr;
  EffectSink* sink = nullptr;
  const NameCodec* names = nullptr;
  const TaskTokens* tokens = nullptr;
  const Options* options = nullptr;
  std::uint16_t partitions = 0;  // of the whole data set
  base::Histogram* lateness = nullptr;
  base::Histogram* commit_time = nullptr;
};

struct StartWork {
  StartRequest request;
  std::move_only_function<void(base::Result<Started>)> done;
  std::move_only_function<void(Ended)> ended;  // may be empty
};

struct CommandWork {
  ExecutionId execution;
  interpreter::Command command;
  std::move_only_function<void(base::Result<void>)> done;  // may be empty
  bool must_not_be_lost = false;                           // kept while the disk is full
};

// A row of the outbox has served its purpose: the parent was told, or the child stopped.
struct SettleRowWork {
  TimerKey row;
  TaskKey parent;
};

using Work = std::variant<StartWork, CommandWork, SettleRowWork>;

class Shard {
 public:
  // `first_stamp` is beyond every stamp in the outbox.
  Shard(const ShardEnvironment& environment, std::vector<store::PartitionId> partitions, store::Epoch epoch,
        base::Timestamp first_stamp);
  ~Shard();

  void start();
  // Finishes what is queued and ends the thread.
  void stop();

  // False when the queue is full (`urgent` work is always taken) or the shard no longer accepts work.
  enum class Enqueued { yes, full, stopped };
  Enqueued enqueue(Work&& work, bool urgent);
  void wake();

  // One batch, if there is anything to do. Returns whether there was.
  bool run_once();
  // When run_once() will next have something to do by itself; nullopt: nothing is pending.
  std::optional<base::Timestamp> next_deadline();

  bool accepting() const { return !failed_.load(std::memory_order_acquire); }
  void add_statistics(Statistics& total) const;
  void add_disagreements(std::vector<std::string>& found);

 private:
  struct Dispatch {
    TaskKey key;
    base::Timestamp stamp;  // with the key, the task's row in the outbox
  };
  struct TimerChange {
    TimerKey key;
    bool armed;
  };
  struct TaskKeyHash {
    std::size_t operator()(const TaskKey& key) const {
      return static_cast<std::size_t>(
          (key.execution.bits ^ (std::uint64_t{key.task.frame} << 32 | key.task.attempt)) * 0x9e3779b97f4a7c15ull >> 7);
    }
  };
  struct StartReply {
    std::move_only_function<void(base::Result<Started>)> done;
    base::Result<Started> result;
  };
  struct CommandReply {
    CommandWork* work;  // of this batch
    std::move_only_function<void(base::Result<void>)> done;
    base::Result<void> result;
  };

  void loop();
  void take_work(base::Timestamp now);
  void take_timers(base::Timestamp now);
  // What former processes left in the outbox, a batch at a time.
  base::Result<void> recover();
  base::Timestamp stamp(base::Timestamp now) { return last_stamp_ = std::max(last_stamp_, now); }
  void apply_all(base::Timestamp now);

  void apply(StartWork& work, base::Timestamp now);
  void apply(CommandWork& work, base::Timestamp now);
  void apply(SettleRowWork& work, base::Timestamp now);
  void apply_timer(const TimerKey& timer, base::Timestamp now);
  base::Result<Started> start_one(StartWork& work, base::Timestamp now);
  base::Result<std::optional<Started>> find_named(const StartRequest& request, store::PartitionId partition);
  base::Result<ExecutionId> next_id(store::PartitionId partition, base::Timestamp now);
  base::Result<void> check_waiting(LoadedExecution& execution, const interpreter::Command& command);
  base::Result<void> step(LoadedExecution& execution, const interpreter::Command& command, base::Timestamp now);
  void note_recorded(LoadedExecution& execution, const std::vector<history::Event>& events);
  // Whether nothing of the execution is expected within the time for which it is worth a place in memory.
  static bool is_resting(const LoadedExecution& execution, const interpreter::Transition& transition,
                         base::Timestamp now);
  void take_effects(LoadedExecution& execution, const interpreter::Transition& transition, base::Timestamp now);
  // Notes durably that what the cancelled task has started must be stopped.
  void cancel_child(const TaskKey& task, base::Timestamp now);
  void take_status_change(LoadedExecution& execution, interpreter::Status before, base::Timestamp now);
  void write_listing(LoadedExecution& execution);
  // Closed executions of a partition share rows of the timer table, so that closing one costs no row of its own.
  void write_retention(base::Timestamp now);
  void apply_retention(const TimerKey& timer);
  void set_aside(ExecutionId id, const base::Error& error);
  void remove(LoadedExecution& execution);
  void arm(const TimerKey& timer);
  void disarm(const TimerKey& timer);

  // Loads at once what the batch will ask for one by one.
  void prefetch();
  base::Result<LoadedExecution*> load(ExecutionId id);
  void mark_dirty(LoadedExecution& execution);
  base::Result<void> commit();
  void release(base::Timestamp now);
  void release_dispatches();
  void dispatch(const Dispatch& dispatch);
  void tell_parent(ExecutionId child, const TimerKey& row);
  void stop_child(ExecutionId child, const TimerKey& row);
  std::move_only_function<void()> settler(const TimerKey& row, const TaskKey& parent);
  void finish_ended(ExecutionId id);
  void abandon_batch(const base::Error& error);
  void refuse_everything();
  void clear_batch();
  void queue_dispatch(const Dispatch& dispatch);
  base::Result<void> refill_dispatches();

  ShardEnvironment env_;
  std::vector<store::PartitionId> partitions_;
  std::vector<bool> owned_;  // by partition
  store::Epoch epoch_;
  base::Timestamp first_stamp_;  // rows of the outbox with earlier ones are former processes'
  base::Timestamp last_stamp_;

  // The queue; `mutex_` guards it and the two flags.
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Work> queue_;
  bool stopping_ = false;
  bool sleeping_ = false;
  bool woken_ = false;
  std::atomic<bool> failed_{false};
  std::thread thread_;

  std::vector<Work> backlog_;  // taken from the queue and not yet in a batch, from backlog_at_ on
  std::size_t backlog_at_ = 0;
  ExecutionCache cache_;
  TimerIndex timers_;
  std::optional<IdSequence> ids_;   // from the first start on
  std::size_t rotation_ = 0;        // whose turn it is among partitions_, for unnamed starts
  std::size_t starts_here_ = 0;     // in this turn
  std::vector<TimerKey> next_due_;  // rows to take up in the next batch
  // Tasks to let go as soon as the number in flight allows it. Beyond a bound they stay on disk, where their rows are
  // anyway, and are read from `overflow_from_` on when the queue is empty.
  std::deque<Dispatch> waiting_dispatches_;
  std::optional<TimerKey> overflow_from_;
  base::Timestamp last_waiting_{INT64_MIN};  // the latest stamp among those that had to wait
  std::optional<std::string> recover_from_;  // the next row of the outbox to look at; nullopt: all is recovered
  std::unordered_set<TaskKey, TaskKeyHash> dispatched_;  // in flight in this process; activities are not counted
  std::unordered_map<std::uint64_t, std::move_only_function<void(Ended)>> waiters_;
  std::optional<base::Timestamp> retry_at_;  // after a full disk: nothing internal before
  std::vector<Work> held_;                   // until then

  // The batch being made.
  std::unique_ptr<store::Batch> batch_;
  std::vector<Work> works_;
  std::vector<TimerKey> due_;
  std::vector<LoadedExecution*> dirty_;
  std::unordered_set<std::uint64_t> dirty_ids_;
  std::unordered_map<std::string, ExecutionId> names_;  // named executions that this batch starts
  std::vector<TimerChange> timer_changes_;
  std::vector<Dispatch> scheduled_;
  std::vector<TaskKey> settled_;
  std::vector<TaskKey> cancelled_;
  std::vector<std::pair<ExecutionId, TimerKey>> parents_to_tell_;
  std::vector<std::pair<ExecutionId, TimerKey>> children_to_stop_;
  std::vector<ExecutionId> ended_;
  std::vector<ExecutionId> closed_;  // those of them that stay for the retention
  std::vector<RecordedEvents> recorded_;
  std::unordered_set<std::uint64_t> removed_;
  std::vector<StartReply> start_replies_;
  std::vector<CommandReply> command_replies_;
  std::optional<base::Error> batch_error_;  // the batch must not be committed

  std::atomic<std::uint64_t> started_count_{0};
  std::atomic<std::uint64_t> ended_count_{0};
  std::atomic<std::uint64_t> fired_count_{0};
  std::atomic<std::uint64_t> commit_count_{0};
  std::atomic<std::uint64_t> command_count_{0};
  std::atomic<std::uint64_t> resident_timers_{0};
  std::atomic<std::uint64_t> cached_executions_{0};
  std::atomic<std::uint64_t> dispatched_now_{0};
};

// The partition that an execution with this name belongs to.
store::PartitionId partition_of_name(std::string_view region, std::string_view machine, std::string_view name,
                                     std::uint16_t partitions);

}  // namespace escapement::engine
