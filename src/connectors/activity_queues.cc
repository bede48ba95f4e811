#include "connectors/activity_queues.h"

#include <algorithm>
#include <future>

namespace escapement::connectors {

ActivityQueues::~ActivityQueues() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [arn, queue] : queues_) {
      for (const Worker& worker : queue.workers) timers_.cancel(worker.timer);
    }
  }
  // What the loop runs already is done once it has come to this.
  auto passed = std::make_shared<std::promise<void>>();
  std::future<void> done = passed->get_future();
  timers_.post([passed = std::move(passed)] { passed->set_value(); });
  done.wait();
}

void ActivityQueues::add(const std::string& activity_arn, ActivityTask task) {
  insert(activity_arn, std::move(task), End::back);
}

void ActivityQueues::put_back(const std::string& activity_arn, ActivityTask task) {
  insert(activity_arn, std::move(task), End::front);
}

void ActivityQueues::insert(const std::string& activity_arn, ActivityTask task, End end) {
  std::optional<Worker> worker;
  {
    const std::lock_guard lock(mutex_);
    if (activity_of_.contains(task.key)) return;
    Queue& queue = queues_[activity_arn];
    if (queue.workers.empty()) {
      activity_of_.emplace(task.key, activity_arn);
      queue.tasks.insert(end == End::back ? queue.tasks.end() : queue.tasks.begin(), std::move(task));
      return;
    }
    worker = std::move(queue.workers.front());
    queue.workers.pop_front();
    drop_if_empty(activity_arn);
  }
  timers_.cancel(worker->timer);
  worker->taken(std::move(task));
}

void ActivityQueues::remove(const engine::TaskKey& key) {
  const std::lock_guard lock(mutex_);
  const auto found = activity_of_.find(key);
  if (found == activity_of_.end()) return;
  queues_[found->second].tasks.remove_if([&](const ActivityTask& task) { return task.key == key; });
  drop_if_empty(found->second);
  activity_of_.erase(found);
}

std::optional<std::uint64_t> ActivityQueues::poll(const std::string& activity_arn, Taken taken) {
  std::optional<ActivityTask> task;
  {
    const std::lock_guard lock(mutex_);
    Queue& queue = queues_[activity_arn];
    if (queue.tasks.empty()) {
      if (queue.workers.size() >= options_.workers_per_activity_max) return std::nullopt;
      const std::uint64_t id = ++last_worker_;
      const auto timer = timers_.post_after(options_.poll_time, [this, activity_arn, id] {
        if (Taken waited = remove_worker(activity_arn, id)) waited(std::nullopt);
      });
      queue.workers.push_back({id, timer, std::move(taken)});
      return id;
    }
    task = std::move(queue.tasks.front());
    queue.tasks.pop_front();
    activity_of_.erase(task->key);
    drop_if_empty(activity_arn);
  }
  taken(std::move(task));
  return 0;
}

void ActivityQueues::leave(const std::string& activity_arn, std::uint64_t place) {
  // The callback is destroyed here, outside the lock.
  const Taken dropped = remove_worker(activity_arn, place);
}

ActivityQueues::Taken ActivityQueues::remove_worker(const std::string& activity_arn, std::uint64_t worker) {
  const std::lock_guard lock(mutex_);
  const auto queue = queues_.find(activity_arn);
  if (queue == queues_.end()) return nullptr;
  auto& workers = queue->second.workers;
  const auto found = std::find_if(workers.begin(), workers.end(), [&](const Worker& w) { return w.id == worker; });
  if (found == workers.end()) return nullptr;
  Taken taken = std::move(found->taken);
  timers_.cancel(found->timer);
  workers.erase(found);
  drop_if_empty(activity_arn);
  return taken;
}

void ActivityQueues::drop_if_empty(const std::string& activity_arn) {
  const auto queue = queues_.find(activity_arn);
  if (queue != queues_.end() && queue->second.tasks.empty() && queue->second.workers.empty()) queues_.erase(queue);
}

std::size_t ActivityQueues::size(const std::string& activity_arn) const {
  const std::lock_guard lock(mutex_);
  const auto queue = queues_.find(activity_arn);
  return queue == queues_.end() ? 0 : queue->second.tasks.size();
}

}  // namespace escapement::connectors
