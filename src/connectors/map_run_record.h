// What is kept of a distributed Map's run: enough to go on after a restart, and what DescribeMapRun shows.
//
// The children of a run are executions and are listed under its ARN by the engine; their outcomes are kept there and
// nowhere else. Only what cannot be had from them is in the record.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/ids.h"
#include "interpreter/step.h"
#include "store/store.h"

namespace escapement::connectors {

enum class MapRunStatus : std::uint8_t { running, succeeded, failed, aborted };
std::string_view to_string(MapRunStatus status);  // "RUNNING"

struct MapRunCounts {
  std::uint64_t pending = 0;
  std::uint64_t running = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t aborted = 0;
  std::uint64_t total = 0;
  std::uint64_t results_written = 0;
};

struct MapRunRecord {
  std::string arn;
  std::string execution_arn;
  engine::TaskKey parent;
  std::uint32_t revision = 0;  // of the state machine
  std::uint32_t state = 0;     // the Map state, in its program
  std::string plan;            // TaskRequest::parameters, while the run is open
  std::string execution_name;
  base::Timestamp execution_start;
  MapRunStatus status = MapRunStatus::running;
  base::Timestamp started;
  std::optional<base::Timestamp> stopped;
  std::uint32_t concurrency_max = 0;
  std::int64_t tolerated_failure_count = 0;
  double tolerated_failure_percentage = 0;
  std::uint32_t redrive_count = 0;
  std::optional<base::Timestamp> redriven;
  MapRunCounts items;  // once it has ended
  MapRunCounts executions;

  std::string encode() const;
  // Errors: corrupt.
  static base::Result<MapRunRecord> decode(std::string_view bytes);
};

// The records in the store, under a prefix that nobody else uses.
//
// Threading: any thread; calls block on the disk. Errors: io, corrupt.
class MapRunStore {
 public:
  MapRunStore(store::Store& store, std::string prefix) : store_(store), prefix_(std::move(prefix)) {}

  base::Result<void> put(const MapRunRecord& record);
  base::Result<void> erase(const MapRunRecord& record);
  // nullopt: there is no such run.
  base::Result<std::optional<MapRunRecord>> find(std::string_view arn) const;
  // Those of an execution, oldest first, after the run `after` (empty: from the first).
  base::Result<std::vector<MapRunRecord>> list(std::string_view execution_arn, std::string_view after,
                                               std::size_t count_max) const;
  // Every record, in the order of the ARNs; `visit` may erase the one that it is shown.
  base::Result<void> for_each(const std::function<base::Result<void>(const MapRunRecord&)>& visit) const;
  // Runs that had not ended when they were last written.
  base::Result<std::vector<MapRunRecord>> open_runs() const;

 private:
  std::string record_key(std::string_view arn) const;
  std::string listing_prefix(std::string_view execution_arn) const;
  std::string open_key(std::string_view arn) const;

  store::Store& store_;
  std::string prefix_;
};

}  // namespace escapement::connectors
