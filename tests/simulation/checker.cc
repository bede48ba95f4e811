#include "checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "history/render.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::simulation {
namespace {

using history::Event;
using history::EventType;

constexpr std::size_t kHistoryMax = 25'000;

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

std::string_view state_name(const Event& event) {
  for (const history::Field& field : event.fields) {
    if (field.id != history::FieldId::name) continue;
    if (const auto* const name = std::get_if<std::string>(&field.value)) return *name;
  }
  return {};
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

std::string early_wait_in(const Events& events) {
  for (const Event& event : events) {
    if (event.type != EventType::WaitStateExited || event.previous_id == 0) continue;
    const std::string_view name = state_name(event);
    std::int64_t seconds = 0;
    if (name.size() < 2 || std::from_chars(name.data() + 1, name.data() + name.size(), seconds).ec != std::errc())
      continue;
    const Event& entered = events[event.previous_id - 1];
    if (entered.type != EventType::WaitStateEntered) continue;
    if (event.timestamp < entered.timestamp + base::Duration::seconds(seconds))
      return fmt::format("event {} left {} early", event.id, name);
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
  if (known_.insert(arn).second) acknowledged_.push_back(arn);
}

void Checker::check_stopped(const engine::ExecutionReader& reader, const std::string& arn) {
  const auto id = reader.find(arn);
  const auto described = id ? reader.describe(*id) : base::Result<engine::ExecutionDescription>(id.error());
  if (described && described->head.status == interpreter::Status::running && !redriven_.contains(arn))
    find(fmt::format("{} was stopped and runs", arn));
}

void Checker::check_released(const engine::ExecutionReader& reader, const std::string& arn,
                             const functions::InvokeRequest& request) {
  auto& requests = released_[arn];
  const auto [known, first_time] = requests.try_emplace(request.request_id, request.payload);
  if (!first_time) {
    if (known->second != request.payload)
      find(fmt::format("a task of {} was let go again with another payload", arn));
    return;
  }
  const Events events = history_of(reader, arn);
  const auto scheduled =
      std::ranges::count_if(events, [](const Event& event) { return event.type == EventType::TaskScheduled; });
  if (static_cast<std::size_t>(scheduled) < requests.size())
    find(fmt::format("{} tasks of {} were let go, of {} scheduled on disk", requests.size(), arn, scheduled));
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
    for (const auto check : {gap_in, second_end_in, doubled_transition_in, early_wait_in}) {
      if (const std::string wrong = check(events); !wrong.empty())
        find(fmt::format("the history of {}: {}", arn, wrong));
    }
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
