// An expression from the first line of the input, evaluated on the JSON document in the rest, in both dialects and
// within tight bounds. Nothing may crash, hang or leak; what evaluates must print and parse back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "json/parse.h"
#include "json/print.h"
#include "query/jsonata/jsonata.h"

namespace {

using namespace escapement;
using namespace escapement::query::jsonata;

void evaluate(std::string_view text, const json::Value& input, bool states_dialect) {
  Options options;
  options.states_dialect = states_dialect;
  options.steps_max = 50'000;
  options.memory_bytes_max = 16 << 20;
  options.string_bytes_max = 256 << 10;
  options.sequence_max = 100'000;
  const auto expression = Expression::compile(text, options);
  if (!expression) return;
  (void)expression->free_variables();
  (void)expression->states_paths();
  (void)expression->context_references();
  base::SplitMix generator(1);
  Environment environment{base::Timestamp::from_ms(1'700'000'000'000), generator};
  const Binding binding{"states", &input};
  const auto result = expression->evaluate(&input, {&binding, 1}, environment);
  if (result && *result && !json::parse(json::print(**result), {.depth_max = 4'000})) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = text.find('\n');
  const auto document = json::parse(line_end == std::string_view::npos ? "{}" : text.substr(line_end + 1));
  const json::Value input = document ? *document : json::Value();
  evaluate(text.substr(0, line_end), input, false);
  evaluate(text.substr(0, line_end), input, true);
  return 0;
}
