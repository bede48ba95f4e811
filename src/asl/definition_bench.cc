// How long a definition takes to compile, by its size.
#include <string>

#include <benchmark/benchmark.h>

#include "asl/compile.h"

namespace {

using namespace escapement;

// A chain of tasks, choices and waits of about `bytes` bytes.
std::string definition_of(std::size_t bytes) {
  std::string out = R"({"StartAt":"S0","States":{)";
  std::size_t n = 0;
  while (out.size() + 1'200 < bytes) {
    const std::string id = std::to_string(n);
    const std::string next = std::to_string(n + 1);
    out += R"("S)" + id +
           R"(":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Comment":"One step of many",)"
           R"("Parameters":{"FunctionName":"arn:aws:lambda:us-east-1:000000000000:function:work",)"
           R"("Payload":{"order.$":"$.order[)" +
           id +
           R"x(]","label.$":"States.Format('{} of {}', $.name, $$.Execution.Name)","constant":[1,2,3,{"a":"b"}]}},)x"
           R"("ResultSelector":{"code.$":"$.StatusCode"},"ResultPath":"$.result","TimeoutSeconds":30,)"
           R"("Retry":[{"ErrorEquals":["States.TaskFailed"],"IntervalSeconds":2,"MaxAttempts":5,"BackoffRate":1.5}],)"
           R"("Catch":[{"ErrorEquals":["States.ALL"],"Next":"Last","ResultPath":"$.error"}],"Next":"C)" +
           id + R"("},)";
    out += R"("C)" + id +
           R"(":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.result.code","NumericEquals":200},)"
           R"({"Variable":"$.more","BooleanEquals":true}],"Next":"S)" +
           next + R"("}],"Default":"S)" + next + R"("},)";
    ++n;
  }
  out += R"("S)" + std::to_string(n) +
         R"(":{"Type":"Wait","SecondsPath":"$.seconds","Next":"Last"},"Last":{"Type":"Succeed"}}})";
  return out;
}

void compile_definition(benchmark::State& state) {
  const std::string text = definition_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const asl::Compilation compilation = asl::compile(text);
    if (!compilation.program) state.SkipWithError("the definition does not compile");
    benchmark::DoNotOptimize(compilation.program);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(compile_definition)->Arg(2'000)->Arg(32'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void evaluate_template(benchmark::State& state) {
  const asl::Compilation compilation = asl::compile(definition_of(2'000));
  const json::Value input = json::Value::object({{"order", json::Value::array({"first"})}, {"name", "Ann"}});
  struct Context final : jsonpath::Scope {
    json::Value value = json::Value::object({{"Execution", json::Value::object({{"Name", "e1"}})}});
    const json::Value& context() const override { return value; }
    const json::Value* variable(std::string_view) const override { return nullptr; }
  } scope;
  base::SplitMix generator(1);
  const asl::Template& parameters = *compilation.program->states[0].parameters;
  for (auto _ : state) {
    auto value = parameters.evaluate("Parameters", {input, scope, generator});
    if (!value) state.SkipWithError(value.error().cause.c_str());
    benchmark::DoNotOptimize(value);
  }
}
BENCHMARK(evaluate_template);

void select_choice(benchmark::State& state) {
  const asl::Compilation compilation = asl::compile(definition_of(2'000));
  const json::Value input = json::Value::object({{"result", json::Value::object({{"code", 200}})}, {"more", true}});
  const jsonpath::EmptyScope scope;
  base::SplitMix generator(1);
  const auto& choice = compilation.program->states[1].as<asl::ChoiceState>();
  for (auto _ : state) benchmark::DoNotOptimize(choice.select({input, scope, generator}));
}
BENCHMARK(select_choice);

}  // namespace
