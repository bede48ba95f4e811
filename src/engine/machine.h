// A state machine at one revision: immutable, numbered, and kept as long as an execution refers to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "asl/program.h"
#include "base/result.h"

namespace escapement::engine {

struct MachineRevision {
  std::uint32_t revision = 0;    // number of this revision in the data set; executions refer to it
  std::uint32_t machine_id = 0;  // number of the state machine; executions are listed under it
  std::string arn;               // of the state machine, without version
  std::string name;
  std::string region;
  std::string account;
  std::string role_arn;
  std::string definition;   // as it was given
  std::string revision_id;  // as the API shows it; empty before the first update
  bool express = false;
  std::shared_ptr<const asl::Program> program;
  // Logging, tracing and encryption settings as the API took them (JSON text of an object).
  std::string settings;
  bool tells_events = false;  // whether EffectSink::recorded() is to hear of its executions' events
};

// Finds revisions by number. Any thread; must be fast for revisions in use (the engine calls it at every load).
class MachineSource {
 public:
  virtual ~MachineSource() = default;
  virtual base::Result<std::shared_ptr<const MachineRevision>> find_revision(std::uint32_t revision) const = 0;
  // Whether there is such an activity; asked when a task for it is about to be scheduled.
  virtual bool activity_exists(std::string_view arn) const { return (void)arn, true; }
};

}  // namespace escapement::engine
