#include "functions/reactor.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace escapement::functions {
namespace {

constexpr int kEventsPerRound = 256;

base::Error io_error(const char* what) {
  return base::make_error(base::ErrorCode::io, std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

base::Result<std::unique_ptr<Reactor>> Reactor::start(const char* thread_name) {
  std::unique_ptr<Reactor> reactor(new Reactor);
  reactor->epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!reactor->epoll_) return io_error("epoll_create1");
  reactor->wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!reactor->wake_) return io_error("eventfd");
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (::epoll_ctl(reactor->epoll_.get(), EPOLL_CTL_ADD, reactor->wake_.get(), &event) != 0)
    return io_error("epoll_ctl");
  Reactor& running = *reactor;
  reactor->thread_ = std::thread([&running] { running.run(); });
  ::pthread_setname_np(reactor->thread_.native_handle(), thread_name);
  reactor->thread_id_.store(reactor->thread_.get_id(), std::memory_order_release);
  return reactor;
}

Reactor::~Reactor() {
  stop();
  drop_tasks();
}

// What a task owns may cancel timers, unwatch and plan more as it dies.
void Reactor::drop_tasks() {
  for (;;) {
    std::vector<Task> posted;
    {
      const std::lock_guard lock(mutex_);
      posted.swap(posted_);
    }
    std::vector<Task> planned;
    planned.swap(round_end_);
    std::map<std::pair<SteadyTime, TimerId>, Task> timers;
    timers.swap(timers_);
    timer_times_.clear();
    if (posted.empty() && planned.empty() && timers.empty()) return;
  }
}

void Reactor::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  wake();
  thread_.join();
  drop_tasks();
}

void Reactor::wake() {
  const std::uint64_t one = 1;
  // A full counter means that the loop is about to wake anyway.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void Reactor::post(Task task) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) wake();
}

base::Result<void> Reactor::watch(int fd, std::uint32_t events, Watcher& watcher) {
  epoll_event event{.events = events, .data = {.ptr = &watcher}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return io_error("epoll_ctl");
  // The address may be that of a watcher which died earlier in this round.
  std::erase(unwatched_, &watcher);
  return {};
}

void Reactor::change(int fd, std::uint32_t events, Watcher& watcher) {
  epoll_event event{.events = events, .data = {.ptr = &watcher}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Reactor::unwatch(int fd, Watcher& watcher) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  unwatched_.push_back(&watcher);
}

Reactor::TimerId Reactor::run_at(SteadyTime when, Task task) {
  const TimerId id = next_timer_++;
  timers_.emplace(std::pair(when, id), std::move(task));
  timer_times_.emplace(id, when);
  return id;
}

void Reactor::cancel(TimerId id) {
  const auto found = timer_times_.find(id);
  if (found == timer_times_.end()) return;
  timers_.erase({found->second, id});
  timer_times_.erase(found);
}

int Reactor::wait_milliseconds() const {
  if (timers_.empty()) return -1;
  const auto left = timers_.begin()->first.first - std::chrono::steady_clock::now();
  if (left <= left.zero()) return 0;
  return static_cast<int>(std::min<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(), 60'000));
}

void Reactor::run_posted() {
  {
    const std::lock_guard lock(mutex_);
    running_.swap(posted_);
  }
  for (Task& task : running_) task();
  running_.clear();
}

void Reactor::run_timers() {
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    auto node = timers_.extract(timers_.begin());
    timer_times_.erase(node.key().second);
    node.mapped()();
  }
}

void Reactor::run_round_end() {
  while (!round_end_.empty()) {
    std::vector<Task> tasks;
    tasks.swap(round_end_);
    for (Task& task : tasks) task();
  }
}

void Reactor::run() {
  std::array<epoll_event, kEventsPerRound> events;
  while (!stopping_.load(std::memory_order_acquire)) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerRound, wait_milliseconds());
    now_ = std::chrono::steady_clock::now();
    unwatched_.clear();
    for (int i = 0; i < count; ++i) {
      auto* const watcher = static_cast<Watcher*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (watcher == nullptr) {
        std::uint64_t drained = 0;
        [[maybe_unused]] const auto got = ::read(wake_.get(), &drained, sizeof drained);
      } else if (std::ranges::find(unwatched_, watcher) == unwatched_.end()) {
        watcher->on_ready(events[static_cast<std::size_t>(i)].events);
      }
    }
    run_posted();
    run_timers();
    run_round_end();
  }
}

}  // namespace escapement::functions
