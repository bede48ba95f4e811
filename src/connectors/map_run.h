// One run of a distributed Map: which children are to be started, what has become of them, and what comes out. Decides;
// does nothing.
//
// Children are numbered from 0 in the order of their items. A child's name is made from the run's ARN and its number,
// so a run that is taken up again after a restart knows its children by their names.
//
// Threading: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/map_run_record.h"
#include "connectors/result_writer.h"
#include "engine/execution_reader.h"
#include "engine/machine.h"
#include "interpreter/map_run.h"

namespace escapement::connectors {

class MapRun {
 public:
  struct Limits {
    std::uint32_t concurrency_max = 1'000;   // children at once where the definition gives no bound
    std::size_t result_bytes_max = 262'144;  // of the array of results
  };

  enum class Child : std::uint8_t { pending, running, succeeded, failed, timed_out, aborted };

  struct Start {
    std::uint32_t number = 0;
    std::string name;
    json::Payload input;
  };
  struct Outcome {
    bool succeeded = false;
    std::string output;
    std::string error;
    std::string cause;
  };

  MapRun(MapRunRecord record, std::shared_ptr<const engine::MachineRevision> machine, interpreter::MapRunPlan plan,
         Limits limits);

  // The items, once they are there. A failure of ItemSelector, which ends the run.
  asl::Evaluated<void> set_items(std::vector<json::Value> items, base::Timestamp now);
  // A child that an earlier process, or the run before it was redriven, has started already.
  void adopt(std::uint32_t number, Child state);

  // The next child to start; nullopt: none now. The run counts it as running. Failures: of ItemSelector.
  asl::Evaluated<std::optional<Start>> next(base::Timestamp now);
  // A child that could not be started; it is tried again.
  void not_started(std::uint32_t number);
  // A child's end. False: it was known already.
  bool ended(std::uint32_t number, const engine::ExecutionDescription& child);

  // How the run ends, once it does: all children have ended, or too many have failed.
  std::optional<Outcome> outcome() const;
  // What is left to start or running counts as aborted from now on.
  void abort_rest();

  bool has_items() const { return has_items_; }
  std::uint32_t children() const { return static_cast<std::uint32_t>(states_.size()); }
  Child state(std::uint32_t number) const { return states_[number]; }
  std::string child_name(std::uint32_t number) const;
  // nullopt: not a name of this run's children.
  std::optional<std::uint32_t> number_of(std::string_view name) const;

  const MapRunCounts& executions() const { return executions_; }
  const MapRunCounts& items() const { return item_counts_; }
  const ChildResults& results() const { return results_; }
  bool writes_results() const;

  MapRunRecord record;
  const std::shared_ptr<const engine::MachineRevision> machine;
  interpreter::MapRunPlan plan;
  std::uint32_t unanswered = 0;  // calls to the engine that the record's closing waits for

 private:
  std::uint32_t items_of(std::uint32_t number) const { return batches_.empty() ? 1 : batches_[number].items; }
  void set_state(std::uint32_t number, Child state);
  std::string joined_results() const;
  std::uint32_t concurrency() const;

  Limits limits_;
  std::string name_prefix_;  // of the children's names
  bool has_items_ = false;
  std::vector<json::Value> items_;                // without batches: the input of child N is made when it starts
  std::vector<interpreter::ChildInput> batches_;  // with them: all inputs
  std::vector<Child> states_;
  std::vector<std::string> outputs_;  // of children that ended, by number; none when they are written to objects
  std::size_t output_bytes_ = 0;
  std::uint32_t next_ = 0;            // all children before it have been started
  std::vector<std::uint32_t> again_;  // could not be started
  MapRunCounts executions_;           // of states_, kept up to date
  MapRunCounts item_counts_;
  ChildResults results_;
};

}  // namespace escapement::connectors
