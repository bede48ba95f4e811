// One active line of control of an execution, and its stored form.
//
// A frame stands at one state of the program. While it runs it carries that state's input, the variables of its scope
// and whatever the state waits for; once it has finished as a branch or iteration only its result is left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "asl/transition.h"
#include "base/result.h"
#include "base/time.h"
#include "history/codec.h"
#include "json/payload.h"

namespace escapement::interpreter {

using FrameId = std::uint32_t;

// Numbers are stored: append only, never reuse.
enum class Phase : std::uint8_t {
  ready = 1,        // goes on by itself: `state` is to be entered, or run again when `entered_event` is set
  waiting = 2,      // a Wait state, until `due`
  working = 3,      // `task` is in flight
  backing_off = 4,  // before a retry, until `due`
  joining = 5,      // for its `children`
  succeeded = 6,    // a branch or iteration with its result in `output`
  failed = 7,       // stopped by an error at `state`
  aborted = 8,      // stopped from outside at `state`
};

// The task in flight, with what is needed to dispatch it again.
struct TaskInFlight {
  json::Payload parameters;
  std::string role_arn;                // Credentials.RoleArn; empty: none given
  std::int64_t timeout_seconds = 0;    // 0: none given
  std::int64_t heartbeat_seconds = 0;  // 0: none given
  base::Timestamp scheduled;
  std::optional<base::Timestamp> timeout_due;    // armed
  std::optional<base::Timestamp> heartbeat_due;  // armed
  bool settled = false;                          // need not be dispatched again
  bool map_run_started = false;
};

// The branches of a Parallel state or iterations of an inline Map: frames `first` to `first + count - 1`.
struct Children {
  FrameId first = 0;
  std::uint32_t count = 0;
  std::uint32_t started = 0;  // in order, so the next to start is this one
  std::uint32_t finished = 0;
  std::uint32_t concurrency = 0;  // at most so many run at once; 0: no bound
  json::Payload items;            // a Map's array
  json::Payload input;            // what a Map's ItemSelector sees as `$`
};

struct Variable {
  std::string name;
  json::Payload value;
};

struct Frame {
  FrameId id = 0;
  FrameId parent = 0;
  std::uint32_t attempt =
      0;  // grows with everything the frame waits for, so that late answers and timers are recognised
  Phase phase = Phase::ready;
  asl::StateIndex state = 0;
  std::uint32_t index = 0;           // of the branch or iteration among its siblings
  std::uint64_t last_event = 0;      // the previousEventId of the frame's next event
  std::uint64_t entered_event = 0;   // of the current state; 0: not entered yet
  std::uint64_t before_entered = 0;  // what that event links to
  base::Timestamp entered;
  base::Timestamp due;                 // waiting, backing_off
  json::Payload input;                 // of the current state
  json::Payload output;                // succeeded
  std::vector<std::uint32_t> retries;  // used up, by retrier of the current state; empty: none
  std::vector<Variable> variables;
  std::optional<TaskInFlight> task;
  std::optional<Children> children;
  std::string map_run_arn;        // of the distributed Map's latest run, until it succeeds
  std::vector<FrameId> runnable;  // only in the root: frames that a step cut short left to run

  bool written_back = false;  // not stored: marked by ExecutionState as changed

  bool is_running() const { return phase < Phase::succeeded; }
};

void encode(std::string& out, const Frame& frame, history::PayloadWriter& payloads);
// Errors: corrupt, and whatever `payloads` says.
base::Result<Frame> decode_frame(std::string_view bytes, history::PayloadReader& payloads);

}  // namespace escapement::interpreter
