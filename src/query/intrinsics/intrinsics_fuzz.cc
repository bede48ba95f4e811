// A call from the first line of the input, applied to the JSON document in the rest.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/parse.h"
#include "query/intrinsics/expression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace escapement;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = text.find('\n');
  const auto document = json::parse(line_end == std::string_view::npos ? "{}" : text.substr(line_end + 1));
  const json::Value input = document ? *document : json::Value();
  const auto expression = intrinsics::Expression::compile(text.substr(0, line_end));
  if (!expression) return 0;
  const jsonpath::EmptyScope scope;
  base::SplitMix generator(1);
  (void)expression->evaluate({input, scope, generator});
  return 0;
}
