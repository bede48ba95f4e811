// The processes of one function version, and the invocations that wait for one of them.
//
// An idle process takes the next invocation, the one used last first. While a function answers within a few
// milliseconds, several invocations are sent ahead to a busy process, so that a burst costs few system calls; as soon
// as it takes longer, each waits for a process of its own. New processes are started when the queue would otherwise
// take longer than a start.
//
// Threading: the loop's thread only.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "functions/worker.h"

namespace escapement::functions {

class Pool;

// What a pool asks of and tells the service.
class PoolOwner {
 public:
  virtual ~PoolOwner() = default;
  // The invocation is over. `error` is set where no process could be had for it.
  virtual void on_invocation_over(Pool& pool, std::unique_ptr<Invocation> invocation, base::Result<Answer> answer) = 0;
  // May one more process be started? True takes a place, given back by on_place_free().
  virtual bool take_place(Pool& pool) = 0;
  virtual void on_place_free() = 0;
  // Starts one; Pool::on_started() follows.
  virtual void start_process(Pool& pool, std::unique_ptr<Worker> worker) = 0;
  virtual std::unique_ptr<Worker> make_worker(Pool& pool) = 0;
  virtual void on_worker_gone(std::uint32_t slot) = 0;
};

struct PoolSettings {
  std::chrono::microseconds idle_time_max;
  std::chrono::microseconds init_time_max;
  std::uint32_t starting_max;        // processes being started at once
  std::uint32_t fast_processes_max;  // of a function that answers within few milliseconds
};

class Pool final : public WorkerOwner {
 public:
  Pool(Reactor& reactor, PoolOwner& owner, std::shared_ptr<const FunctionVersion> version, PoolSettings settings);
  ~Pool() override;

  void enqueue(std::unique_ptr<Invocation> invocation);
  // Removes a waiting invocation; nullptr: it is not waiting here.
  std::unique_ptr<Invocation> remove(const Invocation* invocation);
  // Gives work to processes and starts more where needed.
  void dispatch();

  void on_started(std::unique_ptr<Worker> worker, base::Result<StartedProcess> process, SteadyTime started);

  // How many processes are to stand ready always (provisioned concurrency).
  void set_provisioned(std::uint32_t count);
  // The version has changed or is gone: what waits is still served, idle processes leave, nothing is kept warm.
  void retire();
  // A pool that is retired and has nothing left.
  bool is_empty() const { return workers_.empty() && starting_ == 0 && queue_.empty(); }

  // Housekeeping, some times a second.
  void tick(SteadyTime now, base::Timestamp wall_now);
  // Ends the process that has been idle longest, if any has been at all; its place is on its way.
  bool evict_idle();
  SteadyTime oldest_idle() const;
  // Ends everything, unfinished invocations and processes that are yet to come included.
  void kill_all();

  const std::shared_ptr<const FunctionVersion>& version() const { return version_; }
  std::size_t queued() const { return queue_.size(); }
  std::size_t processes() const { return workers_.size() + starting_; }
  bool retired() const { return retired_; }

  std::uint32_t active_provisioned = 0;  // admitted invocations counted against the provisioned processes

 private:
  void on_worker_ready(Worker& worker) override;
  void on_worker_answered(Worker& worker, std::unique_ptr<Invocation> invocation, Answer answer) override;
  void on_worker_failed(Worker& worker, std::string error) override;
  void on_worker_ended(Worker& worker) override;

  Worker* pick();
  bool sends_ahead() const;
  std::size_t wanted_starts() const;
  void start_one(bool provisioned);
  void start_provisioned();
  void note_provisioned(bool ready);
  void fail_queued(const std::string& error_payload, const base::Error* error);
  void requeue_from(Worker& worker);
  void measure(std::chrono::microseconds duration);
  std::uint32_t provisioned_processes() const;
  void release_later(std::unique_ptr<Worker> worker);

  Reactor& reactor_;
  PoolOwner& owner_;
  std::shared_ptr<const FunctionVersion> version_;  // shared with workers and invocations
  PoolSettings settings_;
  std::deque<std::unique_ptr<Invocation>> queue_;
  std::vector<std::unique_ptr<Worker>> workers_;  // those that have a process
  std::vector<Worker*> idle_;                     // the one used last at the back
  std::size_t starting_ = 0;                      // asked for, or not yet ready
  std::uint32_t provisioned_ = 0;
  std::uint32_t provisioned_starting_ = 0;  // asked for, no process yet
  std::uint32_t provisioned_failures_ = 0;  // starts in a row that came to nothing
  SteadyTime provisioned_again_{};          // not before then
  bool retired_ = false;
  bool killed_ = false;
  bool dispatching_ = false;

  double mean_us_ = 0;   // of recent durations
  double worst_us_ = 0;  // the same, decaying slowly
  std::uint32_t measured_ = 0;
};

}  // namespace escapement::functions
