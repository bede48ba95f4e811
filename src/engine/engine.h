// The durable heart: takes commands for executions, runs the interpreter over them, commits, and only then answers and
// lets effects go.
//
// Executions live in partitions; each partition is owned by one thread (a shard), which takes everything queued,
// applies it into one atomic batch, syncs once, and releases all. There is no other way to change an execution.
//
// Threading: every method may be called from any thread. Callbacks run on a shard's thread after the commit and must
// not block. Errors: unavailable (the writer has stopped after a failed sync or is shutting down), limit_exceeded (a
// queue is full: the caller gets ThrottlingException), and those named at each method. An error means that nothing was
// changed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/result.h"
#include "engine/effect_sink.h"
#include "engine/execution_reader.h"
#include "engine/ids.h"
#include "engine/machine.h"
#include "interpreter/step.h"
#include "json/payload.h"
#include "store/store.h"

namespace escapement::engine {

struct Options {
  std::uint16_t partitions = 1'024;             // of a new data set; fixed from then on
  std::uint32_t shards = 1;                     // threads
  std::uint32_t queue_commands_max = 65'536;    // per shard; more are refused with ThrottlingException
  std::uint32_t batch_commands_max = 2'048;     // per commit
  std::uint32_t resident_timers_max = 65'536;   // per shard; timers due later stay on disk
  std::uint32_t cached_executions_max = 4'096;  // per shard
  std::uint32_t dispatched_tasks_max = 32'768;  // per shard, in flight at once; more wait on disk
  base::Duration retention = base::Duration::seconds(90 * 86'400);  // of closed executions
  interpreter::Limits limits;
};

struct StartRequest {
  std::shared_ptr<const MachineRevision> machine;
  std::optional<std::string> name;  // nullopt: the engine names it
  json::Payload input;              // valid JSON within the size limit (the caller checked)
  std::string version_arn;          // as the caller named it, or empty
  std::string alias_arn;
  std::string trace_header;
  ParentLink parent_link = ParentLink::none;
  TaskKey parent;
  // Of a distributed Map's child only: its run, the scope of the program that it runs, and its own type.
  std::string map_run_arn;
  std::uint32_t graph = 0;
  bool express = false;
};

// A map run's child is of the type that its processor names, not of its machine's.
inline bool runs_as_express(const StartRequest& request, const MachineRevision& machine) {
  return request.map_run_arn.empty() ? machine.express : request.express;
}
// Express executions may share a name.
inline bool has_unique_name(const StartRequest& request) {
  return request.name && !runs_as_express(request, *request.machine);
}

struct Started {
  ExecutionId id;
  std::string arn;
  base::Timestamp start_time;
  bool existed = false;  // an open execution of the same name and input was there already
};

// The end of an execution, for those that wait for it in this process (StartSyncExecution).
struct Ended {
  std::string arn;
  interpreter::Status status;
  base::Timestamp start_time;
  base::Timestamp stop_time;
  json::Payload output;
  std::optional<std::string> error;
  std::optional<std::string> cause;
};

struct Statistics {
  std::uint64_t started = 0;
  std::uint64_t ended = 0;
  std::uint64_t timers_fired = 0;
  std::uint64_t commits = 0;
  std::uint64_t commands = 0;
  std::uint64_t resident_timers = 0;
  std::uint64_t cached_executions = 0;
  std::uint64_t dispatched_tasks = 0;  // in flight now
  std::uint64_t queued_commands = 0;
};

class Engine {
 public:
  // Opens or creates the data set in `store` and takes its partitions over. `store`, `clock`, `machines` and `sink` are
  // borrowed and must outlive the engine. Nothing runs before start().
  static base::Result<std::unique_ptr<Engine>> open(store::Store& store, const base::Clock& clock,
                                                    const MachineSource& machines, EffectSink& sink, Options options);
  virtual ~Engine() = default;

  // Starts the shards: what came due while nobody ran fires at once, tasks in flight are dispatched again.
  virtual void start() = 0;
  // Instead of start(), on the caller's thread: one batch of each shard, if there is anything to do (simulation).
  // Whether there was.
  virtual bool run_once() = 0;
  // When run_once() will next have something to do by itself.
  virtual std::optional<base::Timestamp> next_deadline() = 0;
  // What is in memory and not so in the store, in words; between two run_once() it must be nothing (simulation).
  virtual std::vector<std::string> disagreements() = 0;
  // Takes no new commands, finishes the queued ones, stops the threads. Pending work stays in the store.
  virtual void stop() = 0;

  // Errors: already_exists ("ExecutionAlreadyExists").
  virtual void start_execution(StartRequest request, std::move_only_function<void(base::Result<Started>)> done) = 0;
  // The same, and `ended` runs when the execution ends (in this process's life; a crash loses the wait, not the
  // execution).
  virtual void start_and_wait(StartRequest request, std::move_only_function<void(base::Result<Started>)> done,
                              std::move_only_function<void(Ended)> ended) = 0;

  // Applies a command (a task's answer, a stop, a redrive…). Errors: not_found ("ExecutionDoesNotExist"); for task
  // commands not_found ("TaskDoesNotExist") or conflict ("TaskTimedOut") when the task is no longer waiting; for
  // Redrive conflict ("ExecutionNotRedrivable"); limit_exceeded when the queue or the disk is full.
  virtual void submit(ExecutionId execution, interpreter::Command command,
                      std::move_only_function<void(base::Result<void>)> done) = 0;

  // The same for what the server itself has to say and must not get lost (a function's answer, a child's end): it is
  // taken however full the queue is, and kept while the disk is full. `done` may be empty.
  virtual void deliver(ExecutionId execution, interpreter::Command command,
                       std::move_only_function<void(base::Result<void>)> done) = 0;

  virtual const ExecutionReader& reader() const = 0;
  virtual const TaskTokens& task_tokens() const = 0;
  virtual Statistics statistics() const = 0;
  // Due time to release of effects, of every timer that fired since the process started.
  virtual const base::Histogram& lateness() const = 0;
  virtual const base::Histogram& commit_time() const = 0;
  // Tells the shards that a virtual clock has moved.
  virtual void clock_moved() = 0;
  // False after a failed sync: reads may go on, nothing more is accepted until the process reopens the store.
  virtual bool accepting() const = 0;
};

}  // namespace escapement::engine
