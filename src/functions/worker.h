// One living process of a function version: its sandbox, its channel, its output, its end.
//
// The channel (frames or the Runtime API) is a subclass's; this class knows which invocations are with the process,
// watches the time, collects what is printed, and tells its owner what happened.
//
// Threading: the loop's thread only.
// Lifetime:  the owner keeps the worker until on_worker_ended(); after that nothing of it runs any more.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "functions/file_descriptor.h"
#include "functions/invocation.h"
#include "functions/log_sink.h"
#include "functions/reactor.h"
#include "functions/sandbox.h"

namespace escapement::functions {

class Worker;

// What a worker tells. Calls come from inside the worker's methods; the owner must not destroy the worker in them,
// except in on_worker_ended, which is the last.
class WorkerOwner {
 public:
  virtual ~WorkerOwner() = default;
  virtual void on_worker_ready(Worker& worker) = 0;
  // The invocation is over, whatever came of it; the worker may have begun with the next one already.
  virtual void on_worker_answered(Worker& worker, std::unique_ptr<Invocation> invocation, Answer answer) = 0;
  // Initialisation failed; the error object for those that wait. The process's end follows.
  virtual void on_worker_failed(Worker& worker, std::string error) = 0;
  virtual void on_worker_ended(Worker& worker) = 0;
};

struct WorkerServices {
  Reactor& reactor;
  const base::Clock& clock;
  LogSink& logs;
  std::uint32_t log_bytes_per_invocation_max;
};

class Worker {
 public:
  enum class State { starting, ready, ending };

  Worker(WorkerServices services, WorkerOwner& owner, std::shared_ptr<const FunctionVersion> version,
         std::string log_stream);
  virtual ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // The process is there. Initialisation must be over before `init_deadline`. Errors: io.
  base::Result<void> attach(StartedProcess process, SteadyTime started, SteadyTime init_deadline);

  // To the process, behind those that are with it already. Only when ready.
  void give(std::unique_ptr<Invocation> invocation);
  // Takes back what the process has not begun with, newest first at the back; only after kill().
  std::deque<std::unique_ptr<Invocation>> take_back();
  // Ends the process soon; idempotent.
  void kill();
  // Lets an idle process leave by itself; killed if it does not.
  void retire();

  State state() const { return state_; }
  std::size_t in_flight() const { return in_flight_.size(); }
  bool was_ready() const { return was_ready_; }  // its initialisation succeeded once
  bool is_idle() const { return state_ == State::ready && in_flight_.empty(); }
  const std::shared_ptr<const FunctionVersion>& version() const { return version_; }
  SteadyTime idle_since() const { return idle_since_; }
  const std::string& log_stream() const { return log_stream_; }

  // Looks at the process's memory; kills it beyond the function's size. A few system calls, so not for every
  // invocation.
  void check_memory();

  bool provisioned = false;                  // started for provisioned concurrency
  std::uint32_t slot = 0;                    // of the sandbox
  std::optional<base::Timestamp> use_until;  // when its credentials get old

 protected:
  // Of the channel.
  virtual base::Result<void> open_channel(FileDescriptor control) = 0;
  virtual void send(const Invocation& invocation) = 0;
  virtual void close_channel() = 0;

  // What the channel heard.
  void on_ready();
  void on_init_failed(std::string error);
  void on_answer(Answer answer);
  void on_log(std::string_view text);
  // The channel is broken or speaks nonsense.
  void on_channel_lost();

  const Invocation* current() const { return in_flight_.empty() ? nullptr : in_flight_.front().get(); }
  Reactor& reactor() { return services_.reactor; }
  std::uint32_t milliseconds_left(const Invocation& invocation) const;

 private:
  struct OutputWatcher;
  struct EndWatcher;

  void begin_front();
  void finish_front(Answer answer);
  void fail_front(std::string type, std::string message);
  void arm_deadline(SteadyTime when);
  void on_deadline();
  void on_timeout();
  void read_output();
  void on_output(std::string_view bytes);
  void on_process_end();
  std::string describe_end();
  void write_log(std::string_view text);
  void log_start(const Invocation& invocation);
  void log_end(const Invocation& invocation, std::string_view status);
  void sample_memory();

  WorkerServices services_;
  WorkerOwner& owner_;
  std::shared_ptr<const FunctionVersion> version_;
  std::string log_stream_;
  State state_ = State::starting;
  StartedProcess process_;
  std::unique_ptr<OutputWatcher> output_watcher_;
  std::unique_ptr<EndWatcher> end_watcher_;
  bool output_paused_ = false;

  std::deque<std::unique_ptr<Invocation>> in_flight_;  // the first is the one that the process works on
  SteadyTime process_started_{};
  SteadyTime idle_since_{};
  SteadyTime deadline_ = SteadyTime::max();  // of the initialisation, or of the first invocation in flight
  Reactor::TimerId deadline_timer_ = 0;
  SteadyTime deadline_timer_at_ = SteadyTime::max();
  Reactor::TimerId output_timer_ = 0;
  Reactor::TimerId lost_timer_ = 0;                         // since the channel broke
  std::optional<std::chrono::microseconds> init_duration_;  // until the first REPORT line has said it
  bool was_ready_ = false;
  bool killed_for_memory_ = false;
  std::string partial_line_;
  std::uint64_t peak_memory_kb_ = 0;
  pid_t program_ = 0;
  SteadyTime memory_checked_{};
};

}  // namespace escapement::functions
