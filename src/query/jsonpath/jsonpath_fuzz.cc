// A path from the first line of the input, applied to the JSON document in the rest.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/parse.h"
#include "query/jsonpath/path.h"
#include "query/jsonpath/reference_path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace escapement;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = text.find('\n');
  const std::string_view first = text.substr(0, line_end);
  const auto document = json::parse(line_end == std::string_view::npos ? "{}" : text.substr(line_end + 1));
  const json::Value input = document ? *document : json::Value();
  if (const auto path = jsonpath::Path::compile(first)) (void)path->evaluate(input);
  if (const auto reference = jsonpath::ReferencePath::compile(first)) (void)reference->set(input, json::Value(1));
  return 0;
}
