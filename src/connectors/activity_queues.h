// Activity tasks waiting for workers, and workers waiting for activity tasks.
//
// A queue for each activity, in the order of scheduling; a worker that finds it empty waits (GetActivityTask's long
// poll). All of it lives in memory: after a restart the engine dispatches the tasks that no worker took again.
//
// Threading: any thread; no callback is made under the lock.
// Bounded:   by the engine's bound on dispatched tasks, and `workers_per_activity_max` waiting workers.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "engine/ids.h"
#include "http/loop.h"
#include "json/payload.h"

namespace escapement::connectors {

struct ActivityTask {
  engine::TaskKey key;
  std::string token;
  std::string input;  // JSON text
};

class ActivityQueues {
 public:
  // Called once: with a task, or nullopt when none came in time.
  using Taken = std::move_only_function<void(std::optional<ActivityTask>)>;

  struct Options {
    std::chrono::milliseconds poll_time{60'000};
    std::size_t workers_per_activity_max = 1'000;
  };

  // `timers` is borrowed and must outlive the queues.
  ActivityQueues(http::Loop& timers, Options options) : timers_(timers), options_(options) {}
  ~ActivityQueues();  // waits for a callback that the timers are making; not on their thread
  ActivityQueues(const ActivityQueues&) = delete;
  ActivityQueues& operator=(const ActivityQueues&) = delete;

  // Adding a task that is queued already has no effect.
  void add(const std::string& activity_arn, ActivityTask task);
  // Takes a task out that nobody took yet; unknown keys are ignored.
  void remove(const engine::TaskKey& key);
  // Puts back, as the next to be taken, a task whose worker left before it was handed out.
  void put_back(const std::string& activity_arn, ActivityTask task);
  // The oldest task, now or within the poll time. The answer is the worker's place in the queue (0: it has been served
  // already), or nullopt when too many workers wait; then `taken` is dropped.
  std::optional<std::uint64_t> poll(const std::string& activity_arn, Taken taken);
  // The worker at `place` went away; its callback is dropped. Served workers are ignored.
  void leave(const std::string& activity_arn, std::uint64_t place);

  std::size_t size(const std::string& activity_arn) const;

 private:
  struct Worker {
    std::uint64_t id;
    http::TimerId timer;
    Taken taken;
  };
  struct Queue {
    std::list<ActivityTask> tasks;
    std::deque<Worker> workers;
  };

  enum class End { front, back };
  void insert(const std::string& activity_arn, ActivityTask task, End end);
  Taken remove_worker(const std::string& activity_arn, std::uint64_t worker);
  void drop_if_empty(const std::string& activity_arn);

  http::Loop& timers_;
  Options options_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Queue> queues_;  // guarded by mutex_, as are the members below
  std::map<engine::TaskKey, std::string> activity_of_;
  std::uint64_t last_worker_ = 0;
};

}  // namespace escapement::connectors
