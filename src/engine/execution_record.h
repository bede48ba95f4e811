// The stored form of one execution, and how its parts are spread over rows.
//
// A small execution is one row: facts, head, root frame, payloads and events together, so that a task that only waits
// and then calls a function costs one row a step. Past `kInlineBytesMax` its events and payloads move to rows of their
// own ("spilled"), and from then on each step writes only what it adds. Large payloads are rows of their own from the
// start. Frames of branches and iterations always are.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/effect_sink.h"
#include "engine/ids.h"
#include "interpreter/execution.h"

namespace escapement::engine {

inline constexpr std::size_t kInlinePayloadBytesMax = 2'048;
inline constexpr std::size_t kInlineBytesMax = 4'096;

// The row, taken apart; payloads are still numbers.
struct ExecutionRecord {
  std::uint32_t revision = 0;
  bool express = false;
  std::optional<std::string> name;  // only if its starter named it
  std::string version_arn;
  std::string alias_arn;
  std::string map_run_arn;
  std::uint32_t graph = 0;
  bool synchronous = false;
  std::string trace_header;
  base::Timestamp start_time;
  std::uint32_t input = 0;
  ParentLink parent_link = ParentLink::none;
  TaskKey parent;
  std::optional<base::Timestamp> retention_due;  // of a closed execution

  interpreter::ExecutionHead head;  // without its output
  std::uint32_t output = 0;

  std::uint32_t next_payload = 1;
  bool spilled = false;
  bool has_rows = false;  // of history, payload or frame, now or ever
  std::string root_frame;
  std::vector<std::pair<std::uint32_t, std::string>> payloads;
  std::string events;

  std::string encode() const;
  // Errors: corrupt.
  static base::Result<ExecutionRecord> decode(std::string_view bytes);
};

// The value of a listing row.
struct ListingRecord {
  std::uint32_t revision = 0;
  base::Timestamp start_time;
  std::optional<base::Timestamp> stop_time;
  std::uint32_t redrive_count = 0;
  std::optional<std::string> name;
  std::string version_arn;
  std::string alias_arn;
  std::optional<base::Timestamp> redrive_time;

  std::string encode() const;
  static base::Result<ListingRecord> decode(std::string_view bytes);
};

// The machine's name as an execution's ARN has it: "MACHINE", or "MACHINE/LABEL" for a distributed Map's child.
std::string shown_machine_name(const MachineRevision& machine, std::string_view map_run_arn);

// The facts of a stored execution; `input` is left absent.
interpreter::ExecutionFacts facts_of(const ExecutionRecord& record, const MachineRevision& machine, ExecutionId id,
                                     const NameCodec& names);

}  // namespace escapement::engine
