// One active line of control of an execution, and its stored form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "history/codec.h"
#include "json/payload.h"

namespace escapement::interpreter {

using FrameId = std::uint32_t;

// Filled in by the interpreter's author: position in the program, input, variables, retry counters, the task in flight, children.
struct Frame {
  FrameId id = 0;
  FrameId parent = 0;
  std::uint32_t attempt = 0;
};

void encode(std::string& out, const Frame& frame, history::PayloadWriter& payloads);
base::Result<Frame> decode_frame(std::string_view bytes, history::PayloadReader& payloads);

}  // namespace escapement::interpreter
