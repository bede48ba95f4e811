#include "checker.h"

#include <fmt/format.h>

#include "history/render.h"
#include "json/print.h"

namespace escapement::simulation {
namespace {

using history::EventType;

std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return h;
}

// No event of the simulated machines holds a name, an ARN or a token: those differ between two runs of one seed.
std::uint64_t digest_of(const history::Event& event) {
  return hash(json::print(history::render(event, true))) ^ event.id * 0x9e3779b97f4a7c15ull;
}

constexpr std::size_t kHistoryMax = 25'000;

}  // namespace

engine::ExecutionId Checker::any(std::uint64_t choice) const {
  auto at = acknowledged_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(choice % acknowledged_.size()));
  return at->first;
}

void Checker::check_histories(const engine::ExecutionReader& reader) {
  for (const auto& [id, arn] : acknowledged_) {
    const auto events = reader.history(id, {.count_max = kHistoryMax});
    if (!events) {
      find(fmt::format("execution {} was acknowledged and cannot be read: {}", id.bits, events.error().message));
      continue;
    }
    check_events(id, *events);
    std::vector<std::uint64_t>& seen = seen_[id];
    if (events->size() < seen.size())
      find(fmt::format("the history of {} shrank from {} to {} events", id.bits, seen.size(), events->size()));
    for (std::size_t i = 0; i < events->size(); ++i) {
      const std::uint64_t digest = digest_of((*events)[i]);
      if (i >= seen.size()) {
        seen.push_back(digest);
      } else if (seen[i] != digest) {
        find(fmt::format("event {} of {} changed after it was committed", i + 1, id.bits));
      }
    }
  }
}

void Checker::check_events(engine::ExecutionId id, const std::vector<history::Event>& events) {
  std::uint64_t expected = 1;
  bool closed = false;
  for (const history::Event& event : events) {
    if (event.id != expected++) find(fmt::format("the history of {} has a gap at {}", id.bits, event.id));
    if (event.previous_id >= event.id) find(fmt::format("event {} of {} follows a later one", event.id, id.bits));
    if (closed) find(fmt::format("the history of {} goes on after its end, at {}", id.bits, event.id));
    closed = event.type == EventType::ExecutionSucceeded || event.type == EventType::ExecutionFailed ||
             event.type == EventType::ExecutionTimedOut || event.type == EventType::ExecutionAborted;
  }
  if (events.empty() || events.front().type != EventType::ExecutionStarted)
    find(fmt::format("the history of {} has no start", id.bits));
}

void Checker::check_all_ended(const engine::ExecutionReader& reader) {
  for (const auto& [id, arn] : acknowledged_) {
    const auto described = reader.describe(id);
    if (!described) {
      find(fmt::format("execution {} was acknowledged and is gone: {}", id.bits, described.error().message));
    } else if (described->head.status == interpreter::Status::running) {
      const auto events = reader.history(id, {.count_max = 1, .reverse = true});
      const std::string last =
          events && !events->empty() ? json::print(history::render(events->front(), false)) : "nothing";
      find(fmt::format("execution {} of {} still runs though the faults have stopped; its last event is {}", id.bits,
                       described->facts.state_machine_name, last));
    }
  }
}

std::uint64_t Checker::digest() const {
  std::uint64_t digest = 0;
  for (const auto& [id, events] : seen_) {
    for (const std::uint64_t event : events) digest = digest * 0x100000001b3ull + event;
  }
  return digest;
}

}  // namespace escapement::simulation
