// The protocol between the server and our own bootstraps (runtimes/): frames over a Unix socket pair.
//
// A frame is the length of what follows (four bytes, little endian), a type (one byte), and a body.
//
//   to the process:   invoke  u32 milliseconds until the timeout, then five texts, each after its u32 length:
//                             request id, invoked function ARN, client context, trace id, payload
//   from the process: ready   (initialisation is over; empty)
//                     failed  initialisation failed; error object (JSON)
//                     result  answers the oldest unanswered invoke; payload (JSON)
//                     error   the same; error object (JSON)
//                     log     one log event's text, belonging to the invocation in progress
//
// A process works on one invoke at a time, in the order in which they came; several may be under way to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace escapement::functions {

enum class FrameType : char { invoke = 'I', ready = 'R', failed = 'F', result = 'O', error = 'E', log = 'L' };

inline constexpr std::size_t kFrameHeaderSize = 5;
inline constexpr std::size_t kFrameBytesMax = 16u << 20;  // beyond it the process is not one of ours any more, and dies

struct Frame {
  FrameType type;
  std::string_view body;
};

inline void append_u32(std::string& out, std::uint32_t n) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(n >> shift & 0xff));
}

inline void append_text(std::string& out, std::string_view text) {
  append_u32(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

inline std::uint32_t read_u32(std::string_view bytes) {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < 4; ++i) n |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return n;
}

// The length of the frame that begins `bytes`, header included; nullopt while its header is incomplete.
inline std::optional<std::size_t> frame_size(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderSize) return std::nullopt;
  return std::size_t{4} + read_u32(bytes);
}

}  // namespace escapement::functions
