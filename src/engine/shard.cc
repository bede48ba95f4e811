#include "engine/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "engine/keys.h"

namespace escapement::engine {
namespace {

using base::ErrorCode;
using base::make_error;

// A wall clock may step forward while the shard sleeps; it looks again at least this often.
constexpr base::Duration kSleepMax = base::Duration::milliseconds(500);
constexpr std::size_t kWaitingDispatchesFactor = 4;
constexpr base::Duration kPause = base::Duration::seconds(1);

base::Error stopped_error() {
  return make_error(ErrorCode::unavailable, "ServiceUnavailable",
                    "The server has stopped accepting work after a disk failure. Check the disk and restart it.");
}

}  // namespace

Shard::Shard(const ShardEnvironment& environment, std::vector<store::PartitionId> partitions, store::Epoch epoch,
             base::Timestamp first_stamp)
    : env_(environment),
      partitions_(std::move(partitions)),
      owned_(environment.partitions, false),
      epoch_(epoch),
      first_stamp_(first_stamp),
      last_stamp_(first_stamp),
      cache_(environment.options->cached_executions_max),
      timers_(*environment.store,
              [this](store::PartitionId partition) { return partition < owned_.size() && owned_[partition]; },
              {.resident_max = environment.options->resident_timers_max}),
      recover_from_(std::string(1, keys::kOutbox)),
      batch_(environment.store->new_batch()) {
  for (const store::PartitionId partition : partitions_) owned_[partition] = true;
}

Shard::~Shard() { stop(); }

void Shard::start() {
  thread_ = std::thread([this] { loop(); });
}

void Shard::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

Shard::Enqueued Shard::enqueue(Work&& work, bool urgent) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || failed_.load(std::memory_order_relaxed)) return Enqueued::stopped;
  if (!urgent && queue_.size() >= env_.options->queue_commands_max) return Enqueued::full;
  queue_.push_back(std::move(work));
  if (sleeping_) wake_.notify_one();
  return Enqueued::yes;
}

void Shard::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  wake_.notify_one();
}

void Shard::loop() {
  for (;;) {
    if (run_once()) continue;
    const auto deadline = next_deadline();
    std::unique_lock lock(mutex_);
    if (!queue_.empty() || woken_) {
      woken_ = false;
      continue;
    }
    if (stopping_) return;
    base::Duration pause = kSleepMax;
    if (deadline) pause = std::min(pause, *deadline - env_.clock->now());
    if (pause.us <= 0) continue;
    sleeping_ = true;
    wake_.wait_for(lock, std::chrono::microseconds(pause.us));
    sleeping_ = false;
    woken_ = false;
  }
}

std::optional<base::Timestamp> Shard::next_deadline() {
  if (failed_) return std::nullopt;
  if (retry_at_) return retry_at_;
  if (!next_due_.empty() || recover_from_) return env_.clock->now();
  auto deadline = timers_.next_deadline();
  if (!deadline) {
    base::log(base::LogLevel::error, "engine", "cannot read the timer table: " + deadline.error().message);
    return std::nullopt;
  }
  return *deadline;
}

void Shard::take_work(base::Timestamp now) {
  if (backlog_at_ == backlog_.size()) {
    backlog_.clear();
    backlog_at_ = 0;
    const std::lock_guard lock(mutex_);
    backlog_.swap(queue_);
  }
  // A retry that is further off than the pause was set before the wall clock stepped back.
  if (retry_at_ && (now >= *retry_at_ || *retry_at_ - now > kPause)) {
    retry_at_.reset();
    works_.swap(held_);
  }
  const std::size_t count = std::min<std::size_t>(backlog_.size() - backlog_at_, env_.options->batch_commands_max);
  works_.insert(works_.end(), std::make_move_iterator(backlog_.begin() + static_cast<std::ptrdiff_t>(backlog_at_)),
                std::make_move_iterator(backlog_.begin() + static_cast<std::ptrdiff_t>(backlog_at_ + count)));
  backlog_at_ += count;
}

void Shard::take_timers(base::Timestamp now) {
  if (retry_at_) return;
  due_.swap(next_due_);
  if (const auto recovered = recover(); !recovered) {
    base::log(base::LogLevel::error, "engine", "cannot read the outbox: " + recovered.error().message);
    retry_at_ = now + kPause;
    return;
  }
  if (due_.size() >= env_.options->batch_commands_max) return;
  const auto taken = timers_.take_due(now, env_.options->batch_commands_max - due_.size(), due_);
  if (!taken) base::log(base::LogLevel::error, "engine", "cannot read the timer table: " + taken.error().message);
}

base::Result<void> Shard::recover() {
  if (!recover_from_) return {};
  const auto cursor = env_.store->cursor(*recover_from_, store::prefix_end(std::string(1, keys::kOutbox)));
  for (cursor->seek(*recover_from_); cursor->valid(); cursor->next()) {
    const auto row = TimerKey::decode(cursor->key());
    if (!row) return make_error(ErrorCode::corrupt, "a row of the outbox is not readable");
    if (row->due >= first_stamp_) break;
    if (due_.size() >= env_.options->batch_commands_max) {
      recover_from_ = cursor->key();
      return {};
    }
    if (owned_[row->execution.partition()]) due_.push_back(*row);
  }
  ESC_CHECK(cursor->status());
  recover_from_.reset();
  return {};
}

bool Shard::run_once() {
  if (failed_) {
    refuse_everything();
    return false;
  }
  const base::Timestamp now = env_.clock->now();
  take_work(now);
  take_timers(now);
  if (works_.empty() && due_.empty()) {
    release_dispatches();
    return false;
  }
  apply_all(now);
  const auto committed = batch_error_ ? base::Result<void>(*batch_error_) : commit();
  if (committed) {
    release(now);
  } else {
    abandon_batch(committed.error());
  }
  clear_batch();
  cache_.evict();
  resident_timers_.store(timers_.resident(), std::memory_order_relaxed);
  cached_executions_.store(cache_.size(), std::memory_order_relaxed);
  dispatched_now_.store(dispatched_.size(), std::memory_order_relaxed);
  return true;
}

void Shard::apply_all(base::Timestamp now) {
  command_count_.fetch_add(works_.size() + due_.size(), std::memory_order_relaxed);
  prefetch();
  for (const TimerKey& timer : due_) apply_timer(timer, now);
  for (Work& work : works_) std::visit([&](auto& one) { apply(one, now); }, work);
  write_retention(now);
  for (LoadedExecution* execution : dirty_) {
    if (!removed_.contains(execution->id().bits)) execution->write(*batch_);
  }
}

base::Result<void> Shard::commit() {
  if (batch_->count() == 0) return {};
  std::vector<store::Fence> fences;
  for (const LoadedExecution* execution : dirty_) {
    const store::PartitionId partition = execution->id().partition();
    if (fences.empty() || fences.back().partition != partition) fences.push_back({partition, epoch_});
  }
  const base::Timestamp before = env_.clock->now();
  ESC_CHECK(env_.store->commit(*batch_, fences));
  env_.commit_time->record(env_.clock->now() - before);
  commit_count_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void Shard::release(base::Timestamp now) {
  for (const TimerChange& change : timer_changes_)
    change.armed ? timers_.insert(change.key) : timers_.erase(change.key);
  for (const TaskKey& task : settled_) dispatched_.erase(task);
  for (StartReply& reply : start_replies_) {
    if (reply.done) reply.done(std::move(reply.result));
  }
  for (CommandReply& reply : command_replies_) {
    if (reply.done) reply.done(std::move(reply.result));
  }
  for (const TaskKey& task : cancelled_) env_.sink->cancel(task);
  for (const Dispatch& task : scheduled_) queue_dispatch(task);
  release_dispatches();
  for (const auto& [child, row] : parents_to_tell_) tell_parent(child, row);
  for (const auto& [child, row] : children_to_stop_) stop_child(child, row);
  for (RecordedEvents& recorded : recorded_) env_.sink->recorded(std::move(recorded));
  for (const ExecutionId id : ended_) finish_ended(id);
  const base::Timestamp released = due_.empty() ? now : env_.clock->now();
  for (const TimerKey& timer : due_) {
    if (timer.kind > TimerRowKind::execution_timeout) continue;
    env_.lateness->record(released - timer.due);
    fired_count_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Shard::queue_dispatch(const Dispatch& dispatch) {
  last_waiting_ = std::max(last_waiting_, dispatch.stamp);
  if (!overflow_from_ &&
      waiting_dispatches_.size() < std::size_t{env_.options->dispatched_tasks_max} * kWaitingDispatchesFactor) {
    waiting_dispatches_.push_back(dispatch);
    return;
  }
  const TimerKey row = in_flight_row(dispatch.key, dispatch.stamp);
  if (!overflow_from_ || row < *overflow_from_) overflow_from_ = row;
}

void Shard::release_dispatches() {
  while (dispatched_.size() < env_.options->dispatched_tasks_max) {
    if (waiting_dispatches_.empty()) {
      if (!overflow_from_) return;
      if (const auto refilled = refill_dispatches(); !refilled) {
        base::log(base::LogLevel::error, "engine", "cannot read the tasks to dispatch: " + refilled.error().message);
        return;
      }
      continue;
    }
    const Dispatch next = waiting_dispatches_.front();
    waiting_dispatches_.pop_front();
    dispatch(next);
  }
}

base::Result<void> Shard::refill_dispatches() {
  const std::string first = overflow_from_->encode();
  const auto cursor = env_.store->cursor(first, store::prefix_end(std::string(1, keys::kOutbox)));
  for (cursor->seek(first); cursor->valid(); cursor->next()) {
    const auto row = TimerKey::decode(cursor->key());
    if (!row) return make_error(ErrorCode::corrupt, "a row of the outbox is not readable");
    if (row->due > last_waiting_) break;
    if (row->kind != TimerRowKind::task_in_flight || !owned_[row->execution.partition()]) continue;
    if (waiting_dispatches_.size() == env_.options->dispatched_tasks_max) {
      overflow_from_ = row;
      return {};
    }
    const TaskKey key{row->execution, {row->frame, row->attempt}};
    if (!dispatched_.contains(key)) waiting_dispatches_.push_back({key, row->due});
  }
  ESC_CHECK(cursor->status());
  overflow_from_.reset();
  return {};
}

void Shard::dispatch(const Dispatch& dispatch) {
  const auto execution = load(dispatch.key.execution);
  if (!execution) {
    if (execution.error().code != ErrorCode::not_found) {
      base::log(base::LogLevel::error, "engine", "cannot dispatch a task: " + execution.error().message);
    }
    return;
  }
  LoadedExecution& loaded = **execution;
  auto request = interpreter::task_of(*loaded.machine().program, loaded.state(), dispatch.key.task.frame);
  // Gone on meanwhile: the answer came, or nobody wants it any more.
  if (!request || !*request || (*request)->id != dispatch.key.task) return;
  // A worker may take an activity's task in days, so it takes no place here; the queue of the activity has it already.
  if ((*request)->kind != interpreter::TaskRequest::Kind::activity) dispatched_.insert(dispatch.key);
  const interpreter::ExecutionFacts& facts = loaded.state().facts;
  env_.sink->dispatch({.key = dispatch.key,
                       .request = std::move(**request),
                       .machine = loaded.machine_pointer(),
                       .execution_arn = facts.arn,
                       .execution_name = facts.name,
                       .execution_start = facts.start_time,
                       .again = dispatch.stamp < first_stamp_});
}

void Shard::tell_parent(ExecutionId child, const TimerKey& row) {
  const auto execution = load(child);
  if (!execution) {
    base::log(base::LogLevel::error, "engine", "cannot tell a parent of its child's end: " + execution.error().message);
    return;
  }
  LoadedExecution& loaded = **execution;
  const interpreter::ExecutionState& state = loaded.state();
  env_.sink->child_ended({.parent = loaded.parent(),
                          .link = loaded.parent_link(),
                          .child = {child, state.facts, state.head, loaded.machine_pointer()}},
                         settler(row, loaded.parent()));
}

void Shard::stop_child(ExecutionId child, const TimerKey& row) {
  const auto execution = LoadedExecution::load(*env_.store, *env_.machines, *env_.names, child);
  if (!execution) {
    if (execution.error().code == ErrorCode::not_found) return settler(row, {})();
    base::log(base::LogLevel::error, "engine", "cannot stop a child: " + execution.error().message);
    return;
  }
  const TaskKey parent = (*execution)->parent();
  env_.sink->stop_child({child, parent}, settler(row, parent));
}

std::move_only_function<void()> Shard::settler(const TimerKey& row, const TaskKey& parent) {
  return [this, row, parent] { (void)enqueue(SettleRowWork{row, parent}, true); };
}

void Shard::finish_ended(ExecutionId id) {
  const auto execution = load(id);
  if (!execution) return;
  const interpreter::ExecutionFacts& facts = (*execution)->state().facts;
  const interpreter::ExecutionHead& head = (*execution)->state().head;
  ended_count_.fetch_add(1, std::memory_order_relaxed);
  env_.sink->ended({id, facts.arn, head.status, facts.start_time, head.stop_time.value_or(facts.start_time),
                    (*execution)->machine_pointer()});
  if (const auto waiter = waiters_.find(id.bits); waiter != waiters_.end()) {
    waiter->second({facts.arn, head.status, facts.start_time, head.stop_time.value_or(facts.start_time), head.output,
                    head.error, head.cause});
    waiters_.erase(waiter);
  }
}

// Nothing of the batch has happened: memory goes back to what the store has, callers hear the error, and what came from
// inside is kept for later.
void Shard::abandon_batch(const base::Error& error) {
  base::log(base::LogLevel::error, "engine", "a batch was not committed: " + error.message);
  const bool passes = error.code == ErrorCode::limit_exceeded;
  const base::Error told = passes ? error : stopped_error();
  for (const LoadedExecution* execution : dirty_) cache_.erase(execution->id());
  dirty_.clear();
  for (StartReply& reply : start_replies_) {
    if (reply.result) waiters_.erase(reply.result->id.bits);
    if (reply.done) reply.done(reply.result ? base::Result<Started>(told) : std::move(reply.result));
  }
  for (CommandReply& reply : command_replies_) {
    if (passes && reply.work->must_not_be_lost) {
      reply.work->done = std::move(reply.done);
      continue;
    }
    if (reply.done) reply.done(reply.result ? base::Result<void>(told) : std::move(reply.result));
  }
  if (!passes) {
    failed_.store(true, std::memory_order_release);
    refuse_everything();
    return;
  }
  retry_at_ = env_.clock->now() + kPause;
  next_due_.insert(next_due_.end(), due_.begin(), due_.end());
  for (Work& work : works_) {
    const auto* const command = std::get_if<CommandWork>(&work);
    if ((command != nullptr && command->must_not_be_lost) || std::holds_alternative<SettleRowWork>(work))
      held_.push_back(std::move(work));
  }
}

void Shard::refuse_everything() {
  std::vector<Work> refused(std::make_move_iterator(backlog_.begin() + static_cast<std::ptrdiff_t>(backlog_at_)),
                            std::make_move_iterator(backlog_.end()));
  backlog_.clear();
  backlog_at_ = 0;
  {
    const std::lock_guard lock(mutex_);
    refused.insert(refused.end(), std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
    queue_.clear();
  }
  for (Work& work : refused) {
    if (auto* start = std::get_if<StartWork>(&work); start != nullptr && start->done) start->done(stopped_error());
    if (auto* command = std::get_if<CommandWork>(&work); command != nullptr && command->done)
      command->done(stopped_error());
  }
}

void Shard::clear_batch() {
  batch_->clear();
  works_.clear();
  due_.clear();
  for (LoadedExecution* execution : dirty_) {
    const bool leaves = execution->resting() || removed_.contains(execution->id().bits);
    leaves ? cache_.erase(execution->id()) : execution->trim();
  }
  dirty_.clear();
  dirty_ids_.clear();
  names_.clear();
  timer_changes_.clear();
  scheduled_.clear();
  settled_.clear();
  cancelled_.clear();
  parents_to_tell_.clear();
  children_to_stop_.clear();
  removed_.clear();
  ended_.clear();
  closed_.clear();
  recorded_.clear();
  start_replies_.clear();
  command_replies_.clear();
  batch_error_.reset();
}

void Shard::add_disagreements(std::vector<std::string>& found) {
  if (failed_) return;  // a batch may be on disk that memory has dropped
  cache_.for_each([&](const LoadedExecution& execution) {
    const auto row = env_.store->get(keys::execution(execution.id()));
    if (row && (!*row || **row != execution.row()))
      found.push_back(fmt::format("execution {} is not in the store as it is in memory", execution.id().bits));
  });
  timers_.add_disagreements(next_due_, found);
}

void Shard::add_statistics(Statistics& total) const {
  total.started += started_count_.load(std::memory_order_relaxed);
  total.ended += ended_count_.load(std::memory_order_relaxed);
  total.timers_fired += fired_count_.load(std::memory_order_relaxed);
  total.commits += commit_count_.load(std::memory_order_relaxed);
  total.commands += command_count_.load(std::memory_order_relaxed);
  total.resident_timers += resident_timers_.load(std::memory_order_relaxed);
  total.cached_executions += cached_executions_.load(std::memory_order_relaxed);
  total.dispatched_tasks += dispatched_now_.load(std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  total.queued_commands += queue_.size();
}

}  // namespace escapement::engine
