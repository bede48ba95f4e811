#include "functions/pool.h"

#include <algorithm>

#include "functions/function_error.h"
#include "json/print.h"

namespace escapement::functions {
namespace {

constexpr std::uint32_t kMeasuredMin = 8;    // durations to see before one is trusted
constexpr double kSendAheadWorstUs = 4'000;  // a function that was slower lately gets one invocation at a time
// Invocations with one process: enough to hide the round trip. More would wait behind one that is unexpectedly slow.
constexpr std::size_t kSendAheadMax = 3;
constexpr double kDrainWorthAStartUs = 60'000;         // about what starting a process costs
constexpr std::uint32_t kAttemptsMax = 3;              // processes that may die before an invocation begins
constexpr std::uint32_t kProvisionedDoublingsMax = 6;  // of the second between starts that come to nothing

}  // namespace

Pool::Pool(Reactor& reactor, PoolOwner& owner, std::shared_ptr<const FunctionVersion> version, PoolSettings settings)
    : reactor_(reactor), owner_(owner), version_(std::move(version)), settings_(settings) {}

Pool::~Pool() = default;

void Pool::enqueue(std::unique_ptr<Invocation> invocation) {
  queue_.push_back(std::move(invocation));
  dispatch();
}

std::unique_ptr<Invocation> Pool::remove(const Invocation* invocation) {
  const auto found = std::ranges::find(queue_, invocation, [](const auto& entry) { return entry.get(); });
  if (found == queue_.end()) return nullptr;
  std::unique_ptr<Invocation> removed = std::move(*found);
  queue_.erase(found);
  return removed;
}

bool Pool::sends_ahead() const { return measured_ >= kMeasuredMin && worst_us_ < kSendAheadWorstUs; }

Worker* Pool::pick() {
  if (!idle_.empty()) {
    // Provisioned processes first: others may then go when they are not needed.
    auto chosen = idle_.end() - 1;
    if (provisioned_ > 0) {
      if (const auto found = std::ranges::find_if(idle_, [](const Worker* worker) { return worker->provisioned; });
          found != idle_.end())
        chosen = found;
    }
    Worker* const worker = *chosen;
    idle_.erase(chosen);
    return worker;
  }
  if (!sends_ahead()) return nullptr;
  Worker* best = nullptr;
  for (const auto& worker : workers_) {
    if (worker->state() != Worker::State::ready || worker->in_flight() >= kSendAheadMax) continue;
    if (best == nullptr || worker->in_flight() < best->in_flight()) best = worker.get();
  }
  return best;
}

std::size_t Pool::wanted_starts() const {
  if (queue_.empty()) return 0;
  const std::size_t room = starting_ < settings_.starting_max ? settings_.starting_max - starting_ : 0;
  const std::size_t unserved = queue_.size() > starting_ ? queue_.size() - starting_ : 0;
  const std::size_t ready = workers_.size() > starting_ ? workers_.size() - starting_ : 0;
  if (measured_ >= kMeasuredMin && ready > 0) {
    const double drain_us = static_cast<double>(queue_.size()) * mean_us_ / static_cast<double>(ready);
    if (drain_us < kDrainWorthAStartUs) return 0;
    // So fast a function keeps a core busy with one process.
    if (sends_ahead()) return starting_ == 0 && ready < settings_.fast_processes_max ? 1 : 0;
  }
  return std::min(room, unserved);
}

void Pool::dispatch() {
  if (dispatching_) return;
  dispatching_ = true;
  while (!queue_.empty()) {
    Worker* const worker = pick();
    if (worker == nullptr) break;
    std::unique_ptr<Invocation> invocation = std::move(queue_.front());
    queue_.pop_front();
    worker->give(std::move(invocation));
  }
  for (std::size_t wanted = wanted_starts(); wanted > 0 && owner_.take_place(*this); --wanted) start_one(false);
  dispatching_ = false;
}

void Pool::start_one(bool provisioned) {
  std::unique_ptr<Worker> worker = owner_.make_worker(*this);
  worker->provisioned = provisioned;
  ++starting_;
  owner_.start_process(*this, std::move(worker));
}

void Pool::on_started(std::unique_ptr<Worker> worker, base::Result<StartedProcess> process, SteadyTime started) {
  if (worker->provisioned) --provisioned_starting_;
  base::Result<void> attached;
  if (!process) {
    attached = process.error();
  } else {
    attached = worker->attach(std::move(*process), started, started + settings_.init_time_max);
  }
  if (attached) {
    workers_.push_back(std::move(worker));
    if (killed_) workers_.back()->kill();
    return;
  }
  --starting_;
  if (worker->provisioned) note_provisioned(false);
  release_later(std::move(worker));
  owner_.on_place_free();
  const base::Error error = attached.error();
  fail_queued({}, &error);
}

// All that wait would meet the same failure in a process of their own.
void Pool::fail_queued(const std::string& error_payload, const base::Error* error) {
  std::deque<std::unique_ptr<Invocation>> failed;
  failed.swap(queue_);
  for (auto& invocation : failed) {
    if (error != nullptr) {
      owner_.on_invocation_over(*this, std::move(invocation), *error);
    } else {
      owner_.on_invocation_over(*this, std::move(invocation), Answer{.is_error = true, .payload = error_payload});
    }
  }
}

void Pool::on_worker_ready(Worker& worker) {
  --starting_;
  if (worker.provisioned) note_provisioned(true);
  idle_.push_back(&worker);
  dispatch();
  if (retired_ && worker.is_idle()) {
    std::erase(idle_, &worker);
    worker.retire();
  }
}

void Pool::measure(std::chrono::microseconds duration) {
  const auto us = static_cast<double>(duration.count());
  ++measured_;
  mean_us_ += (us - mean_us_) / std::min<double>(measured_, 32);
  worst_us_ = std::max(us, worst_us_ * 0.99);
}

void Pool::on_worker_answered(Worker& worker, std::unique_ptr<Invocation> invocation, Answer answer) {
  measure(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - invocation->started));
  owner_.on_invocation_over(*this, std::move(invocation), std::move(answer));
  if (worker.state() == Worker::State::ending) {
    requeue_from(worker);
  } else if (worker.is_idle()) {
    if (retired_ && queue_.empty()) return worker.retire();
    idle_.push_back(&worker);
  }
  dispatch();
}

// What a dead process was given and had not begun with goes back to where it came from.
void Pool::requeue_from(Worker& worker) {
  auto returned = worker.take_back();
  while (!returned.empty()) {
    std::unique_ptr<Invocation> invocation = std::move(returned.back());
    returned.pop_back();
    if (++invocation->attempts < kAttemptsMax) {
      queue_.push_front(std::move(invocation));
      continue;
    }
    Answer answer{.is_error = true,
                  .payload = sandbox_error(invocation->request_id, "Runtime.ExitError",
                                           "Runtime exited without providing a reason")};
    owner_.on_invocation_over(*this, std::move(invocation), std::move(answer));
  }
}

void Pool::on_worker_failed(Worker&, std::string error) {
  if (error.starts_with("{")) return fail_queued(error, nullptr);
  // The process ended or hung without a word of its own; each invocation gets its own request id in the text.
  std::deque<std::unique_ptr<Invocation>> failed;
  failed.swap(queue_);
  for (auto& invocation : failed) {
    std::string payload;
    if (error.empty()) {
      char text[64];
      std::snprintf(text, sizeof text, "Task timed out after %.2f seconds", version_->timeout.as_seconds());
      payload = sandbox_error(invocation->request_id, "Sandbox.Timedout", text);
    } else {
      payload = sandbox_error(invocation->request_id, "Runtime.ExitError", error);
    }
    owner_.on_invocation_over(*this, std::move(invocation), Answer{.is_error = true, .payload = std::move(payload)});
  }
}

void Pool::on_worker_ended(Worker& worker) {
  requeue_from(worker);
  std::erase(idle_, &worker);
  const auto found = std::ranges::find(workers_, &worker, [](const auto& entry) { return entry.get(); });
  if (!worker.was_ready()) --starting_;
  if (!worker.was_ready() && worker.provisioned) note_provisioned(false);
  if (found != workers_.end()) {
    std::unique_ptr<Worker> ended = std::move(*found);
    workers_.erase(found);
    release_later(std::move(ended));
  }
  owner_.on_place_free();
  dispatch();
}

// Its own methods are still on the stack, and the round may hold a write for it. The pool itself, once empty, may be
// gone before the round ends; its owner is not.
void Pool::release_later(std::unique_ptr<Worker> worker) {
  reactor_.at_round_end([&owner = owner_, ended = std::move(worker)]() mutable {
    const std::uint32_t slot = ended->slot;
    ended.reset();
    owner.on_worker_gone(slot);
  });
}

std::uint32_t Pool::provisioned_processes() const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      workers_, [](const auto& worker) { return worker->provisioned && worker->state() != Worker::State::ending; }));
}

void Pool::set_provisioned(std::uint32_t count) {
  provisioned_ = count;
  start_provisioned();
}

// A function that cannot be initialised is tried again ever more seldom.
void Pool::note_provisioned(bool ready) {
  provisioned_failures_ = ready ? 0 : std::min(provisioned_failures_ + 1, kProvisionedDoublingsMax);
  if (!ready) provisioned_again_ = reactor_.now() + std::chrono::seconds(1u << (provisioned_failures_ - 1));
}

// All at once: whoever calls meanwhile waits for them instead of starting more.
void Pool::start_provisioned() {
  if (provisioned_failures_ > 0 && reactor_.now() < provisioned_again_) return;
  const auto alive = static_cast<std::uint32_t>(provisioned_processes() + provisioned_starting_);
  for (std::uint32_t missing = provisioned_ > alive ? provisioned_ - alive : 0; missing > 0 && owner_.take_place(*this);
       --missing) {
    ++provisioned_starting_;
    start_one(true);
  }
}

void Pool::retire() {
  if (retired_) return;
  retired_ = true;
  provisioned_ = 0;
  if (!queue_.empty()) return;
  for (Worker* const worker : idle_) worker->retire();
  idle_.clear();
}

void Pool::tick(SteadyTime now, base::Timestamp wall_now) {
  for (const auto& worker : workers_) {
    if (!worker->is_idle()) worker->check_memory();
  }
  std::vector<Worker*> leaving;
  for (Worker* const worker : idle_) {
    const bool old = worker->use_until && *worker->use_until <= wall_now;
    const bool unused =
        now - worker->idle_since() > settings_.idle_time_max && !(worker->provisioned && provisioned_ > 0);
    if (old || unused || (retired_ && queue_.empty())) leaving.push_back(worker);
  }
  for (Worker* const worker : leaving) {
    std::erase(idle_, worker);
    worker->retire();
  }
  if (provisioned_ > 0) start_provisioned();
  if (!queue_.empty()) dispatch();
}

SteadyTime Pool::oldest_idle() const {
  SteadyTime oldest = SteadyTime::max();
  for (const Worker* const worker : idle_) {
    if (!worker->provisioned || provisioned_ == 0) oldest = std::min(oldest, worker->idle_since());
  }
  return oldest;
}

bool Pool::evict_idle() {
  const SteadyTime oldest = oldest_idle();
  const auto found = std::ranges::find(idle_, oldest, [](const Worker* worker) { return worker->idle_since(); });
  if (oldest == SteadyTime::max() || found == idle_.end()) return false;
  Worker* const worker = *found;
  idle_.erase(found);
  worker->retire();
  return true;
}

void Pool::kill_all() {
  killed_ = true;
  provisioned_ = 0;
  idle_.clear();
  for (const auto& worker : workers_) worker->kill();
  const base::Error stopping =
      base::make_error(base::ErrorCode::unavailable, "ServiceException", "The function service is stopping");
  fail_queued({}, &stopping);
}

}  // namespace escapement::functions
