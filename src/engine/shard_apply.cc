// How a shard applies one piece of work to the batch being made. Nothing here has effects outside the batch.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "engine/keys.h"
#include "engine/shard.h"

namespace escapement::engine {
namespace {

using base::ErrorCode;
using base::make_error;
using interpreter::Status;

// The task that a command answers; nullopt: the command is not about a task.
std::optional<interpreter::TaskId> task_in(const interpreter::Command& command) {
  return std::visit(
      [](const auto& one) -> std::optional<interpreter::TaskId> {
        if constexpr (requires { one.task; }) return one.task;
        return std::nullopt;
      },
      command);
}

// A map run keeps account of its children itself.
bool waits_for_end(ParentLink link) { return link == ParentLink::sync || link == ParentLink::sync2; }

constexpr std::size_t kPrefetchMin = 4;
constexpr std::size_t kStartsPerTurn = 65'536;  // of a partition
constexpr base::Duration kKeptForTimers = base::Duration::seconds(10);
constexpr std::size_t kRetentionRowMax = 64;  // executions

std::uint64_t hash_name(std::string_view region, std::string_view machine, std::string_view name) {
  // FNV-1a: the placement of names is stored, so the hash must stay the same.
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const std::string_view part : {region, machine, name}) {
    for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    hash = (hash ^ ':') * 0x100000001b3ull;
  }
  return hash ^ hash >> 32;
}

}  // namespace

store::PartitionId partition_of_name(std::string_view region, std::string_view machine, std::string_view name,
                                     std::uint16_t partitions) {
  return static_cast<store::PartitionId>(hash_name(region, machine, name) % partitions);
}

base::Result<LoadedExecution*> Shard::load(ExecutionId id) {
  if (LoadedExecution* cached = cache_.find(id)) return cached;
  ESC_TRY(auto loaded, LoadedExecution::load(*env_.store, *env_.machines, *env_.names, id));
  return &cache_.insert(std::move(loaded));
}

void Shard::prefetch() {
  std::vector<ExecutionId> wanted;
  const auto want = [&](ExecutionId id) {
    if (!cache_.contains(id)) wanted.push_back(id);
  };
  for (const TimerKey& timer : due_) want(timer.execution);
  for (const Work& work : works_) {
    if (const auto* const command = std::get_if<CommandWork>(&work)) want(command->execution);
  }
  std::ranges::sort(wanted);
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  if (wanted.size() < kPrefetchMin) return;

  std::vector<std::string> row_keys;
  row_keys.reserve(wanted.size());
  for (const ExecutionId id : wanted) row_keys.push_back(keys::execution(id));
  const auto rows = env_.store->get_many(row_keys);
  if (!rows) return;  // load() meets the error again and knows whom to tell
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!(*rows)[i]) continue;
    auto loaded = LoadedExecution::from_row(*env_.store, *env_.machines, *env_.names, wanted[i], *(*rows)[i]);
    if (loaded) cache_.insert(std::move(*loaded));
  }
}

void Shard::mark_dirty(LoadedExecution& execution) {
  if (dirty_ids_.insert(execution.id().bits).second) dirty_.push_back(&execution);
}

void Shard::arm(const TimerKey& timer) {
  batch_->put(timer.encode(), {});
  timer_changes_.push_back({timer, true});
}

void Shard::disarm(const TimerKey& timer) {
  batch_->erase(timer.encode());
  timer_changes_.push_back({timer, false});
}

void Shard::apply(StartWork& work, base::Timestamp now) {
  auto started = start_one(work, now);
  if (started && !started->existed) started_count_.fetch_add(1, std::memory_order_relaxed);
  start_replies_.push_back({std::move(work.done), std::move(started)});
}

base::Result<Started> Shard::start_one(StartWork& work, base::Timestamp now) {
  StartRequest& request = work.request;
  const bool unique_name = has_unique_name(request);
  store::PartitionId partition = 0;
  std::string name_key;
  if (unique_name) {
    const std::string machine = shown_machine_name(*request.machine, request.map_run_arn);
    partition = partition_of_name(request.machine->region, machine, *request.name, env_.partitions);
    ESC_TRY(auto existing, find_named(request, partition));
    if (existing) return std::move(*existing);
    name_key = keys::name(partition, request.machine->region, machine, *request.name);
  } else {
    // One partition for many unnamed starts: those that end together then share a row of retention.
    if (start_replies_.empty() && starts_here_ >= kStartsPerTurn) {
      rotation_ = (rotation_ + 1) % partitions_.size();
      starts_here_ = 0;
    }
    ++starts_here_;
    partition = partitions_[rotation_];
  }
  ESC_TRY(const ExecutionId id, next_id(partition, now));
  LoadedExecution& execution = cache_.insert(
      LoadedExecution::create(*env_.store, *env_.names, id, std::move(request), work.ended != nullptr, now));
  mark_dirty(execution);
  if (unique_name) {
    std::string bytes;
    base::ByteWriter(bytes).u64_be(id.bits);
    batch_->put(name_key, bytes);
    names_.emplace(std::move(name_key), id);
  }
  if (waits_for_end(execution.parent_link())) {
    std::string bytes;
    base::ByteWriter(bytes).u64_be(id.bits);
    batch_->put(keys::child(execution.parent()), bytes);
  }
  if (work.ended) waiters_[id.bits] = std::move(work.ended);
  write_listing(execution);
  ESC_CHECK(step(execution, interpreter::Start{}, now));
  return Started{id, execution.state().facts.arn, now};
}

base::Result<std::optional<Started>> Shard::find_named(const StartRequest& request, store::PartitionId partition) {
  const std::string machine = shown_machine_name(*request.machine, request.map_run_arn);
  const std::string key = keys::name(partition, request.machine->region, machine, *request.name);
  ExecutionId id;
  if (const auto in_batch = names_.find(key); in_batch != names_.end()) {
    id = in_batch->second;
  } else {
    ESC_TRY(const auto row, env_.store->get(key));
    if (!row) return std::optional<Started>();
    id.bits = keys::last_u64(*row);
  }
  ESC_TRY(LoadedExecution* const execution, load(id));
  const interpreter::ExecutionFacts& facts = execution->state().facts;
  if (execution->state().head.status == Status::running && facts.input.text() == request.input.text()) {
    return std::optional(Started{id, facts.arn, facts.start_time, true});
  }
  return make_error(ErrorCode::already_exists, "ExecutionAlreadyExists",
                    fmt::format("Execution Already Exists: '{}'", facts.arn));
}

base::Result<ExecutionId> Shard::next_id(store::PartitionId partition, base::Timestamp now) {
  if (!ids_) {
    // The clock may have stepped back since a former process made ids.
    const std::string table(1, keys::kExecution);
    const std::string end = store::prefix_end(table);
    const auto cursor = env_.store->cursor(table, end);
    cursor->seek_before(end);
    ESC_CHECK(cursor->status());
    ids_.emplace();
    if (cursor->valid()) ids_->skip_past({keys::last_u64(cursor->key())});
  }
  return ids_->next(partition, now);
}

void Shard::apply(CommandWork& work, base::Timestamp now) {
  const auto run = [&]() -> base::Result<void> {
    ESC_TRY(LoadedExecution* const execution, load(work.execution));
    ESC_CHECK(check_waiting(*execution, work.command));
    return step(*execution, work.command, now);
  };
  auto result = run();
  if (work.done) command_replies_.push_back({&work, std::move(work.done), std::move(result)});
}

base::Result<void> Shard::check_waiting(LoadedExecution& execution, const interpreter::Command& command) {
  const auto task = task_in(command);
  if (!task) return {};
  auto request = interpreter::task_of(*execution.machine().program, execution.state(), task->frame);
  if (!request && request.error().code != ErrorCode::not_found) return std::move(request).error();
  if (request && *request && (*request)->id == *task) return {};
  return make_error(ErrorCode::conflict, "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");
}

void Shard::apply(SettleRowWork& work, base::Timestamp) {
  batch_->erase(work.row.encode());
  batch_->erase(keys::child(work.parent));
}

base::Result<void> Shard::step(LoadedExecution& execution, const interpreter::Command& command, base::Timestamp now) {
  Status before = execution.state().head.status;
  const std::uint32_t redrives = execution.state().head.redrive_count;
  const interpreter::StepContext context{
      .now = now,
      .stamp = stamp(now),
      .limits = &env_.options->limits,
      .task_token = [&](interpreter::TaskId task) { return env_.tokens->token({execution.id(), task}); },
      .activity_exists = [this](std::string_view arn) { return env_.machines->activity_exists(arn); },
  };
  auto transition = interpreter::step(*execution.machine().program, execution.state(), command, context);
  if (!transition) {
    // The state in memory may be half changed; it must not reach the store.
    batch_error_ = transition.error();
    batch_error_->code = ErrorCode::io;
    return std::move(transition).error();
  }
  mark_dirty(execution);
  take_effects(execution, *transition, now);
  execution.set_resting(is_resting(execution, *transition, now));
  if (execution.machine().tells_events) note_recorded(execution, transition->events);
  execution.append_events(std::move(transition->events));
  if (transition->unfinished) {
    const TimerKey row{stamp(now), execution.id(), 0, TimerRowKind::unfinished_step, 0};
    batch_->put(row.encode(), {});
    next_due_.push_back(row);
  }
  const interpreter::ExecutionHead& head = execution.state().head;
  // A redrive that ends as badly in its own step has been running in between.
  if (head.redrive_count != redrives && head.status == before) before = Status::running;
  take_status_change(execution, before, now);
  return {};
}

void Shard::note_recorded(LoadedExecution& execution, const std::vector<history::Event>& events) {
  if (events.empty()) return;
  for (const history::Event& event : events) {
    for (const history::Field& field : event.fields) {
      const auto* const payload = std::get_if<json::Payload>(&field.value);
      if (payload == nullptr || payload->absent()) continue;
      (void)payload->text();
      if (field.id == history::FieldId::assigned_variables) (void)payload->value();
    }
  }
  const interpreter::ExecutionState& state = execution.state();
  recorded_.push_back({state.facts.arn, execution.machine_pointer(), state.head.redrive_count, events});
}

bool Shard::is_resting(const LoadedExecution& execution, const interpreter::Transition& transition,
                       base::Timestamp now) {
  if (execution.state().head.status != Status::running) return true;
  bool waits = false;
  for (const interpreter::Effect& effect : transition.effects) {
    if (std::holds_alternative<interpreter::ScheduleTask>(effect)) return false;
    const auto* const timer = std::get_if<interpreter::ArmTimer>(&effect);
    if (timer == nullptr) continue;
    if (timer->due < now + kKeptForTimers) return false;
    waits = true;
  }
  return waits;
}

void Shard::take_effects(LoadedExecution& execution, const interpreter::Transition& transition, base::Timestamp now) {
  const ExecutionId id = execution.id();
  for (const interpreter::Effect& effect : transition.effects) {
    if (const auto* arm_timer = std::get_if<interpreter::ArmTimer>(&effect)) {
      arm(timer_key(id, arm_timer->timer, arm_timer->due));
    } else if (const auto* cancel_timer = std::get_if<interpreter::CancelTimer>(&effect)) {
      disarm(timer_key(id, cancel_timer->timer, cancel_timer->due));
    } else if (const auto* schedule = std::get_if<interpreter::ScheduleTask>(&effect)) {
      const TaskKey task{id, schedule->task};
      batch_->put(in_flight_row(task, last_stamp_).encode(), {});
      scheduled_.push_back({task, last_stamp_});
    } else if (const auto* settle = std::get_if<interpreter::SettleTask>(&effect)) {
      const TaskKey task{id, settle->task};
      batch_->erase(in_flight_row(task, settle->scheduled).encode());
      settled_.push_back(task);
    } else if (const auto* cancel = std::get_if<interpreter::CancelTask>(&effect)) {
      cancelled_.push_back({id, cancel->task});
      cancel_child(cancelled_.back(), now);
    }
  }
}

void Shard::cancel_child(const TaskKey& task, base::Timestamp now) {
  const auto row = env_.store->get(keys::child(task));
  if (!row) {
    batch_error_ = row.error();
    return;
  }
  if (!*row) return;
  const ExecutionId child{keys::last_u64(**row)};
  const TimerKey stop{stamp(now), child, 0, TimerRowKind::stop_child, 0};
  batch_->put(stop.encode(), {});
  children_to_stop_.emplace_back(child, stop);
}

void Shard::take_status_change(LoadedExecution& execution, Status before, base::Timestamp now) {
  const Status after = execution.state().head.status;
  if (before == after) return;
  // The row that it shares with others stays: what no longer has the row's due time is not removed by it.
  if (before != Status::running) execution.set_retention_due(std::nullopt);
  if (after != Status::running) {
    ended_.push_back(execution.id());
    const bool has_parent = execution.parent_link() != ParentLink::none;
    if (has_parent) {
      const TimerKey row{stamp(now), execution.id(), 0, TimerRowKind::tell_parent, 0};
      batch_->put(row.encode(), {});
      parents_to_tell_.emplace_back(execution.id(), row);
    }
    if (execution.machine().express && !has_parent) {
      remove(execution);
      return;
    }
    execution.set_retention_due(now + env_.options->retention);
    closed_.push_back(execution.id());
  }
  write_listing(execution);
}

void Shard::write_listing(LoadedExecution& execution) {
  const interpreter::ExecutionState& state = execution.state();
  if (state.facts.express && state.facts.map_run_arn.empty()) return;
  const auto key = [&](Status status) {
    return state.facts.map_run_arn.empty() ? keys::listing(execution.machine().machine_id, status, execution.id())
                                           : keys::map_run(state.facts.map_run_arn, status, execution.id());
  };
  const auto listed = execution.listed_status();
  if (listed && *listed != state.head.status) batch_->erase(key(*listed));
  batch_->put(key(state.head.status), execution.listing().encode());
  execution.set_listed_status(state.head.status);
}

void Shard::write_retention(base::Timestamp now) {
  std::ranges::sort(closed_, {}, [](ExecutionId id) { return std::pair(id.partition(), id.bits); });
  std::string others;
  for (std::size_t first = 0; first < closed_.size();) {
    const store::PartitionId partition = closed_[first].partition();
    std::size_t end = first + 1;
    others.clear();
    base::ByteWriter writer(others);
    for (; end < closed_.size() && end - first < kRetentionRowMax && closed_[end].partition() == partition; ++end) {
      writer.u64_be(closed_[end].bits);
    }
    const TimerKey row{now + env_.options->retention, closed_[first], 0, TimerRowKind::retention, 0};
    batch_->put(row.encode(), others);
    timer_changes_.push_back({row, true});
    first = end;
  }
}

void Shard::apply_retention(const TimerKey& timer) {
  if (removed_.size() >= env_.options->batch_commands_max) {
    next_due_.push_back(timer);
    return;
  }
  const auto others = env_.store->get(timer.encode());
  if (!others) {
    batch_error_ = others.error();
    return;
  }
  std::vector<ExecutionId> closed{timer.execution};
  if (*others) {
    for (base::ByteReader reader(**others); reader.ok() && !reader.at_end();) closed.push_back({reader.u64_be()});
  }
  bool done = true;
  for (const ExecutionId id : closed) {
    const auto loaded = load(id);
    if (loaded) {
      if ((*loaded)->retention_due() == timer.due) remove(**loaded);
    } else if (loaded.error().code != ErrorCode::not_found) {
      set_aside(id, loaded.error());
      done = false;
    }
  }
  if (done) batch_->erase(timer.encode());
}

void Shard::remove(LoadedExecution& execution) {
  const interpreter::ExecutionFacts& facts = execution.state().facts;
  if (const auto erased = execution.erase(*batch_); !erased) {
    batch_error_ = erased.error();
    return;
  }
  if (const auto listed = execution.listed_status()) {
    batch_->erase(facts.map_run_arn.empty() ? keys::listing(execution.machine().machine_id, *listed, execution.id())
                                            : keys::map_run(facts.map_run_arn, *listed, execution.id()));
  }
  if (execution.named() && !facts.express) {
    const store::PartitionId partition = execution.id().partition();
    batch_->erase(keys::name(partition, facts.region, facts.state_machine_name, facts.name));
  }
  removed_.insert(execution.id().bits);
  mark_dirty(execution);
}

// One execution that cannot be read must not keep the others from going on. What it waits for stays in the store, for a
// version that can read it.
void Shard::set_aside(ExecutionId id, const base::Error& error) {
  if (error.code == ErrorCode::io) {
    batch_error_ = error;
    return;
  }
  base::log(base::LogLevel::error, "engine",
            fmt::format("execution {} cannot be read and is set aside: {}", env_.names->name_of(id), error.message));
}

void Shard::apply_timer(const TimerKey& timer, base::Timestamp now) {
  if (timer.kind == TimerRowKind::task_in_flight) {
    scheduled_.push_back({{timer.execution, {timer.frame, timer.attempt}}, timer.due});
    return;
  }
  if (timer.kind == TimerRowKind::tell_parent) {
    parents_to_tell_.emplace_back(timer.execution, timer);
    return;
  }
  if (timer.kind == TimerRowKind::stop_child) {
    children_to_stop_.emplace_back(timer.execution, timer);
    return;
  }
  if (timer.due > now && !is_owed(timer.kind)) {
    // It was due when it was taken for a batch that found the disk full, and the clock has stepped back since.
    timers_.insert(timer);
    return;
  }
  if (timer.kind == TimerRowKind::retention) {
    apply_retention(timer);
    return;
  }
  const auto loaded = load(timer.execution);
  if (!loaded && loaded.error().code != ErrorCode::not_found) return set_aside(timer.execution, loaded.error());
  batch_->erase(timer.encode());
  if (!loaded) return;
  LoadedExecution& execution = **loaded;
  if (timer.kind == TimerRowKind::unfinished_step) {
    (void)step(execution, interpreter::Continue{}, now);
    return;
  }
  const interpreter::TimerId id{timer.frame, static_cast<interpreter::TimerKind>(timer.kind), timer.attempt};
  (void)step(execution, interpreter::TimerFired{id}, now);
}

}  // namespace escapement::engine
