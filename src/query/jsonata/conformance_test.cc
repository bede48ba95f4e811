// The cases of the JSONata project's own suite (release 2.2.2), read from the folder in ESC_CONFORMANCE_DIR.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "json/parse.h"
#include "json/print.h"
#include "query/jsonata/jsonata.h"

namespace escapement::query::jsonata {
namespace {

namespace fs = std::filesystem;

fs::path suite_folder() {
  const char* given = std::getenv("ESC_CONFORMANCE_DIR");
  return fs::path(given != nullptr ? given : ESC_SOURCE_DIR "/../shared/conformance") / "jsonata";
}

json::Value read_json(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto value = json::parse(text.str(), {.keep_lone_surrogates = true});
  if (!value) throw std::runtime_error(path.string() + ": " + value.error().message);
  return *value;
}

// Arrays in any order, at the top only.
bool equal_unordered(const json::Value& a, const json::Value& b) {
  return a.is_array() && b.is_array() &&
         std::is_permutation(a.items().begin(), a.items().end(), b.items().begin(), b.items().end());
}

bool equal(const json::Value& a, const json::Value& b, bool unordered) {
  if (a == b || (unordered && equal_unordered(a, b))) return true;
  // A sequence of one item equals that item.
  return (a.is_array() && a.size() == 1 && a[0] == b) || (b.is_array() && b.size() == 1 && b[0] == a);
}

class Suite {
 public:
  explicit Suite(const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(folder / "datasets")) {
      datasets_[entry.path().stem().string()] = read_json(entry.path());
    }
  }

  // Empty: the case passes.
  std::string run(const json::Value& test) const {
    const json::Value* input = test.find("data");
    if (const json::Value* name = test.find("dataset"); name != nullptr && name->is_string())
      input = &datasets_.at(name->as_string());
    std::vector<Binding> bindings;
    if (const json::Value* given = test.find("bindings")) {
      for (const json::Member& member : given->members()) bindings.push_back({member.key, &member.value});
    }
    Options options;
    if (const json::Value* depth = test.find("depth"); depth != nullptr && depth->as_int64() > 100) {
      options.depth_max = static_cast<std::size_t>(depth->as_int64());
    }
    const auto expression = Expression::compile(test.find("expr")->as_string(), options);
    if (!expression) return check_error(test, expression.error());
    base::SplitMix generator(1);
    Environment environment{base::Timestamp::from_ms(1'700'000'000'000), generator};
    const auto result = expression->evaluate(input, bindings, environment);
    if (!result) return check_error(test, result.error());
    return check_result(test, *result);
  }

 private:
  static std::string check_error(const json::Value& test, const EvaluationError& error) {
    const std::string got = "error " + error.code + ": " + error.message;
    const json::Value* code = test.find("code");
    const json::Value* expected = test.find("error");
    if (code == nullptr && expected == nullptr) return got;
    if (code != nullptr && code->as_string() != error.code) return got + ", expected " + code->as_string();
    if (const json::Value* token = test.find("token"); token != nullptr && token->as_string() != error.token) {
      return got + ", token " + error.token;
    }
    if (expected == nullptr) return {};
    const std::map<std::string, json::Value> members = {{"code", error.code},
                                                        {"message", error.message},
                                                        {"token", error.token},
                                                        {"functionName", error.function_name},
                                                        {"value", error.value.value_or(json::Value())}};
    for (const json::Member& member : expected->members()) {
      const auto found = members.find(member.key);
      if (found == members.end() || !(found->second == member.value))
        return got + ", expected " + json::print(*expected);
    }
    return {};
  }

  static std::string check_result(const json::Value& test, const std::optional<json::Value>& result) {
    const std::string got = result ? json::print(*result).substr(0, 400) : "undefined";
    if (test.find("undefinedResult") != nullptr) return result ? got + ", expected undefined" : "";
    const json::Value* expected = test.find("result");
    if (expected == nullptr) return got + ", expected an error " + json::print(test).substr(0, 600);
    if (result && equal(*result, *expected, test.find("unordered") != nullptr)) return {};
    return got + ", expected " + json::print(*expected).substr(0, 400);
  }

  std::map<std::string, json::Value> datasets_;
};

TEST(JsonataConformance, SuiteOfTheReference) {
  const fs::path folder = suite_folder();
  if (!fs::exists(folder)) GTEST_SKIP() << "no conformance cases at " << folder << " (set ESC_CONFORMANCE_DIR)";
  const Suite suite(folder);
  std::vector<fs::path> groups;
  for (const auto& entry : fs::directory_iterator(folder / "groups")) groups.push_back(entry.path());
  std::sort(groups.begin(), groups.end());
  std::size_t run = 0;
  std::size_t passed = 0;
  for (const fs::path& group : groups) {
    const json::Value cases = read_json(group);
    for (const json::Value& test : cases.items()) {
      ++run;
      const std::string problem = suite.run(test);
      if (problem.empty()) ++passed;
      EXPECT_EQ(problem, "") << test.find("id")->as_string() << ": " << test.find("expr")->as_string();
    }
  }
  RecordProperty("cases", static_cast<int>(run));
  EXPECT_GT(run, 1'000u);
  EXPECT_EQ(passed, run);
}

}  // namespace
}  // namespace escapement::query::jsonata
