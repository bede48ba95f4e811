// The Step Functions API at its seam: calls in, answers out.
#include <gmock/gmock.h>

#include "services/states/testing.h"

namespace escapement::services::states::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kPass = R"({"StartAt":"P","States":{"P":{"Type":"Pass","Result":{"a":1},"End":true}}})";
constexpr std::string_view kOtherPass = R"({"StartAt":"P","States":{"P":{"Type":"Pass","Result":{"a":2},"End":true}}})";
constexpr std::string_view kWait = R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":10,"End":true}}})";
constexpr std::string_view kFail = R"({"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E","Cause":"why"}}})";

json::Value arn_input(std::string_view member, std::string_view arn) { return json::Value::object({{member, arn}}); }

std::string text_at(const json::Value& value, std::string_view member) {
  const json::Value* found = value.find(member);
  return found && found->is_string() ? found->as_string() : "(absent)";
}

TEST_F(StatesTest, AnExecutionIsStartedDescribedAndListed) {
  const std::string machine = create_machine("m", kPass);
  EXPECT_EQ(machine, "arn:aws:states:us-east-1:000000000000:stateMachine:m");
  const std::string execution = start(machine, R"({"x": 1.0})");
  const json::Value described = describe(execution);
  EXPECT_EQ(text_at(described, "status"), "SUCCEEDED");
  EXPECT_EQ(text_at(described, "input"), R"({"x": 1.0})");
  EXPECT_EQ(text_at(described, "output"), R"({"a":1})");
  EXPECT_EQ(text_at(described, "redriveStatusReason"), "Execution is SUCCEEDED and cannot be redriven");
  EXPECT_EQ(event_types(execution), "ExecutionStarted PassStateEntered PassStateExited ExecutionSucceeded");
  const json::Value listed = must("ListExecutions", arn_input("stateMachineArn", machine));
  ASSERT_EQ(listed.find("executions")->size(), 1u);
  EXPECT_EQ(text_at((*listed.find("executions"))[0], "executionArn"), execution);
}

TEST_F(StatesTest, StartExecutionIsIdempotentByNameAndInputWhileItRuns) {
  const std::string machine = create_machine("m", kWait);
  const auto start_named = [&](std::string_view input) {
    return call("StartExecution", json::Value::object({{"stateMachineArn", machine}, {"name", "n"}, {"input", input}}));
  };
  const auto first = start_named("{}");
  const auto again = start_named("{}");
  ASSERT_TRUE(first && again);
  EXPECT_EQ(*first, *again);
  EXPECT_EQ(start_named("1").error().to_string(),
            "ExecutionAlreadyExists: Execution Already Exists: 'arn:aws:states:us-east-1:000000000000:execution:m:n'");
  advance(base::Duration::seconds(10));
  EXPECT_FALSE(start_named("{}"));
}

TEST_F(StatesTest, BadStartsAreAnsweredInAwsWords) {
  const std::string machine = create_machine("m", kPass);
  const auto start_with = [&](std::string_view input) {
    return error("StartExecution", json::Value::object({{"stateMachineArn", machine}, {"input", input}}));
  };
  EXPECT_EQ(start_with(""), "InvalidExecutionInput: Invalid State Machine Execution Input: 'Invalid execution input.'");
  EXPECT_EQ(start_with("not some json"),
            "InvalidExecutionInput: Invalid State Machine Execution Input: 'Unrecognized token 'not': was expecting "
            "(JSON String, Number, "
            "Array, Object or token 'null', 'true' or 'false')'");
  EXPECT_EQ(start_with("{'a': 1}"),
            "InvalidExecutionInput: Invalid State Machine Execution Input: 'Unexpected character (''' (code 39)): was "
            "expecting "
            "double-quote to start field name'");
  EXPECT_EQ(error("StartExecution", arn_input("stateMachineArn", "nothing")),
            "InvalidArn: Invalid Arn: 'Invalid ARN prefix: nothing'");
  EXPECT_EQ(error("StartExecution", arn_input("stateMachineArn", machine + "x")),
            "StateMachineDoesNotExist: State Machine Does Not Exist: '" + machine + "x'");
  EXPECT_EQ(error("StartExecution", json::Value::object({{"stateMachineArn", machine}, {"name", "a b"}})),
            "InvalidName: Invalid Name: 'a b'");
}

TEST_F(StatesTest, CreatingTheSameMachineAgainIsNoErrorAndAnotherOneIs) {
  const json::Value input = json::Value::object({{"name", "m"}, {"definition", kPass}, {"roleArn", kRole}});
  EXPECT_EQ(must("CreateStateMachine", input), must("CreateStateMachine", input));
  EXPECT_EQ(
      error("CreateStateMachine", json::Value::object({{"name", "m"}, {"definition", kOtherPass}, {"roleArn", kRole}})),
      "StateMachineAlreadyExists: State Machine Already Exists: "
      "'arn:aws:states:us-east-1:000000000000:stateMachine:m'");
  EXPECT_THAT(error("CreateStateMachine",
                    json::Value::object({{"name", "n"}, {"definition", R"({"StartAt":"x"})"}, {"roleArn", kRole}})),
              HasSubstr("InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: "));
  for (const std::string_view name : {"a/b", "a b", "a\x7f", "a:b", "a\"b", "a~b"}) {
    EXPECT_EQ(
        error("CreateStateMachine", json::Value::object({{"name", name}, {"definition", kPass}, {"roleArn", kRole}})),
        "InvalidName: Invalid Name: '" + std::string(name) + "'");
  }
}

TEST_F(StatesTest, WhatIsNotAllowedChangesNothing) {
  identity.denied_actions = {"iam:PassRole"};
  EXPECT_THAT(
      error("CreateStateMachine", json::Value::object({{"name", "m"}, {"definition", kPass}, {"roleArn", kRole}})),
      HasSubstr("AccessDeniedException"));
  identity.denied_actions.clear();
  EXPECT_EQ(must("ListStateMachines", json::Value::object({})).find("stateMachines")->size(), 0u);

  const std::string machine = create_machine("m", kPass);
  identity.denied_actions = {"states:StartExecution"};
  EXPECT_THAT(error("StartExecution", arn_input("stateMachineArn", machine)), HasSubstr("AccessDeniedException"));
  EXPECT_EQ(must("ListExecutions", arn_input("stateMachineArn", machine)).find("executions")->size(), 0u);
}

TEST_F(StatesTest, AnUpdateMakesARevisionAndRunningExecutionsKeepTheirs) {
  const std::string machine = create_machine("m", kWait);
  const std::string execution = start(machine);
  EXPECT_EQ(must("DescribeStateMachine", arn_input("stateMachineArn", machine)).find("revisionId"), nullptr);
  const json::Value updated =
      must("UpdateStateMachine", json::Value::object({{"stateMachineArn", machine}, {"definition", kPass}}));
  const std::string revision = text_at(updated, "revisionId");
  EXPECT_EQ(text_at(must("DescribeStateMachine", arn_input("stateMachineArn", machine)), "revisionId"), revision);
  // The same again changes nothing.
  EXPECT_EQ(
      text_at(must("UpdateStateMachine", json::Value::object({{"stateMachineArn", machine}, {"definition", kPass}})),
              "revisionId"),
      revision);
  EXPECT_EQ(text_at(must("DescribeStateMachineForExecution", arn_input("executionArn", execution)), "definition"),
            kWait);
  reopen();
  EXPECT_EQ(text_at(must("DescribeStateMachineForExecution", arn_input("executionArn", execution)), "definition"),
            kWait);
  EXPECT_EQ(status(start(machine)), "SUCCEEDED");
  advance(base::Duration::seconds(10));
  EXPECT_EQ(status(execution), "SUCCEEDED");
  EXPECT_THAT(error("UpdateStateMachine", arn_input("stateMachineArn", machine)),
              HasSubstr("MissingRequiredParameter"));
}

TEST_F(StatesTest, ADeletedMachineGoesWhenItsLastExecutionEnds) {
  const std::string machine = create_machine("m", kWait);
  start(machine);
  must("DeleteStateMachine", arn_input("stateMachineArn", machine));
  EXPECT_EQ(text_at(must("DescribeStateMachine", arn_input("stateMachineArn", machine)), "status"), "DELETING");
  EXPECT_THAT(error("StartExecution", arn_input("stateMachineArn", machine)), HasSubstr("StateMachineDeleting"));
  advance(base::Duration::seconds(10));
  EXPECT_THAT(error("DescribeStateMachine", arn_input("stateMachineArn", machine)),
              HasSubstr("StateMachineDoesNotExist"));
  EXPECT_EQ(must("ListStateMachines", json::Value::object({})).find("stateMachines")->size(), 0u);
  must("DeleteStateMachine", arn_input("stateMachineArn", machine));
  create_machine("m", kPass);
}

TEST_F(StatesTest, RevisionsOfADeletedMachineGoWithItsLastExecution) {
  const std::string machine = create_machine("m", kPass);
  const std::string execution = start(machine);
  must("DeleteStateMachine", arn_input("stateMachineArn", machine));
  clock.advance(base::Duration::seconds(1));
  reopen();
  EXPECT_EQ(status(execution), "SUCCEEDED");
  EXPECT_EQ(catalog->view().count("states/revision/"), 1u);
  advance(base::Duration::seconds(91 * 86'400));
  reopen();
  EXPECT_EQ(catalog->view().count("states/revision/"), 0u);
}

TEST_F(StatesTest, VersionsAreNumberedOnceAndAliasesRouteToThem) {
  const json::Value made =
      must("CreateStateMachine",
           json::Value::object({{"name", "m"}, {"definition", kPass}, {"roleArn", kRole}, {"publish", true}}));
  const std::string machine = text_at(made, "stateMachineArn");
  EXPECT_EQ(text_at(made, "stateMachineVersionArn"), machine + ":1");
  EXPECT_EQ(
      text_at(must("PublishStateMachineVersion", arn_input("stateMachineArn", machine)), "stateMachineVersionArn"),
      machine + ":1");
  const json::Value updated =
      must("UpdateStateMachine",
           json::Value::object({{"stateMachineArn", machine}, {"definition", kOtherPass}, {"publish", true}}));
  EXPECT_EQ(text_at(updated, "stateMachineVersionArn"), machine + ":2");
  must("DeleteStateMachineVersion", arn_input("stateMachineVersionArn", machine + ":2"));
  EXPECT_EQ(
      text_at(must("PublishStateMachineVersion", arn_input("stateMachineArn", machine)), "stateMachineVersionArn"),
      machine + ":3");

  const auto routes = [&](int first, int second) {
    std::vector<json::Value> items{
        json::Value::object({{"stateMachineVersionArn", machine + ":1"}, {"weight", first}})};
    if (second > 0)
      items.push_back(json::Value::object({{"stateMachineVersionArn", machine + ":3"}, {"weight", second}}));
    return json::Value::array(std::move(items));
  };
  EXPECT_THAT(error("CreateStateMachineAlias",
                    json::Value::object({{"name", "prod"}, {"routingConfiguration", routes(50, 40)}})),
              HasSubstr("Sum of routing configuration weights must equal 100. Received: [50, 40]"));
  must("CreateStateMachineAlias", json::Value::object({{"name", "prod"}, {"routingConfiguration", routes(100, 0)}}));
  const std::string execution = start(machine + ":prod");
  EXPECT_EQ(text_at(describe(execution), "stateMachineAliasArn"), machine + ":prod");
  EXPECT_EQ(text_at(describe(execution), "stateMachineVersionArn"), machine + ":1");
  EXPECT_EQ(text_at(describe(execution), "output"), R"({"a":1})");
  EXPECT_THAT(error("DeleteStateMachineVersion", arn_input("stateMachineVersionArn", machine + ":1")),
              HasSubstr("Current list of aliases referencing this version: [prod]"));
  must("UpdateStateMachineAlias",
       json::Value::object({{"stateMachineAliasArn", machine + ":prod"}, {"routingConfiguration", routes(50, 50)}}));
  std::set<std::string> outputs;
  for (int i = 0; i < 64; ++i) outputs.insert(text_at(describe(start(machine + ":prod")), "output"));
  EXPECT_EQ(outputs, (std::set<std::string>{R"({"a":1})", R"({"a":2})"}));
  EXPECT_EQ(must("ListExecutions", arn_input("stateMachineArn", machine + ":prod")).find("executions")->size(), 65u);
  EXPECT_LT(must("ListExecutions", arn_input("stateMachineArn", machine + ":1")).find("executions")->size(), 65u);
}

TEST_F(StatesTest, PagesFollowEachOtherAndTokensCannotBeForged) {
  const std::string machine = create_machine("m", kPass);
  std::set<std::string> started;
  for (int i = 0; i < 7; ++i) started.insert(start(machine));
  std::set<std::string> listed;
  json::Value input = json::Value::object({{"stateMachineArn", machine}, {"maxResults", 3}});
  std::string token;
  int pages = 0;
  do {
    json::ObjectBuilder next(input);
    next.set_if(!token.empty(), "nextToken", token);
    const json::Value page = must("ListExecutions", std::move(next).build());
    for (const json::Value& item : page.find("executions")->items()) listed.insert(text_at(item, "executionArn"));
    token = page.find("nextToken") ? page.find("nextToken")->as_string() : "";
    if (!token.empty()) {
      std::string forged = token;
      forged[2] = forged[2] == 'A' ? 'B' : 'A';
      EXPECT_EQ(error("ListExecutions", json::Value::object({{"stateMachineArn", machine}, {"nextToken", forged}})),
                "InvalidToken: Invalid Token: 'Invalid token'");
      // Nor used for another listing.
      EXPECT_THAT(
          error("ListExecutions",
                json::Value::object({{"stateMachineArn", machine}, {"statusFilter", "FAILED"}, {"nextToken", token}})),
          HasSubstr("InvalidToken"));
    }
  } while (!token.empty() && ++pages < 10);
  EXPECT_EQ(listed, started);

  const std::string execution = *started.begin();
  const json::Value first =
      must("GetExecutionHistory",
           json::Value::object({{"executionArn", execution}, {"maxResults", 3}, {"reverseOrder", true}}));
  EXPECT_EQ(first.find("events")->size(), 3u);
  EXPECT_EQ(text_at((*first.find("events"))[0], "type"), "ExecutionSucceeded");
  const json::Value second =
      must("GetExecutionHistory", json::Value::object({{"executionArn", execution},
                                                       {"maxResults", 3},
                                                       {"reverseOrder", true},
                                                       {"nextToken", *first.find("nextToken")}}));
  ASSERT_EQ(second.find("events")->size(), 1u);
  EXPECT_EQ(text_at((*second.find("events"))[0], "type"), "ExecutionStarted");
  EXPECT_EQ(second.find("nextToken"), nullptr);

  const std::string_view stale = "nextToken";
  const json::Value page = must("ListExecutions", input);
  clock.advance(base::Duration::seconds(86'401));
  EXPECT_THAT(error("ListExecutions",
                    json::Value::object({{"stateMachineArn", machine}, {"maxResults", 3}, {stale, *page.find(stale)}})),
              HasSubstr("InvalidToken"));
}

TEST_F(StatesTest, StoppingAndRedriving) {
  const std::string waiting = start(create_machine("w", kWait));
  must("StopExecution", json::Value::object({{"executionArn", waiting}, {"error", "E"}, {"cause", "C"}}));
  const json::Value stopped = describe(waiting);
  EXPECT_EQ(text_at(stopped, "status"), "ABORTED");
  EXPECT_EQ(text_at(stopped, "error"), "E");
  EXPECT_EQ(text_at(stopped, "redriveStatus"), "REDRIVABLE");
  must("RedriveExecution", arn_input("executionArn", waiting));
  EXPECT_EQ(text_at(describe(waiting), "status"), "RUNNING");
  EXPECT_EQ(error("RedriveExecution", arn_input("executionArn", waiting)),
            "ExecutionNotRedrivable: Execution is RUNNING and cannot be redriven");
  advance(base::Duration::seconds(10));
  EXPECT_EQ(status(waiting), "SUCCEEDED");

  const std::string again = start(create_machine("w2", kWait));
  must("StopExecution", arn_input("executionArn", again));
  const json::Value call = json::Value::object({{"executionArn", again}, {"clientToken", "t"}});
  const json::Value first = must("RedriveExecution", call);
  advance(base::Duration::seconds(1));
  EXPECT_EQ(must("RedriveExecution", call), first) << "a repeated call";
  EXPECT_THAT(error("RedriveExecution", json::Value::object({{"executionArn", again}, {"clientToken", "u"}})),
              HasSubstr("ExecutionNotRedrivable"));

  const std::string failed = start(create_machine("f", kFail));
  EXPECT_EQ(status(failed), "FAILED");
  clock.advance(base::Duration::seconds(14 * 86'400 + 1));
  EXPECT_THAT(error("RedriveExecution", arn_input("executionArn", failed)), HasSubstr("ExecutionNotRedrivable"));
}

TEST_F(StatesTest, ExpressMachinesRunSynchronouslyAndAreNotListed) {
  const std::string machine = create_machine("e", kPass, "EXPRESS");
  const json::Value ended =
      must("StartSyncExecution", json::Value::object({{"stateMachineArn", machine}, {"name", "n"}, {"input", "{}"}}));
  EXPECT_EQ(text_at(ended, "status"), "SUCCEEDED");
  EXPECT_EQ(text_at(ended, "output"), R"({"a":1})");
  EXPECT_EQ(text_at(ended, "name"), "n");
  EXPECT_EQ(json::print(*ended.find("billingDetails")),
            R"({"billedDurationInMilliseconds":100,"billedMemoryUsedInMB":64})");
  EXPECT_THAT(text_at(ended, "executionArn"), HasSubstr(":express:e:n:"));
  EXPECT_EQ(error("ListExecutions", arn_input("stateMachineArn", machine)),
            "StateMachineTypeNotSupported: This operation is not supported by this type of state machine");
  EXPECT_EQ(error("DescribeExecution", arn_input("executionArn", text_at(ended, "executionArn"))),
            "InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'");
  EXPECT_THAT(error("StartSyncExecution", arn_input("stateMachineArn", create_machine("s", kPass))),
              HasSubstr("StateMachineTypeNotSupported"));
}

TEST_F(StatesTest, AStoredDefinitionOutlivesRulesThatCameAfterIt) {
  const std::string machine =
      create_machine("m", R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"Comment":"x","End":true}}})");
  const std::string waiting = start(machine);
  // As a version without today's rules may have stored it: a field that this version does not know.
  ASSERT_TRUE(catalog->update([](store::CatalogTransaction& transaction) -> base::Result<void> {
    constexpr std::string_view kComment = R"(\"Comment\")";
    std::vector<std::pair<std::string, std::string>> records;
    transaction.scan("states/revision/", [&](std::string_view key, std::string_view record) {
      records.emplace_back(key, record);
      return true;
    });
    for (auto& [key, record] : records) {
      const std::size_t at = record.find(kComment);
      EXPECT_NE(at, std::string::npos);
      if (at != std::string::npos) transaction.put(key, record.replace(at, kComment.size(), R"(\"Remark\")"));
    }
    return {};
  }));
  reopen();
  advance(base::Duration::seconds(5));
  EXPECT_EQ(status(waiting), "SUCCEEDED");
  const std::string later = start(machine);
  EXPECT_EQ(status(later), "RUNNING");
}

TEST_F(StatesTest, SdkTasksNameOperationsThatThereAre) {
  const auto made = [&](std::string_view action) {
    const std::string definition = R"({"StartAt":"T","States":{"T":{"Type":"Task","End":true,"Parameters":{},)"
                                   R"("Resource":"arn:aws:states:::aws-sdk:)" +
                                   std::string(action) + R"("}}})";
    return json::print(must("ValidateStateMachineDefinition", json::Value::object({{"definition", definition}})));
  };
  for (const char* known : {"sfn:describeExecution", "cloudwatchlogs:putLogEvents", "lambda:listFunctions",
                            "sts:getCallerIdentity", "iam:getRole", "polly:anything"}) {
    EXPECT_THAT(made(known), HasSubstr(R"("result":"OK")")) << known;
  }
  EXPECT_THAT(made("sfn:describeNothing"),
              HasSubstr("The resource provided arn:aws:states:::aws-sdk:sfn:describeNothing is not recognized."));
}

TEST_F(StatesTest, TagsAreMergedListedAndRemoved) {
  const std::string machine = create_machine("m", kPass);
  must("TagResource",
       json::Value::object(
           {{"resourceArn", machine}, {"tags", *json::parse(R"([{"key":"a","value":"1"},{"key":"b","value":"2"}])")}}));
  must("TagResource",
       json::Value::object({{"resourceArn", machine}, {"tags", *json::parse(R"([{"key":"a","value":"3"}])")}}));
  EXPECT_EQ(json::print(must("ListTagsForResource", arn_input("resourceArn", machine))),
            R"({"tags":[{"key":"a","value":"3"},{"key":"b","value":"2"}]})");
  must("UntagResource", json::Value::object({{"resourceArn", machine}, {"tagKeys", *json::parse(R"(["a","z"])")}}));
  EXPECT_EQ(json::print(must("ListTagsForResource", arn_input("resourceArn", machine))),
            R"({"tags":[{"key":"b","value":"2"}]})");
  EXPECT_EQ(
      error("TagResource", json::Value::object({{"resourceArn", machine + ":1"}, {"tags", json::Value::array({})}})),
      "ResourceNotFound: Resource not found: '" + machine + ":1'");
}

}  // namespace
}  // namespace escapement::services::states::testing
