// That every check can fail.
#include "checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "engine/keys.h"
#include "engine/timer_key.h"
#include "functions/test_functions.h"
#include "http/loop.h"
#include "json/parse.h"
#include "machines.h"
#include "server.h"
#include "timings.h"

namespace escapement::simulation {
namespace {

using history::EventType;
using json::Value;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

history::Event event(std::uint64_t id, std::uint64_t previous, EventType type, std::string name = {},
                     std::int64_t at_seconds = 0) {
  history::Event made{id, previous, type, base::Timestamp::from_seconds(at_seconds), {}};
  if (!name.empty()) made.fields.push_back({history::FieldId::name, std::move(name)});
  return made;
}

TEST(Histories, AGapIsFound) {
  EXPECT_EQ(gap_in({event(1, 0, EventType::ExecutionStarted), event(2, 0, EventType::WaitStateEntered)}), "");
  EXPECT_NE(gap_in({}), "");
  EXPECT_NE(gap_in({event(1, 0, EventType::ExecutionStarted), event(3, 1, EventType::WaitStateEntered)}), "");
  EXPECT_NE(gap_in({event(1, 0, EventType::ExecutionStarted), event(2, 2, EventType::WaitStateEntered)}), "");
}

TEST(Histories, GoingOnAfterTheEndIsFound) {
  const auto start = event(1, 0, EventType::ExecutionStarted);
  const auto end = event(2, 1, EventType::ExecutionFailed);
  EXPECT_EQ(second_end_in({start, end, event(3, 2, EventType::ExecutionRedriven)}), "");
  EXPECT_NE(second_end_in({start, end, event(3, 2, EventType::ExecutionFailed)}), "");
}

TEST(Histories, ATransitionTwiceIsFound) {
  const auto start = event(1, 0, EventType::ExecutionStarted);
  const auto entered = event(2, 0, EventType::WaitStateEntered, "W1");
  EXPECT_EQ(doubled_transition_in({start, entered, event(3, 2, EventType::WaitStateExited, "W1")}), "");
  EXPECT_NE(doubled_transition_in({start, entered, event(3, 2, EventType::WaitStateExited, "W1"),
                                   event(4, 2, EventType::WaitStateExited, "W1")}),
            "");
}

TEST(Histories, ATaskThatIsRefusedItsOwnChildIsFound) {
  auto failed = event(2, 1, EventType::TaskFailed);
  failed.fields.push_back({history::FieldId::error, "States.TaskFailed"});
  EXPECT_EQ(refused_again_in({event(1, 0, EventType::ExecutionStarted), failed}), "");
  failed.fields.front().value = "StepFunctions.ExecutionAlreadyExistsException";
  EXPECT_NE(refused_again_in({event(1, 0, EventType::ExecutionStarted), failed}), "");
}

TEST(Histories, AWaitThatEndsEarlyIsFound) {
  const auto start = event(1, 0, EventType::ExecutionStarted);
  const auto entered = event(2, 0, EventType::WaitStateEntered, "W3", 100);
  EXPECT_EQ(early_wait_in({start, entered, event(3, 2, EventType::WaitStateExited, "W3", 103)}), "");
  EXPECT_NE(early_wait_in({start, entered, event(3, 2, EventType::WaitStateExited, "W3", 102)}), "");
}

history::Event task(std::uint64_t id, std::uint64_t previous, EventType type, std::int64_t at_seconds,
                    std::int64_t timeout_seconds = 0) {
  history::Event made = event(id, previous, type, {}, at_seconds);
  if (timeout_seconds != 0) made.fields.push_back({history::FieldId::timeout_in_seconds, timeout_seconds});
  return made;
}

TEST(Histories, ATaskThatTimesOutEarlyIsFound) {
  const auto scheduled = task(1, 0, EventType::TaskScheduled, 100, 20);
  const auto started = task(2, 1, EventType::TaskStarted, 100);
  EXPECT_EQ(early_timeout_in({scheduled, started, task(3, 2, EventType::TaskTimedOut, 120)}), "");
  EXPECT_NE(early_timeout_in({scheduled, started, task(3, 2, EventType::TaskTimedOut, 119)}), "");
  EXPECT_NE(early_timeout_in({task(1, 0, EventType::TaskTimedOut, 119)}), "");
}

TEST(Histories, ARetryThatComesEarlyIsFound) {
  const auto failed = event(1, 0, EventType::ActivityFailed, {}, 100);
  const auto second = base::Duration::seconds(1);
  EXPECT_EQ(early_retry_in({failed, event(2, 1, EventType::ActivityScheduled, {}, 101)}, second), "");
  EXPECT_NE(early_retry_in({failed, event(2, 1, EventType::ActivityScheduled, {}, 100)}, second), "");
}

TEST(Histories, ADeadlineThatComesEarlyIsFound) {
  const auto start = event(1, 0, EventType::ExecutionStarted, {}, 100);
  const auto ends = [&](std::int64_t at) { return event(2, 1, EventType::ExecutionTimedOut, {}, at); };
  const auto timeout = base::Duration::seconds(15);
  EXPECT_EQ(early_deadline_in({start, ends(115)}, timeout), "");
  EXPECT_NE(early_deadline_in({start, ends(114)}, timeout), "");
  const auto again = event(3, 2, EventType::ExecutionRedriven, {}, 200);
  EXPECT_NE(early_deadline_in({start, ends(115), again, event(4, 3, EventType::ExecutionTimedOut, {}, 210)}, timeout),
            "");
}

class CheckerTest : public testing::Test {
 protected:
  CheckerTest() {
    server = *Server::open(store::MemoryStore::new_disk(), {}, clock, loop, no_functions, {.partitions = 2});
    must("CreateStateMachine",
         Value::object({{"name", "two-waits"}, {"definition", definition("two-waits")}, {"roleArn", kRoleArn}}));
    execution = must("StartExecution",
                     Value::object({{"stateMachineArn", std::string(kMachineArnPrefix) + "two-waits"}, {"name", "e"}}))
                    .find("executionArn")
                    ->as_string();
  }
  static std::string_view definition(std::string_view name) {
    for (const Machine& machine : machines()) {
      if (name == machine.name) return machine.definition;
    }
    return {};
  }
  Value must(std::string_view operation, Value input) {
    Value result;
    server->request(operation, std::move(input), [&](base::Result<Value> answer) {
      ASSERT_TRUE(answer) << answer.error().to_string();
      result = *answer;
    });
    while (server->run_once()) {
    }
    return result;
  }
  const engine::ExecutionReader& reader() { return server->engine().reader(); }
  std::string missing() const { return execution + "-gone"; }
  static functions::InvokeRequest invocation(std::string id, std::string payload) {
    functions::InvokeRequest request;
    request.request_id = std::move(id);
    request.payload = std::move(payload);
    return request;
  }

  base::VirtualClock clock{base::Timestamp::from_seconds(1'790'000'000)};
  http::Loop loop;
  functions::ScriptedFunctions no_functions;
  std::unique_ptr<Server> server;
  std::string execution;
  Checker checker;
};

TEST_F(CheckerTest, WhatIsWellIsNotFound) {
  checker.acknowledge(reader(), execution);
  checker.check_histories(reader());
  checker.check_memory(server->engine(), {.partitions = 2});
  checker.check_outcomes(reader());
  EXPECT_THAT(checker.findings(), IsEmpty());
}

TEST_F(CheckerTest, AnAcknowledgedExecutionThatIsNotThereIsFound) {
  checker.acknowledge(reader(), missing());
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("before it was on disk")));
  checker.check_histories(reader());
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("cannot be read")));
}

TEST_F(CheckerTest, AHistoryThatLosesWhatItHadIsFound) {
  checker.acknowledge(reader(), execution);
  clock.advance(base::Duration::seconds(2));
  while (server->run_once()) {
  }
  checker.check_histories(reader());
  // Another life on an empty disk, where the execution of this name has only begun.
  server = *Server::open(store::MemoryStore::new_disk(), {}, clock, loop, no_functions, {.partitions = 2});
  must("CreateStateMachine",
       Value::object({{"name", "two-waits"}, {"definition", definition("two-waits")}, {"roleArn", kRoleArn}}));
  must("StartExecution",
       Value::object({{"stateMachineArn", std::string(kMachineArnPrefix) + "two-waits"}, {"name", "e"}}));
  checker.check_histories(reader());
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("shrank")));
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("changed after it was committed")));
}

TEST_F(CheckerTest, AStoppedExecutionThatRunsIsFound) {
  checker.check_stopped(reader(), execution);
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("was stopped and runs")));
}

TEST_F(CheckerTest, ATaskLetGoBeforeItIsScheduledOnDiskIsFound) {
  checker.check_released(reader(), execution, invocation("1", "{}"));
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("of 0 scheduled on disk")));
}

TEST_F(CheckerTest, ATaskLetGoAgainWithAnotherPayloadIsFound) {
  checker.check_released(reader(), execution, invocation("1", "{}"));
  checker.check_released(reader(), execution, invocation("1", "[]"));
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("another payload")));
}

TEST_F(CheckerTest, WhatStillRunsInTheEndIsFound) {
  checker.acknowledge(reader(), execution);
  checker.check_all_ended(reader());
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("still runs though the faults have stopped")));
  checker.check_none_running(*json::parse(R"({"executions":[{"executionArn":"x"}]})"));
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("nobody waits for x")));
}

TEST_F(CheckerTest, ALostOutcomeIsFound) {
  checker.acknowledge(reader(), execution);
  checker.outcome_acknowledged(7);
  checker.check_outcomes(reader());
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("outcome 7 was acknowledged and is lost")));
}

TEST_F(CheckerTest, ATimerThatHasNotFiredIsFound) {
  checker.check_none_overdue(server->store(), clock.now());
  EXPECT_THAT(checker.findings(), IsEmpty());
  checker.check_none_overdue(server->store(), clock.now() + base::Duration::seconds(1));
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("has not fired")));
}

TEST_F(CheckerTest, WhatIsLeftOnDiskIsFound) {
  checker.check_nothing_owed(server->store());
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("a timer of kind 1")));
  const engine::TimerKey row{clock.now(), {1}, 0, engine::TimerRowKind::task_in_flight, 0};
  store::MemoryStore other;
  const auto batch = other.new_batch();
  batch->put(row.encode(), {});
  ASSERT_TRUE(other.commit(*batch));
  checker.check_nothing_owed(other);
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("left in the outbox")));
}

TEST_F(CheckerTest, AChildThatIsStillWaitedForIsFound) {
  store::MemoryStore other;
  const auto batch = other.new_batch();
  batch->put(engine::keys::child({{1}, {2, 3}}), "");
  ASSERT_TRUE(other.commit(*batch));
  checker.check_nothing_owed(other);
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("table 13 still has a row")));
}

TEST_F(CheckerTest, WhatIsNotRemovedIsFound) {
  checker.check_all_removed(server->store());
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("table 2 still has a row")));
  for (const int seconds : {1, 9, 90 * 86'400}) {
    clock.advance(base::Duration::seconds(seconds));
    while (server->run_once()) {
    }
  }
  Checker later;
  later.check_all_removed(server->store());
  EXPECT_THAT(later.findings(), IsEmpty());
}

TEST_F(CheckerTest, TwoStartsOfOneExecutionAreFound) {
  checker.acknowledge(reader(), execution);
  EXPECT_THAT(checker.findings(), IsEmpty());
  checker.acknowledge(reader(), execution);
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("was started twice")));
}

TEST_F(CheckerTest, PagesThatAreNotTheWholeAreFound) {
  checker.check_pages("x", {"1", "2"}, {"1", "2"});
  EXPECT_THAT(checker.findings(), IsEmpty());
  checker.check_pages("x", {"1", "2"}, {"1", "1", "2"});
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("x reads otherwise in pages: 3 instead of 2")));
}

TEST_F(CheckerTest, ATaskLetGoTwiceInOneLifeIsFound) {
  checker.check_released(reader(), execution, invocation("1", "{}"));
  checker.begin_life();
  checker.check_released(reader(), execution, invocation("1", "{}"));
  EXPECT_THAT(checker.findings(), Not(Contains(HasSubstr("twice"))));
  checker.check_released(reader(), execution, invocation("1", "{}"));
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("was let go twice")));
}

TEST_F(CheckerTest, AListingThatRepeatsOrLosesIsFound) {
  checker.acknowledge(reader(), execution);
  checker.check_listing("two-waits", {execution});
  EXPECT_THAT(checker.findings(), IsEmpty());
  checker.check_listing("two-waits", {execution, execution});
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("is listed twice")));
  checker.check_listing("two-waits", {});
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("is not listed")));
}

TEST_F(CheckerTest, ATimerOfWhatHasEndedIsFound) {
  checker.check_timers_wanted(reader(), server->store());
  EXPECT_THAT(checker.findings(), IsEmpty());
  store::MemoryStore other;
  const auto batch = other.new_batch();
  batch->put(engine::TimerKey{clock.now(), {1}, 0, engine::TimerRowKind::wait, 0}.encode(), {});
  ASSERT_TRUE(other.commit(*batch));
  checker.check_timers_wanted(reader(), other);
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("which has ended")));
}

TEST_F(CheckerTest, AHeartbeatThatWasForgottenIsFound) {
  must("CreateActivity", Value::object({{"name", "work"}}));
  must("CreateStateMachine",
       Value::object({{"name", "activity"}, {"definition", definition("activity")}, {"roleArn", kRoleArn}}));
  const std::string arn =
      must("StartExecution", Value::object({{"stateMachineArn", std::string(kMachineArnPrefix) + "activity"}}))
          .find("executionArn")
          ->as_string();
  must("GetActivityTask", Value::object({{"activityArn", kActivityArn}}));
  checker.acknowledge(reader(), arn);
  // The server was not told of it.
  checker.heartbeat_acknowledged(reader(), arn, clock.now() + base::Duration::seconds(3));
  clock.advance(base::Duration::seconds(7));
  while (server->run_once()) {
  }
  checker.check_histories(reader());
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("does not know of a heartbeat")));
}

TEST_F(CheckerTest, MemoryBeyondItsBoundsIsFound) {
  engine::Options none{.partitions = 2, .resident_timers_max = 0};
  none.shards = 0;
  checker.check_memory(server->engine(), none);
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("executions are in memory")));
}

TEST_F(CheckerTest, AnAnswerOfTheServersOwnConfusionIsFound) {
  checker.check_answer("X", base::make_error(base::ErrorCode::unavailable, "later"));
  EXPECT_THAT(checker.findings(), IsEmpty());
  checker.check_answer("X", base::make_error(base::ErrorCode::internal, "what?"));
  EXPECT_THAT(checker.findings(), Contains(HasSubstr("what?")));
}

}  // namespace
}  // namespace escapement::simulation
