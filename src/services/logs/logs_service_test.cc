#include "services/logs/logs_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "identity/test_authoriser.h"
#include "json/print.h"
#include "services/logs/filter_pattern.h"
#include "store/memory/memory_store.h"

namespace escapement::services::logs {
namespace {

using json::Value;

class LogsServiceTest : public testing::Test {
 protected:
  LogsServiceTest() {
    char name[] = "/tmp/esc-logs-service-XXXXXX";
    directory = ::mkdtemp(name);
    store = *functions::LogStore::open(directory, clock, {});
    service.emplace(Operations{*catalog, *store, authoriser, clock, {.page_events_max = 10'000}});
    EXPECT_TRUE(call("CreateLogGroup", Value::object({{"logGroupName", "g"}})));
  }
  ~LogsServiceTest() override {
    store.reset();
    std::filesystem::remove_all(directory);
  }

  Answer call(std::string_view operation, Value input) {
    Answer result = base::make_error(base::ErrorCode::internal, "no answer");
    service->handle({.service = "logs",
                     .operation = operation,
                     .region = "us-east-1",
                     .account = "000000000000",
                     .request_id = {},
                     .source_ip = {},
                     .principal = std::make_shared<identity::Principal>(),
                     .input = std::move(input)},
                    [&](Answer answer) { result = std::move(answer); });
    return result;
  }
  void put(const std::string& stream, std::vector<std::pair<std::int64_t, std::string>> events) {
    (void)call("CreateLogStream", Value::object({{"logGroupName", "g"}, {"logStreamName", stream}}));
    std::vector<Value> list;
    for (auto& [after_ms, message] : events)
      list.push_back(Value::object({{"timestamp", clock.now().ms() + after_ms}, {"message", message}}));
    EXPECT_TRUE(call("PutLogEvents", Value::object({{"logGroupName", "g"},
                                                    {"logStreamName", stream},
                                                    {"logEvents", Value::array(std::move(list))}})));
  }
  static std::string messages(const Answer& answer) {
    if (!answer) return answer.error().to_string();
    std::string all;
    for (const Value& event : answer->find("events")->items()) all += std::string(member_text(event, "message")) + " ";
    return all;
  }

  base::VirtualClock clock{base::Timestamp::from_seconds(1'700'000'000)};
  identity::AllowAll authoriser;
  store::MemoryStore memory;
  std::unique_ptr<store::Catalog> catalog = *store::Catalog::open(memory, "C");
  std::filesystem::path directory;
  std::unique_ptr<functions::LogStore> store;
  std::optional<LogsService> service;
};

TEST_F(LogsServiceTest, EventsArePagedBothWays) {
  put("s", {{1, "a"}, {2, "b"}, {3, "c"}, {4, "d"}, {5, "e"}});
  const auto page = [&](bool head, std::string_view token) {
    json::ObjectBuilder input;
    input.set("logGroupName", "g").set("logStreamName", "s").set("limit", 2).set("startFromHead", head);
    if (!token.empty()) input.set("nextToken", token);
    return call("GetLogEvents", std::move(input).build());
  };
  const Answer first = page(true, {});
  EXPECT_EQ(messages(first), "a b ");
  const Answer second = page(true, member_text(*first, "nextForwardToken"));
  EXPECT_EQ(messages(second), "c d ");
  EXPECT_EQ(messages(page(false, member_text(*second, "nextBackwardToken"))), "a b ");
  const Answer third = page(true, member_text(*second, "nextForwardToken"));
  const Answer end = page(true, member_text(*third, "nextForwardToken"));
  EXPECT_EQ(messages(end), "");
  EXPECT_EQ(member_text(*end, "nextForwardToken"), member_text(*third, "nextForwardToken"))
      << "the same token tells the end";
  EXPECT_EQ(messages(page(false, {})), "d e ");
  EXPECT_FALSE(page(true, "nonsense"));
}

TEST_F(LogsServiceTest, FiltersRunOverAllStreamsInTimeOrder) {
  put("s1", {{1, "START one"}, {5, "error five"}});
  put("s2", {{3, "error three"}, {7, "fine"}});
  const auto filter = [&](const char* pattern) {
    return call("FilterLogEvents", Value::object({{"logGroupName", "g"}, {"filterPattern", pattern}}));
  };
  EXPECT_EQ(messages(filter("")), "START one error three error five fine ");
  EXPECT_EQ(messages(filter("error")), "error three error five ");
  EXPECT_EQ(messages(filter("error -five")), "error three ");
  EXPECT_EQ(messages(filter("?one ?fine")), "START one fine ");
  EXPECT_EQ(messages(filter("\"error five\"")), "error five ");
  EXPECT_EQ(filter("{ $.a = }").error().name, "InvalidParameterException");
  const Answer page = call("FilterLogEvents", Value::object({{"logGroupName", "g"}, {"limit", 3}}));
  EXPECT_EQ(messages(call("FilterLogEvents",
                          Value::object({{"logGroupName", "g"}, {"nextToken", member_text(*page, "nextToken")}}))),
            "fine ");
}

bool matches(std::string_view pattern, std::string_view message) {
  const auto parsed = FilterPattern::parse(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << parsed.error().message;
  return parsed && parsed->matches(message);
}

TEST(FilterPatternTest, ConditionsOverJsonFields) {
  constexpr std::string_view kEvent =
      R"({"type":"Update","n":5.5,"ok":true,"none":null,"user":{"name":"ann@x.org","ids":[7,8]},"text":"12"})";
  for (const char* const pattern :
       {R"({ $.type = "Update" })", "{ $.type = Upd* }", "{$.n>5&&$.n<=5.5}", "{ $.n = 5.50 }", "{ $.ok IS TRUE }",
        "{ $.none IS NULL }", "{ $.user.ids[1] = 8 }", "{ $.user EXISTS }", "{ $.nobody NOT EXISTS }",
        "{ $.type = %^Up% }", "{ $.type != Delete }", "{ ($.n > 9 || $.type = Update) && $.user.name = *@x.org }",
        "{ $.n > 9 || $.n > 8 || $.n > 1e0 }", "{ $.text = 12 }"})
    EXPECT_TRUE(matches(pattern, kEvent)) << pattern;
  for (const char* const pattern :
       {R"({ $.type = "update" })", "{ $.n > 5.5 }", "{ $.ok IS FALSE }", "{ $.user = 1 }", "{ $.absent != 1 }",
        "{ $.user.ids[2] = 8 }", "{ $.text > 3 }", "{ $.type = Update && ($.n > 9 || $.n < 1) }", "{ $.type = %^x% }"})
    EXPECT_FALSE(matches(pattern, kEvent)) << pattern;
  EXPECT_FALSE(matches("{ $.a NOT EXISTS }", "no JSON"));
}

TEST(FilterPatternTest, ConditionsOverColumns) {
  constexpr std::string_view kEvent =
      R"(127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534)";
  for (const char* const pattern :
       {"[ip, id, user, time, request, status, bytes]", "[..., status = 404, bytes > 1000]", "[ip = 127.*, ...]",
        "[..., request = *index*, status = 4* || status = 5*, b]", R"([ip, id, user != "", ...])",
        "[..., status >= 400 && status < 500, bytes]", R"([ip = %127\.0\.0\.[1-9]%, ...])"})
    EXPECT_TRUE(matches(pattern, kEvent)) << pattern;
  for (const char* const pattern : {"[ip, user]", "[..., status = 200, bytes]", "[..., bytes > 2000]",
                                    "[a, b, c, d, e, f, g, h]", "[a, b, c, d, e, f, g, ..., h]"})
    EXPECT_FALSE(matches(pattern, kEvent)) << pattern;
}

TEST(FilterPatternTest, TermsMayBeRegularExpressions) {
  EXPECT_TRUE(matches("%E[0-9]+% -%E404%", "an E500 here"));
  EXPECT_FALSE(matches("%E[0-9]+% -%E404%", "E404"));
  EXPECT_TRUE(matches(R"(%50\%%)", "at 50%"));
}

TEST(FilterPatternTest, WhatCannotBeReadIsRefused) {
  const std::string deep = "{" + std::string(2'000, '(');
  for (const std::string_view pattern :
       {std::string_view("{"), std::string_view("{ $.a }"), std::string_view("{ $ = 1 }"),
        std::string_view("{ $.a = 1"), std::string_view("{ $.a = 1 } x"), std::string_view("{ $.a > b }"),
        std::string_view("{ $.a IS 1 }"), std::string_view("["), std::string_view("[a, b"),
        std::string_view("[a = 1 && b = 2]"), std::string_view("[..., a, ...]"), std::string_view("%[%"),
        std::string_view("%a"), std::string_view("\"x"), std::string_view("{ $.a[-1] = 1 }"),
        std::string_view("{ $.a = %(% }"), std::string_view(deep)}) {
    const auto parsed = FilterPattern::parse(pattern);
    ASSERT_FALSE(parsed) << pattern;
    EXPECT_EQ(parsed.error().name, "InvalidParameterException");
  }
}

TEST_F(LogsServiceTest, EventsPastTheRetentionAreGone) {
  put("s", {{-3 * 86'400'000, "old"}, {-3'600'000, "young"}});
  const auto shown = [&] {
    return messages(call("GetLogEvents", Value::object({{"logGroupName", "g"}, {"logStreamName", "s"}}))) +
           messages(call("FilterLogEvents", Value::object({{"logGroupName", "g"}})));
  };
  EXPECT_EQ(shown(), "old young old young ");
  ASSERT_TRUE(call("PutRetentionPolicy", Value::object({{"logGroupName", "g"}, {"retentionInDays", 1}})));
  EXPECT_EQ(shown(), "young young ");
  const Value late =
      Value::array({Value::object({{"timestamp", clock.now().ms() - 2 * 86'400'000}, {"message", "m"}})});
  const Answer rejected =
      call("PutLogEvents", Value::object({{"logGroupName", "g"}, {"logStreamName", "s"}, {"logEvents", late}}));
  EXPECT_NE(rejected->find("rejectedLogEventsInfo"), nullptr);
  clock.advance(base::Duration::seconds(86'400));
  EXPECT_EQ(shown(), "");
}

TEST_F(LogsServiceTest, OldAndFutureEventsAreRejectedByIndexAndDisorderByError) {
  (void)call("CreateLogStream", Value::object({{"logGroupName", "g"}, {"logStreamName", "s"}}));
  const auto event = [&](std::int64_t seconds) {
    return Value::object({{"timestamp", clock.now().ms() + seconds * 1'000}, {"message", "m"}});
  };
  const Answer answer = call(
      "PutLogEvents", Value::object({{"logGroupName", "g"},
                                     {"logStreamName", "s"},
                                     {"logEvents", Value::array({event(-20 * 86'400), event(0), event(86'400)})}}));
  EXPECT_EQ(json::print(*answer->find("rejectedLogEventsInfo")),
            R"({"tooOldLogEventEndIndex":1,"tooNewLogEventStartIndex":2})");
  EXPECT_FALSE(call("PutLogEvents", Value::object({{"logGroupName", "g"},
                                                   {"logStreamName", "s"},
                                                   {"logEvents", Value::array({event(0), event(-1)})}})));
  EXPECT_EQ(
      call("PutLogEvents",
           Value::object({{"logGroupName", "g"}, {"logStreamName", "t"}, {"logEvents", Value::array({event(0)})}}))
          .error()
          .name,
      "ResourceNotFoundException");
}

TEST_F(LogsServiceTest, GroupsHaveRetentionAndTags) {
  EXPECT_EQ(call("CreateLogGroup", Value::object({{"logGroupName", "g"}})).error().name,
            "ResourceAlreadyExistsException");
  ASSERT_TRUE(call("PutRetentionPolicy", Value::object({{"logGroupName", "g"}, {"retentionInDays", 7}})));
  EXPECT_FALSE(call("PutRetentionPolicy", Value::object({{"logGroupName", "g"}, {"retentionInDays", 8}})));
  EXPECT_EQ(number((*call("DescribeLogGroups", Value::object(std::vector<json::Member>{}))->find("logGroups"))[0],
                   "retentionInDays"),
            7);
  ASSERT_TRUE(call("TagLogGroup", Value::object({{"logGroupName", "g"}, {"tags", Value::object({{"k", "v"}})}})));
  EXPECT_EQ(json::print(*call("ListTagsLogGroup", Value::object({{"logGroupName", "g"}}))), R"({"tags":{"k":"v"}})");
  ASSERT_TRUE(call("DeleteLogGroup", Value::object({{"logGroupName", "g"}})));
  EXPECT_EQ(call("DescribeLogStreams", Value::object({{"logGroupName", "g"}})).error().name,
            "ResourceNotFoundException");
}

}  // namespace
}  // namespace escapement::services::logs
