// Any text as a definition, as one that was accepted before, and as a single state; every template and field of what
// compiles is evaluated once.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "asl/compile.h"

namespace {

using namespace escapement;

void evaluate(const asl::State& state, const asl::Environment& environment) {
  for (const auto* value : {&state.parameters, &state.result_selector, &state.output, &state.assign}) {
    if (*value) (void)(*value)->evaluate("Field", environment);
  }
  (void)state.input_path.evaluate(environment);
  (void)state.result_path.apply(environment.input, environment.input);
  if (const auto* choice = std::get_if<asl::ChoiceState>(&state.body)) (void)choice->select(environment);
  if (const auto* wait = std::get_if<asl::WaitState>(&state.body)) (void)wait->evaluate(environment);
  if (const auto* map = std::get_if<asl::MapState>(&state.body)) (void)map->evaluate_items(environment);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const jsonpath::EmptyScope scope;
  base::SplitMix generator(1);
  const json::Value input = json::Value::object({{"a", 1}, {"b", json::Value::array({1, 2})}});
  for (const auto& [single, accepted] : {std::pair{false, false}, {false, true}, {true, false}}) {
    asl::CompileOptions options;
    options.single_state = single;
    options.accepted = accepted;
    const asl::Compilation compilation = asl::compile(text, options);
    (void)asl::invalid_definition_message(compilation.diagnostics);
    if (!compilation.program) continue;
    for (const asl::State& state : compilation.program->states) evaluate(state, {input, scope, generator});
  }
  return 0;
}
