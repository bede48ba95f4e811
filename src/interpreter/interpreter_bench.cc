// How fast the step function alone is: machines a second on one core, in memory, from StartExecution to the end.
#include <benchmark/benchmark.h>

#include "asl/compile.h"
#include "interpreter/step.h"
#include "json/payload.h"

namespace escapement::interpreter {
namespace {

class NoFrames final : public FrameSource {
 public:
  base::Result<Frame> load_frame(FrameId) override { return base::make_error(base::ErrorCode::not_found, "no frame"); }
};

void run_machines(benchmark::State& state, std::string_view definition, std::string_view input) {
  const auto compiled = asl::compile(definition);
  if (!compiled.program) {
    state.SkipWithError("the definition does not compile");
    return;
  }
  NoFrames frames;
  const Limits limits;
  StepContext context;
  context.limits = &limits;
  context.now = base::Timestamp::from_seconds(1'750'000'000);
  ExecutionFacts facts;
  facts.arn = "arn:aws:states:us-east-1:000000000000:execution:machine:0f3a9c1e-0000-4000-8000-000000000000";
  facts.name = "0f3a9c1e-0000-4000-8000-000000000000";
  facts.role_arn = "arn:aws:iam::000000000000:role/machine";
  facts.state_machine_name = "machine";
  facts.region = "us-east-1";
  std::uint64_t events = 0;
  for (auto _ : state) {
    facts.input = json::Payload::from_text(std::string(input));
    ExecutionState execution(facts, frames);
    auto transition = step(*compiled.program, execution, Start{}, context);
    if (!transition || execution.head.status != Status::succeeded) {
      state.SkipWithError("the machine did not succeed");
      return;
    }
    events += transition->events.size();
    benchmark::DoNotOptimize(transition);
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["events/s"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}

constexpr std::string_view kInput = R"({"order":{"id":"A-17","total":42},"customer":"someone"})";

void pass_choice_pass_jsonpath(benchmark::State& state) {
  run_machines(state, R"({"StartAt":"First","States":{"First":{"Type":"Pass","Next":"Decide"},
    "Decide":{"Type":"Choice","Choices":[{"Variable":"$.order.total","NumericGreaterThan":40,"Next":"Large"}],"Default":"Small"},
    "Large":{"Type":"Pass","End":true},"Small":{"Type":"Pass","End":true}}})",
               kInput);
}
BENCHMARK(pass_choice_pass_jsonpath);

void pass_choice_pass_jsonata(benchmark::State& state) {
  run_machines(state, R"({"QueryLanguage":"JSONata","StartAt":"First","States":{"First":{"Type":"Pass","Next":"Decide"},
    "Decide":{"Type":"Choice","Choices":[{"Condition":"{% $states.input.order.total > 40 %}","Next":"Large"}],"Default":"Small"},
    "Large":{"Type":"Pass","End":true},"Small":{"Type":"Pass","End":true}}})",
               kInput);
}
BENCHMARK(pass_choice_pass_jsonata);

void pass_parameters_jsonpath(benchmark::State& state) {
  run_machines(
      state,
      R"({"StartAt":"First","States":{"First":{"Type":"Pass","Parameters":{"id.$":"$.order.id","n":1},"ResultPath":"$.made",
    "Next":"Second"},"Second":{"Type":"Pass","OutputPath":"$.made","End":true}}})",
      kInput);
}
BENCHMARK(pass_parameters_jsonpath);

void pass_output_jsonata(benchmark::State& state) {
  run_machines(state, R"({"QueryLanguage":"JSONata","StartAt":"First","States":{"First":{"Type":"Pass",
    "Output":{"id":"{% $states.input.order.id %}","n":1},"Assign":{"x":"{% $states.input.customer %}"},"Next":"Second"},
    "Second":{"Type":"Pass","Output":"{% $x %}","End":true}}})",
               kInput);
}
BENCHMARK(pass_output_jsonata);

void inline_map(benchmark::State& state) {
  const auto compiled =
      asl::compile(R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"A","States":{
    "A":{"Type":"Pass","End":true}}}}}})");
  std::string input = "[0";
  for (std::int64_t i = 1; i < state.range(0); ++i) input += "," + std::to_string(i);
  input += "]";
  Limits limits;
  limits.history_events_max = UINT64_MAX;
  limits.payload_bytes_max = SIZE_MAX;
  StepContext context;
  context.limits = &limits;
  NoFrames frames;
  for (auto _ : state) {
    ExecutionFacts facts;
    facts.input = json::Payload::from_text(input);
    ExecutionState execution(facts, frames);
    Command command = Start{};
    for (bool unfinished = true; unfinished;) {
      auto transition = step(*compiled.program, execution, command, context);
      unfinished = transition && transition->unfinished;
      execution.clear_changes();
      command = Continue{};
      benchmark::DoNotOptimize(transition);
    }
    if (execution.head.status != Status::succeeded) state.SkipWithError("the machine did not succeed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(inline_map)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace escapement::interpreter
