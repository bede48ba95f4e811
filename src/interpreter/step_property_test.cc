// What holds for every execution, whatever its tasks answer: many seeds, tasks that succeed, fail or stay silent, stops
// at any moment, and redrives.
#include <gtest/gtest.h>

#include <set>

#include "history/render.h"
#include "interpreter/replay_world.h"

namespace escapement::interpreter {
namespace {

using base::Duration;
using json::Payload;
using replay::Execution;
using replay::World;

// Parallel, Map, Task, Wait, Choice and their error handling, one inside the other.
constexpr std::string_view kDefinition = R"({"StartAt":"Outer","TimeoutSeconds":100000,"States":{
 "Outer":{"Type":"Parallel","Next":"After","Retry":[{"ErrorEquals":["Again"],"MaxAttempts":1}],
  "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.error","Next":"After"}],"Branches":[
  {"StartAt":"Each","States":{"Each":{"Type":"Map","ItemsPath":"$.list","MaxConcurrency":2,"End":true,
    "Retry":[{"ErrorEquals":["Broken"],"MaxAttempts":1,"JitterStrategy":"FULL"}],
    "ItemProcessor":{"StartAt":"Work","States":{
     "Work":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","TimeoutSeconds":30,"HeartbeatSeconds":10,
       "Parameters":{"QueueUrl":"q","MessageBody":{"t.$":"$$.Task.Token"}},"ResultPath":null,
       "Retry":[{"ErrorEquals":["Again"],"MaxAttempts":2,"IntervalSeconds":3}],
       "Catch":[{"ErrorEquals":["States.Timeout"],"ResultPath":null,"Next":"Rest"}],"Next":"Rest"},
     "Rest":{"Type":"Wait","Seconds":5,"Next":"Pair"},
     "Pair":{"Type":"Parallel","End":true,"Branches":[
       {"StartAt":"P1","States":{"P1":{"Type":"Pass","End":true}}},
       {"StartAt":"W1","States":{"W1":{"Type":"Wait","Seconds":1,"End":true}}}]}}}}}},
  {"StartAt":"Alone","States":{"Alone":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage",
     "Parameters":{"QueueUrl":"q","MessageBody":"b"},"TimeoutSeconds":20,"End":true}}}]},
 "After":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Parameters":{"QueueUrl":"q","MessageBody":"b"},
   "TimeoutSeconds":15,"End":true}}})";

// Answers tasks as its seed says.
bool answer_at_random(base::SplitMix& random, Execution& execution, const TaskRequest& request) {
  const std::uint64_t choice = random.next() % 10;
  if (request.pattern == TaskPattern::wait_for_task_token && choice != 9)
    execution.step(TaskSubmitted{request.id, Payload::from_text("{}")});
  if (choice < 5) {
    execution.step(TaskSucceeded{request.id, Payload::from_text("{\"done\": true}")});
  } else if (choice < 7) {
    execution.step(TaskFailed{request.id, choice == 5 ? "Again" : "Broken", "by chance"});
  } else if (choice == 7) {
    execution.step(TaskStartFailed{request.id, "Refused", "by chance"});
  }
  return true;  // 8, 9: silence, until the task times out
}

void expect_sound_history(const Execution& execution) {
  std::uint64_t id = 0;
  for (const history::Event& event : execution.events()) {
    ASSERT_EQ(event.id, ++id);
    ASSERT_LT(event.previous_id, event.id);
  }
  using history::EventType;
  const EventType last = execution.events().back().type;
  EXPECT_TRUE(last == EventType::ExecutionSucceeded || last == EventType::ExecutionFailed ||
              last == EventType::ExecutionAborted || last == EventType::ExecutionTimedOut);
}

TEST(StepProperties, EveryExecutionEndsAndLeavesNothingBehind) {
  std::set<Status> seen;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    base::SplitMix random(seed);
    World world;
    world.answer = [&](Execution& execution, const TaskRequest& request) {
      return answer_at_random(random, execution, request);
    };
    std::string error;
    const replay::Machine& machine = world.create_machine("machine", kDefinition, error);
    ASSERT_EQ(error, "");
    Execution& execution = world.start(machine, "execution", Payload::from_text(R"({"list":[1,2,3,4,5]})"));
    if (random.next() % 4 == 0) {
      world.run(execution, world.now() + Duration::seconds(static_cast<std::int64_t>(random.next() % 40)));
      execution.step(Stop{"Stopped", std::nullopt});
    }
    for (int round = 0; round < 4; ++round) {
      world.run(execution);
      ASSERT_FALSE(execution.running());
      expect_sound_history(execution);
      EXPECT_EQ(world.pending_timers(), 0u);
      EXPECT_EQ(world.unsettled_tasks(), 0u);
      seen.insert(execution.state().head.status);
      execution.step(Redrive{});
      if (!execution.running()) break;
    }
    if (execution.running()) execution.step(Stop{});
    if (HasFailure()) return;
  }
  EXPECT_TRUE(seen.contains(Status::succeeded));
  EXPECT_TRUE(seen.contains(Status::failed));
  EXPECT_TRUE(seen.contains(Status::aborted));
}

}  // namespace
}  // namespace escapement::interpreter
