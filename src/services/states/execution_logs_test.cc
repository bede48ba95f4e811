// From an execution to the lines in its machine's log group.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>

#include "services/states/execution_logs.h"
#include "services/states/testing.h"

namespace escapement::services::states::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::string_view kPass = R"({"StartAt":"P","States":{"P":{"Type":"Pass","Result":{"a":1},"End":true}}})";
constexpr std::string_view kFail = R"({"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E","Cause":"why"}}})";
constexpr std::string_view kGroup = "/aws/vendedlogs/states/g";
constexpr std::string_view kGroupArn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/states/g:*";

class ExecutionLogsTest : public StatesTest {
 protected:
  ExecutionLogsTest() {
    char name[] = "/tmp/esc-execution-logs-XXXXXX";
    folder = ::mkdtemp(name);
    log_store = *functions::LogStore::open(folder, clock, {});
    has_log_group = [this](const std::string& region, const std::string& group) {
      return log_store->has_group(region, group);
    };
    reopen();
    begin({});
  }
  ~ExecutionLogsTest() override {
    connectors->on_recorded({});
    logs.reset();
    log_store.reset();
    std::filesystem::remove_all(folder);
  }
  void begin(ExecutionLogs::Options options) {
    logs.reset();
    logs = std::make_unique<ExecutionLogs>(*log_store, options);
    connectors->on_recorded([this](engine::RecordedEvents events) { logs->add(std::move(events)); });
  }
  void create_group() { ASSERT_TRUE(log_store->create_group(std::string(kRegion), std::string(kGroup))); }

  json::Value logging(std::string_view level, bool data, std::string_view arn = kGroupArn) {
    const json::Value group = json::Value::object({{"logGroupArn", arn}});
    return json::Value::object(
        {{"level", level},
         {"includeExecutionData", data},
         {"destinations", json::Value::array({json::Value::object({{"cloudWatchLogsLogGroup", group}})})}});
  }
  json::Value machine_input(std::string_view definition, json::Value configuration,
                            std::string_view type = "STANDARD") {
    return json::Value::object({{"name", "m"},
                                {"definition", definition},
                                {"roleArn", kRole},
                                {"type", type},
                                {"loggingConfiguration", std::move(configuration)}});
  }
  std::string create(std::string_view definition, std::string_view level, bool data,
                     std::string_view type = "STANDARD") {
    return must("CreateStateMachine", machine_input(definition, logging(level, data), type))
        .find("stateMachineArn")
        ->as_string();
  }
  // Everything logged so far, in order; writing has ended when this returns.
  std::vector<std::string> lines() {
    const std::string region(kRegion);
    const std::string group(kGroup);
    connectors->on_recorded({});
    logs.reset();
    log_store.reset();
    log_store = *functions::LogStore::open(folder, clock, {});
    begin({});
    std::vector<std::string> out;
    for (const functions::LogStreamInfo& stream : log_store->streams(region, group)) {
      streams.push_back(stream.name);
      EXPECT_TRUE(log_store->read(region, group, stream.name, 0,
                                  [&](functions::LogEvent&& event) { return out.push_back(event.text), true; }));
    }
    return out;
  }
  std::vector<std::string> types() {
    std::vector<std::string> out;
    for (const std::string& line : lines()) out.push_back(json::parse(line)->find("type")->as_string());
    return out;
  }

  std::filesystem::path folder;
  std::unique_ptr<functions::LogStore> log_store;
  std::unique_ptr<ExecutionLogs> logs;
  std::vector<std::string> streams;
};

TEST_F(ExecutionLogsTest, EveryEventIsALineInTheMachinesStream) {
  create_group();
  const std::string execution = start(create(kPass, "ALL", true), R"({"x":1})");
  const std::string milliseconds = std::to_string(clock.now().ms());
  const auto logged = lines();
  ASSERT_EQ(logged.size(), 4u);
  EXPECT_EQ(
      logged[1],
      R"({"id":"2","type":"PassStateEntered","details":{"name":"P","input":"{\"x\":1}","inputDetails":{"truncated":false}},)"
      R"("previous_event_id":"0","event_timestamp":")" +
          milliseconds + R"(","execution_arn":")" + execution + R"(","redrive_count":"0"})");
  EXPECT_THAT(streams, ElementsAre("states/m/2026-09-21-14/00000000"));
}

TEST_F(ExecutionLogsTest, DataIsLeftOutUnlessAskedFor) {
  create_group();
  start(create(kPass, "ALL", false), R"({"x":1})");
  const auto logged = lines();
  ASSERT_EQ(logged.size(), 4u);
  EXPECT_THAT(logged[0], HasSubstr(R"("details":{"roleArn":)"));
  EXPECT_THAT(logged[3], HasSubstr(R"("details":{},)"));
}

TEST_F(ExecutionLogsTest, LevelErrorKeepsFailures) {
  create_group();
  start(create(kFail, "ERROR", true));
  EXPECT_THAT(types(), ElementsAre("FailStateEntered", "ExecutionFailed"));
}

TEST_F(ExecutionLogsTest, LevelFatalKeepsTheEndsOfExecutions) {
  create_group();
  start(create(kFail, "FATAL", true));
  EXPECT_THAT(types(), ElementsAre("ExecutionFailed"));
}

TEST_F(ExecutionLogsTest, SuccessIsNoError) {
  create_group();
  start(create(kPass, "ERROR", true));
  EXPECT_THAT(types(), IsEmpty());
}

TEST_F(ExecutionLogsTest, LevelOffLogsNothing) {
  create_group();
  start(create(kFail, "OFF", true));
  EXPECT_THAT(types(), IsEmpty());
}

TEST_F(ExecutionLogsTest, ExpressExecutionsAreLogged) {
  create_group();
  start(create(kPass, "ALL", true, "EXPRESS"));
  EXPECT_THAT(types(), ElementsAre("ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"));
}

TEST_F(ExecutionLogsTest, AnUpdateTurnsLoggingOnForLaterExecutions) {
  create_group();
  const std::string machine = create(kPass, "OFF", true);
  start(machine);
  must("UpdateStateMachine",
       json::Value::object({{"stateMachineArn", machine}, {"loggingConfiguration", logging("ALL", true)}}));
  start(machine);
  EXPECT_EQ(types().size(), 4u);
}

TEST_F(ExecutionLogsTest, LoggingStaysOnAfterARestart) {
  create_group();
  const std::string machine = create(kPass, "ALL", true);
  reopen();
  begin({});
  start(machine);
  EXPECT_EQ(types().size(), 4u);
}

TEST_F(ExecutionLogsTest, AGroupThatWasDeletedIsNotMadeAgain) {
  create_group();
  const std::string machine = create(kPass, "ALL", true);
  ASSERT_TRUE(log_store->delete_group(std::string(kRegion), std::string(kGroup)));
  start(machine);
  EXPECT_THAT(lines(), IsEmpty());
  EXPECT_FALSE(log_store->has_group(std::string(kRegion), std::string(kGroup)));
}

TEST_F(ExecutionLogsTest, BeyondTheBoundEventsAreDroppedAndExecutionsGoOn) {
  create_group();
  const std::string machine = create(kPass, "ALL", true);
  begin({.queued_bytes_max = 0});
  EXPECT_EQ(status(start(machine)), "SUCCEEDED");
  EXPECT_THAT(types(), IsEmpty());
}

TEST_F(ExecutionLogsTest, TheNextHourBeginsAStream) {
  create_group();
  const std::string machine = create(kPass, "ALL", true);
  start(machine);
  clock.advance(base::Duration::seconds(3'600));
  start(machine);
  (void)lines();
  EXPECT_THAT(streams, ElementsAre("states/m/2026-09-21-14/00000000", "states/m/2026-09-21-15/00000000"));
}

TEST_F(ExecutionLogsTest, TheGroupMustBeThereAndTheRoleAllowedToDeliverToIt) {
  constexpr std::string_view kDenied =
      "AccessDeniedException: The state machine IAM Role is not authorized to access the Log Destination";
  const std::string machine = create(kPass, "OFF", true);
  EXPECT_EQ(error("UpdateStateMachine",
                  json::Value::object({{"stateMachineArn", machine}, {"loggingConfiguration", logging("ALL", true)}})),
            kDenied) << "the group is not there";
  create_group();
  identity.denied_actions = {"logs:DescribeResourcePolicies"};
  EXPECT_EQ(error("UpdateStateMachine",
                  json::Value::object({{"stateMachineArn", machine}, {"loggingConfiguration", logging("ALL", true)}})),
            kDenied);
  must("DeleteStateMachine", json::Value::object({{"stateMachineArn", machine}}));
  EXPECT_EQ(error("CreateStateMachine", machine_input(kPass, logging("ALL", true))), kDenied);
  must("CreateStateMachine", machine_input(kPass, logging("OFF", true)));
}

TEST_F(ExecutionLogsTest, AGroupsArnNamesAllItsStreams) {
  EXPECT_EQ(
      error("CreateStateMachine",
            machine_input(kPass, logging("ALL", true, kGroupArn.substr(0, kGroupArn.size() - 2)))),
      "InvalidLoggingConfiguration: Invalid Logging Configuration: Log Group ARN must be provided with '*' qualifier.");
}

TEST(LogLine, LongDataIsCutBetweenCharactersAndMarked) {
  history::Event event;
  event.type = history::EventType::PassStateEntered;
  std::string text = "\"";
  for (int i = 0; i < 100'000; ++i) text += "\xE2\x82\xAC";  // three bytes each
  text += '"';
  event.fields = {{history::FieldId::name, std::string("P")},
                  {history::FieldId::input, json::Payload::from_text(text)}};
  const std::string line = log_line(event, {}, true);
  EXPECT_LT(line.size(), 256u * 1024);
  const auto parsed = json::parse(line);
  ASSERT_TRUE(parsed);
  const json::Value& details = *parsed->find("details");
  EXPECT_TRUE(details.find("inputDetails")->find("truncated")->as_bool());
  const std::string& kept = details.find("input")->as_string();
  EXPECT_THAT(text, StartsWith(kept));
  EXPECT_EQ((kept.size() - 1) % 3, 0u);
  EXPECT_GT(kept.size(), 253'000u);
}

}  // namespace
}  // namespace escapement::services::states::testing
