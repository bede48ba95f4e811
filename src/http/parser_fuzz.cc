// Arbitrary bytes as requests, whole and in two pieces: neither may fault, and both must come to the same request.
#include <cstdint>
#include <cstdlib>

#include "http/parsers.h"

namespace {

using namespace escapement::http;

struct Outcome {
  Request request;
  bool failed = false;
  bool done = false;
};

// As a connection does it: what the parser did not use is offered again with what follows.
Outcome parse(std::string_view first, std::string_view second) {
  Outcome outcome;
  RequestParser parser(outcome.request, 4'096, 4'096);
  std::string buffer;
  for (const std::string_view piece : {first, second}) {
    buffer.append(piece);
    if (buffer.empty()) continue;
    error_code error;
    const std::size_t used = parser.feed(buffer, error);
    if (used > buffer.size()) std::abort();
    buffer.erase(0, used);
    outcome.failed = static_cast<bool>(error);
    outcome.done = parser.is_done();
    if (outcome.failed || outcome.done) break;
  }
  return outcome;
}

bool same(const Request& a, const Request& b) {
  if (a.method != b.method || a.target != b.target || a.body != b.body || a.fields.size() != b.fields.size())
    return false;
  for (std::size_t i = 0; i < a.fields.size(); ++i) {
    if (a.fields[i].name != b.fields[i].name || a.fields[i].value != b.fields[i].value) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = (static_cast<std::size_t>(data[0]) << 8 | data[1]) % (bytes.size() + 1);
  const Outcome whole = parse(bytes, {});
  const Outcome pieces = parse(bytes.substr(0, cut), bytes.substr(cut));
  if (whole.done && !whole.failed && (!pieces.done || pieces.failed || !same(whole.request, pieces.request)))
    std::abort();
  return 0;
}
