#include "timings.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <string_view>

namespace escapement::simulation {
namespace {

using history::Event;
using history::EventType;
using history::FieldId;
using Events = std::vector<Event>;

template <class T>
const T* field(const Event& event, FieldId id) {
  for (const history::Field& one : event.fields) {
    if (one.id == id) return std::get_if<T>(&one.value);
  }
  return nullptr;
}

// The event that `event` followed; null: none, or none that is there.
const Event* before(const Events& events, const Event& event) {
  if (event.previous_id == 0 || event.previous_id >= event.id || event.previous_id > events.size()) return nullptr;
  return &events[event.previous_id - 1];
}

}  // namespace

std::string early_wait_in(const Events& events) {
  for (const Event& event : events) {
    const Event* const entered = before(events, event);
    if (event.type != EventType::WaitStateExited || entered == nullptr || entered->type != EventType::WaitStateEntered)
      continue;
    const auto* const name = field<std::string>(event, FieldId::name);
    std::int64_t seconds = 0;
    if (name == nullptr || name->size() < 2 ||
        std::from_chars(name->data() + 1, name->data() + name->size(), seconds).ec != std::errc())
      continue;
    if (event.timestamp < entered->timestamp + base::Duration::seconds(seconds))
      return fmt::format("event {} left {} early", event.id, *name);
  }
  return {};
}

std::string early_timeout_in(const Events& events) {
  for (const Event& event : events) {
    if (event.type != EventType::TaskTimedOut) continue;
    const Event* scheduled = before(events, event);
    while (scheduled != nullptr && scheduled->type != EventType::TaskScheduled) scheduled = before(events, *scheduled);
    if (scheduled == nullptr) return fmt::format("event {} times out a task that was not scheduled", event.id);
    const auto* const seconds = field<std::int64_t>(*scheduled, FieldId::timeout_in_seconds);
    if (seconds == nullptr) return fmt::format("event {} times out a task that has no timeout", event.id);
    if (event.timestamp < scheduled->timestamp + base::Duration::seconds(*seconds))
      return fmt::format("event {} times the task of event {} out early", event.id, scheduled->id);
  }
  return {};
}

std::string early_retry_in(const Events& events, base::Duration interval) {
  for (const Event& event : events) {
    const Event* const failed = before(events, event);
    if (event.type != EventType::ActivityScheduled || failed == nullptr ||
        (failed->type != EventType::ActivityFailed && failed->type != EventType::ActivityTimedOut))
      continue;
    if (event.timestamp < failed->timestamp + interval)
      return fmt::format("event {} tries again too soon after event {}", event.id, failed->id);
  }
  return {};
}

std::string early_deadline_in(const Events& events, base::Duration timeout) {
  base::Timestamp began;
  for (const Event& event : events) {
    if (event.type == EventType::ExecutionStarted || event.type == EventType::ExecutionRedriven)
      began = event.timestamp;
    if (event.type == EventType::ExecutionTimedOut && event.timestamp < began + timeout)
      return fmt::format("event {} ends the execution before its time is up", event.id);
  }
  return {};
}

}  // namespace escapement::simulation
