// The Asio side of a Loop. Private to this room: Asio's types go no further.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "http/loop.h"

namespace escapement::http {

namespace asio = boost::asio;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;
using SteadyTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;

class LoopCore {
 public:
  explicit LoopCore(Loop& owner);

  void run(std::string name);
  void stop();
  bool is_this_thread() const { return thread_id_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

  void post(Task task);
  TimerId post_at(SteadyTime when, Task task);
  void cancel(TimerId id);

  Loop& owner() { return owner_; }
  asio::io_context& context() { return context_; }

 private:
  using TimerKey = std::pair<SteadyTime, TimerId>;

  void drain();
  void add_timer(SteadyTime when, TimerId id, Task task);
  void remove_timer(TimerId id);
  void arm();
  void fire();

  Loop& owner_;
  asio::io_context context_{1};
  asio::executor_work_guard<Executor> work_{context_.get_executor()};
  std::atomic<std::thread::id> thread_id_{};
  std::thread thread_;

  std::mutex mu_;  // guards the two below
  std::vector<Task> posted_;
  bool drain_scheduled_ = false;

  // Loop thread only.
  std::vector<Task> draining_;
  std::map<TimerKey, Task> timers_;
  std::unordered_map<TimerId, SteadyTime> timer_times_;
  SteadyTimer timer_{context_};
  SteadyTime armed_for_ = SteadyTime::max();
  std::atomic<TimerId> next_timer_{1};
};

}  // namespace escapement::http
