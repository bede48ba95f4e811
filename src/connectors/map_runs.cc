#include "connectors/map_runs.h"

#include <fmt/format.h>

#include <future>

#include "base/log.h"
#include "json/print.h"

namespace escapement::connectors {
namespace {

using base::ErrorCode;
using base::make_error;

// A run's ARN is made from its task, so a task that is dispatched again finds the run it began.
std::string arn_for(const engine::TaskDispatch& task, const interpreter::MapRunPlan& plan) {
  const std::string id = request_id_of(task.key);
  engine::TaskKey for_label = task.key;
  for_label.task.attempt ^= 0x8000'0000u;
  const std::string label = plan.label.empty() ? request_id_of(for_label) : plan.label;
  return fmt::format("arn:aws:states:{}:{}:mapRun:{}/{}:{}", task.machine->region, task.machine->account,
                     task.machine->name, label, id);
}

base::Error no_such_run() { return make_error(ErrorCode::not_found, "there is no such map run"); }

interpreter::TaskRequest request_from(const MapRunRecord& record) {
  interpreter::TaskRequest request;
  request.kind = interpreter::TaskRequest::Kind::map_run;
  request.id = record.parent.task;
  request.state = record.state;
  request.parameters = json::Payload::from_text(record.plan);
  return request;
}

void log_error(std::string_view what, const base::Error& error) {
  base::log(base::LogLevel::error, "connectors", fmt::format("{}: {}", what, error.to_string()));
}

// A run as DescribeMapRun shows it while it is open.
MapRunRecord shown(const MapRun& run) {
  MapRunRecord record = run.record;
  record.items = run.items();
  record.executions = run.executions();
  return record;
}

}  // namespace

MapRuns::MapRuns(store::Store& store, std::string prefix, const engine::MachineSource& machines, engine::Engine& engine,
                 const base::Clock& clock, Objects* objects, TaskAnswers& answers, Options options)
    : store_(store, std::move(prefix)),
      machines_(machines),
      engine_(engine),
      clock_(clock),
      objects_(objects),
      answers_(answers),
      options_(options),
      loop_(std::make_unique<http::Loop>("esc-map-runs")) {}

MapRuns::~MapRuns() = default;

void MapRuns::work(std::move_only_function<void()> task) {
  if (options_.inline_work) return task();
  loop_->post(std::move(task));
}

void MapRuns::put_off(std::move_only_function<void()> task) {
  if (options_.put_off) return options_.put_off(std::move(task));
  loop_->post_after(options_.retry_time, std::move(task));
}

MapRuns::RunPtr MapRuns::find_running(const std::string& arn) const {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(arn);
  return found != runs_.end() && found->second->record.status == MapRunStatus::running ? found->second : nullptr;
}

// ---- Beginning

void MapRuns::start(engine::TaskDispatch task) {
  work([this, task = std::move(task)] { begin(task); });
}

void MapRuns::begin(const engine::TaskDispatch& task) {
  auto run = make_run(task);
  if (!run) {
    log_error("a map run cannot be begun", run.error());
    return answers_.give(task.key,
                         interpreter::MapRunEnded{task.key.task, false, {}, "States.Runtime", run.error().message});
  }
  answers_.give(task.key, interpreter::MapRunStarted{task.key.task, (*run)->record.arn});
  if (const auto read = read_items(**run); !read) {
    return finish(*run, {false, {}, "States.ItemReaderFailed", read.error().message});
  }
  const bool redrive = !task.request.map_run_arn.empty();
  if (redrive || task.again) {
    if (const auto adopted = adopt_children(**run, redrive); !adopted)
      log_error("the children of a map run cannot be listed", adopted.error());
  }
  go_on(*run);
}

base::Result<MapRuns::RunPtr> MapRuns::make_run(const engine::TaskDispatch& task) {
  ESC_TRY(interpreter::MapRunPlan plan, interpreter::map_run_plan(*task.machine->program, task.request));
  const std::string arn = plan.redriven_arn.empty() ? arn_for(task, plan) : plan.redriven_arn;
  ESC_TRY(std::optional<MapRunRecord> known, store_.find(arn));
  MapRunRecord record = known.value_or(MapRunRecord());
  if (!known) {
    record.arn = arn;
    record.execution_arn = task.execution_arn;
    record.execution_name = task.execution_name;
    record.execution_start = task.execution_start;
    record.revision = task.machine->revision;
    record.started = clock_.now();
    record.concurrency_max = plan.concurrency_max;
    record.tolerated_failure_count = plan.tolerated_failure_count.value_or(0);
    record.tolerated_failure_percentage = plan.tolerated_failure_percentage.value_or(0);
  } else if (known->parent != task.key) {
    ++record.redrive_count;
    record.redriven = clock_.now();
    record.stopped.reset();
  }
  record.parent = task.key;
  record.state = plan.state;
  record.plan = task.request.parameters.text();
  record.status = MapRunStatus::running;
  ESC_CHECK(store_.put(record));
  auto run = std::make_shared<MapRun>(std::move(record), task.machine, std::move(plan), options_.run);
  const std::lock_guard lock(mutex_);
  runs_.insert_or_assign(arn, run);
  arn_of_.insert_or_assign(task.key, arn);
  return run;
}

base::Result<void> MapRuns::read_items(MapRun& run) {
  std::vector<json::Value> items;
  if (run.plan.items) {
    if (!run.plan.items->is_array()) return make_error(ErrorCode::invalid, "Attempting to map over non-iterable node.");
    items.assign(run.plan.items->items().begin(), run.plan.items->items().end());
  } else {
    const auto& map = run.machine->program->at(run.plan.state).as<asl::MapState>();
    if (!objects_) {
      return make_error(
          ErrorCode::unavailable,
          "This server has no buckets. Name a folder for one in the configuration: [buckets] NAME = \"/path\"");
    }
    ESC_TRY(items, connectors::read_items(*objects_, *map.item_reader, run.plan, options_.read));
  }
  const std::lock_guard lock(mutex_);
  if (const auto set = run.set_items(std::move(items), clock_.now()); !set)
    return make_error(ErrorCode::invalid, set.error().cause);
  return {};
}

// Finds the children that were started before: those that ended well are taken over, those that run go on. In a redrive
// the others run again.
base::Result<void> MapRuns::adopt_children(MapRun& run, bool redrive) {
  engine::ListQuery query;
  query.map_run_arn = run.record.arn;
  query.count_max = 1'000;
  do {
    ESC_TRY(const engine::ListPage page, engine_.reader().list(query));
    for (const engine::ExecutionSummary& child : page.executions) {
      const auto number = run.number_of(child.name);
      if (!number) continue;
      if (child.status == interpreter::Status::running) {
        const std::lock_guard lock(mutex_);
        run.adopt(*number, MapRun::Child::running);
      } else if (redrive && child.status != interpreter::Status::succeeded) {
        {
          const std::lock_guard lock(mutex_);
          run.adopt(*number, MapRun::Child::running);
        }
        engine_.deliver(child.id, interpreter::Redrive{}, nullptr);
      } else {
        ESC_TRY(const engine::ExecutionDescription described, engine_.reader().describe(child.id));
        const std::lock_guard lock(mutex_);
        run.ended(*number, described);
      }
    }
    query.cursor = page.cursor;
  } while (!query.cursor.empty());
  return {};
}

base::Result<void> MapRuns::resume() {
  ESC_TRY(std::vector<MapRunRecord> records, store_.open_runs());
  for (MapRunRecord& record : records) {
    work([this, record = std::move(record)]() mutable {
      const std::string arn = record.arn;
      auto run = restore(std::move(record));
      if (!run) return log_error("the map run " + arn + " cannot be taken up again", run.error());
      is_awaited(**run) ? go_on(*run) : abort(*run);
    });
  }
  work([this] { forget_retired(); });
  return {};
}

// False once the execution has ended; it may have done so just before the process that should have heard of it.
bool MapRuns::is_awaited(const MapRun& run) const {
  const auto parent = engine_.reader().describe(run.record.parent.execution);
  return !parent || parent->head.status == interpreter::Status::running;
}

void MapRuns::forget_retired() {
  const auto swept = store_.for_each([this](const MapRunRecord& record) -> base::Result<void> {
    if (record.status == MapRunStatus::running) return {};
    const auto execution = engine_.reader().find(record.execution_arn);
    if (execution || execution.error().code != ErrorCode::not_found) return {};
    return store_.erase(record);
  });
  if (!swept) log_error("records of map runs cannot be swept", swept.error());
}

base::Result<MapRuns::RunPtr> MapRuns::restore(MapRunRecord record) {
  ESC_TRY(auto machine, machines_.find_revision(record.revision));
  ESC_TRY(interpreter::MapRunPlan plan, interpreter::map_run_plan(*machine->program, request_from(record)));
  // UpdateMapRun may have changed them.
  if (record.tolerated_failure_count > 0) plan.tolerated_failure_count = record.tolerated_failure_count;
  if (record.tolerated_failure_percentage > 0) plan.tolerated_failure_percentage = record.tolerated_failure_percentage;
  auto run = std::make_shared<MapRun>(std::move(record), std::move(machine), std::move(plan), options_.run);
  {
    const std::lock_guard lock(mutex_);
    runs_.insert_or_assign(run->record.arn, run);
    arn_of_.insert_or_assign(run->record.parent, run->record.arn);
  }
  ESC_CHECK(read_items(*run));
  ESC_CHECK(adopt_children(*run, false));
  return run;
}

// ---- Running

void MapRuns::go_on(const RunPtr& run) {
  if (run->record.status != MapRunStatus::running || !start_children(run)) return;
  std::optional<MapRun::Outcome> outcome;
  {
    const std::lock_guard lock(mutex_);
    outcome = run->outcome();
  }
  if (outcome) finish(run, std::move(*outcome));
}

// False: the run has ended over it.
bool MapRuns::start_children(const RunPtr& run) {
  for (;;) {
    asl::Evaluated<std::optional<MapRun::Start>> next;
    {
      const std::lock_guard lock(mutex_);
      if (const auto outcome = run->outcome(); outcome && !outcome->succeeded) return true;
      next = run->next(clock_.now());
    }
    if (!next) {
      finish(run, {false, {}, next.error().error, next.error().cause});
      return false;
    }
    if (!*next) return true;
    start_child(run, std::move(**next));
  }
}

void MapRuns::start_child(const RunPtr& run, MapRun::Start child) {
  engine::StartRequest request;
  request.machine = run->machine;
  request.name = std::move(child.name);
  request.input = std::move(child.input);
  request.parent_link = engine::ParentLink::map_run;
  request.parent = run->record.parent;
  request.map_run_arn = run->record.arn;
  request.graph = run->plan.processor;
  request.express = run->plan.express;
  call_begins(run);
  engine_.start_execution(std::move(request),
                          [this, run, number = child.number](base::Result<engine::Started> started) {
                            child_started(run, number, started);
                            call_answered(run, started ? base::Result<void>() : started.error());
                          });
}

void MapRuns::child_started(const RunPtr& run, std::uint32_t number, const base::Result<engine::Started>& started) {
  if (started) {
    bool wanted = true;
    {
      const std::lock_guard lock(mutex_);
      wanted = run->record.status == MapRunStatus::running;
    }
    if (!wanted) stop_child(run, started->id);
    return;
  }
  // One that has ended already is known from the listing, or is told again.
  if (started.error().code == ErrorCode::already_exists) return;
  put_off([this, run, number] {
    {
      const std::lock_guard lock(mutex_);
      run->not_started(number);
    }
    go_on(run);
  });
}

void MapRuns::child_ended(engine::ChildEnded child, std::move_only_function<void()> settled) {
  work([this, child = std::move(child), settled = std::move(settled)]() mutable {
    take_child(child);
    settled();
  });
}

void MapRuns::take_child(const engine::ChildEnded& child) {
  const RunPtr run = find_running(child.child.facts.map_run_arn);
  if (!run) return;
  {
    const std::lock_guard lock(mutex_);
    const auto number = run->number_of(child.child.facts.name);
    if (!number || !run->ended(*number, child.child)) return;
  }
  go_on(run);
}

// ---- Ending

void MapRuns::finish(const RunPtr& run, MapRun::Outcome outcome) {
  if (outcome.succeeded && run->writes_results()) write_results(*run, outcome);
  call_begins(run);
  end(run, outcome.succeeded ? MapRunStatus::succeeded : MapRunStatus::failed);
  interpreter::MapRunEnded ended{
      run->record.parent.task, outcome.succeeded, {}, std::move(outcome.error), std::move(outcome.cause)};
  if (outcome.succeeded) ended.output = json::Payload::from_text(std::move(outcome.output));
  answers_.give(run->record.parent, std::move(ended),
                [this, run](const base::Result<void>& done) { call_answered(run, done); });
}

void MapRuns::end(const RunPtr& run, MapRunStatus status) {
  {
    const std::lock_guard lock(mutex_);
    if (status != MapRunStatus::succeeded) run->abort_rest();
    run->record.status = status;
    run->record.stopped = clock_.now();
  }
  // Those that are not in the listing yet are stopped when their start is answered.
  if (status != MapRunStatus::succeeded) stop_children(run);
}

void MapRuns::call_begins(const RunPtr& run) {
  const std::lock_guard lock(mutex_);
  ++run->unanswered;
}

void MapRuns::call_answered(const RunPtr& run, const base::Result<void>& answer) {
  // The disk has failed: what the call has done is known after the restart.
  if (!answer && answer.error().code == ErrorCode::unavailable) return;
  {
    const std::lock_guard lock(mutex_);
    if (--run->unanswered != 0 || run->record.status == MapRunStatus::running) return;
  }
  work([this, run] { close(run); });
}

void MapRuns::write_results(MapRun& run, MapRun::Outcome& outcome) {
  const auto& map = run.machine->program->at(run.plan.state).as<asl::MapState>();
  auto written = objects_
                     ? connectors::write_results(*objects_, *map.result_writer, run.plan.writer_parameters,
                                                 run.record.arn, run.results())
                     : base::Result<WrittenResults>(make_error(ErrorCode::unavailable, "This server has no buckets"));
  if (!written) {
    outcome = {false, {}, "States.ResultWriterFailed", written.error().message};
    return;
  }
  const json::Value details = json::Value::object({{"Bucket", written->bucket}, {"Key", written->manifest_key}});
  outcome.output = json::print(json::Value::object({{"MapRunArn", run.record.arn}, {"ResultWriterDetails", details}}));
}

// Stops what runs. The ends of the stopped children are heard by nobody: the run is over.
void MapRuns::stop_children(const RunPtr& run) {
  engine::ListQuery query;
  query.map_run_arn = run->record.arn;
  query.status = interpreter::Status::running;
  query.count_max = 1'000;
  do {
    const auto page = engine_.reader().list(query);
    if (!page) return log_error("the children of a map run cannot be stopped", page.error());
    for (const engine::ExecutionSummary& child : page->executions) stop_child(run, child.id);
    query.cursor = page->cursor;
  } while (!query.cursor.empty());
}

void MapRuns::stop_child(const RunPtr& run, engine::ExecutionId child) {
  call_begins(run);
  engine_.deliver(child, interpreter::Stop{},
                  [this, run](const base::Result<void>& done) { call_answered(run, done); });
}

void MapRuns::cancel(const engine::TaskKey& task) {
  std::string arn;
  {
    const std::lock_guard lock(mutex_);
    const auto found = arn_of_.find(task);
    if (found == arn_of_.end()) return;
    arn = found->second;
  }
  work([this, arn] {
    if (const RunPtr run = find_running(arn)) abort(run);
  });
}

void MapRuns::abort(const RunPtr& run) {
  call_begins(run);
  end(run, MapRunStatus::aborted);
  call_answered(run, {});
}

void MapRuns::close(const RunPtr& run) {
  MapRunRecord record;
  {
    const std::lock_guard lock(mutex_);
    arn_of_.erase(run->record.parent);
    // A redrive may have begun meanwhile under the same ARN; the record is its own then.
    if (const auto found = runs_.find(run->record.arn); found == runs_.end() || found->second != run) return;
    record = shown(*run);
  }
  record.plan.clear();
  if (const auto put = store_.put(record); !put) log_error("the end of a map run cannot be written", put.error());
  const std::lock_guard lock(mutex_);
  runs_.erase(record.arn);
}

// ---- Looking

base::Result<MapRunRecord> MapRuns::describe(const std::string& arn) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = runs_.find(arn); found != runs_.end()) return shown(*found->second);
  }
  ESC_TRY(auto record, store_.find(arn));
  if (!record) return no_such_run();
  return std::move(*record);
}

base::Result<std::vector<MapRunRecord>> MapRuns::list(const std::string& execution_arn, const std::string& after,
                                                      std::size_t count_max) {
  ESC_TRY(std::vector<MapRunRecord> records, store_.list(execution_arn, after, count_max));
  const std::lock_guard lock(mutex_);
  for (MapRunRecord& record : records) {
    if (const auto found = runs_.find(record.arn); found != runs_.end()) record = shown(*found->second);
  }
  return records;
}

base::Result<void> MapRuns::update(const std::string& arn, const MapRunChanges& changes) {
  const RunPtr run = find_running(arn);
  if (!run) {
    ESC_TRY(const auto record, store_.find(arn));
    return record ? make_error(ErrorCode::conflict, "the map run has ended") : no_such_run();
  }
  MapRunRecord record;
  {
    const std::lock_guard lock(mutex_);
    if (changes.concurrency_max) run->record.concurrency_max = *changes.concurrency_max;
    if (changes.tolerated_failure_count) {
      run->record.tolerated_failure_count = *changes.tolerated_failure_count;
      run->plan.tolerated_failure_count = *changes.tolerated_failure_count;
    }
    if (changes.tolerated_failure_percentage) {
      run->record.tolerated_failure_percentage = *changes.tolerated_failure_percentage;
      run->plan.tolerated_failure_percentage = *changes.tolerated_failure_percentage;
    }
    record = run->record;
  }
  ESC_CHECK(store_.put(record));
  work([this, run] { go_on(run); });
  return {};
}

}  // namespace escapement::connectors
