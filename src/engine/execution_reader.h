// Reads executions from committed state, past the partition threads: what the API's describe and list operations show.
//
// Threading: any thread; calls read the store and may block on the disk, so use the blocking pool.
// Errors: not_found ("ExecutionDoesNotExist"), io, corrupt.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/ids.h"
#include "engine/machine.h"
#include "history/event.h"
#include "interpreter/execution.h"

namespace escapement::engine {

struct ExecutionDescription {
  ExecutionId id;
  interpreter::ExecutionFacts facts;
  interpreter::ExecutionHead head;
  std::shared_ptr<const MachineRevision> machine;
};

struct ExecutionSummary {
  ExecutionId id;
  std::string arn;
  std::string name;
  interpreter::Status status = interpreter::Status::running;
  base::Timestamp start_time;
  std::optional<base::Timestamp> stop_time;
  std::uint32_t redrive_count = 0;
  std::optional<base::Timestamp> redrive_time;
  std::string version_arn;
  std::string alias_arn;
};

struct ListQuery {
  std::uint32_t machine_id = 0;
  std::string map_run_arn;  // if not empty: the children of that run instead
  std::optional<interpreter::Status> status;
  std::string cursor;             // empty: from the newest on
  std::uint32_t count_max = 100;  // at least 1
};

struct ListPage {
  std::vector<ExecutionSummary> executions;  // newest first
  std::string cursor;                        // empty: the end
};

struct HistoryQuery {
  std::uint64_t from_event = 0;  // the first id wanted; 0: from the start (or, in reverse, from the end)
  std::uint32_t count_max = 100;
  bool reverse = false;
};

class ExecutionReader {
 public:
  virtual ~ExecutionReader() = default;

  virtual base::Result<ExecutionId> find(std::string_view execution_arn) const = 0;
  virtual base::Result<ExecutionDescription> describe(ExecutionId id) const = 0;
  virtual base::Result<std::vector<history::Event>> history(ExecutionId id, const HistoryQuery& query) const = 0;
  virtual base::Result<ListPage> list(const ListQuery& query) const = 0;
  // Whether any execution of the machine is open (a machine that is being deleted goes when the last one ends).
  virtual base::Result<bool> any_open(std::uint32_t machine_id) const = 0;
};

}  // namespace escapement::engine
