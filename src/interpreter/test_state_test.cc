// Plays the TestState calls recorded on AWS; see replay_test.cc for where the cases lie. Those that need a server
// (functions, schemas of mocked results) are left to the runner.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "interpreter/replay_compare.h"
#include "interpreter/test_state.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::interpreter::replay {
namespace {

namespace fs = std::filesystem;
using json::Value;

constexpr base::Timestamp kNow = base::Timestamp::from_seconds(1'764'000'000);
constexpr std::string_view kSchemaErrors = "Mock result schema validation error";

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string fill(std::string text) {
  const std::pair<std::string, std::string> holes[] = {
      {"{{region}}", "us-east-1"},
      {"{{account}}", "111111111111"},
      {"{{role.arn}}", "arn:aws:iam::111111111111:role/replay"},
      {"{{now+0}}", "2025-11-24T16:00:00"},
      {"{{uuid:1}}", "00000000-0000-4000-8000-000000000001"},
      {"{{uid:1}}", "u1"},
      {"{{lambda:fn1.arn}}", "arn:aws:lambda:us-east-1:111111111111:function:fn1"}};
  for (const auto& [hole, value] : holes) {
    for (std::size_t at = text.find(hole); at != std::string::npos; at = text.find(hole, at))
      text.replace(at, hole.size(), value);
  }
  return text;
}

class Call {
 public:
  Call(const Value& recorded, const Value& params) : case_(recorded), params_(params) {}

  TestStateRequest request() const {
    TestStateRequest out;
    out.definition = text(params_, "definition").value_or("");
    out.input = text(params_, "input");
    out.inspection_level = text(params_, "inspectionLevel");
    out.role_arn = text(params_, "roleArn");
    out.variables = text(params_, "variables");
    out.state_name = text(params_, "stateName");
    out.context = text(params_, "context");
    out.region = "us-east-1";
    out.account = "111111111111";
    if (const Value* mock = params_.find("mock")) {
      out.mock_result = text(*mock, "result");
      if (const Value* error = mock->find("errorOutput")) {
        out.has_mock_error = true;
        out.mock_error = text(*error, "error");
        out.mock_cause = text(*error, "cause");
      }
    }
    if (const Value* configuration = params_.find("stateConfiguration")) {
      out.error_caused_by_state = text(*configuration, "errorCausedByState");
      out.map_item_reader_data = text(*configuration, "mapItemReaderData");
      if (const Value* count = configuration->find("mapIterationFailureCount"))
        out.map_iteration_failure_count = count->as_int64();
      if (const Value* count = configuration->find("retrierRetryCount"))
        out.retrier_retry_count = static_cast<std::uint32_t>(count->as_int64());
    }
    return out;
  }

 private:
  std::optional<std::string> text(const Value& object, std::string_view key) const {
    const Value* value = object.find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return fill(value->as_string());
    const Value* member = value->find("$case");
    const Value* given = member != nullptr ? case_.find(member->as_string()) : nullptr;
    if (given == nullptr || !given->is_string()) return std::nullopt;
    return fill(given->as_string());
  }

  const Value& case_;
  const Value& params_;
};

// The answer in the recording's form; nullopt: the call needs a server.
std::optional<Value> answer(const Value& recorded, const Value& params) {
  auto test = StateTest::begin(Call(recorded, params).request(), kNow);
  if (test) {
    if (test->task()) return std::nullopt;
    return test->response();
  }
  const base::Error& error = test.error();
  const std::string as_exception =
      fmt::format("An error occurred ({}) when calling the TestState operation: {}", error.name, error.message);
  return Value::object({{"Error", Value::object({{"Code", error.name}, {"Message", error.message}})},
                        {"message", error.message},
                        {"exception_typename", error.name},
                        {"exception_value", as_exception}});
}

// Members of the recorded answer that ours lacks or has otherwise.
std::optional<std::string> differs(const Value& recorded_case, const Value& recorded, const Value& ours) {
  Comparer comparer(*recorded_case.find("normalise"), [](const std::string& text) { return fill(text); });
  for (const json::Member& member : recorded.members()) {
    if (member.key == "ResponseMetadata") continue;
    const Value* found = ours.find(member.key);
    if (found == nullptr) return member.key + " is missing, recorded " + json::print(member.value);
    if (auto difference = comparer.compare(member.value, *found)) return member.key + *difference;
  }
  if (ours.find("Error") != nullptr) {
    if (recorded.find("Error") != nullptr || recorded.find("exception_typename") != nullptr) return std::nullopt;
    return "refused: " + ours.find("message")->as_string();
  }
  for (const json::Member& member : ours.members()) {
    if (recorded.find(member.key) == nullptr)
      return member.key + " is not in the recording: " + json::print(member.value);
  }
  return std::nullopt;
}

// nullopt: passes or cannot be played here (`played` stays false).
std::optional<std::string> play(const Value& recorded, bool& played) {
  std::map<std::string, Value> answers;
  for (const Value& step : recorded.find("steps")->items()) {
    if (const Value* operation = step.find("operation");
        operation != nullptr && operation->as_string() == "TestState") {
      const auto given = answer(recorded, *step.find("params"));
      if (!given) return std::nullopt;
      answers[step.find("id")->as_string()] = *given;
    }
    const Value* key = step.find("match");
    if (key == nullptr) continue;
    const Value& expected = *recorded.find("expect")->find(key->as_string());
    if (json::print(expected).find(kSchemaErrors) != std::string::npos) return std::nullopt;
    const Value* ref = step.find("value")->find("$ref");
    const Value* code = step.find("value")->find("exception_typename");
    const std::string id = ref != nullptr ? ref->as_string() : code->find("$ref")->as_string().substr(0, 2);
    if (auto difference = differs(recorded, expected, answers[id])) return key->as_string() + ": " + *difference;
  }
  played = true;
  return std::nullopt;
}

TEST(TestState, RecordedCalls) {
  const char* folder = std::getenv("ESC_CONFORMANCE_DIR");
  const fs::path cases = fs::path(folder != nullptr ? folder : ESC_SOURCE_DIR "/../shared/conformance") / "states" /
                         "cases" / "test_state";
  if (!fs::exists(cases)) GTEST_SKIP() << "no recorded cases at " << cases;
  std::set<std::string> passing;
  int failed = 0;
  for (const auto& entry : fs::directory_iterator(cases)) {
    const auto recorded = json::parse(read(entry.path()));
    ASSERT_TRUE(recorded.has_value());
    bool played = false;
    const auto difference = play(*recorded, played);
    const std::string& id = recorded->find("id")->as_string();
    if (difference) {
      ++failed;
      if (std::getenv("ESC_REPLAY_VERBOSE") != nullptr) std::cout << "FAIL " << id << "\n     " << *difference << "\n";
    } else if (played) {
      passing.insert(id);
    }
  }
  std::cout << fmt::format("test_state {:>5} passed{:>5} failed\n", passing.size(), failed);
  if (const char* out = std::getenv("ESC_REPLAY_WRITE_TEST_STATE")) {
    std::ofstream list(out);
    for (const std::string& id : passing) list << id << "\n";
  }
  std::ifstream list(ESC_SOURCE_DIR "/src/interpreter/test_state_passing.txt");
  for (std::string id; std::getline(list, id);) EXPECT_TRUE(passing.contains(id)) << id << " passed before";
}

}  // namespace
}  // namespace escapement::interpreter::replay
