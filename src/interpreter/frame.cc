#include "interpreter/frame.h"

#include "base/bytes.h"

namespace escapement::interpreter {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kListMax = 1'000'000;

// Which optional parts follow. Bits are stored: never reuse one.
enum Part : std::uint32_t {
  kEntered = 1u << 0,
  kDue = 1u << 1,
  kInput = 1u << 2,
  kOutput = 1u << 3,
  kRetries = 1u << 4,
  kVariables = 1u << 5,
  kTask = 1u << 6,
  kChildren = 1u << 7,
  kRunnable = 1u << 8,
  kMapRunArn = 1u << 9,
};

enum TaskPart : std::uint8_t {
  kSettled = 1u << 0,
  kMapRunStarted = 1u << 1,
  kTimeoutDue = 1u << 2,
  kHeartbeatDue = 1u << 3,
};

base::Error corrupt() { return base::make_error(base::ErrorCode::corrupt, "a frame of an execution is not readable"); }

std::uint32_t parts_of(const Frame& frame) {
  std::uint32_t parts = 0;
  const auto set = [&](bool condition, Part part) {
    if (condition) parts |= part;
  };
  set(frame.entered_event != 0, kEntered);
  set(frame.phase == Phase::waiting || frame.phase == Phase::backing_off, kDue);
  set(!frame.input.absent(), kInput);
  set(!frame.output.absent(), kOutput);
  set(!frame.retries.empty(), kRetries);
  set(!frame.variables.empty(), kVariables);
  set(frame.task.has_value(), kTask);
  set(frame.children.has_value(), kChildren);
  set(!frame.runnable.empty(), kRunnable);
  set(!frame.map_run_arn.empty(), kMapRunArn);
  return parts;
}

class Encoder {
 public:
  Encoder(std::string& out, history::PayloadWriter& payloads) : out_(out), payloads_(payloads) {}

  void frame(const Frame& f) {
    const std::uint32_t parts = parts_of(f);
    out_.u8(kVersion);
    out_.varint(parts);
    out_.varint(f.id);
    out_.varint(f.parent);
    out_.varint(f.attempt);
    out_.u8(static_cast<std::uint8_t>(f.phase));
    out_.varint(f.state);
    out_.varint(f.index);
    out_.varint(f.last_event);
    if (parts & kEntered) {
      out_.varint(f.entered_event);
      out_.varint(f.before_entered);
      out_.signed_varint(f.entered.us);
    }
    if (parts & kDue) out_.signed_varint(f.due.us);
    if (parts & kInput) payload(f.input);
    if (parts & kOutput) payload(f.output);
    if (parts & kRetries) numbers(f.retries);
    if (parts & kVariables) variables(f.variables);
    if (parts & kTask) task(*f.task);
    if (parts & kChildren) children(*f.children);
    if (parts & kRunnable) numbers(f.runnable);
    if (parts & kMapRunArn) out_.bytes(f.map_run_arn);
  }

 private:
  void payload(const json::Payload& p) { out_.varint(p.absent() ? 0 : payloads_.store(p)); }

  void numbers(const std::vector<std::uint32_t>& list) {
    out_.varint(list.size());
    for (const std::uint32_t n : list) out_.varint(n);
  }

  void variables(const std::vector<Variable>& list) {
    out_.varint(list.size());
    for (const Variable& variable : list) {
      out_.bytes(variable.name);
      payload(variable.value);
    }
  }

  void task(const TaskInFlight& t) {
    std::uint8_t parts = 0;
    if (t.settled) parts |= kSettled;
    if (t.map_run_started) parts |= kMapRunStarted;
    if (t.timeout_due) parts |= kTimeoutDue;
    if (t.heartbeat_due) parts |= kHeartbeatDue;
    out_.u8(parts);
    payload(t.parameters);
    out_.bytes(t.role_arn);
    out_.signed_varint(t.timeout_seconds);
    out_.signed_varint(t.heartbeat_seconds);
    out_.signed_varint(t.scheduled.us);
    if (t.timeout_due) out_.signed_varint(t.timeout_due->us);
    if (t.heartbeat_due) out_.signed_varint(t.heartbeat_due->us);
  }

  void children(const Children& c) {
    out_.varint(c.first);
    out_.varint(c.count);
    out_.varint(c.started);
    out_.varint(c.finished);
    out_.varint(c.concurrency);
    payload(c.items);
    payload(c.input);
  }

  base::ByteWriter out_;
  history::PayloadWriter& payloads_;
};

class Decoder {
 public:
  Decoder(std::string_view bytes, history::PayloadReader& payloads) : in_(bytes), payloads_(payloads) {}

  base::Result<Frame> frame() {
    if (in_.u8() != kVersion) return corrupt();
    const auto parts = static_cast<std::uint32_t>(in_.varint());
    Frame f;
    f.id = u32();
    f.parent = u32();
    f.attempt = u32();
    f.phase = static_cast<Phase>(in_.u8());
    f.state = u32();
    f.index = u32();
    f.last_event = in_.varint();
    if (parts & kEntered) {
      f.entered_event = in_.varint();
      f.before_entered = in_.varint();
      f.entered = time();
    }
    if (parts & kDue) f.due = time();
    if (parts & kInput) ESC_CHECK(payload(f.input));
    if (parts & kOutput) ESC_CHECK(payload(f.output));
    if (parts & kRetries) ESC_CHECK(numbers(f.retries));
    if (parts & kVariables) ESC_CHECK(variables(f.variables));
    if (parts & kTask) ESC_CHECK(task(f.task.emplace()));
    if (parts & kChildren) ESC_CHECK(children(f.children.emplace()));
    if (parts & kRunnable) ESC_CHECK(numbers(f.runnable));
    if (parts & kMapRunArn) f.map_run_arn = in_.bytes();
    if (!in_.ok() || !in_.at_end() || f.phase < Phase::ready || f.phase > Phase::aborted) return corrupt();
    return f;
  }

 private:
  std::uint32_t u32() { return static_cast<std::uint32_t>(in_.varint()); }
  base::Timestamp time() { return {in_.signed_varint()}; }

  base::Result<void> payload(json::Payload& out) {
    const std::uint32_t number = u32();
    if (number == 0) return {};
    ESC_TRY(out, payloads_.load(number));
    return {};
  }

  base::Result<void> numbers(std::vector<std::uint32_t>& out) {
    const std::uint64_t count = in_.varint();
    if (count > kListMax) return corrupt();
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) out.push_back(u32());
    return {};
  }

  base::Result<void> variables(std::vector<Variable>& out) {
    const std::uint64_t count = in_.varint();
    if (count > kListMax) return corrupt();
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      Variable variable;
      variable.name = in_.bytes();
      ESC_CHECK(payload(variable.value));
      out.push_back(std::move(variable));
    }
    return {};
  }

  base::Result<void> task(TaskInFlight& t) {
    const std::uint8_t parts = in_.u8();
    t.settled = parts & kSettled;
    t.map_run_started = parts & kMapRunStarted;
    ESC_CHECK(payload(t.parameters));
    t.role_arn = in_.bytes();
    t.timeout_seconds = in_.signed_varint();
    t.heartbeat_seconds = in_.signed_varint();
    t.scheduled = time();
    if (parts & kTimeoutDue) t.timeout_due = time();
    if (parts & kHeartbeatDue) t.heartbeat_due = time();
    return {};
  }

  base::Result<void> children(Children& c) {
    c.first = u32();
    c.count = u32();
    c.started = u32();
    c.finished = u32();
    c.concurrency = u32();
    ESC_CHECK(payload(c.items));
    ESC_CHECK(payload(c.input));
    return {};
  }

  base::ByteReader in_;
  history::PayloadReader& payloads_;
};

}  // namespace

void encode(std::string& out, const Frame& frame, history::PayloadWriter& payloads) {
  Encoder(out, payloads).frame(frame);
}

base::Result<Frame> decode_frame(std::string_view bytes, history::PayloadReader& payloads) {
  return Decoder(bytes, payloads).frame();
}

}  // namespace escapement::interpreter
