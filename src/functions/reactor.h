// The room's event loop: one thread, epoll, timers, and a mailbox for tasks from other threads.
//
// Everything that happens to function processes happens on this thread, so pools and workers need no locks. Work that
// many events of one round cause together (writes to a worker's socket) is put off with at_round_end(), so that it
// costs one system call a round.
//
// Threading: post() and is_this_thread() from any thread; all else on the loop's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "functions/file_descriptor.h"

namespace escapement::functions {

using SteadyTime = std::chrono::steady_clock::time_point;

// What epoll tells. Owned by whoever watches; must be unwatched before it dies.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // `events` as epoll gives them (EPOLLIN, EPOLLOUT, EPOLLHUP…).
  virtual void on_ready(std::uint32_t events) = 0;
};

class Reactor {
 public:
  using Task = std::move_only_function<void()>;
  using TimerId = std::uint64_t;  // never 0

  // Errors: io.
  static base::Result<std::unique_ptr<Reactor>> start(const char* thread_name);
  ~Reactor();  // stop(); tasks that never ran die first, while what they may still call is there
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  void post(Task task);
  bool is_this_thread() const { return std::this_thread::get_id() == thread_id_.load(std::memory_order_acquire); }
  // Ends the thread after the round in progress and joins it; what is posted and not run yet is destroyed. Not on the
  // loop's thread.
  void stop();

  // Level-triggered. A watcher may unwatch itself or others inside on_ready; no event reaches it afterwards.
  base::Result<void> watch(int fd, std::uint32_t events, Watcher& watcher);
  void change(int fd, std::uint32_t events, Watcher& watcher);
  void unwatch(int fd, Watcher& watcher);

  TimerId run_at(SteadyTime when, Task task);  // never before `when`
  void cancel(TimerId id);                     // unknown ids are ignored

  void at_round_end(Task task) { round_end_.push_back(std::move(task)); }
  // The time at which the round in progress began; no system call.
  SteadyTime now() const { return now_; }

 private:
  Reactor() = default;
  void run();
  int wait_milliseconds() const;
  void run_posted();
  void run_timers();
  void run_round_end();
  void drop_tasks();
  void wake();

  FileDescriptor epoll_;
  FileDescriptor wake_;
  std::atomic<std::thread::id> thread_id_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;

  std::mutex mutex_;
  std::vector<Task> posted_;  // guarded by mutex_
  std::vector<Task> running_;
  std::vector<Task> round_end_;
  std::map<std::pair<SteadyTime, TimerId>, Task> timers_;
  std::map<TimerId, SteadyTime> timer_times_;
  TimerId next_timer_ = 1;
  std::vector<Watcher*> unwatched_;  // in the round in progress
  SteadyTime now_ = std::chrono::steady_clock::now();
};

}  // namespace escapement::functions
