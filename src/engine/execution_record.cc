#include "engine/execution_record.h"

#include "base/bytes.h"

namespace escapement::engine {
namespace {

using base::ByteReader;
using base::ByteWriter;

constexpr std::uint8_t kVersion = 1;

// Which optional parts follow. Bits are stored: never reuse one.
enum Flag : std::uint32_t {
  kExpress = 1u << 0,
  kNamed = 1u << 1,
  kVersionArn = 1u << 2,
  kAliasArn = 1u << 3,
  kMapRunArn = 1u << 4,
  kTraceHeader = 1u << 5,
  kParent = 1u << 6,
  kRetentionDue = 1u << 7,
  kRedriven = 1u << 8,
  kStopped = 1u << 9,
  kTimeoutDue = 1u << 10,
  kError = 1u << 11,
  kCause = 1u << 12,
  kSpilled = 1u << 13,
  kHasRows = 1u << 14,
  kRedriveTime = 1u << 15,
  kGraph = 1u << 16,
  kSynchronous = 1u << 17,
};

void write_time(ByteWriter& out, base::Timestamp t) { out.signed_varint(t.us); }
base::Timestamp read_time(ByteReader& in) { return {in.signed_varint()}; }

std::uint32_t flags_of(const ExecutionRecord& r) {
  std::uint32_t flags = 0;
  const auto set = [&](bool condition, Flag flag) {
    if (condition) flags |= flag;
  };
  set(r.express, kExpress);
  set(r.name.has_value(), kNamed);
  set(!r.version_arn.empty(), kVersionArn);
  set(!r.alias_arn.empty(), kAliasArn);
  set(!r.map_run_arn.empty(), kMapRunArn);
  set(!r.trace_header.empty(), kTraceHeader);
  set(r.parent_link != ParentLink::none, kParent);
  set(r.retention_due.has_value(), kRetentionDue);
  set(r.head.redrive_count > 0, kRedriven);
  set(r.head.redrive_time.has_value(), kRedriveTime);
  set(r.head.stop_time.has_value(), kStopped);
  set(r.head.timeout_due.has_value(), kTimeoutDue);
  set(r.head.error.has_value(), kError);
  set(r.head.cause.has_value(), kCause);
  set(r.spilled, kSpilled);
  set(r.has_rows, kHasRows);
  set(r.graph != 0, kGraph);
  set(r.synchronous, kSynchronous);
  return flags;
}

base::Error corrupt(const char* what) {
  return base::make_error(base::ErrorCode::corrupt, std::string("the record of ") + what + " is not readable");
}

}  // namespace

std::string ExecutionRecord::encode() const {
  std::string bytes;
  bytes.reserve(128 + root_frame.size() + events.size() + payloads.size() * 64);
  ByteWriter out(bytes);
  out.u8(kVersion);
  out.varint(flags_of(*this));
  out.varint(revision);
  write_time(out, start_time);
  out.varint(input);
  if (name) out.bytes(*name);
  if (!version_arn.empty()) out.bytes(version_arn);
  if (!alias_arn.empty()) out.bytes(alias_arn);
  if (!map_run_arn.empty()) out.bytes(map_run_arn);
  if (graph != 0) out.varint(graph);
  if (!trace_header.empty()) out.bytes(trace_header);
  if (parent_link != ParentLink::none) {
    out.u8(static_cast<std::uint8_t>(parent_link));
    out.u64_be(parent.execution.bits);
    out.varint(parent.task.frame);
    out.varint(parent.task.attempt);
  }
  if (retention_due) write_time(out, *retention_due);
  out.u8(static_cast<std::uint8_t>(head.status));
  out.varint(head.next_event_id);
  out.varint(head.next_frame_id);
  out.u64_be(head.random_state);
  if (head.redrive_count > 0) out.varint(head.redrive_count);
  if (head.redrive_time) write_time(out, *head.redrive_time);
  if (head.stop_time) write_time(out, *head.stop_time);
  if (head.timeout_due) write_time(out, *head.timeout_due);
  if (head.error) out.bytes(*head.error);
  if (head.cause) out.bytes(*head.cause);
  out.varint(output);
  out.varint(next_payload);
  out.bytes(root_frame);
  out.varint(payloads.size());
  for (const auto& [number, text] : payloads) {
    out.varint(number);
    out.bytes(text);
  }
  out.raw(events);
  return bytes;
}

base::Result<ExecutionRecord> ExecutionRecord::decode(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kVersion) return corrupt("an execution");
  ExecutionRecord r;
  const auto flags = static_cast<std::uint32_t>(in.varint());
  r.express = flags & kExpress;
  r.spilled = flags & kSpilled;
  r.has_rows = flags & kHasRows;
  r.revision = static_cast<std::uint32_t>(in.varint());
  r.start_time = read_time(in);
  r.input = static_cast<std::uint32_t>(in.varint());
  if (flags & kNamed) r.name = in.bytes();
  if (flags & kVersionArn) r.version_arn = in.bytes();
  if (flags & kAliasArn) r.alias_arn = in.bytes();
  if (flags & kMapRunArn) r.map_run_arn = in.bytes();
  if (flags & kGraph) r.graph = static_cast<std::uint32_t>(in.varint());
  r.synchronous = flags & kSynchronous;
  if (flags & kTraceHeader) r.trace_header = in.bytes();
  if (flags & kParent) {
    r.parent_link = static_cast<ParentLink>(in.u8());
    r.parent.execution.bits = in.u64_be();
    r.parent.task.frame = static_cast<interpreter::FrameId>(in.varint());
    r.parent.task.attempt = static_cast<std::uint32_t>(in.varint());
  }
  if (flags & kRetentionDue) r.retention_due = read_time(in);
  r.head.status = static_cast<interpreter::Status>(in.u8());
  r.head.next_event_id = in.varint();
  r.head.next_frame_id = static_cast<interpreter::FrameId>(in.varint());
  r.head.random_state = in.u64_be();
  if (flags & kRedriven) r.head.redrive_count = static_cast<std::uint32_t>(in.varint());
  if (flags & kRedriveTime) r.head.redrive_time = read_time(in);
  if (flags & kStopped) r.head.stop_time = read_time(in);
  if (flags & kTimeoutDue) r.head.timeout_due = read_time(in);
  if (flags & kError) r.head.error = in.bytes();
  if (flags & kCause) r.head.cause = in.bytes();
  r.output = static_cast<std::uint32_t>(in.varint());
  r.next_payload = static_cast<std::uint32_t>(in.varint());
  r.root_frame = in.bytes();
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const auto number = static_cast<std::uint32_t>(in.varint());
    r.payloads.emplace_back(number, in.bytes());
  }
  r.events = in.rest();
  if (!in.ok()) return corrupt("an execution");
  return r;
}

std::string ListingRecord::encode() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(static_cast<std::uint8_t>((stop_time ? 1 : 0) | (redrive_count > 0 ? 2 : 0) | (name ? 4 : 0) |
                                   (!version_arn.empty() ? 8 : 0) | (!alias_arn.empty() ? 16 : 0) |
                                   (redrive_time ? 32 : 0)));
  out.varint(revision);
  write_time(out, start_time);
  if (stop_time) out.signed_varint((*stop_time - start_time).us);
  if (redrive_count > 0) out.varint(redrive_count);
  if (name) out.bytes(*name);
  if (!version_arn.empty()) out.bytes(version_arn);
  if (!alias_arn.empty()) out.bytes(alias_arn);
  if (redrive_time) out.signed_varint((*redrive_time - start_time).us);
  return bytes;
}

base::Result<ListingRecord> ListingRecord::decode(std::string_view bytes) {
  ByteReader in(bytes);
  ListingRecord r;
  const std::uint8_t parts = in.u8();
  r.revision = static_cast<std::uint32_t>(in.varint());
  r.start_time = read_time(in);
  if (parts & 1) r.stop_time = r.start_time + base::Duration{in.signed_varint()};
  if (parts & 2) r.redrive_count = static_cast<std::uint32_t>(in.varint());
  if (parts & 4) r.name = in.bytes();
  if (parts & 8) r.version_arn = in.bytes();
  if (parts & 16) r.alias_arn = in.bytes();
  if (parts & 32) r.redrive_time = r.start_time + base::Duration{in.signed_varint()};
  if (!in.ok()) return corrupt("a listing");
  return r;
}

std::string shown_machine_name(const MachineRevision& machine, std::string_view map_run_arn) {
  if (map_run_arn.empty()) return machine.name;
  const std::string_view before_id = map_run_arn.substr(0, map_run_arn.rfind(':'));
  return std::string(before_id.substr(before_id.rfind(':') + 1));
}

interpreter::ExecutionFacts facts_of(const ExecutionRecord& record, const MachineRevision& machine, ExecutionId id,
                                     const NameCodec& names) {
  const std::string made_name = !record.name || record.express ? names.name_of(id) : std::string();
  interpreter::ExecutionFacts facts;
  facts.name = record.name.value_or(made_name);
  facts.arn = ExecutionArn{.region = machine.region,
                           .account = machine.account,
                           .machine_name = shown_machine_name(machine, record.map_run_arn),
                           .name = facts.name,
                           .express_id = made_name,
                           .express = record.express}
                  .to_string();
  facts.state_machine_arn = machine.arn;
  facts.state_machine_name = machine.name;
  if (!record.map_run_arn.empty()) {
    facts.state_machine_name = shown_machine_name(machine, record.map_run_arn);
    facts.state_machine_arn.replace(facts.state_machine_arn.rfind(':') + 1, std::string::npos,
                                    facts.state_machine_name);
  }
  facts.role_arn = machine.role_arn;
  facts.region = machine.region;
  facts.account = machine.account;
  facts.version_arn = record.version_arn;
  facts.alias_arn = record.alias_arn;
  facts.map_run_arn = record.map_run_arn;
  facts.graph = record.graph;
  facts.synchronous = record.synchronous;
  facts.trace_header = record.trace_header;
  facts.express = record.express;
  facts.start_time = record.start_time;
  return facts;
}

}  // namespace escapement::engine
