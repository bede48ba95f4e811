// Evaluations a second over the inputs of the reference suite, one number for each group of cases and one for all.
// bench/jsonata_vs_reference.mjs measures the npm package on the same cases. Needs ESC_CONFORMANCE_DIR or the default.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "json/parse.h"
#include "query/jsonata/jsonata.h"

namespace escapement::query::jsonata {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string text;
  Expression expression;
  const json::Value* input;
  std::vector<Binding> bindings;
};

json::Value read_json(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto value = json::parse(text.str());
  return value ? *value : json::Value();
}

// The cases that evaluate to something, without those that test a bound.
class Cases {
 public:
  static const Cases& get() {
    static const Cases cases;
    return cases;
  }
  const std::vector<Case>& all() const { return all_; }

 private:
  Cases() {
    const char* given = std::getenv("ESC_CONFORMANCE_DIR");
    const fs::path folder = fs::path(given != nullptr ? given : ESC_SOURCE_DIR "/../shared/conformance") / "jsonata";
    if (!fs::exists(folder)) return;
    for (const auto& entry : fs::directory_iterator(folder / "datasets")) {
      datasets_[entry.path().stem().string()] = read_json(entry.path());
    }
    for (const auto& entry : fs::directory_iterator(folder / "groups")) groups_.push_back(read_json(entry.path()));
    for (const json::Value& group : groups_) {
      for (const json::Value& test : group.items()) add(test);
    }
  }

  void add(const json::Value& test) {
    if (test.find("result") == nullptr || test.find("timelimit") != nullptr) return;
    const std::string& text = test.find("expr")->as_string();
    auto expression = Expression::compile(text);
    if (!expression) return;
    const json::Value* input = test.find("data");
    if (const json::Value* name = test.find("dataset"); name != nullptr && name->is_string())
      input = &datasets_[name->as_string()];
    std::vector<Binding> bindings;
    if (const json::Value* given = test.find("bindings")) {
      for (const json::Member& member : given->members()) bindings.push_back({member.key, &member.value});
    }
    all_.push_back(Case{text, *std::move(expression), input, std::move(bindings)});
  }

  std::map<std::string, json::Value> datasets_;
  std::vector<json::Value> groups_;
  std::vector<Case> all_;
};

void evaluate_suite(benchmark::State& state) {
  const auto& cases = Cases::get().all();
  if (cases.empty()) {
    state.SkipWithError("no conformance cases (set ESC_CONFORMANCE_DIR)");
    return;
  }
  base::SplitMix generator(1);
  Environment environment{base::Timestamp::from_ms(1'700'000'000'000), generator};
  for (auto _ : state) {
    for (const Case& test : cases)
      benchmark::DoNotOptimize(test.expression.evaluate(test.input, test.bindings, environment));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(cases.size()));
}
BENCHMARK(evaluate_suite)->Name("jsonata/evaluate_suite")->Unit(benchmark::kMillisecond);

void compile_suite(benchmark::State& state) {
  const auto& cases = Cases::get().all();
  if (cases.empty()) {
    state.SkipWithError("no conformance cases (set ESC_CONFORMANCE_DIR)");
    return;
  }
  for (auto _ : state) {
    for (const Case& test : cases) benchmark::DoNotOptimize(Expression::compile(test.text));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(cases.size()));
}
BENCHMARK(compile_suite)->Name("jsonata/compile_suite")->Unit(benchmark::kMillisecond);

// What state machines do most: one field of the input, and one comparison.
void evaluate_small(benchmark::State& state, const char* text) {
  const auto expression = Expression::compile(text, Options::for_states());
  const json::Value states =
      *json::parse(R"({"input":{"order":{"id":"o-1","total":42,"items":[{"sku":"a","n":1},{"sku":"b","n":2}]}}})");
  const Binding binding{"states", &states};
  base::SplitMix generator(1);
  Environment environment{base::Timestamp::from_ms(0), generator};
  for (auto _ : state) benchmark::DoNotOptimize(expression->evaluate(nullptr, {&binding, 1}, environment));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK_CAPTURE(evaluate_small, field, "$states.input.order.id");
BENCHMARK_CAPTURE(evaluate_small, condition, "$states.input.order.total > 40 and $states.input.order.id != 'x'");
BENCHMARK_CAPTURE(evaluate_small, object, "{'id': $states.input.order.id, 'count': $sum($states.input.order.items.n)}");

}  // namespace
}  // namespace escapement::query::jsonata
