// Carries out the runs of distributed Maps: starts their children, hears of their ends, and tells the parent how the
// run ended.
//
// All runs are worked on by one thread of their own, which may block (records are written, items are read there); calls
// from other threads are posted to it. What a run needs to go on after a restart is in its record and in the engine's
// listing of its children: resume() takes open runs up before the engine starts.
//
// Threading: any thread. describe(), list() and update() block.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "connectors/item_reader.h"
#include "connectors/map_run.h"
#include "connectors/task_answer.h"
#include "engine/effect_sink.h"
#include "http/loop.h"

namespace escapement::connectors {

struct MapRunChanges {
  std::optional<std::uint32_t> concurrency_max;
  std::optional<std::int64_t> tolerated_failure_count;
  std::optional<double> tolerated_failure_percentage;
};

class MapRuns {
 public:
  struct Options {
    MapRun::Limits run;
    ReadLimits read;
    std::chrono::milliseconds retry_time{50};  // before a child that could not be started is tried again
    // Makes every call do its work before it returns, on the caller's thread: for tests with an engine that is stepped.
    bool inline_work = false;
    // Takes a task that is to be done again later, instead of the working thread after `retry_time`; for those tests.
    std::function<void(std::move_only_function<void()>)> put_off;
  };

  // All borrowed; `objects` may be nullptr: then items are those of the definition only.
  MapRuns(store::Store& store, std::string prefix, const engine::MachineSource& machines, engine::Engine& engine,
          const base::Clock& clock, Objects* objects, TaskAnswers& answers, Options options);
  ~MapRuns();

  // Takes up the runs that were open when the process ended, and drops the records whose executions are retained no
  // longer. Once, before the engine starts. Errors: io, corrupt.
  base::Result<void> resume();

  void start(engine::TaskDispatch task);
  void cancel(const engine::TaskKey& task);
  void child_ended(engine::ChildEnded child, std::move_only_function<void()> settled);

  // Errors: not_found, io, corrupt.
  base::Result<MapRunRecord> describe(const std::string& arn);
  base::Result<std::vector<MapRunRecord>> list(const std::string& execution_arn, const std::string& after,
                                               std::size_t count_max);
  // Errors: not_found; conflict when the run has ended.
  base::Result<void> update(const std::string& arn, const MapRunChanges& changes);

 private:
  using RunPtr = std::shared_ptr<MapRun>;

  void work(std::move_only_function<void()> task);
  void put_off(std::move_only_function<void()> task);

  // On the working thread.
  void begin(const engine::TaskDispatch& task);
  base::Result<RunPtr> make_run(const engine::TaskDispatch& task);
  base::Result<RunPtr> restore(MapRunRecord record);
  bool is_awaited(const MapRun& run) const;
  void forget_retired();
  base::Result<void> read_items(MapRun& run);
  base::Result<void> adopt_children(MapRun& run, bool redrive);
  void go_on(const RunPtr& run);
  bool start_children(const RunPtr& run);
  void start_child(const RunPtr& run, MapRun::Start child);
  void child_started(const RunPtr& run, std::uint32_t number, const base::Result<engine::Started>& started);
  void finish(const RunPtr& run, MapRun::Outcome outcome);
  void write_results(MapRun& run, MapRun::Outcome& outcome);
  void stop_children(const RunPtr& run);
  void stop_child(const RunPtr& run, engine::ExecutionId child);
  void abort(const RunPtr& run);
  void end(const RunPtr& run, MapRunStatus status);
  void take_child(const engine::ChildEnded& child);
  // A call to the engine begins, and has its answer. The record of a run that has ended is closed with the last answer:
  // a process that dies before leaves it open, and the next one stops what still runs.
  void call_begins(const RunPtr& run);
  void call_answered(const RunPtr& run, const base::Result<void>& answer);
  void close(const RunPtr& run);
  RunPtr find_running(const std::string& arn) const;

  MapRunStore store_;
  const engine::MachineSource& machines_;
  engine::Engine& engine_;
  const base::Clock& clock_;
  Objects* objects_;
  TaskAnswers& answers_;
  Options options_;

  // Taken by the working thread while it changes a run, and by whoever looks at one.
  mutable std::mutex mutex_;
  std::map<std::string, RunPtr> runs_;             // guarded by mutex_; open runs, by ARN
  std::map<engine::TaskKey, std::string> arn_of_;  // guarded by mutex_
  std::unique_ptr<http::Loop> loop_;               // last: its thread uses all of the above
};

}  // namespace escapement::connectors
