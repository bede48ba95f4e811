// Tasks from the API's point of view: functions, activities, task tokens, nested executions, calls of services.
#include <gmock/gmock.h>

#include "services/states/testing.h"

namespace escapement::services::states::testing {
namespace {

using ::testing::HasSubstr;

json::Value object(std::string text) {
  std::replace(text.begin(), text.end(), '\'', '"');
  auto value = json::parse(text);
  EXPECT_TRUE(value) << text;
  return value ? *value : json::Value();
}

std::string task_machine(std::string_view resource, std::string_view more = "") {
  return R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":")" + std::string(resource) + R"(","End":true)" +
         std::string(more) + "}}}";
}

std::string text_at(const json::Value& value, std::string_view member) {
  const json::Value* found = value.find(member);
  return found && found->is_string() ? found->as_string() : "(absent)";
}

constexpr std::string_view kFunction = "arn:aws:lambda:us-east-1:000000000000:function:f";

TEST_F(StatesTest, AFunctionIsInvokedWithTheInputAsItIs) {
  const std::string execution = start(create_machine("m", task_machine(kFunction)), R"({"a": 1.0})");
  ASSERT_EQ(functions.invocations.size(), 1u);
  EXPECT_EQ(functions.invocations[0].payload, R"({"a": 1.0})");
  EXPECT_EQ(functions.invocations[0].function, kFunction);
  EXPECT_EQ(text_at(describe(execution), "output"), R"({"a": 1.0})");
  EXPECT_EQ(event_types(execution),
            "ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded "
            "TaskStateExited "
            "ExecutionSucceeded");
}

TEST_F(StatesTest, TheOptimisedInvocationShowsTheResponse) {
  const std::string machine = create_machine(
      "m", task_machine("arn:aws:states:::lambda:invoke", R"(,"Parameters":{"FunctionName":"f","Payload.$":"$"})"));
  const json::Value output = object(text_at(describe(start(machine, R"({"a":1})")), "output"));
  EXPECT_EQ(json::print(*output.find("Payload")), R"({"a":1})");
  EXPECT_EQ(text_at(output, "ExecutedVersion"), "$LATEST");
  EXPECT_EQ(output.find("StatusCode")->as_int64(), 200);
  const json::Value* headers = output.find("SdkHttpMetadata")->find("HttpHeaders");
  ASSERT_NE(headers, nullptr);
  EXPECT_EQ(text_at(*headers, "Content-Length"), "7");
  EXPECT_EQ(text_at(*headers, "x-amzn-RequestId"), text_at(*output.find("SdkResponseMetadata"), "RequestId"));
  // A text is passed on as it stands, and null as nothing.
  start(machine, R"("[1]")");
  start(machine, "null");
  EXPECT_EQ(functions.invocations[1].payload, "[1]");
  EXPECT_EQ(functions.invocations[2].payload, "{}");
}

TEST_F(StatesTest, WhatGoesWrongWithAFunctionIsNamedAsByAws) {
  const std::string machine =
      create_machine("m", task_machine("arn:aws:states:::lambda:invoke", R"(,"Parameters":{"FunctionName":"f"})"));
  functions.script = [](const auto&) -> base::Result<functions::InvokeResult> {
    return functions::InvokeResult{R"({"errorMessage":"no","errorType":"Oops"})", "Unhandled", "$LATEST", ""};
  };
  json::Value failed = describe(start(machine));
  EXPECT_EQ(text_at(failed, "error"), "Oops");
  EXPECT_EQ(text_at(failed, "cause"), R"({"errorMessage":"no","errorType":"Oops"})");

  functions.script = [](const auto&) -> base::Result<functions::InvokeResult> {
    return base::make_error(base::ErrorCode::not_found, "ResourceNotFoundException", "Function not found: f");
  };
  failed = describe(start(machine));
  EXPECT_EQ(text_at(failed, "error"), "Lambda.ResourceNotFoundException");
  EXPECT_THAT(text_at(failed, "cause"), HasSubstr("Function not found: f (Service: AWSLambda; Status Code: 404; Error "
                                                  "Code: ResourceNotFoundException; Request ID: "));

  functions.script = nullptr;
  functions.invocations.clear();
  identity.denied_actions = {"lambda:InvokeFunction"};
  failed = describe(start(machine));
  EXPECT_EQ(text_at(failed, "error"), "Lambda.AWSLambdaException");
  EXPECT_THAT(text_at(failed, "cause"),
              HasSubstr("is not authorized to perform: lambda:InvokeFunction on resource: "
                        "arn:aws:lambda:us-east-1:000000000000:function:f because no identity-based policy allows the "
                        "lambda:InvokeFunction action (Service: AWSLambda; Status Code: 403; Error Code: "
                        "AccessDeniedException; Request ID: "));
  EXPECT_TRUE(functions.invocations.empty());
}

TEST_F(StatesTest, ATaskTokenEndsTheTaskOnce) {
  const std::string machine =
      create_machine("m", task_machine("arn:aws:states:::lambda:invoke.waitForTaskToken",
                                       R"(,"Parameters":{"FunctionName":"f","Payload":{"token.$":"$$.Task.Token"}})"));
  const std::string execution = start(machine);
  EXPECT_EQ(status(execution), "RUNNING");
  const std::string token = text_at(object(functions.invocations.at(0).payload), "token");
  const auto success = [&](std::string_view output) {
    return error("SendTaskSuccess", json::Value::object({{"taskToken", token}, {"output", output}}));
  };
  EXPECT_EQ(error("SendTaskHeartbeat", json::Value::object({{"taskToken", token}})), "none");
  EXPECT_THAT(success("{"), HasSubstr("InvalidOutput"));
  EXPECT_EQ(error("SendTaskSuccess", object("{'taskToken':'nothing','output':'not JSON'}")),
            "InvalidToken: Invalid Token: 'Invalid token'");
  EXPECT_EQ(success(R"({"done":true})"), "none");
  EXPECT_EQ(text_at(describe(execution), "output"), R"({"done":true})");
  EXPECT_EQ(success("1"), "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'");
}

TEST_F(StatesTest, ActivityWorkersTakeTasksInOrderAndWaitForThem) {
  const std::string arn = text_at(must("CreateActivity", object("{'name':'a'}")), "activityArn");
  const std::string machine = create_machine("m", task_machine(arn));
  const std::string first = start(machine, "1");
  const std::string second = start(machine, "2");
  const auto take = [&] {
    return must("GetActivityTask", json::Value::object({{"activityArn", arn}, {"workerName", "w"}}));
  };
  const json::Value task = take();
  EXPECT_EQ(text_at(task, "input"), "1");
  EXPECT_EQ(text_at(take(), "input"), "2");
  must("SendTaskSuccess", json::Value::object({{"taskToken", text_at(task, "taskToken")}, {"output", "3"}}));
  EXPECT_EQ(text_at(describe(first), "output"), "3");
  EXPECT_EQ(event_types(first),
            "ExecutionStarted TaskStateEntered ActivityScheduled ActivityStarted ActivitySucceeded TaskStateExited "
            "ExecutionSucceeded");
  EXPECT_EQ(status(second), "RUNNING");

  // A worker that waits is served by the next task; one that left is not.
  std::optional<json::Value> waiting;
  std::vector<std::move_only_function<void()>> leave;
  wire::Call left = call_of("GetActivityTask", json::Value::object({{"activityArn", arn}}));
  left.on_disconnect = [&](std::move_only_function<void()> gone) { leave.push_back(std::move(gone)); };
  service->handle(std::move(left),
                  [](base::Result<json::Value>) { ADD_FAILURE() << "answered a worker that had left"; });
  service->handle(call_of("GetActivityTask", json::Value::object({{"activityArn", arn}})),
                  [&](base::Result<json::Value> answer) { waiting = *std::move(answer); });
  leave.at(0)();
  start(machine, "4");
  ASSERT_TRUE(waiting);
  EXPECT_EQ(text_at(*waiting, "input"), "4");
  EXPECT_EQ(error("GetActivityTask", json::Value::object({{"activityArn", arn + "x"}})),
            "ActivityDoesNotExist: Activity Does Not Exist: '" + arn + "x'");
}

TEST_F(StatesTest, ATaskForAnActivityThatIsMissingFailsBeforeItIsScheduled) {
  const std::string arn = "arn:aws:states:us-east-1:000000000000:activity:missing";
  const std::string execution = start(create_machine("m", task_machine(arn)));
  EXPECT_EQ(event_types(execution), "ExecutionStarted TaskStateEntered ExecutionFailed");
  EXPECT_EQ(text_at(describe(execution), "error"), "States.Runtime");
  EXPECT_THAT(text_at(describe(execution), "cause"), HasSubstr("The activity " + arn + " does not exist."));
}

TEST_F(StatesTest, AnActivityKeepsTheEncryptionItWasMadeWith) {
  const json::Value keyed =
      object("{'name':'a','encryptionConfiguration':{'type':'CUSTOMER_MANAGED_KMS_KEY','kmsKeyId':'alias/k'}}");
  const std::string arn = text_at(must("CreateActivity", keyed), "activityArn");
  EXPECT_EQ(text_at(must("CreateActivity", keyed), "activityArn"), arn);
  EXPECT_EQ(error("CreateActivity", object("{'name':'a'}")),
            "ActivityAlreadyExists: Activity Already Exists: '" + arn + "'");
  reopen();
  EXPECT_EQ(json::print(
                *must("DescribeActivity", json::Value::object({{"activityArn", arn}})).find("encryptionConfiguration")),
            R"({"type":"CUSTOMER_MANAGED_KMS_KEY","kmsKeyId":"alias/k"})");
  EXPECT_THAT(
      error("CreateActivity", object("{'name':'b','encryptionConfiguration':{'type':'CUSTOMER_MANAGED_KMS_KEY'}}")),
      HasSubstr("InvalidEncryptionConfiguration"));
}

TEST_F(StatesTest, AnActivityTaskThatNobodyTookComesAgainAfterARestart) {
  const std::string arn = text_at(must("CreateActivity", object("{'name':'a'}")), "activityArn");
  start(create_machine("m", task_machine(arn)), "1");
  clock.advance(base::Duration::seconds(1));
  reopen();
  EXPECT_EQ(text_at(must("GetActivityTask", json::Value::object({{"activityArn", arn}})), "input"), "1");
}

TEST_F(StatesTest, ANestedExecutionIsWaitedForAndStopped) {
  const std::string child =
      create_machine("child", R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"Next":"P"},
                                                       "P":{"Type":"Pass","Result":{"a":1},"End":true}}})");
  const auto parent = [&](std::string_view name, std::string_view pattern) {
    return create_machine(name, task_machine("arn:aws:states:::states:startExecution" + std::string(pattern),
                                             R"(,"Parameters":{"StateMachineArn":")" + child + R"(","Input.$":"$"})"));
  };
  const std::string plain = start(parent("plain", ""));
  const std::string sync = start(parent("sync", ".sync"), R"({"i":1})");
  const std::string sync2 = start(parent("sync2", ".sync:2"), R"({"i":1})");
  EXPECT_EQ(status(plain), "SUCCEEDED");
  EXPECT_EQ(status(sync), "RUNNING");
  advance(base::Duration::seconds(5));
  const json::Value texts = object(text_at(describe(sync), "output"));
  EXPECT_EQ(text_at(texts, "Output"), R"({"a":1})");
  EXPECT_EQ(text_at(texts, "Status"), "SUCCEEDED");
  const json::Value values = object(text_at(describe(sync2), "output"));
  EXPECT_EQ(json::print(*values.find("Output")), R"({"a":1})");
  EXPECT_EQ(json::print(*values.find("Input")), R"({"i":1})");
  EXPECT_EQ(event_types(sync),
            "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSubmitted TaskSucceeded TaskStateExited "
            "ExecutionSucceeded");

  const std::string stopped = start(parent("stopped", ".sync"));
  must("StopExecution", json::Value::object({{"executionArn", stopped}}));
  const json::Value running =
      must("ListExecutions", json::Value::object({{"stateMachineArn", child}, {"statusFilter", "RUNNING"}}));
  EXPECT_EQ(running.find("executions")->size(), 0u);
}

TEST_F(StatesTest, ANestedExecutionIsStoppedAlsoAfterARestart) {
  const std::string child =
      create_machine("child", R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":500,"End":true}}})");
  const std::string parent = create_machine(
      "parent", task_machine("arn:aws:states:::states:startExecution.sync",
                             R"(,"TimeoutSeconds":60,"Parameters":{"StateMachineArn":")" + child + R"("})"));
  const auto running = [&] {
    return must("ListExecutions", json::Value::object({{"stateMachineArn", child}, {"statusFilter", "RUNNING"}}))
        .find("executions")
        ->size();
  };
  const std::string stopped = start(parent);
  const std::string timed_out = start(parent);
  EXPECT_EQ(running(), 2u);
  advance(base::Duration::seconds(1));
  reopen();
  must("StopExecution", json::Value::object({{"executionArn", stopped}}));
  EXPECT_EQ(running(), 1u);
  advance(base::Duration::seconds(60));
  EXPECT_EQ(status(timed_out), "FAILED");
  EXPECT_EQ(running(), 0u);
}

TEST_F(StatesTest, ANestedExecutionIsTakenUpAfterARestartThoughTheDiskIsFull) {
  const std::string child =
      create_machine("child", R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":500,"End":true}}})");
  const std::string parent =
      create_machine("parent", task_machine("arn:aws:states:::states:startExecution.sync",
                                            R"(,"Parameters":{"StateMachineArn":")" + child + R"("})"));
  std::string waits;
  const auto start_parent = [&] {
    service->handle(call_of("StartExecution", json::Value::object({{"stateMachineArn", parent}})),
                    [&](const base::Result<json::Value>& started) {
                      if (waits.empty()) waits = text_at(*started, "executionArn");
                    });
    engine->run_once();
  };
  // The first one's child is started with the second one, whose own would be next.
  start_parent();
  start_parent();
  clock.advance(base::Duration::seconds(1));
  full_commits = 1;
  reopen();
  EXPECT_EQ(full_commits, 0);
  advance(base::Duration::seconds(2));
  EXPECT_EQ(status(waits), "RUNNING");
  advance(base::Duration::seconds(500));
  EXPECT_EQ(status(waits), "SUCCEEDED");
}

TEST_F(StatesTest, AFailedChildFailsTheTask) {
  const std::string child =
      create_machine("child", R"({"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E","Cause":"C"}}})");
  const std::string parent =
      create_machine("parent", task_machine("arn:aws:states:::states:startExecution.sync",
                                            R"(,"Parameters":{"StateMachineArn":")" + child + R"(","Name":"n"})"));
  const json::Value failed = describe(start(parent));
  EXPECT_EQ(text_at(failed, "error"), "States.TaskFailed");
  const json::Value cause = object(text_at(failed, "cause"));
  EXPECT_EQ(text_at(cause, "Error"), "E");
  EXPECT_EQ(text_at(cause, "Cause"), "C");
  EXPECT_EQ(text_at(cause, "Name"), "n");
  EXPECT_EQ(text_at(cause, "Status"), "FAILED");
  const json::Value again = describe(start(parent));
  EXPECT_EQ(text_at(again, "error"), "StepFunctions.ExecutionAlreadyExistsException");
}

TEST_F(StatesTest, ServicesOfThisServerAreCalledByTheirSdkNames) {
  const std::string child = create_machine("child", R"({"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}})");
  const std::string machine = create_machine("m", task_machine("arn:aws:states:::aws-sdk:sfn:describeStateMachine",
                                                               R"(,"Parameters":{"StateMachineArn.$":"$"})"));
  const json::Value described = object(text_at(describe(start(machine, '"' + child + '"')), "output"));
  EXPECT_EQ(text_at(described, "Name"), "child");
  EXPECT_EQ(text_at(described, "Status"), "ACTIVE");
  EXPECT_THAT(text_at(described, "CreationDate"), ::testing::MatchesRegex("2026-.*Z"));

  const json::Value failed = describe(start(machine, '"' + child + "x\""));
  EXPECT_EQ(text_at(failed, "error"), "Sfn.StateMachineDoesNotExistException");
  EXPECT_THAT(text_at(failed, "cause"), HasSubstr("(Service: Sfn, Status Code: 400, Request ID: "));

  const std::string elsewhere = create_machine(
      "e", task_machine("arn:aws:states:::sqs:sendMessage", R"(,"Parameters":{"QueueUrl":"q","MessageBody":"b"})"));
  const json::Value unreachable = describe(start(elsewhere));
  EXPECT_EQ(text_at(unreachable, "error"), "SQS.SdkClientException");
  EXPECT_THAT(text_at(unreachable, "cause"), HasSubstr("[endpoints.sqs]"));
}

TEST_F(StatesTest, TestStateChecksThatMockAndConfigurationGoTogether) {
  const auto test = [&](std::string_view more) {
    json::ObjectBuilder input(*json::parse(more));
    input.set("definition", R"({"Type":"Map","End":true,"ItemProcessor":{"StartAt":"P","States":{
                                "P":{"Type":"Pass","End":true}}}})");
    input.set("input", "[1]");
    return error("TestState", std::move(input).build());
  };
  EXPECT_EQ(
      test(R"({"mock":{"result":"[1,2]"},"stateConfiguration":{"mapIterationFailureCount":2}})"),
      "ValidationException: Map iteration failure count must be less than or equal to the number of Map iterations");
  EXPECT_EQ(test(R"({"mock":{"result":"[1]"},"revealSecrets":true})"),
            "ValidationException: revealSecrets cannot be true when a mock is specified");
}

TEST_F(StatesTest, TestStateRunsARealTask) {
  const auto test = [&](std::string_view more) {
    return must(
        "TestState",
        object(
            R"({"definition":"{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\",)"
            R"(\"Parameters\":{\"FunctionName\":\"f\",\"Payload.$\":\"$\"},\"OutputPath\":\"$.Payload\",\"End\":true}",)"
            R"("input":"{\"a\":1}","roleArn":"arn:aws:iam::000000000000:role/r")" +
            std::string(more) + "}"));
  };
  const json::Value real = test("");
  EXPECT_EQ(text_at(real, "status"), "SUCCEEDED");
  EXPECT_EQ(text_at(real, "output"), R"({"a":1})");
  EXPECT_EQ(functions.invocations.size(), 1u);
  EXPECT_EQ(text_at(test(R"(,"mock":{"result":"{\"Payload\":2,\"StatusCode\":200}"})"), "output"), "2");
  EXPECT_EQ(functions.invocations.size(), 1u);
}

}  // namespace
}  // namespace escapement::services::states::testing
