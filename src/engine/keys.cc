#include "engine/keys.h"

#include "base/bytes.h"
#include "engine/timer_key.h"

namespace escapement::engine {
namespace keys {
namespace {

// FNV-1a: stable across versions, as a stored hash must be.
std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return hash;
}

std::string of_execution(char table, ExecutionId id, std::size_t more = 0) {
  std::string key;
  key.reserve(9 + more);
  key.push_back(table);
  base::ByteWriter(key).u64_be(id.bits);
  return key;
}

}  // namespace

std::string meta(std::string_view name) { return std::string(1, kMeta).append(name); }
std::string execution(ExecutionId id) { return of_execution(kExecution, id); }
std::string rows_of(char table, ExecutionId id) { return of_execution(table, id); }

std::string history(ExecutionId id, std::uint64_t first_event) {
  std::string key = of_execution(kHistory, id, 8);
  base::ByteWriter(key).u64_be(first_event);
  return key;
}

std::string payload(ExecutionId id, std::uint32_t payload) {
  std::string key = of_execution(kPayload, id, 4);
  base::ByteWriter(key).u32_be(payload);
  return key;
}

std::string frame(ExecutionId id, interpreter::FrameId frame) {
  std::string key = of_execution(kFrame, id, 4);
  base::ByteWriter(key).u32_be(frame);
  return key;
}

std::string name(store::PartitionId partition, std::string_view region, std::string_view machine,
                 std::string_view name) {
  std::string key(1, kName);
  base::ByteWriter(key).u16_be(partition);
  key.append(region).append(":").append(machine).append(":").append(name);
  return key;
}

std::string with_status(std::string listing_prefix, interpreter::Status status) {
  listing_prefix.push_back(static_cast<char>(status));
  return listing_prefix;
}

std::string listing_prefix(std::uint32_t machine_id) {
  std::string key(1, kListing);
  base::ByteWriter(key).u32_be(machine_id);
  return key;
}

std::string listing(std::uint32_t machine_id, interpreter::Status status, ExecutionId id) {
  std::string key = with_status(listing_prefix(machine_id), status);
  base::ByteWriter(key).u64_be(~id.bits);
  return key;
}

std::string map_run_prefix(std::string_view map_run_arn) {
  std::string key(1, kMapRun);
  base::ByteWriter(key).u64_be(stable_hash(map_run_arn));
  return key;
}

std::string map_run(std::string_view map_run_arn, interpreter::Status status, ExecutionId id) {
  std::string key = with_status(map_run_prefix(map_run_arn), status);
  base::ByteWriter(key).u64_be(~id.bits);
  return key;
}

std::string child(const TaskKey& parent) {
  std::string key(1, kChild);
  base::ByteWriter writer(key);
  writer.u64_be(parent.execution.bits);
  writer.u32_be(parent.task.frame);
  writer.u32_be(parent.task.attempt);
  return key;
}

std::uint32_t last_u32(std::string_view key) {
  return key.size() < 4 ? 0 : base::ByteReader(key.substr(key.size() - 4)).u32_be();
}
std::uint64_t last_u64(std::string_view key) {
  return key.size() < 8 ? 0 : base::ByteReader(key.substr(key.size() - 8)).u64_be();
}
ExecutionId listed_id(std::string_view key) { return {~last_u64(key)}; }

}  // namespace keys

std::string TimerKey::encode() const {
  std::string key(1, is_owed(kind) ? keys::kOutbox : keys::kTimer);
  key.reserve(26);
  base::ByteWriter writer(key);
  writer.u64_be(static_cast<std::uint64_t>(due.us));
  writer.u64_be(execution.bits);
  writer.u32_be(frame);
  writer.u8(static_cast<std::uint8_t>(kind));
  writer.u32_be(attempt);
  return key;
}

std::optional<TimerKey> TimerKey::decode(std::string_view key) {
  base::ByteReader reader(key);
  const auto table = static_cast<char>(reader.u8());
  if (table != keys::kTimer && table != keys::kOutbox) return std::nullopt;
  TimerKey timer;
  timer.due.us = static_cast<std::int64_t>(reader.u64_be());
  timer.execution.bits = reader.u64_be();
  timer.frame = reader.u32_be();
  timer.kind = static_cast<TimerRowKind>(reader.u8());
  timer.attempt = reader.u32_be();
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return timer;
}

}  // namespace escapement::engine
