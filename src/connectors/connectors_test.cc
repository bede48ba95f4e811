// The parts of the connectors that stand alone; whole tasks are tested with the engine in services/states.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "connectors/activity_queues.h"
#include "connectors/lambda_connector.h"
#include "connectors/member_names.h"
#include "connectors/nested_executions.h"
#include "connectors/sdk_result.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::connectors {
namespace {

using base::ErrorCode;
using base::make_error;

engine::TaskKey key(std::uint64_t execution, std::uint32_t attempt = 1) { return {{execution}, {0, attempt}}; }
ActivityTask activity(std::uint64_t execution) { return {key(execution), "token", std::to_string(execution)}; }

class ActivityQueuesTest : public testing::Test {
 protected:
  std::string taken() {
    std::string input = "(waits)";
    place = queues.poll("a", [&](std::optional<ActivityTask> task) { input = task ? task->input : "(nothing)"; });
    if (place && *place != 0) queues.leave("a", *place);
    return input;
  }
  http::Loop loop;
  ActivityQueues queues{loop, {.poll_time = std::chrono::milliseconds(20), .workers_per_activity_max = 2}};
  std::optional<std::uint64_t> place;
};

TEST_F(ActivityQueuesTest, TasksAreTakenOnceInTheirOrder) {
  queues.add("a", activity(1));
  queues.add("a", activity(2));
  queues.add("a", activity(1));
  queues.add("b", activity(3));
  EXPECT_EQ(queues.size("a"), 2u);
  EXPECT_EQ(taken(), "1");
  queues.remove(key(2));
  queues.remove(key(7));
  EXPECT_EQ(taken(), "(waits)");
}

TEST_F(ActivityQueuesTest, WhatIsPutBackComesNext) {
  queues.add("a", activity(1));
  queues.put_back("a", activity(2));
  EXPECT_EQ(taken(), "2");
  EXPECT_EQ(taken(), "1");
}

TEST_F(ActivityQueuesTest, AWorkerWaitsForAWhileAndTooManyAreTurnedAway) {
  std::promise<bool> answered;
  ASSERT_TRUE(queues.poll("a", [&](std::optional<ActivityTask> task) { answered.set_value(task.has_value()); }));
  ASSERT_TRUE(queues.poll("a", [](std::optional<ActivityTask>) {}));
  EXPECT_FALSE(queues.poll("a", [](std::optional<ActivityTask>) {}));
  EXPECT_FALSE(answered.get_future().get());
}

TEST(SdkResultTest, ErrorsAreWordedByTheSdkThatTheIntegrationUses) {
  const base::Error missing =
      make_error(ErrorCode::not_found, "StateMachineDoesNotExist", "State Machine Does Not Exist: 'x'");
  EXPECT_EQ(optimised_error("states", missing, "id").error, "StepFunctions.StateMachineDoesNotExistException");
  EXPECT_EQ(optimised_error("states", missing, "id").cause,
            "State Machine Does Not Exist: 'x' (Service: AWSStepFunctions; Status Code: 400; Error Code: "
            "StateMachineDoesNotExist; Request "
            "ID: id; Proxy: null)");
  EXPECT_EQ(sdk_error("sfn", missing, "id", true).error, "Sfn.StateMachineDoesNotExistException");
  EXPECT_EQ(
      sdk_error("sfn", missing, "id", true).cause,
      "State Machine Does Not Exist: 'x' (Service: Sfn, Status Code: 400, Request ID: id) (SDK Attempt Count: 1)");
  const base::Error denied = make_error(ErrorCode::denied, "AccessDeniedException", "no");
  EXPECT_EQ(optimised_error("lambda", denied, "id").error, "Lambda.AWSLambdaException");
  EXPECT_EQ(optimised_error("dynamodb", denied, "id").error, "DynamoDB.AmazonDynamoDBException");
  EXPECT_EQ(sdk_error("dynamodb", denied, "id", true).error, "DynamoDb.DynamoDbException");
}

TEST(SdkResultTest, DatesAreThoseOfHttp) {
  EXPECT_EQ(http_date(base::Timestamp::from_seconds(784'887'151)), "Tue, 15 Nov 1994 08:12:31 GMT");
}

TEST(LambdaConnectorTest, PermissionIsAskedForTheWholeArn) {
  EXPECT_EQ(function_arn("f", "", "r", "1"), "arn:aws:lambda:r:1:function:f");
  EXPECT_EQ(function_arn("f", "live", "r", "1"), "arn:aws:lambda:r:1:function:f:live");
  EXPECT_EQ(function_arn("2:function:f", "", "r", "1"), "arn:aws:lambda:r:2:function:f");
  EXPECT_EQ(function_arn("arn:aws:lambda:r:1:function:f:$LATEST", "", "q", "9"),
            "arn:aws:lambda:r:1:function:f:$LATEST");
}

TEST(TaskAnswerTest, RequestIdsRepeatForTheSameTaskOnly) {
  EXPECT_EQ(request_id_of(key(1)), request_id_of(key(1)));
  EXPECT_NE(request_id_of(key(1)), request_id_of(key(2)));
  EXPECT_NE(request_id_of(key(1, 1)), request_id_of(key(1, 2)));
}

TEST(MemberNamesTest, NamesTravelBothWays) {
  const wire::Model* model = wire::find_model("stepfunctions");
  ASSERT_NE(model, nullptr);
  const wire::Operation* start = model->find_operation("StartExecution");
  const auto parameters = json::parse(R"({"StateMachineArn":"arn","Input":{"a":[1]},"Unknown":1})");
  EXPECT_EQ(json::print(to_model(*parameters, *start->input)),
            R"({"stateMachineArn":"arn","input":"{\"a\":[1]}","Unknown":1})");
  const auto answer = json::parse(R"({"executionArn":"e","startDate":1790000000.25,"nothing":null})");
  EXPECT_EQ(json::print(from_model(*answer, *start->output)),
            R"({"ExecutionArn":"e","StartDate":"2026-09-21T14:13:20.250Z"})");
}

}  // namespace
}  // namespace escapement::connectors
