#include "connectors/map_run_record.h"

#include <bit>

#include "base/bytes.h"

namespace escapement::connectors {
namespace {

using base::ByteReader;
using base::ByteWriter;

constexpr std::uint8_t kVersion = 1;

void write(ByteWriter& out, const MapRunCounts& counts) {
  for (const std::uint64_t n : {counts.pending, counts.running, counts.succeeded, counts.failed, counts.timed_out,
                                counts.aborted, counts.total, counts.results_written}) {
    out.varint(n);
  }
}

MapRunCounts read_counts(ByteReader& in) {
  MapRunCounts counts;
  for (std::uint64_t* n : {&counts.pending, &counts.running, &counts.succeeded, &counts.failed, &counts.timed_out,
                           &counts.aborted, &counts.total, &counts.results_written}) {
    *n = in.varint();
  }
  return counts;
}

void write(ByteWriter& out, const std::optional<base::Timestamp>& time) {
  out.u8(time.has_value());
  if (time) out.signed_varint(time->us);
}

std::optional<base::Timestamp> read_time(ByteReader& in) {
  if (in.u8() == 0) return std::nullopt;
  return base::Timestamp{in.signed_varint()};
}

}  // namespace

std::string_view to_string(MapRunStatus status) {
  switch (status) {
    case MapRunStatus::running:
      return "RUNNING";
    case MapRunStatus::succeeded:
      return "SUCCEEDED";
    case MapRunStatus::failed:
      return "FAILED";
    case MapRunStatus::aborted:
      return "ABORTED";
  }
  return "";
}

std::string MapRunRecord::encode() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kVersion);
  out.bytes(arn);
  out.bytes(execution_arn);
  out.u64_be(parent.execution.bits);
  out.varint(parent.task.frame);
  out.varint(parent.task.attempt);
  out.varint(revision);
  out.varint(state);
  out.bytes(plan);
  out.bytes(execution_name);
  out.signed_varint(execution_start.us);
  out.u8(static_cast<std::uint8_t>(status));
  out.signed_varint(started.us);
  write(out, stopped);
  out.varint(concurrency_max);
  out.signed_varint(tolerated_failure_count);
  out.u64_be(std::bit_cast<std::uint64_t>(tolerated_failure_percentage));
  out.varint(redrive_count);
  write(out, redriven);
  write(out, items);
  write(out, executions);
  return bytes;
}

base::Result<MapRunRecord> MapRunRecord::decode(std::string_view bytes) {
  ByteReader in(bytes);
  MapRunRecord record;
  const bool known = in.u8() == kVersion;
  record.arn = in.bytes();
  record.execution_arn = in.bytes();
  record.parent.execution.bits = in.u64_be();
  record.parent.task.frame = static_cast<interpreter::FrameId>(in.varint());
  record.parent.task.attempt = static_cast<std::uint32_t>(in.varint());
  record.revision = static_cast<std::uint32_t>(in.varint());
  record.state = static_cast<std::uint32_t>(in.varint());
  record.plan = in.bytes();
  record.execution_name = in.bytes();
  record.execution_start = {in.signed_varint()};
  record.status = static_cast<MapRunStatus>(in.u8());
  record.started = {in.signed_varint()};
  record.stopped = read_time(in);
  record.concurrency_max = static_cast<std::uint32_t>(in.varint());
  record.tolerated_failure_count = in.signed_varint();
  record.tolerated_failure_percentage = std::bit_cast<double>(in.u64_be());
  record.redrive_count = static_cast<std::uint32_t>(in.varint());
  record.redriven = read_time(in);
  record.items = read_counts(in);
  record.executions = read_counts(in);
  if (!known || !in.ok()) return base::make_error(base::ErrorCode::corrupt, "the record of a map run is not readable");
  return record;
}

std::string MapRunStore::record_key(std::string_view arn) const { return (prefix_ + 'r').append(arn); }
std::string MapRunStore::open_key(std::string_view arn) const { return (prefix_ + 'o').append(arn); }
std::string MapRunStore::listing_prefix(std::string_view execution_arn) const {
  return (prefix_ + 'e').append(execution_arn) + '\0';
}

base::Result<void> MapRunStore::put(const MapRunRecord& record) {
  const auto batch = store_.new_batch();
  batch->put(record_key(record.arn), record.encode());
  std::string listing = listing_prefix(record.execution_arn);
  base::ByteWriter(listing).u64_be(static_cast<std::uint64_t>(record.started.us));
  batch->put(listing + record.arn, {});
  if (record.status == MapRunStatus::running) {
    batch->put(open_key(record.arn), {});
  } else {
    batch->erase(open_key(record.arn));
  }
  return store_.commit(*batch);
}

base::Result<void> MapRunStore::erase(const MapRunRecord& record) {
  const auto batch = store_.new_batch();
  batch->erase(record_key(record.arn));
  std::string listing = listing_prefix(record.execution_arn);
  base::ByteWriter(listing).u64_be(static_cast<std::uint64_t>(record.started.us));
  batch->erase(listing + record.arn);
  batch->erase(open_key(record.arn));
  return store_.commit(*batch);
}

base::Result<std::optional<MapRunRecord>> MapRunStore::find(std::string_view arn) const {
  ESC_TRY(const auto bytes, store_.get(record_key(arn)));
  if (!bytes) return std::optional<MapRunRecord>();
  ESC_TRY(MapRunRecord record, MapRunRecord::decode(*bytes));
  return std::optional(std::move(record));
}

base::Result<std::vector<MapRunRecord>> MapRunStore::list(std::string_view execution_arn, std::string_view after,
                                                          std::size_t count_max) const {
  constexpr std::size_t kTimeBytes = 8;
  std::vector<MapRunRecord> records;
  const std::string prefix = listing_prefix(execution_arn);
  const auto cursor = store_.cursor(prefix, store::prefix_end(prefix));
  bool shows = after.empty();
  for (cursor->seek(prefix); cursor->valid() && records.size() < count_max; cursor->next()) {
    const std::string_view arn = cursor->key().substr(prefix.size() + kTimeBytes);
    if (shows) {
      ESC_TRY(auto record, find(arn));
      if (record) records.push_back(std::move(*record));
    }
    shows = shows || arn == after;
  }
  ESC_CHECK(cursor->status());
  return records;
}

base::Result<void> MapRunStore::for_each(const std::function<base::Result<void>(const MapRunRecord&)>& visit) const {
  const std::string prefix = record_key("");
  const auto cursor = store_.cursor(prefix, store::prefix_end(prefix));
  for (cursor->seek(prefix); cursor->valid(); cursor->next()) {
    ESC_TRY(const MapRunRecord record, MapRunRecord::decode(cursor->value()));
    ESC_CHECK(visit(record));
  }
  return cursor->status();
}

base::Result<std::vector<MapRunRecord>> MapRunStore::open_runs() const {
  std::vector<MapRunRecord> records;
  const std::string prefix = open_key("");
  const auto cursor = store_.cursor(prefix, store::prefix_end(prefix));
  for (cursor->seek(prefix); cursor->valid(); cursor->next()) {
    ESC_TRY(auto record, find(cursor->key().substr(prefix.size())));
    if (record) records.push_back(std::move(*record));
  }
  ESC_CHECK(cursor->status());
  return records;
}

}  // namespace escapement::connectors
