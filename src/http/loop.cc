#include "http/loop.h"

#include <pthread.h>

#include <boost/asio/post.hpp>

#include "base/assert.h"
#include "http/loop_core.h"

namespace escapement::http {

LoopCore::LoopCore(Loop& owner) : owner_(owner) {}

void LoopCore::run(std::string name) {
  thread_ = std::thread([this, name = name.substr(0, 15)] {
    pthread_setname_np(pthread_self(), name.c_str());
    thread_id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    context_.run();
  });
}

void LoopCore::stop() {
  ESC_ASSERT(!is_this_thread());
  if (!thread_.joinable()) return;
  post([this] { context_.stop(); });
  thread_.join();
}

void LoopCore::post(Task task) {
  bool wake = false;
  {
    const std::lock_guard lock(mu_);
    posted_.push_back(std::move(task));
    wake = !std::exchange(drain_scheduled_, true);
  }
  if (wake) asio::post(context_, [this] { drain(); });
}

void LoopCore::drain() {
  {
    const std::lock_guard lock(mu_);
    draining_.swap(posted_);
    drain_scheduled_ = false;
  }
  for (Task& task : draining_) task();
  draining_.clear();
}

TimerId LoopCore::post_at(SteadyTime when, Task task) {
  const TimerId id = next_timer_.fetch_add(1, std::memory_order_relaxed);
  if (is_this_thread()) {
    add_timer(when, id, std::move(task));
  } else {
    post([this, when, id, task = std::move(task)]() mutable { add_timer(when, id, std::move(task)); });
  }
  return id;
}

void LoopCore::cancel(TimerId id) {
  if (is_this_thread()) {
    remove_timer(id);
  } else {
    post([this, id] { remove_timer(id); });
  }
}

void LoopCore::add_timer(SteadyTime when, TimerId id, Task task) {
  timers_.emplace(TimerKey{when, id}, std::move(task));
  timer_times_.emplace(id, when);
  if (when < armed_for_) arm();
}

void LoopCore::remove_timer(TimerId id) {
  const auto at = timer_times_.find(id);
  if (at == timer_times_.end()) return;
  timers_.erase({at->second, id});
  timer_times_.erase(at);  // The wait stays armed; it finds nothing due and arms anew.
}

void LoopCore::arm() {
  if (timers_.empty()) {
    armed_for_ = SteadyTime::max();
    return;
  }
  armed_for_ = timers_.begin()->first.first;
  timer_.expires_at(armed_for_);
  timer_.async_wait([this](const error_code& error) {
    if (!error) fire();
  });
}

void LoopCore::fire() {
  armed_for_ = SteadyTime::max();
  const auto now = std::chrono::steady_clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto node = timers_.extract(timers_.begin());
    timer_times_.erase(node.key().second);
    node.mapped()();
  }
  arm();
}

Loop::Loop(std::string name) : core_(std::make_unique<LoopCore>(*this)) { core_->run(std::move(name)); }
Loop::~Loop() { stop(); }
void Loop::post(Task task) { core_->post(std::move(task)); }
TimerId Loop::post_at(SteadyTime when, Task task) { return core_->post_at(when, std::move(task)); }
void Loop::cancel(TimerId id) { core_->cancel(id); }
bool Loop::is_this_thread() const { return core_->is_this_thread(); }
void Loop::stop() { core_->stop(); }

}  // namespace escapement::http
