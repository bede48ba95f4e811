// Where the engine keeps what in the store. All numbers are big-endian, so that byte order is numeric order.
//
//   01 meta      name                                        -> data set settings (see dataset.h)
//   02 execution id u64                                      -> the execution's record (execution_record.h)
//   03 history   id u64, first event u64                     -> a run of events
//   04 payload   id u64, payload u32                         -> text
//   05 frame     id u64, frame u32                           -> a branch's or iteration's frame
//   06 name      partition u16, region ":" machine ":" name  -> id u64; only of executions that their starter named
//   07 timer     due u64, id u64, frame u32, kind u8, attempt u32 -> nothing; all that waits for a moment, in due order
//   08 listing   machine u32, status u8, ~id u64             -> summary; newest first within a status
//   09 map run   hash of the run's ARN u64, status u8, ~id u64 -> summary of a distributed Map's child
//   0a catalog   (store/catalog.h)
//   0b events    asynchronous invocations (functions)
//   0c map runs  records of distributed Maps' runs (connectors)
//   0d child     parent id u64, frame u32, attempt u32      -> id u64; the execution that a `.sync` task waits for
//   0e outbox    stamp u64, id u64, frame u32, kind u8, attempt u32 -> nothing; all that must yet be done, in order
//   18 session   temporary credentials (identity)
//
// Ids begin with the time of their making, so what is new goes to the end of its table, whatever its partition.
// Byte 0 is the store's own. A table's number is never reused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "engine/ids.h"
#include "interpreter/execution.h"
#include "interpreter/step.h"

namespace escapement::engine::keys {

inline constexpr char kMeta = 0x01;
inline constexpr char kExecution = 0x02;
inline constexpr char kHistory = 0x03;
inline constexpr char kPayload = 0x04;
inline constexpr char kFrame = 0x05;
inline constexpr char kName = 0x06;
inline constexpr char kTimer = 0x07;
inline constexpr char kListing = 0x08;
inline constexpr char kMapRun = 0x09;
inline constexpr char kCatalog = 0x0a;
inline constexpr char kFunctionEvents = 0x0b;
inline constexpr char kMapRunRecords = 0x0c;
inline constexpr char kChild = 0x0d;
inline constexpr char kOutbox = 0x0e;

// The tables that grow with the number of executions: those whose rows stay as long as their execution, and those whose
// rows mostly come and go.
inline constexpr std::string_view kLastingTables = "\x02\x03\x04\x06";
inline constexpr std::string_view kPassingTables = "\x05\x07\x08\x09\x0d\x0e";

std::string meta(std::string_view name);
std::string execution(ExecutionId id);
std::string history(ExecutionId id, std::uint64_t first_event);
std::string payload(ExecutionId id, std::uint32_t payload);
std::string frame(ExecutionId id, interpreter::FrameId frame);
std::string name(store::PartitionId partition, std::string_view region, std::string_view machine,
                 std::string_view name);
std::string listing(std::uint32_t machine_id, interpreter::Status status, ExecutionId id);
std::string listing_prefix(std::uint32_t machine_id);
std::string map_run(std::string_view map_run_arn, interpreter::Status status, ExecutionId id);
std::string child(const TaskKey& parent);
std::string map_run_prefix(std::string_view map_run_arn);
// Of either listing, those with that status.
std::string with_status(std::string listing_prefix, interpreter::Status status);

// The prefix of all rows of one execution in one of the tables history, payload and frame.
std::string rows_of(char table, ExecutionId id);
// The last four or eight bytes of a key, as the number that they are.
std::uint32_t last_u32(std::string_view key);
std::uint64_t last_u64(std::string_view key);
ExecutionId listed_id(std::string_view key);  // of a listing or map run key

}  // namespace escapement::engine::keys
