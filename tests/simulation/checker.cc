#include "checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "base/codec.h"
#include "engine/keys.h"
#include "engine/timer_key.h"
#include "history/render.h"
#include "json/parse.h"
#include "json/print.h"
#include "timings.h"

namespace escapement::simulation {
namespace {

using history::Event;
using history::EventType;

constexpr std::size_t kHistoryMax = 25'000;
// Of the activity's state in machines.cc.
constexpr base::Duration kHeartbeat = base::Duration::seconds(7);
constexpr base::Duration kTimeout = base::Duration::seconds(40);
constexpr base::Duration kRetryInterval = base::Duration::seconds(1);

// The TimeoutSeconds of the machine that an execution is of.
std::optional<base::Duration> deadline_of(std::string_view arn) {
  if (arn.find(":deadline:") == std::string_view::npos) return std::nullopt;
  return base::Duration::seconds(15);
}

// In their order, until `see` returns false.
void each_timer(const store::Store& store, char table, const std::function<bool(const engine::TimerKey&)>& see) {
  const std::string prefix(1, table);
  const auto cursor = store.cursor(prefix, store::prefix_end(prefix));
  for (cursor->seek(prefix); cursor->valid(); cursor->next()) {
    const auto key = engine::TimerKey::decode(cursor->key());
    if (key && !see(*key)) return;
  }
}

std::uint64_t fold(std::uint64_t hash, std::uint64_t value) { return (hash ^ value) * 0x100000001b3ull; }
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  for (const char c : text) h = fold(h, static_cast<unsigned char>(c));
  return h;
}

bool ends_execution(EventType type) {
  return type == EventType::ExecutionSucceeded || type == EventType::ExecutionFailed ||
         type == EventType::ExecutionTimedOut || type == EventType::ExecutionAborted;
}

// Several may go on from here at once.
bool forks(EventType type) {
  return type == EventType::ParallelStateStarted || type == EventType::MapStateStarted ||
         type == EventType::ParallelStateEntered || type == EventType::MapStateEntered ||
         type == EventType::ExecutionRedriven;
}

// The N of {"done":N} in the output of an event; 0: it has none.
std::int64_t outcome_of(const Event& event) {
  if (event.type != EventType::ActivitySucceeded && event.type != EventType::TaskSucceeded) return 0;
  for (const history::Field& field : event.fields) {
    const auto* const payload = std::get_if<json::Payload>(&field.value);
    if (field.id != history::FieldId::output || payload == nullptr || payload->absent()) continue;
    const auto value = json::parse(payload->text());
    const json::Value* const done = value ? value->find("done") : nullptr;
    if (done != nullptr && done->is_number()) return done->as_int64();
  }
  return 0;
}

}  // namespace

std::string gap_in(const Events& events) {
  if (events.empty() || events.front().type != EventType::ExecutionStarted) return "it has no start";
  std::uint64_t expected = 1;
  for (const Event& event : events) {
    if (event.id != expected++) return fmt::format("it has a gap at {}", event.id);
    if (event.previous_id >= event.id) return fmt::format("event {} follows a later one", event.id);
  }
  return {};
}

std::string second_end_in(const Events& events) {
  bool closed = false;
  for (const Event& event : events) {
    if (closed && event.type != EventType::ExecutionRedriven)
      return fmt::format("it goes on after its end, at {}", event.id);
    closed = ends_execution(event.type);
  }
  return {};
}

std::string doubled_transition_in(const Events& events) {
  std::set<std::pair<std::uint64_t, EventType>> gone_on;
  for (const Event& event : events) {
    if (event.previous_id == 0 || event.previous_id > events.size()) continue;
    if (forks(events[event.previous_id - 1].type) || event.type == EventType::ExecutionRedriven) continue;
    if (!gone_on.emplace(event.previous_id, event.type).second)
      return fmt::format("event {} went on twice, the second time with {}", event.previous_id, event.id);
  }
  return {};
}

std::string refused_again_in(const Events& events) {
  for (const Event& event : events) {
    for (const history::Field& field : event.fields) {
      const auto* const error = std::get_if<std::string>(&field.value);
      if (field.id == history::FieldId::error && error != nullptr && error->contains("ExecutionAlreadyExists"))
        return fmt::format("event {} was refused what its task had started", event.id);
    }
  }
  return {};
}

Events Checker::history_of(const engine::ExecutionReader& reader, const std::string& arn) {
  const auto id = reader.find(arn);
  auto events = id ? reader.history(*id, {.count_max = kHistoryMax}) : base::Result<Events>(id.error());
  if (events) return std::move(*events);
  find(fmt::format("{} was acknowledged and cannot be read: {}", arn, events.error().message));
  return {};
}

void Checker::acknowledge(const engine::ExecutionReader& reader, const std::string& arn) {
  const auto id = reader.find(arn);
  const auto described = id ? reader.describe(*id) : base::Result<engine::ExecutionDescription>(id.error());
  if (!described) find(fmt::format("{} was acknowledged before it was on disk", arn));
  if (!known_.insert(arn).second) return find(fmt::format("{} was started twice", arn));
  acknowledged_.push_back(arn);
}

void Checker::check_stopped(const engine::ExecutionReader& reader, const std::string& arn) {
  const auto id = reader.find(arn);
  const auto described = id ? reader.describe(*id) : base::Result<engine::ExecutionDescription>(id.error());
  if (described && described->head.status == interpreter::Status::running && !redriven_.contains(arn))
    find(fmt::format("{} was stopped and runs", arn));
}

void Checker::check_released(const engine::ExecutionReader& reader, const std::string& arn,
                             const functions::InvokeRequest& request) {
  if (!released_now_.insert(request.request_id).second) find(fmt::format("a task of {} was let go twice", arn));
  auto& requests = released_[arn];
  const auto [known, first_time] = requests.try_emplace(request.request_id, request.payload);
  if (!first_time) {
    if (known->second != request.payload) find(fmt::format("a task of {} was let go again with another payload", arn));
    return;
  }
  const Events events = history_of(reader, arn);
  const auto scheduled =
      std::ranges::count_if(events, [](const Event& event) { return event.type == EventType::TaskScheduled; });
  if (static_cast<std::size_t>(scheduled) < requests.size())
    find(fmt::format("{} tasks of {} were let go, of {} scheduled on disk", requests.size(), arn, scheduled));
}

void Checker::heartbeat_acknowledged(const engine::ExecutionReader& reader, const std::string& arn,
                                     base::Timestamp sent) {
  const Events events = history_of(reader, arn);
  if (events.empty() || events.back().type != EventType::ActivityStarted) return;  // answered in the same batch
  heartbeats_[arn][events.back().id] = sent;
}

void Checker::check_heartbeats(const std::string& arn, const Events& events) {
  const auto beats = heartbeats_.find(arn);
  if (beats == heartbeats_.end()) return;
  for (const Event& event : events) {
    if (event.type != EventType::ActivityTimedOut) continue;
    const auto last = beats->second.find(event.previous_id);
    if (last == beats->second.end() || event.timestamp >= events[event.previous_id - 1].timestamp + kTimeout) continue;
    if (event.timestamp < last->second + kHeartbeat)
      find(fmt::format("the history of {}: event {} does not know of a heartbeat: {}, then {}", arn, event.id,
                       base::to_iso8601(last->second), base::to_iso8601(event.timestamp)));
  }
}

void Checker::check_answer(std::string_view operation, const base::Result<json::Value>& answer) {
  if (answer) return;
  const base::ErrorCode code = answer.error().code;
  if (code == base::ErrorCode::internal || code == base::ErrorCode::corrupt)
    find(fmt::format("{} was answered by {}", operation, answer.error().to_string()));
}

void Checker::check_histories(const engine::ExecutionReader& reader) {
  for (const std::string& arn : acknowledged_) {
    const Events events = history_of(reader, arn);
    for (const auto check :
         {gap_in, second_end_in, doubled_transition_in, refused_again_in, early_wait_in, early_timeout_in}) {
      if (const std::string wrong = check(events); !wrong.empty())
        find(fmt::format("the history of {}: {}", arn, wrong));
    }
    if (const std::string wrong = early_retry_in(events, kRetryInterval); !wrong.empty())
      find(fmt::format("the history of {}: {}", arn, wrong));
    if (const auto timeout = deadline_of(arn)) {
      if (const std::string wrong = early_deadline_in(events, *timeout); !wrong.empty())
        find(fmt::format("the history of {}: {}", arn, wrong));
    }
    check_heartbeats(arn, events);
    Seen& seen = seen_[arn];
    if (events.size() < seen.events.size())
      find(fmt::format("the history of {} shrank from {} to {} events", arn, seen.events.size(), events.size()));
    for (std::size_t i = 0; i < events.size(); ++i) {
      const std::uint64_t digest = hash(json::print(history::render(events[i], true)));
      if (i < seen.events.size()) {
        if (seen.events[i] != digest) find(fmt::format("event {} of {} changed after it was committed", i + 1, arn));
        continue;
      }
      seen.events.push_back(digest);
      for (const std::uint64_t part : {events[i].id, events[i].previous_id, static_cast<std::uint64_t>(events[i].type),
                                       static_cast<std::uint64_t>(events[i].timestamp.us)})
        seen.shape = fold(seen.shape, part);
    }
  }
}

void Checker::check_memory(engine::Engine& engine, const engine::Options& options) {
  for (std::string& wrong : engine.disagreements()) find(std::move(wrong));
  const engine::Statistics now = engine.statistics();
  if (now.resident_timers > options.shards * (options.resident_timers_max * 2ull + 2))
    find(fmt::format("{} timers are resident", now.resident_timers));
  if (now.cached_executions > std::uint64_t{options.shards} * options.cached_executions_max)
    find(fmt::format("{} executions are in memory", now.cached_executions));
  if (now.dispatched_tasks > std::uint64_t{options.shards} * options.dispatched_tasks_max)
    find(fmt::format("{} tasks are in flight", now.dispatched_tasks));
}

void Checker::check_none_overdue(const store::Store& store, base::Timestamp now) {
  each_timer(store, engine::keys::kTimer, [&](const engine::TimerKey& timer) {
    if (timer.due > now) return false;
    find(fmt::format("the timer of execution {} that was due at {} has not fired by {}", timer.execution.bits,
                     base::to_iso8601(timer.due), base::to_iso8601(now)));
    return true;
  });
}

void Checker::check_timers_wanted(const engine::ExecutionReader& reader, const store::Store& store) {
  each_timer(store, engine::keys::kTimer, [&](const engine::TimerKey& timer) {
    if (timer.kind == engine::TimerRowKind::retention) return true;
    const auto described = reader.describe(timer.execution);
    if (!described || described->head.status != interpreter::Status::running)
      find(fmt::format("a timer of kind {} waits for execution {}, which has ended", static_cast<int>(timer.kind),
                       timer.execution.bits));
    return true;
  });
}

void Checker::check_nothing_owed(const store::Store& store) {
  each_timer(store, engine::keys::kOutbox, [&](const engine::TimerKey& row) {
    find(fmt::format("a row of kind {} of execution {} is left in the outbox", static_cast<int>(row.kind),
                     row.execution.bits));
    return true;
  });
  check_empty(store, engine::keys::kChild);
  each_timer(store, engine::keys::kTimer, [&](const engine::TimerKey& timer) {
    if (timer.kind != engine::TimerRowKind::retention)
      find(fmt::format("a timer of kind {} of execution {}, which has ended, is left", static_cast<int>(timer.kind),
                       timer.execution.bits));
    return true;
  });
}

void Checker::check_all_removed(const store::Store& store) {
  for (const char table : engine::keys::kLastingTables) check_empty(store, table);
  for (const char table : engine::keys::kPassingTables) check_empty(store, table);
}

void Checker::check_empty(const store::Store& store, char table) {
  const std::string prefix(1, table);
  const auto cursor = store.cursor(prefix, store::prefix_end(prefix));
  cursor->seek(prefix);
  if (cursor->valid())
    find(fmt::format("table {} still has a row: {}", static_cast<int>(table), base::to_hex(cursor->key())));
}

void Checker::check_pages(std::string_view what, const std::vector<std::string>& whole,
                          const std::vector<std::string>& in_pages) {
  if (in_pages != whole)
    find(fmt::format("{} reads otherwise in pages: {} instead of {}", what, in_pages.size(), whole.size()));
}

void Checker::check_listing(std::string_view machine, const std::vector<std::string>& arns) {
  const std::set<std::string> listed(arns.begin(), arns.end());
  if (listed.size() != arns.size()) find(fmt::format("an execution of {} is listed twice", machine));
  const std::string of_machine = fmt::format(":execution:{}:", machine);
  for (const std::string& arn : acknowledged_) {
    if (arn.contains(of_machine) && !listed.contains(arn)) find(fmt::format("{} is not listed", arn));
  }
}

void Checker::check_all_ended(const engine::ExecutionReader& reader) {
  for (const std::string& arn : acknowledged_) {
    const auto id = reader.find(arn);
    const auto described = id ? reader.describe(*id) : base::Result<engine::ExecutionDescription>(id.error());
    if (!described || described->head.status != interpreter::Status::running) continue;
    const auto events = reader.history(*id, {.count_max = 1, .reverse = true});
    const std::string last =
        events && !events->empty() ? json::print(history::render(events->front(), false)) : "nothing";
    find(fmt::format("{} still runs though the faults have stopped; its last event is {}", arn, last));
  }
}

void Checker::check_none_running(const json::Value& listing) {
  for (const json::Value& execution : listing.find("executions")->items())
    find(fmt::format("nobody waits for {} and it still runs", execution.find("executionArn")->as_string()));
}

void Checker::check_outcomes(const engine::ExecutionReader& reader) {
  std::map<std::int64_t, int> recorded;
  for (const std::string& arn : acknowledged_) {
    for (const Event& event : history_of(reader, arn)) {
      if (const std::int64_t number = outcome_of(event); number != 0) ++recorded[number];
    }
  }
  for (const auto& [number, times] : recorded) {
    if (times > 1) find(fmt::format("outcome {} is recorded {} times", number, times));
  }
  for (const std::int64_t number : outcomes_) {
    if (!recorded.contains(number)) find(fmt::format("outcome {} was acknowledged and is lost", number));
  }
}

std::uint64_t Checker::digest() const {
  std::uint64_t digest = 0;
  for (const std::string& arn : acknowledged_) {
    if (const auto seen = seen_.find(arn); seen != seen_.end()) digest = fold(digest, seen->second.shape);
  }
  return digest;
}

}  // namespace escapement::simulation
