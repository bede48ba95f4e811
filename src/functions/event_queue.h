// Event invocations: accepted once they are durable, tried until they succeed, are out of attempts, or too old.
//
// One row an event in the store. A thread of its own takes all that was handed in, writes it in one batch, and only
// then answers and dispatches; rows of events that are done with are erased the same way. After a crash whatever has a
// row is dispatched again.
//
// Threading: any thread. Bounded: at most `resident_max` events are in memory; more wait as rows and are read when
// there is room.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "functions/function_record.h"
#include "functions/function_service.h"
#include "store/store.h"

namespace escapement::functions {

struct Event {
  std::string region;
  std::string account;
  std::string function;  // as the caller named it
  std::string qualifier;
  std::string request_id;
  std::string payload;
  std::string client_context;
  base::Timestamp accepted;
  base::Timestamp due;          // of the next attempt
  std::uint32_t attempts = 0;   // that failed in the function
  std::uint32_t throttles = 0;  // that found no capacity
};

class EventQueue {
 public:
  // Runs one attempt and calls back; EventConfig says what to do with a failure.
  using Attempt = std::function<void(const Event& event, InvokeDone done)>;
  using FindConfig = std::function<EventConfig(const Event& event)>;
  // An event is done with: succeeded, failed for good, or too old. `condition` as AWS names it in destination records.
  using Finished =
      std::function<void(const Event& event, std::string_view condition, const base::Result<InvokeResult>& last)>;

  struct Options {
    std::string prefix;
    std::uint32_t resident_max = 10'000;
    std::uint32_t under_way_max = 1'000;
  };

  EventQueue(store::Store& store, const base::Clock& clock, Options options, Attempt attempt, FindConfig find_config,
             Finished finished);
  ~EventQueue();  // stop()

  // Reads what a former process left. Errors: io, corrupt.
  base::Result<void> start();
  void stop();

  // `done` gets an empty result once the event is durable.
  void accept(Event event, InvokeDone done);
  std::uint64_t pending() const;

 private:
  struct Accepting {
    Event event;
    InvokeDone done;
  };
  struct Resident {
    Event event;
    std::string key;
    bool under_way = false;
  };
  struct Outcome {
    std::string key;
    base::Result<InvokeResult> result;
  };

  void run();
  void commit(std::vector<Accepting> accepting, std::vector<Outcome> outcomes);
  void settle(const Outcome& outcome, store::Batch& batch);
  void give_up(const Resident& resident, std::string_view condition, const base::Result<InvokeResult>& last,
               store::Batch& batch);
  void dispatch_due();
  void refill();
  std::string make_key(const Event& event) const;
  std::optional<base::Timestamp> next_due() const;

  store::Store& store_;
  const base::Clock& clock_;
  Options options_;
  Attempt attempt_;
  FindConfig find_config_;
  Finished finished_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Accepting> accepting_;  // guarded by mutex_
  std::vector<Outcome> outcomes_;     // guarded by mutex_
  bool stopping_ = false;             // guarded by mutex_
  std::uint64_t pending_ = 0;         // guarded by mutex_; rows
  std::thread thread_;

  // The thread's own.
  std::unordered_map<std::string, Resident> residents_;
  std::uint32_t under_way_ = 0;
  bool more_on_disk_ = false;
};

}  // namespace escapement::functions
