// The form of an answer that is a stream of events (application/vnd.amazon.eventstream), as InvokeWithResponseStream's:
// messages of their own length, with typed headers and two checksums (CRC-32), one after the other.
//
// Here the whole answer is there before its first byte leaves, so it is a list of events:
// [{"PayloadChunk": {"Payload": "…"}}, {"InvokeComplete": {…}}].
#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "wire/model.h"

namespace escapement::wire {

inline constexpr std::string_view kEventStreamType = "application/vnd.amazon.eventstream";

// Appends the messages of `events`, whose names and members are those of `shape`. An event whose only member is a blob
// has that as its body; the body of all others is their JSON form. What the shape does not know is left out.
void append_event_stream(std::string& out, const json::Value& events, const Shape& shape);

}  // namespace escapement::wire
