// An event loop on a thread of its own: functions posted from any thread run there one after another, and timers.
//
// Threading: post(), post_at() and cancel() may be called from any thread. What is posted runs on the loop's thread, in
// the
//            order of posting. Posts made while the loop is busy cost one wake-up together, however many they are.
// Lifetime:  the destructor stops the loop and joins its thread (never call it there); what has not run yet is
// destroyed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace escapement::http {

using Task = std::move_only_function<void()>;
using TimerId = std::uint64_t;  // never 0
using SteadyTime = std::chrono::steady_clock::time_point;

class LoopCore;  // the Asio side; private to this room

class Loop {
 public:
  // `name` is the thread's name, at most 15 characters.
  explicit Loop(std::string name = "esc-loop");
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void post(Task task);
  // Runs `task` at `when` or soon after, never before.
  TimerId post_at(SteadyTime when, Task task);
  TimerId post_after(std::chrono::microseconds delay, Task task) {
    return post_at(std::chrono::steady_clock::now() + delay, std::move(task));
  }
  // After cancel() returned on the loop's thread the task does not run; elsewhere it may be running already. An id that
  // has fired is ignored.
  void cancel(TimerId id);

  bool is_this_thread() const;
  // Runs what is already posted, then ends the thread. Idempotent.
  void stop();

  LoopCore& core() { return *core_; }

 private:
  std::unique_ptr<LoopCore> core_;
};

}  // namespace escapement::http
