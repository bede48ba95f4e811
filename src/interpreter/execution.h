// The state of one execution, as the interpreter sees it: facts fixed at the start, a small head, and frames.
//
// A frame is one active line of control: the root (id 0), a branch of a Parallel state, an iteration of an inline Map.
// Cost follows the touch: a step loads and rewrites the head and the frames that it touches, never all of them. A
// finished branch or iteration leaves its frame behind as a small record that holds its result, until the parent
// collects them in order; the children of one Parallel or Map have consecutive ids from the parent's `first_child` on.
//
// Threading: partition thread only. Pure data: no clock, no I/O but through FrameSource.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "history/codec.h"
#include "interpreter/frame.h"
#include "json/payload.h"

namespace escapement::interpreter {

enum class Status : std::uint8_t {
  running = 1,
  succeeded = 2,
  failed = 3,
  timed_out = 4,
  aborted = 5,
  pending_redrive = 6
};

// What never changes after StartExecution.
struct ExecutionFacts {
  std::string arn;
  std::string name;
  std::string state_machine_arn;  // without version or alias
  std::string state_machine_name;
  std::string role_arn;
  std::string region;
  std::string account;
  std::string version_arn;  // empty unless started through a version or alias
  std::string alias_arn;
  std::string map_run_arn;  // a distributed Map's child; else empty
  std::uint32_t graph = 0;  // the scope of the program that it runs: 0, the machine; else a distributed Map's processor
  std::string trace_header;
  bool express = false;
  bool synchronous = false;  // started by StartSyncExecution: its context object has no RedriveCount
  base::Timestamp start_time;
  json::Payload input;
};

// Rewritten with every step, so it stays small.
struct ExecutionHead {
  Status status = Status::running;
  std::uint64_t next_event_id = 1;
  FrameId next_frame_id = 1;
  std::uint64_t random_state = 0;  // seeds UUIDs, jitter and MathRandom; advanced by use
  std::uint32_t redrive_count = 0;
  std::optional<base::Timestamp> redrive_time;
  std::optional<base::Timestamp> stop_time;
  std::optional<base::Timestamp> timeout_due;  // of the definition's TimeoutSeconds
  json::Payload output;                        // succeeded
  std::optional<std::string> error;            // failed, timed out, aborted
  std::optional<std::string> cause;
};

// Where frames that are not in memory come from.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  virtual base::Result<Frame> load_frame(FrameId id) = 0;
};

class ExecutionState {
 public:
  ExecutionState(ExecutionFacts fixed, FrameSource& source) : facts(std::move(fixed)), source_(source) {}

  ExecutionFacts facts;
  ExecutionHead head;

  // The frame, loaded if need be; marks nothing. The pointer holds until the frame is removed or evicted. Errors: from
  // the source.
  base::Result<Frame*> find(FrameId id);
  // The same, and it will be written back.
  base::Result<Frame*> touch(FrameId id);
  Frame& create(FrameId id);
  void remove(FrameId id);

  // What a step changed, for whoever persists it; clear_changes() after that.
  const std::vector<FrameId>& touched() const { return touched_; }
  const std::vector<FrameId>& removed() const { return removed_; }
  void clear_changes();
  // Puts a decoded frame in place without marking it (used on load).
  void adopt(FrameId id, Frame frame);
  // Drops frames from memory that are not the root; they come back through the source. Only without pending changes.
  void evict_children();

 private:
  void mark(Frame& frame);

  FrameSource& source_;
  std::optional<Frame> root_;  // frame 0: nearly every step needs it, and often it alone
  std::unordered_map<FrameId, std::unique_ptr<Frame>> children_;  // behind pointers, so that they stay where they are
  std::vector<FrameId> touched_;
  std::vector<FrameId> removed_;
  std::unordered_set<FrameId> gone_;  // what removed_ holds, to be asked quickly; but for the root
  bool root_gone_ = false;
};

}  // namespace escapement::interpreter
