#include "functions/event_queue.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

#include "base/codec.h"
#include "base/log.h"
#include "json/parse.h"
#include "json/print.h"
#include "json/value.h"

namespace escapement::functions {
namespace {

std::string encode(const Event& event) {
  json::ObjectBuilder object;
  object.set("region", event.region)
      .set("account", event.account)
      .set("function", event.function)
      .set("qualifier", event.qualifier);
  object.set("requestId", event.request_id)
      .set("clientContext", event.client_context)
      .set("accepted", event.accepted.us);
  object.set("due", event.due.us)
      .set("attempts", std::int64_t{event.attempts})
      .set("throttles", std::int64_t{event.throttles});
  // The payload last, as text: it is not looked into.
  object.set("payload", event.payload);
  return json::print(std::move(object).build());
}

base::Result<Event> decode(std::string_view text) {
  ESC_TRY(const json::Value value, json::parse(text));
  Event event;
  const auto take = [&](std::string_view name, std::string& into) {
    if (const json::Value* const member = value.find(name); member != nullptr && member->is_string())
      into = member->as_string();
  };
  const auto number = [&](std::string_view name) {
    const json::Value* const member = value.find(name);
    return member != nullptr && member->is_int64() ? member->as_int64() : 0;
  };
  take("region", event.region);
  take("account", event.account);
  take("function", event.function);
  take("qualifier", event.qualifier);
  take("requestId", event.request_id);
  take("clientContext", event.client_context);
  take("payload", event.payload);
  event.accepted = {number("accepted")};
  event.due = {number("due")};
  event.attempts = static_cast<std::uint32_t>(number("attempts"));
  event.throttles = static_cast<std::uint32_t>(number("throttles"));
  if (event.function.empty() || event.request_id.empty())
    return base::make_error(base::ErrorCode::corrupt, "an event's row is damaged");
  return event;
}

// One minute after the first failure, two after the second, as AWS waits.
base::Duration retry_delay(std::uint32_t attempts) { return base::Duration::seconds(attempts <= 1 ? 60 : 120); }
// From one second to five minutes, doubling.
base::Duration throttle_delay(std::uint32_t throttles) {
  return base::Duration::seconds(std::min<std::int64_t>(std::int64_t{1} << std::min(throttles, 9u), 300));
}

bool is_capacity(const base::Error& error) {
  return error.name == "TooManyRequestsException" || error.code == base::ErrorCode::unavailable;
}

}  // namespace

EventQueue::EventQueue(store::Store& store, const base::Clock& clock, Options options, Attempt attempt,
                       FindConfig find_config, Finished finished)
    : store_(store),
      clock_(clock),
      options_(std::move(options)),
      attempt_(std::move(attempt)),
      find_config_(std::move(find_config)),
      finished_(std::move(finished)) {}

EventQueue::~EventQueue() { stop(); }

base::Result<void> EventQueue::start() {
  const auto cursor = store_.cursor(options_.prefix, store::prefix_end(options_.prefix));
  for (cursor->seek(options_.prefix); cursor->valid(); cursor->next()) ++pending_;
  ESC_CHECK(cursor->status());
  more_on_disk_ = pending_ > 0;
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "esc-events");
  return {};
}

void EventQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void EventQueue::accept(Event event, InvokeDone done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      accepting_.push_back({std::move(event), std::move(done)});
      done = nullptr;
    }
  }
  if (done)
    return done(base::make_error(base::ErrorCode::unavailable, "ServiceException", "The function service is stopping"));
  wake_.notify_one();
}

std::uint64_t EventQueue::pending() const {
  const std::lock_guard lock(mutex_);
  return pending_;
}

// Rows lie in the order of acceptance.
std::string EventQueue::make_key(const Event& event) const {
  std::string key = options_.prefix;
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(static_cast<std::uint64_t>(event.accepted.us) >> shift & 0xff));
  return key + event.request_id;
}

std::optional<base::Timestamp> EventQueue::next_due() const {
  std::optional<base::Timestamp> next;
  if (under_way_ >= options_.under_way_max) return next;
  for (const auto& [key, resident] : residents_) {
    if (!resident.under_way && (!next || resident.event.due < *next)) next = resident.event.due;
  }
  return next;
}

void EventQueue::run() {
  for (;;) {
    refill();
    dispatch_due();
    std::vector<Accepting> accepting;
    std::vector<Outcome> outcomes;
    {
      std::unique_lock lock(mutex_);
      const auto something = [this] { return stopping_ || !accepting_.empty() || !outcomes_.empty(); };
      if (const auto next = next_due()) {
        const std::int64_t us = std::clamp<std::int64_t>((*next - clock_.now()).us, 0, 1'000'000);
        wake_.wait_for(lock, std::chrono::microseconds(us), something);
      } else {
        wake_.wait(lock, something);
      }
      if (stopping_ && accepting_.empty()) return;
      accepting.swap(accepting_);
      outcomes.swap(outcomes_);
    }
    if (!accepting.empty() || !outcomes.empty()) commit(std::move(accepting), std::move(outcomes));
  }
}

void EventQueue::commit(std::vector<Accepting> accepting, std::vector<Outcome> outcomes) {
  const auto batch = store_.new_batch();
  for (const Accepting& entry : accepting) batch->put(make_key(entry.event), encode(entry.event));
  for (const Outcome& outcome : outcomes) settle(outcome, *batch);
  const auto committed = batch->count() == 0 ? base::Result<void>() : store_.commit(*batch);
  if (!committed)
    base::log(base::LogLevel::error, "functions",
              "event invocations cannot be stored: " + committed.error().to_string());
  if (committed) {
    const std::lock_guard lock(mutex_);
    pending_ += accepting.size();
  }
  for (Accepting& entry : accepting) {
    if (!committed) {
      entry.done(base::make_error(base::ErrorCode::unavailable, "ServiceException", "The event could not be stored"));
      continue;
    }
    entry.done(InvokeResult{});
    if (residents_.size() >= options_.resident_max || more_on_disk_) {
      more_on_disk_ = true;
      continue;
    }
    std::string key = make_key(entry.event);
    residents_.emplace(key, Resident{std::move(entry.event), key});
  }
}

void EventQueue::give_up(const Resident& resident, std::string_view condition, const base::Result<InvokeResult>& last,
                         store::Batch& batch) {
  finished_(resident.event, condition, last);
  batch.erase(resident.key);
  {
    const std::lock_guard lock(mutex_);
    --pending_;
  }
  residents_.erase(std::string(resident.key));
}

void EventQueue::settle(const Outcome& outcome, store::Batch& batch) {
  const auto found = residents_.find(outcome.key);
  if (found == residents_.end()) return;
  Resident& resident = found->second;
  resident.under_way = false;
  --under_way_;
  if (outcome.result && outcome.result->function_error.empty())
    return give_up(resident, "Success", outcome.result, batch);
  const EventConfig config = find_config_(resident.event);
  const base::Timestamp now = clock_.now();
  if (!outcome.result && is_capacity(outcome.result.error())) {
    resident.event.due = now + throttle_delay(resident.event.throttles++);
  } else {
    ++resident.event.attempts;
    if (resident.event.attempts > config.retries_max || !outcome.result)
      return give_up(resident, "RetriesExhausted", outcome.result, batch);
    resident.event.due = now + retry_delay(resident.event.attempts);
  }
  if (resident.event.due - resident.event.accepted > config.age_max)
    return give_up(resident, "EventAgeExceeded", outcome.result, batch);
  batch.put(resident.key, encode(resident.event));
}

void EventQueue::dispatch_due() {
  const base::Timestamp now = clock_.now();
  for (auto& [key, resident] : residents_) {
    if (under_way_ >= options_.under_way_max) return;
    if (resident.under_way || resident.event.due > now) continue;
    resident.under_way = true;
    ++under_way_;
    attempt_(resident.event, [this, key = key](base::Result<InvokeResult> result) {
      {
        const std::lock_guard lock(mutex_);
        outcomes_.push_back({key, std::move(result)});
      }
      wake_.notify_one();
    });
  }
}

// Takes rows into memory when few are left there.
void EventQueue::refill() {
  if (!more_on_disk_ || residents_.size() > options_.resident_max / 2) return;
  const auto cursor = store_.cursor(options_.prefix, store::prefix_end(options_.prefix));
  more_on_disk_ = false;
  for (cursor->seek(options_.prefix); cursor->valid(); cursor->next()) {
    if (residents_.size() >= options_.resident_max) {
      more_on_disk_ = true;
      return;
    }
    std::string key(cursor->key());
    if (residents_.contains(key)) continue;
    auto event = decode(cursor->value());
    if (!event) {
      base::log(base::LogLevel::error, "functions", event.error().message);
      continue;
    }
    residents_.emplace(key, Resident{std::move(*event), key});
  }
}

}  // namespace escapement::functions
