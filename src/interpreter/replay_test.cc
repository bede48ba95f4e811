// Plays the executions recorded on AWS through the step function and compares the histories.
//
// The cases lie outside the tree: in the folder that ESC_CONFORMANCE_DIR names, else beside the checkout. Ids that pass
// are kept in replay_passing.txt; the test fails when one of them stops passing. ESC_REPLAY_FILTER picks cases by a
// part of their id and prints why they fail.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "history/render.h"
#include "interpreter/replay_compare.h"
#include "interpreter/replay_world.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::interpreter::replay {
namespace {

namespace fs = std::filesystem;
using json::Payload;
using json::Value;

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

fs::path cases_folder() {
  const char* folder = std::getenv("ESC_CONFORMANCE_DIR");
  return fs::path(folder != nullptr ? folder : ESC_SOURCE_DIR "/../shared/conformance") / "states" / "cases";
}

// One case being played.
class Player {
 public:
  explicit Player(const Value& recorded) : case_(recorded) {}

  // nullopt: passes. Else the reason; `skipped` is set when the case needs what this world does not have.
  std::optional<std::string> play() {
    for (const Value& function : case_.find("functions")->items()) {
      world_.add_function({fill(function.find("name")->as_string()), function.find("behaviour")->as_string()});
    }
    const Value* steps = case_.find("steps");
    if (steps == nullptr) return play_plain();
    for (const Value& step : steps->items()) {
      if (auto difference = take(step)) return difference;
    }
    return std::nullopt;
  }

  bool skipped = false;

 private:
  std::string fill(const std::string& text) const {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t open = text.find("{{", at);
      const std::size_t close = open == std::string::npos ? open : text.find("}}", open);
      if (close == std::string::npos) return out + text.substr(at);
      out += text.substr(at, open - at) + hole(text.substr(open + 2, close - open - 2));
      at = close + 2;
    }
    return out;
  }

  std::string hole(const std::string& name) const {
    if (name == "region") return std::string(World::kRegion);
    if (name == "account") return std::string(World::kAccount);
    if (name == "role.arn") return std::string(World::kRole);
    if (name.starts_with("uid:") || name.starts_with("uuid:")) return "u" + name.substr(name.find(':') + 1);
    if (name.starts_with("now")) {
      const std::string time = base::to_iso8601(started_ + base::Duration::seconds(std::atoll(name.c_str() + 3)));
      return time.substr(0, 19);
    }
    if (name.starts_with("lambda:")) {
      for (const Value& function : case_.find("functions")->items()) {
        if (function.find("placeholder")->as_string() != "{{" + name + "}}") continue;
        return fmt::format("arn:aws:lambda:{}:{}:function:{}", World::kRegion, World::kAccount,
                           fill(function.find("name")->as_string()));
      }
    }
    return "{{" + name + "}}";
  }

  std::string text_of(const Value* value) const {
    if (value == nullptr || value->is_null()) return "{}";
    if (value->is_string()) return fill(value->as_string());
    if (const Value* member = value->find("$case")) return fill(case_.find(member->as_string())->as_string());
    return json::print(*value);
  }

  std::optional<std::string> create(const std::string& name, const std::string& definition) {
    std::string error;
    const Machine& machine = world_.create_machine(name, definition, error);
    if (!machine.program) return "definition refused: " + error;
    machines_[machine.arn] = machine;
    return std::nullopt;
  }

  Value history(Execution& execution) {
    // A recording that breaks off shows an execution that still waits, so ours must not be wound on.
    world_.run(execution, started_ + base::Duration::seconds(86'400));
    std::vector<Value> events;
    for (const history::Event& event : execution.events()) events.push_back(history::render(event, true));
    return Value::array(std::move(events));
  }

  std::optional<std::string> match(const std::string& key, const Value& ours) {
    const Value* recorded = case_.find("expect")->find(key);
    if (recorded == nullptr || recorded->find("events") == nullptr) return std::nullopt;
    Comparer comparer(*case_.find("normalise"), [this](const std::string& text) { return fill(text); });
    return comparer.compare_history(*recorded->find("events"), ours);
  }

  std::optional<std::string> play_plain() {
    if (auto error = create("machine", text_of(case_.find("definition")))) return error;
    const Machine& machine = machines_.begin()->second;
    Execution& execution = world_.start(machine, "execution", Payload::from_text(text_of(case_.find("input"))));
    return match("get_execution_history", history(execution));
  }

  std::optional<std::string> take(const Value& step) {
    if (const Value* key = step.find("match")) {
      const Value* ref = step.find("value")->find("$ref");
      const auto kept = ref == nullptr ? histories_.end() : histories_.find(ref->as_string());
      return kept == histories_.end() ? std::nullopt : match(key->as_string(), kept->second);
    }
    const Value* operation = step.find("operation");
    if (operation == nullptr) return std::nullopt;
    const Value& params = *step.find("params");
    const std::string id = step.find("id") != nullptr ? step.find("id")->as_string() : "";
    const std::string& name = operation->as_string();
    if (name == "CreateStateMachine") return create(text_of(params.find("name")), text_of(params.find("definition")));
    if (name == "StartExecution") {
      const auto machine = machines_.find(text_of(params.find("stateMachineArn")));
      if (machine == machines_.end()) return "no such machine";
      const std::string execution_name =
          params.find("name") != nullptr ? text_of(params.find("name")) : "execution-" + id;
      executions_[id + ".executionArn"] =
          &world_.start(machine->second, execution_name, Payload::from_text(text_of(params.find("input"))));
      return std::nullopt;
    }
    if (name == "GetExecutionHistory") {
      const Value* ref = params.find("executionArn")->find("$ref");
      const auto execution = ref == nullptr ? executions_.end() : executions_.find(ref->as_string());
      if (execution == executions_.end()) return "no such execution";
      histories_[id] = history(*execution->second);
      return std::nullopt;
    }
    if (name == "DeleteStateMachine" || name == "DescribeExecution") return std::nullopt;
    if (name == "CreateActivity") {
      world_.add_activity(fmt::format("arn:aws:states:{}:{}:activity:{}", World::kRegion, World::kAccount,
                                      text_of(params.find("name"))));
      return std::nullopt;
    }
    skipped = true;
    return name;
  }

  const Value& case_;
  World world_;
  base::Timestamp started_ = world_.now();
  std::map<std::string, Machine> machines_;
  std::map<std::string, Execution*> executions_;
  std::map<std::string, Value> histories_;
};

bool is_playable(const Value& recorded) {
  if (recorded.find("kind")->as_string() != "execution" || recorded.find("stateMachineType")->as_string() != "STANDARD")
    return false;
  for (const Value& service : recorded.find("requires")->items()) {
    if (service.as_string() != "lambda") return false;
  }
  return true;
}

struct Count {
  int passed = 0;
  int failed = 0;
};

TEST(Replay, RecordedExecutions) {
  const fs::path folder = cases_folder();
  if (!fs::exists(folder)) GTEST_SKIP() << "no recorded cases at " << folder;
  const char* filter = std::getenv("ESC_REPLAY_FILTER");
  std::map<std::string, Count> counts;
  std::set<std::string> passing;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const std::string text = read(entry.path());
    if (text.find("\"kind\": \"execution\"") == std::string::npos) continue;
    const auto recorded = json::parse(text);
    ASSERT_TRUE(recorded.has_value()) << entry.path();
    const std::string& id = recorded->find("id")->as_string();
    if (!is_playable(*recorded) || (filter != nullptr && id.find(filter) == std::string::npos)) continue;
    Player player(*recorded);
    const auto difference = player.play();
    if (player.skipped) continue;
    Count& count = counts[id.substr(0, id.find('/'))];
    ++(difference ? count.failed : count.passed);
    if (!difference) passing.insert(id);
    if (difference && (filter != nullptr || std::getenv("ESC_REPLAY_VERBOSE") != nullptr))
      std::cout << "FAIL " << id << "\n     " << *difference << "\n";
  }
  Count all;
  for (const auto& [name, count] : counts) {
    std::cout << fmt::format("{:<24}{:>5} passed{:>5} failed\n", name, count.passed, count.failed);
    all.passed += count.passed;
    all.failed += count.failed;
  }
  std::cout << fmt::format("{:<24}{:>5} passed{:>5} failed\n", "all", all.passed, all.failed);
  if (filter != nullptr) return;
  if (const char* out = std::getenv("ESC_REPLAY_WRITE")) {
    std::ofstream list(out);
    for (const std::string& id : passing) list << id << "\n";
  }
  std::ifstream list(ESC_SOURCE_DIR "/src/interpreter/replay_passing.txt");
  for (std::string id; std::getline(list, id);) EXPECT_TRUE(passing.contains(id)) << id << " passed before";
}

}  // namespace
}  // namespace escapement::interpreter::replay
