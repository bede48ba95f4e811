// The engine at its seam: commands in, answers and effects out, over a store in memory and a virtual clock.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include "asl/compile.h"
#include "base/log.h"
#include "engine/keys.h"
#include "store/memory/memory_store.h"

namespace escapement::engine {
namespace {

using base::Duration;
using base::Timestamp;
using interpreter::Status;

constexpr std::string_view kWaitThenTask = R"({"StartAt":"Wait","States":{
  "Wait":{"Type":"Wait","SecondsPath":"$.seconds","Next":"Task"},
  "Task":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","End":true}}})";

class Machines final : public MachineSource {
 public:
  std::shared_ptr<const MachineRevision> add(std::string_view definition) {
    const auto compiled = asl::compile(definition);
    EXPECT_TRUE(compiled.program) << asl::invalid_definition_message(compiled.diagnostics);
    auto machine = std::make_shared<MachineRevision>();
    machine->revision = machine->machine_id = static_cast<std::uint32_t>(machines_.size() + 1);
    machine->name = "machine" + std::to_string(machine->revision);
    machine->region = "us-east-1";
    machine->account = "000000000000";
    machine->arn = "arn:aws:states:us-east-1:000000000000:stateMachine:" + machine->name;
    machine->role_arn = "arn:aws:iam::000000000000:role/r";
    machine->program = compiled.program;
    machines_.push_back(machine);
    return machine;
  }
  base::Result<std::shared_ptr<const MachineRevision>> find_revision(std::uint32_t revision) const override {
    return machines_.at(revision - 1);
  }

 private:
  std::vector<std::shared_ptr<const MachineRevision>> machines_;
};

struct Sink final : EffectSink {
  std::vector<TaskDispatch> tasks;
  std::vector<TaskKey> cancelled;
  std::vector<ChildEnded> children;
  std::vector<ChildToStop> to_stop;
  std::vector<std::move_only_function<void()>> settled;
  void dispatch(TaskDispatch task) override { tasks.push_back(std::move(task)); }
  void cancel(const TaskKey& task) override { cancelled.push_back(task); }
  void child_ended(ChildEnded child, std::move_only_function<void()> done) override {
    children.push_back(std::move(child));
    settled.push_back(std::move(done));
  }
  void stop_child(ChildToStop child, std::move_only_function<void()> done) override {
    to_stop.push_back(child);
    settled.push_back(std::move(done));
  }
};

class EngineTest : public testing::Test {
 protected:
  EngineTest() { reopen(); }

  // A restart: everything in memory is gone.
  void reopen() {
    engine.reset();
    store =
        std::make_unique<store::MemoryStore>(disk, [this] { return std::exchange(fate, store::CommitFate::normal); });
    sink = std::make_unique<Sink>();
    engine = *Engine::open(*store, clock, machines, *sink, options);
    run();
  }
  void run() {
    while (engine->run_once()) {
    }
  }
  void advance(Duration d) {
    clock.advance(d);
    run();
  }
  base::Result<Started> start(const std::shared_ptr<const MachineRevision>& machine, std::string input,
                              std::optional<std::string> name = {}) {
    base::Result<Started> result = base::make_error(base::ErrorCode::internal, "no answer");
    engine->start_execution(
        {.machine = machine, .name = std::move(name), .input = json::Payload::from_text(std::move(input))},
        [&](base::Result<Started> started) { result = std::move(started); });
    run();
    return result;
  }
  base::Result<void> submit(ExecutionId id, interpreter::Command command) {
    base::Result<void> result = base::make_error(base::ErrorCode::internal, "no answer");
    engine->submit(id, std::move(command), [&](base::Result<void> done) { result = std::move(done); });
    run();
    return result;
  }
  Status status(ExecutionId id) { return engine->reader().describe(id)->head.status; }
  std::size_t rows(char table) {
    const std::string prefix(1, table);
    const auto cursor = store->cursor(prefix, store::prefix_end(prefix));
    std::size_t count = 0;
    for (cursor->seek(prefix); cursor->valid(); cursor->next()) ++count;
    return count;
  }

  base::VirtualClock clock{Timestamp::from_seconds(1'790'000'000)};
  Machines machines;
  Options options{.partitions = 8};
  std::shared_ptr<store::MemoryStore::Disk> disk = store::MemoryStore::new_disk();
  store::CommitFate fate = store::CommitFate::normal;
  std::unique_ptr<store::MemoryStore> store;
  std::unique_ptr<Sink> sink;
  std::unique_ptr<Engine> engine;
};

TEST_F(EngineTest, ATimerIsNotLostWhenTheDiskIsFullAndTheClockStepsBack) {
  const auto machine = machines.add(kWaitThenTask);
  ASSERT_TRUE(start(machine, R"({"seconds":5})"));
  base::set_log_level(base::LogLevel::off);
  fate = store::CommitFate::disk_full;
  advance(Duration::seconds(5));
  base::set_log_level(base::LogLevel::info);
  clock.advance(Duration::seconds(-3'600));
  run();
  advance(Duration::seconds(10));
  EXPECT_TRUE(sink->tasks.empty());
  advance(Duration::seconds(3'590));
  EXPECT_EQ(sink->tasks.size(), 1u);
}

TEST_F(EngineTest, ATaskInFlightIsDispatchedAgainWhateverTheClockDid) {
  const auto machine = machines.add(R"({"StartAt":"T","States":{
    "T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","End":true}}})");
  const auto started = start(machine, "{}");
  ASSERT_EQ(sink->tasks.size(), 1u);
  const TaskKey key = sink->tasks[0].key;
  for (const std::int64_t seconds : {0, -3'600, 0, 7'200}) {
    clock.advance(Duration::seconds(seconds));
    reopen();
    ASSERT_EQ(sink->tasks.size(), 1u) << "after a step of " << seconds << " s";
    EXPECT_EQ(sink->tasks[0].key, key);
    EXPECT_TRUE(sink->tasks[0].again);
  }
  ASSERT_TRUE(submit(started->id, interpreter::TaskSucceeded{key.task, json::Payload::from_text("1")}));
  EXPECT_EQ(rows(keys::kOutbox), 0u);
}

TEST_F(EngineTest, AnExecutionThatCannotBeReadKeepsNoOtherFromGoingOn) {
  const auto machine = machines.add(kWaitThenTask);
  const auto broken = start(machine, R"({"seconds":5})");
  const auto sound = start(machine, R"({"seconds":5})");
  auto batch = store->new_batch();
  batch->put(keys::execution(broken->id), "\x7fnot a record");
  ASSERT_TRUE(store->commit(*batch));
  reopen();
  base::set_log_level(base::LogLevel::off);
  advance(Duration::seconds(5));
  base::set_log_level(base::LogLevel::info);
  ASSERT_EQ(sink->tasks.size(), 1u);
  EXPECT_EQ(sink->tasks[0].key.execution, sound->id);
  EXPECT_TRUE(start(machine, R"({"seconds":5})"));
}

TEST_F(EngineTest, ClosedExecutionsAreRemovedWhenTheirTimeHasPassed) {
  options.retention = Duration::seconds(1'000);
  reopen();
  const auto machine =
      machines.add(R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":2,"End":true}},"TimeoutSeconds":1})");
  constexpr std::size_t kCount = 200;  // more than one row of the timer table lists
  std::vector<ExecutionId> ids;
  for (std::size_t i = 0; i < kCount; ++i) ids.push_back(start(machine, "{}")->id);
  advance(Duration::seconds(1));
  EXPECT_LT(rows(keys::kTimer), kCount / 2);
  advance(Duration::seconds(900));
  ASSERT_TRUE(submit(ids[7], interpreter::Redrive{}));
  EXPECT_EQ(status(ids[7]), Status::running);
  advance(Duration::seconds(2));
  reopen();
  advance(Duration::seconds(98));
  EXPECT_EQ(rows(keys::kExecution), 1u);
  EXPECT_EQ(rows(keys::kListing), 1u);
  EXPECT_NE(status(ids[7]), Status::running);
  advance(Duration::seconds(903));
  EXPECT_EQ(rows(keys::kExecution), 0u);
  EXPECT_EQ(rows(keys::kTimer), 0u);
}

TEST_F(EngineTest, AWaitFiresOnTheSecondAndTheTaskEndsTheExecution) {
  const auto machine = machines.add(kWaitThenTask);
  const auto started = start(machine, R"({"seconds": 5})");
  ASSERT_TRUE(started);
  advance(Duration::milliseconds(4'999));
  EXPECT_TRUE(sink->tasks.empty());
  advance(Duration::milliseconds(1));
  ASSERT_EQ(sink->tasks.size(), 1u);
  EXPECT_EQ(sink->tasks[0].request.parameters.text(), R"({"seconds": 5})");
  EXPECT_EQ(sink->tasks[0].execution_arn, started->arn);
  EXPECT_EQ(engine->lateness().count(), 1u);
  EXPECT_EQ(engine->lateness().max().us, 0);
  ASSERT_TRUE(submit(started->id, interpreter::TaskSucceeded{sink->tasks[0].key.task, json::Payload::from_text("42")}));
  EXPECT_EQ(status(started->id), Status::succeeded);
  const auto events = engine->reader().history(started->id, {});
  ASSERT_TRUE(events);
  EXPECT_EQ(events->size(), 9u);
  EXPECT_EQ(rows(keys::kExecution), 1u);
  EXPECT_EQ(rows(keys::kTimer), 1u);  // its removal, 90 days ahead
}

TEST_F(EngineTest, ARestartFiresWhatCameDueAndDispatchesAgainWhatWasInFlight) {
  const auto machine = machines.add(kWaitThenTask);
  const auto waiting = start(machine, R"({"seconds":10})");
  const auto running = start(machine, R"({"seconds":1})");
  advance(Duration::seconds(1));
  ASSERT_EQ(sink->tasks.size(), 1u);
  const TaskKey before = sink->tasks[0].key;
  EXPECT_FALSE(sink->tasks[0].again);

  clock.advance(Duration::seconds(60));
  reopen();
  ASSERT_EQ(sink->tasks.size(), 2u);
  EXPECT_EQ(sink->tasks[0].key, before);
  EXPECT_TRUE(sink->tasks[0].again);
  EXPECT_EQ(sink->tasks[1].key.execution, waiting->id);
  for (const TaskDispatch& task : sink->tasks) {
    ASSERT_TRUE(submit(task.key.execution, interpreter::TaskSucceeded{task.key.task, json::Payload::from_text("{}")}));
  }
  EXPECT_EQ(status(waiting->id), Status::succeeded);
  EXPECT_EQ(status(running->id), Status::succeeded);
  reopen();
  EXPECT_TRUE(sink->tasks.empty());
}

TEST_F(EngineTest, ALateOrRepeatedAnswerIsRefused) {
  const auto machine = machines.add(kWaitThenTask);
  const auto started = start(machine, R"({"seconds":0})");
  advance(Duration::seconds(0));
  ASSERT_EQ(sink->tasks.size(), 1u);
  const interpreter::TaskSucceeded answer{sink->tasks[0].key.task, json::Payload::from_text("{}")};
  EXPECT_TRUE(submit(started->id, answer));
  const auto repeated = submit(started->id, answer);
  ASSERT_FALSE(repeated);
  EXPECT_EQ(repeated.error().name, "TaskTimedOut");
  EXPECT_EQ(submit({12345}, interpreter::Stop{}).error().name, "ExecutionDoesNotExist");
}

TEST_F(EngineTest, NamesAreIdempotentWhileOpenAndTakenAfterwards) {
  const auto machine = machines.add(kWaitThenTask);
  const auto first = start(machine, R"({"seconds":5})", "mine");
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->arn.ends_with(":mine"));
  const auto same = start(machine, R"({"seconds":5})", "mine");
  ASSERT_TRUE(same);
  EXPECT_EQ(same->id, first->id);
  EXPECT_TRUE(same->existed);
  EXPECT_EQ(start(machine, R"({"seconds":6})", "mine").error().name, "ExecutionAlreadyExists");
  EXPECT_EQ(*engine->reader().find(first->arn), first->id);
  ASSERT_TRUE(submit(first->id, interpreter::Stop{"E", "C"}));
  EXPECT_EQ(status(first->id), Status::aborted);
  EXPECT_EQ(start(machine, R"({"seconds":5})", "mine").error().name, "ExecutionAlreadyExists");
  EXPECT_TRUE(start(machines.add(kWaitThenTask), R"({"seconds":5})", "mine"));
}

TEST_F(EngineTest, OneBatchStartsANameOnce) {
  const auto machine = machines.add(kWaitThenTask);
  std::vector<base::Result<Started>> answers;
  for (int i = 0; i < 3; ++i) {
    engine->start_execution({.machine = machine, .name = "n", .input = json::Payload::from_text(R"({"seconds":9})")},
                            [&](base::Result<Started> started) { answers.push_back(std::move(started)); });
  }
  run();
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0]->id, answers[2]->id);
  EXPECT_EQ(rows(keys::kExecution), 1u);
}

TEST_F(EngineTest, ListingsAreNewestFirstAndPaged) {
  const auto machine = machines.add(kWaitThenTask);
  std::vector<ExecutionId> ids;
  for (int i = 0; i < 25; ++i) {
    ids.push_back(start(machine, R"({"seconds":100})")->id);
    clock.advance(Duration::milliseconds(2));
  }
  ASSERT_TRUE(submit(ids[3], interpreter::Stop{}));
  std::vector<ExecutionId> listed;
  std::string cursor;
  do {
    const auto page = engine->reader().list({.machine_id = machine->machine_id, .cursor = cursor, .count_max = 10});
    ASSERT_TRUE(page);
    EXPECT_LE(page->executions.size(), 10u);
    for (const ExecutionSummary& summary : page->executions) listed.push_back(summary.id);
    cursor = page->cursor;
  } while (!cursor.empty());
  EXPECT_EQ(listed, std::vector<ExecutionId>(ids.rbegin(), ids.rend()));
  const auto aborted = engine->reader().list({.machine_id = machine->machine_id, .status = Status::aborted});
  ASSERT_EQ(aborted->executions.size(), 1u);
  EXPECT_EQ(aborted->executions[0].id, ids[3]);
  EXPECT_TRUE(aborted->executions[0].stop_time);
  EXPECT_TRUE(*engine->reader().any_open(machine->machine_id));
}

TEST_F(EngineTest, ClosedExecutionsGoWhenTheirRetentionEnds) {
  const auto machine = machines.add(kWaitThenTask);
  const std::string large(10'000, 'x');
  const auto started = start(machine, "{\"seconds\":1,\"large\":\"" + large + "\"}", "kept");
  ASSERT_TRUE(submit(started->id, interpreter::Stop{}));
  EXPECT_GT(rows(keys::kPayload), 0u);
  advance(Duration::seconds(90 * 86'400 - 1));
  EXPECT_TRUE(engine->reader().describe(started->id));
  advance(Duration::seconds(2));
  EXPECT_FALSE(engine->reader().describe(started->id));
  for (const char table :
       {keys::kExecution, keys::kHistory, keys::kPayload, keys::kFrame, keys::kName, keys::kTimer, keys::kListing}) {
    EXPECT_EQ(rows(table), 0u) << int{table};
  }
  EXPECT_TRUE(start(machine, R"({"seconds":1})", "kept"));
}

TEST_F(EngineTest, ALongHistorySpillsAndReadsBackInBothDirections) {
  const auto machine = machines.add(R"_({"StartAt":"C","States":{
    "W":{"Type":"Wait","Seconds":1,"Next":"C"},
    "C":{"Type":"Pass","Parameters":{"n.$":"States.MathAdd($.n,1)","pad.$":"$.pad"},"Next":"D"},
    "D":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericLessThan":60,"Next":"W"}],"Default":"E"},
    "E":{"Type":"Succeed"}}})_");
  const auto started = start(machine, R"({"n":0,"pad":"0123456789012345678901234567890123456789"})");
  for (int i = 0; i < 70; ++i) advance(Duration::seconds(1));
  ASSERT_EQ(status(started->id), Status::succeeded);
  const auto events = engine->reader().history(started->id, {.count_max = 10'000});
  ASSERT_TRUE(events);
  ASSERT_GT(events->size(), 300u);
  for (std::size_t i = 0; i < events->size(); ++i) ASSERT_EQ((*events)[i].id, i + 1);
  const auto middle = engine->reader().history(started->id, {.from_event = 100, .count_max = 7});
  ASSERT_EQ(middle->size(), 7u);
  EXPECT_EQ(middle->front().id, 100u);
  const auto last = engine->reader().history(started->id, {.count_max = 5, .reverse = true});
  ASSERT_EQ(last->size(), 5u);
  EXPECT_EQ(last->front().id, events->size());
  EXPECT_EQ(last->back().id, events->size() - 4);
}

TEST_F(EngineTest, AFullDiskRefusesCallersAndKeepsTimers) {
  base::set_log_level(base::LogLevel::off);
  const auto machine = machines.add(kWaitThenTask);
  const auto waiting = start(machine, R"({"seconds":1})");
  fate = store::CommitFate::disk_full;
  const auto refused = start(machine, R"({"seconds":1})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::limit_exceeded);
  fate = store::CommitFate::disk_full;
  advance(Duration::seconds(1));
  EXPECT_TRUE(sink->tasks.empty());
  advance(Duration::seconds(1));
  ASSERT_EQ(sink->tasks.size(), 1u);
  fate = store::CommitFate::disk_full;
  engine->deliver(waiting->id, interpreter::TaskSucceeded{sink->tasks[0].key.task, json::Payload::from_text("{}")}, {});
  run();
  EXPECT_EQ(status(waiting->id), Status::running);
  advance(Duration::seconds(2));
  EXPECT_EQ(status(waiting->id), Status::succeeded);
  EXPECT_TRUE(engine->accepting());
}

TEST_F(EngineTest, AClockThatStepsBackDoesNotProlongThePauseAfterAFullDisk) {
  base::set_log_level(base::LogLevel::off);
  const auto machine = machines.add(kWaitThenTask);
  ASSERT_TRUE(start(machine, R"({"seconds":2})"));
  fate = store::CommitFate::disk_full;
  ASSERT_FALSE(start(machine, R"({"seconds":2})"));
  clock.advance(Duration::seconds(-3'600));
  const auto started = start(machine, R"({"seconds":1})");
  ASSERT_TRUE(started);
  advance(Duration::seconds(1));
  EXPECT_EQ(sink->tasks.size(), 1u);
}

TEST_F(EngineTest, AFailedSyncStopsTheWriterUntilItIsReopened) {
  base::set_log_level(base::LogLevel::off);
  const auto machine = machines.add(kWaitThenTask);
  const auto kept = start(machine, R"({"seconds":1})");
  fate = store::CommitFate::lost;
  EXPECT_FALSE(start(machine, R"({"seconds":1})"));
  EXPECT_FALSE(engine->accepting());
  EXPECT_EQ(start(machine, R"({"seconds":1})").error().code, base::ErrorCode::unavailable);
  EXPECT_TRUE(engine->reader().describe(kept->id));
  advance(Duration::seconds(5));
  EXPECT_TRUE(sink->tasks.empty());
  reopen();
  EXPECT_EQ(sink->tasks.size(), 1u);
  EXPECT_EQ(rows(keys::kExecution), 1u);
}

TEST_F(EngineTest, AParentIsToldOfItsChildsEndUntilThatIsSettled) {
  const auto machine = machines.add(R"({"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}})");
  engine->start_execution({.machine = machine,
                           .input = json::Payload::from_text("{}"),
                           .parent_link = ParentLink::sync,
                           .parent = {{4096}, {0, 1}}},
                          {});
  run();
  ASSERT_EQ(sink->children.size(), 1u);
  EXPECT_EQ(sink->children[0].child.head.output.text(), "{}");
  EXPECT_EQ(sink->children[0].parent.execution.bits, 4096u);
  clock.advance(Duration::seconds(1));
  reopen();
  ASSERT_EQ(sink->children.size(), 1u);
  sink->settled[0]();
  run();
  clock.advance(Duration::seconds(1));
  reopen();
  EXPECT_TRUE(sink->children.empty());
}

TEST_F(EngineTest, TasksBeyondTheBoundWaitAndAllRun) {
  options.dispatched_tasks_max = 3;
  reopen();
  const auto machine = machines.add(kWaitThenTask);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(start(machine, R"({"seconds":1})"));
  advance(Duration::seconds(1));
  EXPECT_EQ(sink->tasks.size(), 3u);
  for (std::size_t done = 0; done < 10; ++done) {
    ASSERT_LT(done, sink->tasks.size());
    const TaskKey key = sink->tasks[done].key;
    ASSERT_TRUE(submit(key.execution, interpreter::TaskSucceeded{key.task, json::Payload::from_text("{}")}));
    EXPECT_LE(sink->tasks.size(), done + 4);
  }
  EXPECT_EQ(engine->statistics().ended, 10u);
}

}  // namespace
}  // namespace escapement::engine
