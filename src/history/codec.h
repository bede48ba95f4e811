// The stored form of events: a compact, self-delimiting byte string. Payloads are written as numbers; the owner of the
// execution keeps number -> text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "history/event.h"

namespace escapement::history {

// Where payloads go to and come from while an execution's records are encoded and decoded.
class PayloadWriter {
 public:
  virtual ~PayloadWriter() = default;
  // The payload's number in this execution, storing it if it has none yet. Never 0; 0 stands for an absent payload.
  virtual std::uint32_t store(const json::Payload& payload) = 0;
};

class PayloadReader {
 public:
  virtual ~PayloadReader() = default;
  virtual base::Result<json::Payload> load(std::uint32_t id) = 0;
};

void encode(std::string& out, const Event& event, PayloadWriter& payloads);
// Takes one event off the front of `bytes`. Errors: corrupt, and whatever `payloads` says.
base::Result<Event> decode(std::string_view& bytes, PayloadReader& payloads);

}  // namespace escapement::history
