// One execution in a shard's memory: its record taken apart, and what the current batch has added to it.
//
// Threading: shard thread only (the reader makes private copies for its own thread). Between commits memory equals the
// store; during a batch it is ahead, and the shard drops it if the commit fails.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/execution_record.h"
#include "engine/payload_table.h"
#include "history/codec.h"
#include "interpreter/execution.h"
#include "store/store.h"

namespace escapement::engine {

class LoadedExecution final : public history::PayloadWriter,
                              public history::PayloadReader,
                              public interpreter::FrameSource {
 public:
  // A new execution that the store does not have yet.
  static std::unique_ptr<LoadedExecution> create(const store::Store& store, const NameCodec& names, ExecutionId id,
                                                 StartRequest request, bool synchronous, base::Timestamp now);
  // Errors: not_found (ExecutionDoesNotExist), io, corrupt.
  static base::Result<std::unique_ptr<LoadedExecution>> load(const store::Store& store, const MachineSource& machines,
                                                             const NameCodec& names, ExecutionId id);
  // The same from its row, as the store has it. Errors: io, corrupt.
  static base::Result<std::unique_ptr<LoadedExecution>> from_row(const store::Store& store,
                                                                 const MachineSource& machines, const NameCodec& names,
                                                                 ExecutionId id, std::string_view row);

  ExecutionId id() const { return id_; }
  const MachineRevision& machine() const { return *machine_; }
  const std::shared_ptr<const MachineRevision>& machine_pointer() const { return machine_; }
  interpreter::ExecutionState& state() { return *state_; }
  const interpreter::ExecutionState& state() const { return *state_; }
  ParentLink parent_link() const { return record_.parent_link; }
  const TaskKey& parent() const { return record_.parent; }
  bool named() const { return record_.name.has_value(); }
  std::optional<base::Timestamp> retention_due() const { return record_.retention_due; }
  void set_retention_due(std::optional<base::Timestamp> due) { record_.retention_due = due; }

  // Nothing is expected of it soon: it need not stay in memory once its batch has committed.
  bool resting() const { return resting_; }
  void set_resting(bool resting) { resting_ = resting; }

  void append_events(std::vector<history::Event> events);

  // Its row as the last write made it.
  std::string row() const { return record_.encode(); }
  // Puts everything that changed since the last write into `batch`.
  void write(store::Batch& batch);
  // Erases every row of the execution but its timers.
  base::Result<void> erase(store::Batch& batch);
  // The status under which the listing row now stands; nullopt: there is none yet.
  std::optional<interpreter::Status> listed_status() const { return listed_; }
  void set_listed_status(interpreter::Status status) { listed_ = status; }

  ListingRecord listing() const;
  // Events in the order of their ids. Errors: io, corrupt.
  base::Result<std::vector<history::Event>> history(const HistoryQuery& query);
  // Gives back memory that a long execution has taken. Only between batches.
  void trim();

  std::uint32_t store(const json::Payload& payload) override;
  base::Result<json::Payload> load(std::uint32_t number) override;
  base::Result<interpreter::Frame> load_frame(interpreter::FrameId frame) override;

 private:
  LoadedExecution(const store::Store& store, ExecutionId id, std::shared_ptr<const MachineRevision> machine)
      : store_(store), id_(id), machine_(std::move(machine)) {}

  void write_payloads(store::Batch& batch);
  void write_events(store::Batch& batch);
  void write_frames(store::Batch& batch);
  void spill(store::Batch& batch);
  std::size_t inline_bytes() const;
  base::Result<std::vector<history::Event>> decode_events(std::string_view bytes);

  const store::Store& store_;
  ExecutionId id_;
  std::shared_ptr<const MachineRevision> machine_;  // shared with every execution of the revision
  ExecutionRecord record_;
  std::unique_ptr<interpreter::ExecutionState> state_;
  PayloadTable payloads_;
  std::vector<std::pair<std::uint32_t, json::Payload>> new_payloads_;  // not in a batch yet
  std::vector<history::Event> new_events_;
  std::optional<interpreter::Status> listed_;
  bool resting_ = false;
};

}  // namespace escapement::engine
