// The step function seen from outside: commands in; events, effects and state out.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "history/render.h"
#include "interpreter/replay_world.h"
#include "json/print.h"

namespace escapement::interpreter {
namespace {

using base::Duration;
using json::Payload;
using replay::Execution;
using replay::World;
using ::testing::ElementsAre;

class StepTest : public ::testing::Test {
 protected:
  Execution& start(std::string_view definition, std::string_view input = "{}") {
    std::string error;
    const replay::Machine& machine = world_.create_machine("machine", definition, error);
    EXPECT_EQ(error, "");
    return world_.start(machine, "execution", Payload::from_text(std::string(input)));
  }

  // "2<1 PassStateEntered"
  static std::vector<std::string> lines(const Execution& execution, std::uint64_t from = 1) {
    std::vector<std::string> out;
    for (const history::Event& event : execution.events()) {
      if (event.id < from) continue;
      out.push_back(std::to_string(event.id) + "<" + std::to_string(event.previous_id) + " " +
                    std::string(history::event_type_name(event.type)));
    }
    return out;
  }

  // The task in flight in `frame`.
  static TaskRequest task(Execution& execution, FrameId frame = 0) {
    auto request = task_of(*execution.machine().program, execution.state(), frame);
    EXPECT_TRUE(request && *request);
    return request && *request ? **request : TaskRequest{};
  }

  static Payload text(std::string value) { return Payload::from_text(std::move(value)); }

  // Whatever an execution armed or scheduled is gone when it ends.
  void expect_nothing_left() {
    EXPECT_EQ(world_.pending_timers(), 0u);
    EXPECT_EQ(world_.unsettled_tasks(), 0u);
  }

  World world_;
};

constexpr std::string_view kActivity = R"({"StartAt":"A","States":{"A":{"Type":"Task","Resource":
  "arn:aws:states:us-east-1:111111111111:activity:work","TimeoutSeconds":60,"HeartbeatSeconds":10,"End":true}}})";

class ActivityTest : public StepTest {
 protected:
  ActivityTest() { world_.add_activity("arn:aws:states:us-east-1:111111111111:activity:work"); }
};

TEST_F(ActivityTest, ClocksStartWhenAWorkerTakesTheTask) {
  Execution& execution = start(kActivity);
  EXPECT_EQ(world_.pending_timers(), 0u);
  execution.step(ActivityTaken{task(execution).id, "worker"});
  EXPECT_EQ(world_.pending_timers(), 2u);
  EXPECT_EQ(world_.unsettled_tasks(), 0u);
  execution.step(TaskSucceeded{task(execution).id, text("[1, 2]")});
  EXPECT_THAT(lines(execution, 3), ElementsAre("3<2 ActivityScheduled", "4<3 ActivityStarted", "5<4 ActivitySucceeded",
                                               "6<5 TaskStateExited", "7<6 ExecutionSucceeded"));
  EXPECT_EQ(execution.state().head.output.text(), "[1, 2]");
  expect_nothing_left();
}

TEST_F(ActivityTest, HeartbeatsPutTheTimeoutOff) {
  Execution& execution = start(kActivity);
  const TaskId id = task(execution).id;
  const base::Timestamp taken = world_.now();
  execution.step(ActivityTaken{id, "worker"});
  world_.pass(Duration::seconds(9));
  execution.step(TaskHeartbeat{id});
  world_.run(execution);
  EXPECT_EQ(world_.now(), taken + Duration::seconds(19));
  EXPECT_THAT(lines(execution, 5), ElementsAre("5<4 ActivityTimedOut", "6<5 ExecutionFailed"));
  EXPECT_EQ(execution.state().head.error, "States.Timeout");
  expect_nothing_left();
}

TEST_F(ActivityTest, AMissedHeartbeatIsRetriedUnderItsOwnName) {
  Execution& execution = start(
      R"({"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:us-east-1:111111111111:activity:work",
          "HeartbeatSeconds":5,"End":true,
          "Retry":[{"ErrorEquals":["States.HeartbeatTimeout"],"IntervalSeconds":1,"MaxAttempts":1}],
          "Catch":[{"ErrorEquals":["States.HeartbeatTimeout"],"Next":"C"}]},"C":{"Type":"Pass","End":true}}})");
  const TaskId first = task(execution).id;
  execution.step(ActivityTaken{first, "worker"});
  world_.run(execution);
  const TaskId second = task(execution).id;
  EXPECT_NE(first.attempt, second.attempt);
  execution.step(ActivityTaken{second, "worker"});
  world_.run(execution);
  EXPECT_EQ(execution.state().head.status, Status::succeeded);
  EXPECT_THAT(execution.state().head.output.text(), testing::HasSubstr(R"("Error":"States.Timeout")"));
  expect_nothing_left();
}

TEST_F(ActivityTest, ADeletedActivityFailsTheStateBeforeItIsScheduled) {
  std::string definition(kActivity);
  definition.replace(definition.find("activity:work"), 13, "activity:gone");
  Execution& execution = start(definition);
  EXPECT_THAT(lines(execution, 2), ElementsAre("2<0 TaskStateEntered", "3<2 ExecutionFailed"));
  EXPECT_EQ(execution.state().head.cause,
            "An error occurred while executing the state 'A' (entered at the event id #2). The activity "
            "arn:aws:states:us-east-1:111111111111:activity:gone does not exist.");
}

TEST_F(ActivityTest, LateAndRepeatedCommandsChangeNothing) {
  Execution& execution = start(kActivity);
  const TaskId id = task(execution).id;
  execution.step(TaskSucceeded{{id.frame, id.attempt + 1}, text("1")});
  execution.step(TaskSucceeded{{77, 1}, text("1")});
  execution.step(TimerFired{{0, TimerKind::task_timeout, id.attempt}});
  execution.step(TimerFired{{0, TimerKind::wait, id.attempt}});
  execution.step(Start{});
  execution.step(Redrive{});
  EXPECT_EQ(execution.events().size(), 3u);
  execution.step(ActivityTaken{id, "a"});
  execution.step(ActivityTaken{id, "b"});
  execution.step(TaskSucceeded{id, text("1")});
  execution.step(TaskSucceeded{id, text("2")});
  execution.step(TaskFailed{id, "E", "c"});
  execution.step(Stop{});
  EXPECT_EQ(execution.events().size(), 7u);
  EXPECT_EQ(execution.state().head.output.text(), "1");
}

TEST_F(StepTest, AWaitFiresOnTimeAndNotEarlier) {
  Execution& execution = start(R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":90,"End":true}}})", "[1,  2]");
  const base::Timestamp started = world_.now();
  world_.run(execution, started + Duration::seconds(89));
  EXPECT_TRUE(execution.running());
  world_.run(execution);
  EXPECT_EQ(world_.now(), started + Duration::seconds(90));
  EXPECT_EQ(execution.state().head.output.text(), "[1,  2]");
  expect_nothing_left();
}

TEST_F(StepTest, AWaitCanBeMoved) {
  Execution& execution = start(R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":90,"End":true}}})");
  const base::Timestamp started = world_.now();
  execution.step(MoveTimer{{0, TimerKind::wait, 1}, started + Duration::seconds(5)});
  execution.step(TimerFired{{0, TimerKind::wait, 1}, started + Duration::seconds(90)});  // the old time
  EXPECT_TRUE(execution.running());
  world_.run(execution);
  EXPECT_EQ(world_.now(), started + Duration::seconds(5));
  EXPECT_EQ(execution.state().head.status, Status::succeeded);
  expect_nothing_left();
}

TEST_F(StepTest, ATimerArmedAndCancelledInOneStepIsNotSeen) {
  Execution& execution = start(R"({"TimeoutSeconds":9,"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}})");
  EXPECT_EQ(execution.state().head.status, Status::succeeded);
  EXPECT_EQ(execution.effects_seen(), 0u);
}

TEST_F(StepTest, ResultsThatAreTooLargeTogetherFailTheState) {
  world_.default_limits.payload_bytes_max = 1'000;
  Execution& execution = start(
      R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemsPath":"$.list","ItemProcessor":{"StartAt":"P","States":{
    "P":{"Type":"Pass","Result":"0123456789012345678901234567890123456789","End":true}}}}}})",
      R"({"list":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]})");
  EXPECT_EQ(execution.state().head.error, "States.DataLimitExceeded");
  expect_nothing_left();
}

TEST_F(StepTest, AResultThatIsTooLargeFailsTheTask) {
  Execution& execution =
      start(R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage",
     "Parameters":{"QueueUrl":"q","MessageBody":"b"},"End":true}}})");
  execution.step(TaskSucceeded{task(execution).id, text("\"" + std::string(262'143, 'x') + "\"")});
  EXPECT_THAT(lines(execution, 5), ElementsAre("5<4 TaskFailed", "6<5 ExecutionFailed"));
  EXPECT_EQ(execution.state().head.cause,
            "The state/task 'sqs' returned a result with a size exceeding the maximum number of bytes service limit.");
  expect_nothing_left();
}

TEST_F(StepTest, AMapRunThatCannotBeCarriedOutFailsTheState) {
  Execution& execution =
      start(R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"ProcessorConfig":
    {"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}}}})",
            "[1]");
  execution.step(TaskFailed{task(execution).id, "States.Runtime", "no runs here"});
  EXPECT_EQ(execution.state().head.status, Status::failed);
  expect_nothing_left();
}

constexpr std::string_view kParallel = R"({"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
  {"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage",
     "Parameters":{"QueueUrl":"q","MessageBody":"b"},"End":true}}},
  {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":100,"End":true}}},
  {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.list","End":true,"ItemProcessor":{"StartAt":"I","States":{
     "I":{"Type":"Wait","Seconds":50,"End":true}}}}}}]}}})";

TEST_F(StepTest, AFailedBranchAbortsTheOthers) {
  Execution& execution = start(kParallel, R"({"list":[1]})");
  const auto before = execution.events().size();
  execution.step(TaskFailed{task(execution, 1).id, "Broken", "by test"});
  const auto all = lines(execution, before + 1);
  const std::string failed = std::to_string(before + 1);
  const auto line = [&](std::uint64_t offset, const std::string& type) {
    return std::to_string(before + offset) + "<" + failed + " " + type;
  };
  ASSERT_EQ(all.size(), 8u);
  EXPECT_TRUE(all[0].ends_with(" TaskFailed"));
  EXPECT_EQ(all[1], line(2, "TaskStateAborted"));
  EXPECT_EQ(all[2], line(3, "WaitStateAborted"));
  EXPECT_EQ(all[3], line(4, "WaitStateAborted"));
  EXPECT_EQ(all[4], line(5, "MapIterationAborted"));
  EXPECT_EQ(all[5], line(6, "MapStateAborted"));
  EXPECT_EQ(all[6], line(7, "ParallelStateFailed"));
  EXPECT_EQ(all[7], std::to_string(before + 8) + "<" + std::to_string(before + 7) + " ExecutionFailed");
  expect_nothing_left();
}

TEST_F(StepTest, StopCancelsEverythingInFlight) {
  Execution& execution = start(kParallel, R"({"list":[1]})");
  const auto before = execution.events().size();
  execution.step(Stop{"Enough", "of it"});
  EXPECT_THAT(lines(execution, before + 1), ElementsAre(std::to_string(before + 1) + "<0 ExecutionAborted"));
  EXPECT_EQ(execution.state().head.status, Status::aborted);
  EXPECT_EQ(execution.state().head.error, "Enough");
  expect_nothing_left();
}

TEST_F(StepTest, TheMachinesTimeoutEndsTheExecution) {
  Execution& execution =
      start(R"({"TimeoutSeconds":5,"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}})");
  world_.run(execution);
  EXPECT_EQ(execution.state().head.status, Status::timed_out);
  EXPECT_FALSE(execution.state().head.error);
  EXPECT_THAT(lines(execution, 3), ElementsAre("3<0 ExecutionTimedOut"));
  expect_nothing_left();
}

TEST_F(StepTest, AYearEndsTheExecutionDuringAWaitThatIsLonger) {
  Execution& execution = start(R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":40000000,"End":true}}})");
  const base::Timestamp started = world_.now();
  world_.run(execution);
  EXPECT_EQ(world_.now(), started + Duration::seconds(365 * 86'400));
  EXPECT_EQ(execution.state().head.status, Status::timed_out);
  expect_nothing_left();
}

TEST_F(ActivityTest, AnAnswerAfterAYearFindsTheExecutionTimedOut) {
  Execution& execution = start(
      R"({"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:us-east-1:111111111111:activity:work",
          "End":true}}})");
  const TaskId id = task(execution).id;
  execution.step(ActivityTaken{id, "worker"});
  world_.pass(Duration::seconds(365 * 86'400));
  execution.step(TaskSucceeded{id, text("1")});
  EXPECT_EQ(execution.state().head.status, Status::timed_out);
  expect_nothing_left();
}

TEST_F(StepTest, VariablesAreBounded) {
  const std::string large = '"' + std::string(200'000, 'x') + '"';
  Execution& two = start(R"({"StartAt":"P","States":{
    "P":{"Type":"Pass","Assign":{"a.$":"$","b.$":"$"},"End":true}}})",
                         large);
  world_.run(two);
  EXPECT_EQ(two.state().head.error, "States.DataLimitExceeded") << "one Assign";

  const auto names = [&](int count) {
    std::string states;
    for (int i = 0; i < count; ++i) {
      states += fmt::format(R"("S{}":{{"Type":"Pass","Assign":{{"v{}.$":"$"}},"Next":"S{}"}},)", i, i, i + 1);
    }
    return R"({"StartAt":"S0","States":{)" + states + fmt::format(R"("S{}":{{"Type":"Pass","End":true}}}}}})", count);
  };
  Execution& many = start(names(53), large);
  world_.run(many);
  EXPECT_EQ(many.state().head.error, "States.DataLimitExceeded") << "all of them";
  Execution& fewer = start(names(52), large);
  world_.run(fewer);
  EXPECT_EQ(fewer.state().head.status, Status::succeeded);
}

TEST_F(StepTest, ARuntimeErrorEndsTheExecutionWithoutAWordOfTheStatesAround) {
  Execution& execution = start(R"({"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,
    "Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}],"Branches":[
      {"StartAt":"Slow","States":{"Slow":{"Type":"Wait","Seconds":9,"End":true}}},
      {"StartAt":"Fast","States":{"Fast":{"Type":"Pass","Parameters":{"m.$":"$.nope"},"End":true}}}]},
    "C":{"Type":"Succeed"}}})");
  EXPECT_THAT(lines(execution),
              ElementsAre("1<0 ExecutionStarted", "2<0 ParallelStateEntered", "3<2 ParallelStateStarted",
                          "4<3 WaitStateEntered", "5<3 PassStateEntered", "6<5 ExecutionFailed"));
  EXPECT_EQ(execution.state().head.error, "States.Runtime");
  expect_nothing_left();
}

TEST_F(StepTest, RetriersCountForThemselvesAndBackOff) {
  Execution& execution =
      start(R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage",
     "Parameters":{"QueueUrl":"q","MessageBody":"b"},"End":true,
    "Retry":[{"ErrorEquals":["A"],"IntervalSeconds":2,"BackoffRate":3,"MaxAttempts":2},
             {"ErrorEquals":["States.ALL"],"IntervalSeconds":7,"MaxAttempts":1}]}}})");
  const auto fail = [&](const char* error) {
    const base::Timestamp at = world_.now();
    execution.step(TaskFailed{task(execution).id, error, std::nullopt});
    world_.run(execution);
    return (world_.now() - at).ms();
  };
  EXPECT_EQ(fail("A"), 2'000);
  EXPECT_EQ(fail("B"), 7'000);
  EXPECT_EQ(fail("A"), 6'000);
  EXPECT_EQ(fail("A"), 0);
  EXPECT_EQ(execution.state().head.status, Status::failed);
  expect_nothing_left();
}

TEST_F(StepTest, ACatcherSeesNullsWhereTheErrorHasNoMembers) {
  Execution& execution = start(
      R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters":{"QueueUrl":"q","MessageBody":{"t.$":"$$.Task.Token"}},"End":true,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Z"}]},
    "Z":{"Type":"Pass","End":true}}})");
  EXPECT_EQ(task(execution).parameters.text(), R"({"QueueUrl":"q","MessageBody":{"t":"token-0-0-1"}})");
  execution.step(TaskSubmitted{task(execution).id, text("{}")});
  execution.step(TaskFailed{task(execution).id, std::nullopt, std::nullopt});
  EXPECT_EQ(execution.state().head.output.text(), R"({"Error":null,"Cause":null})");
  expect_nothing_left();
}

TEST_F(StepTest, AVariableTakesThePlaceOfABuiltInFunctionOfItsName) {
  Execution& execution = start(R"({"QueryLanguage":"JSONata","StartAt":"A","States":{
    "A":{"Type":"Pass","Assign":{"count":"{% $states.input.n %}"},"Next":"B"},
    "B":{"Type":"Pass","Output":"{% $count + 1 %}","End":true}}})",
                               R"({"n":5})");
  EXPECT_EQ(execution.state().head.output.text(), "6");
}

TEST_F(StepTest, InlineMapKeepsToItsConcurrency) {
  Execution& execution =
      start(R"({"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":2,"End":true,"ItemProcessor":{"StartAt":"W",
    "States":{"W":{"Type":"Wait","Seconds":10,"End":true}}}}}})",
            "[1,2,3,4,5]");
  EXPECT_EQ(world_.pending_timers(), 2u);
  const base::Timestamp started = world_.now();
  world_.run(execution);
  EXPECT_EQ((world_.now() - started).ms(), 30'000);
  EXPECT_EQ(execution.state().head.output.text(), "[1,2,3,4,5]");
  expect_nothing_left();
}

TEST_F(StepTest, AStepHandsBackControlAndGoesOn) {
  Execution* execution = nullptr;
  std::string items = "[0";
  for (int i = 1; i < 3'000; ++i) items += "," + std::to_string(i);
  items += "]";
  std::string error;
  const replay::Machine& machine =
      world_.create_machine("machine", R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,
    "ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","End":true}}}}}})",
                            error);
  world_.default_limits.transitions_per_step_max = 100;
  world_.default_limits.payload_bytes_max = 1 << 20;
  world_.default_limits.history_events_max = 1'000'000;
  execution = &world_.start(machine, "execution", text(items));
  EXPECT_EQ(execution->state().head.status, Status::succeeded);
  EXPECT_EQ(execution->state().head.output.text(), items);
  EXPECT_GT(execution->steps(), 50u);
}

TEST_F(StepTest, AFullHistoryEndsTheExecution) {
  world_.default_limits.history_events_max = 50;
  Execution& execution = start(R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"Z":{"Type":"Succeed"},
    "B":{"Type":"Choice","Choices":[{"Variable":"$.never","IsPresent":true,"Next":"Z"}],"Default":"A"}}})");
  EXPECT_EQ(execution.state().head.status, Status::failed);
  EXPECT_EQ(execution.events().size(), 50u);
  EXPECT_EQ(execution.events().back().type, history::EventType::ExecutionFailed);
  EXPECT_EQ(execution.state().head.cause, "The execution reached the maximum number of history events (50).");
}

TEST_F(StepTest, RedriveRunsOnlyWhatDidNotSucceed) {
  Execution& execution = start(R"({"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
    {"StartAt":"Good","States":{"Good":{"Type":"Pass","Result":"kept","End":true}}},
    {"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage",
     "Parameters":{"QueueUrl":"q","MessageBody":"b"},"End":true}}}]}}})");
  execution.step(TaskFailed{task(execution, 2).id, "Broken", "by test"});
  ASSERT_EQ(execution.state().head.status, Status::failed);
  const auto before = execution.events().size();
  execution.step(Redrive{});
  EXPECT_EQ(execution.state().head.redrive_count, 1u);
  execution.step(TaskSucceeded{task(execution, 2).id, text("7")});
  const auto all = lines(execution, before + 1);
  EXPECT_TRUE(all[0].ends_with(" ExecutionRedriven"));
  EXPECT_TRUE(all[1].ends_with("<" + std::to_string(before + 1) + " TaskScheduled"));
  EXPECT_EQ(execution.state().head.status, Status::succeeded);
  EXPECT_EQ(execution.state().head.output.text(), R"(["kept",7])");
  expect_nothing_left();
}

TEST_F(StepTest, RedriveGoesOnWithAMapsLeftIterations) {
  world_.add_function({"flaky", "raise-exception"});
  Execution& execution = start(
      R"({"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"End":true,"ItemProcessor":{"StartAt":"C","States":{
    "C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":1,"Next":"T"}],"Default":"D"},
    "T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage",
     "Parameters":{"QueueUrl":"q","MessageBody":"b"},"End":true},
    "D":{"Type":"Pass","End":true}}}}}})",
      "[0,1,2]");
  FrameId second = 2;
  execution.step(TaskFailed{task(execution, second).id, "Broken", std::nullopt});
  ASSERT_EQ(execution.state().head.status, Status::failed);
  execution.step(Redrive{});
  execution.step(TaskSucceeded{task(execution, second).id, text("\"one\"")});
  EXPECT_EQ(execution.state().head.status, Status::succeeded);
  EXPECT_EQ(execution.state().head.output.text(), R"([0,"one",2])");
  expect_nothing_left();
}

TEST_F(StepTest, TheSameSeedGivesTheSameExecution) {
  const std::string_view definition =
      R"asl({"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"id.$":"States.UUID()",
    "n.$":"States.MathRandom(1, 1000000)"},"End":true}}})asl";
  World other;
  std::string error;
  const replay::Machine& machine = other.create_machine("machine", definition, error);
  Execution& first = start(definition);
  Execution& second = other.start(machine, "execution", text("{}"));
  EXPECT_EQ(first.state().head.output.text(), second.state().head.output.text());
}

TEST_F(StepTest, ADistributedMapBatchesItsItems) {
  Execution& execution =
      start(R"({"QueryLanguage":"JSONata","StartAt":"M","States":{"M":{"Type":"Map","Items":"{% [1..5] %}",
    "ItemSelector":{"n":"{% $states.context.Map.Item.Value * 10 %}"},
    "ItemBatcher":{"MaxItemsPerBatch":2,"BatchInput":{"of":"{% $states.input.name %}"}},"End":true,
    "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"A",
    "States":{"A":{"Type":"Pass","Output":"{% $count($states.input.Items) %}","End":true}}}}}})",
            R"({"name":"x"})");
  const auto plan = map_run_plan(*execution.machine().program, task(execution));
  ASSERT_TRUE(plan.has_value());
  base::SplitMix generator(1);
  const auto inputs =
      child_inputs(*execution.machine().program, *plan, plan->items->items(), 0, generator, world_.now());
  ASSERT_TRUE(inputs.has_value());
  ASSERT_EQ(inputs->size(), 3u);
  EXPECT_EQ((*inputs)[0].input.text(), R"({"BatchInput":{"of":"x"},"Items":[{"n":10},{"n":20}]})");
  EXPECT_EQ((*inputs)[2].first_item, 4u);
  world_.run(execution);
  EXPECT_EQ(execution.state().head.output.text(), "[2,2,1]");
  EXPECT_THAT(lines(execution, 3),
              ElementsAre("3<2 MapStateStarted", "4<3 MapRunStarted", "5<4 MapRunSucceeded", "6<5 MapStateSucceeded",
                          "7<4 MapStateExited", "8<7 ExecutionSucceeded"));
  expect_nothing_left();
}

TEST(MapRunTolerance, CountsAndShares) {
  MapRunPlan plan;
  EXPECT_FALSE(exceeds_tolerance(plan, 0, 10));
  EXPECT_TRUE(exceeds_tolerance(plan, 1, 10));
  plan.tolerated_failure_count = 2;
  EXPECT_FALSE(exceeds_tolerance(plan, 2, 10));
  EXPECT_TRUE(exceeds_tolerance(plan, 3, 10));
  plan.tolerated_failure_percentage = 10;
  EXPECT_TRUE(exceeds_tolerance(plan, 2, 10));
}

}  // namespace
}  // namespace escapement::interpreter
