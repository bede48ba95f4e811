#include "services/states/execution_logs.h"

#include <fmt/format.h>
#include <pthread.h>

#include <chrono>

#include "base/log.h"
#include "history/render.h"
#include "json/print.h"

namespace escapement::services::states {
namespace {

using history::EventType;
using Level = LogSettings::Level;

constexpr std::size_t kEventBytes = 256;  // what an event counts for beside its payloads
constexpr std::size_t kCacheMax = 4'096;
// A stream keeps a bounded number of bytes, the newest; the next one is begun before it comes to lose any.
constexpr std::uint64_t kStreamBytesMax = 8u << 20;

std::size_t bytes_of(const engine::RecordedEvents& events) {
  std::size_t bytes = 0;
  for (const history::Event& event : events.events) {
    bytes += kEventBytes;
    for (const history::Field& field : event.fields) {
      if (const auto* payload = std::get_if<json::Payload>(&field.value); payload != nullptr && !payload->absent())
        bytes += payload->text().size();
    }
  }
  return bytes;
}

// The hour in UTC, as AWS names it in streams: 2024-06-10-12.
std::string hour_of(base::Timestamp time) {
  const std::chrono::sys_time<std::chrono::microseconds> at{std::chrono::microseconds(time.us)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()),
                     std::chrono::duration_cast<std::chrono::hours>(at - day).count());
}

// ---- Lines that are too long

constexpr std::size_t kEscapedBytesMax = 248 * 1024;

std::size_t escaped_size(unsigned char c) {
  if (c < 0x20) return 6;
  return c == '"' || c == '\\' ? 2 : 1;
}

// The longest beginning that takes at most `left` bytes when escaped and ends between characters; what it takes comes
// off `left`.
std::string_view cut(std::string_view text, std::size_t& left) {
  std::size_t end = 0;
  std::size_t used = 0;
  while (end < text.size() && used + escaped_size(static_cast<unsigned char>(text[end])) <= left) {
    used += escaped_size(static_cast<unsigned char>(text[end++]));
  }
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  left -= used;
  return text.substr(0, end);
}

bool is_data(std::string_view member) { return member == "input" || member == "output" || member == "parameters"; }

json::Value shortened(const json::Value& details) {
  std::size_t left = kEscapedBytesMax;
  json::ObjectBuilder out(details);
  const auto mark = [&](const std::string& member) {
    if (const std::string flag = member + "Details"; details.find(flag))
      out.set(flag, json::Value::object({{"truncated", true}}));
  };
  for (const json::Member& member : details.members()) {
    if (is_data(member.key) && member.value.is_string()) {
      const std::string& text = member.value.as_string();
      const std::string_view kept = cut(text, left);
      if (kept.size() == text.size()) continue;
      out.set(member.key, kept);
      mark(member.key);
    } else if (member.key == "assignedVariables") {
      const std::size_t size = json::print(member.value).size();
      if (size > left) {
        out.set(member.key, json::Value::object({}));
        mark(member.key);
      } else {
        left -= size;
      }
    }
  }
  return std::move(out).build();
}

std::string line_of(const history::Event& event, const engine::RecordedEvents& of, const json::Value& details) {
  return json::print(json::Value::object({{"id", std::to_string(event.id)},
                                          {"type", history::event_type_name(event.type)},
                                          {"details", details},
                                          {"previous_event_id", std::to_string(event.previous_id)},
                                          {"event_timestamp", std::to_string(event.timestamp.ms())},
                                          {"execution_arn", of.execution_arn},
                                          {"redrive_count", std::to_string(of.redrive_count)}}));
}

}  // namespace

bool is_logged(EventType type, Level level) {
  if (level == Level::off || level == Level::all) return level == Level::all;
  switch (type) {
    case EventType::ExecutionAborted:
    case EventType::ExecutionFailed:
    case EventType::ExecutionTimedOut:
      return true;
    case EventType::ActivityFailed:
    case EventType::ActivityScheduleFailed:
    case EventType::ActivityTimedOut:
    case EventType::EvaluationFailed:
    case EventType::FailStateEntered:
    case EventType::LambdaFunctionFailed:
    case EventType::LambdaFunctionScheduleFailed:
    case EventType::LambdaFunctionStartFailed:
    case EventType::LambdaFunctionTimedOut:
    case EventType::MapIterationAborted:
    case EventType::MapIterationFailed:
    case EventType::MapRunAborted:
    case EventType::MapRunFailed:
    case EventType::MapStateAborted:
    case EventType::MapStateFailed:
    case EventType::ParallelStateAborted:
    case EventType::ParallelStateFailed:
    case EventType::TaskFailed:
    case EventType::TaskStartFailed:
    case EventType::TaskStateAborted:
    case EventType::TaskSubmitFailed:
    case EventType::TaskTimedOut:
    case EventType::WaitStateAborted:
      return level == Level::error;
    default:
      return false;
  }
}

std::string log_line(const history::Event& event, const engine::RecordedEvents& of, bool include_data) {
  const json::Value details = history::render_details(event, include_data);
  std::string line = line_of(event, of, details);
  return line.size() <= kEscapedBytesMax ? line : line_of(event, of, shortened(details));
}

ExecutionLogs::ExecutionLogs(functions::LogStore& store, Options options)
    : store_(store), options_(options), thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "esc-exec-logs");
}

ExecutionLogs::~ExecutionLogs() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ExecutionLogs::add(engine::RecordedEvents events) {
  const std::size_t bytes = bytes_of(events);
  const std::lock_guard lock(mutex_);
  if (queued_bytes_ + bytes > options_.queued_bytes_max) {
    dropped_ += events.events.size();
    return;
  }
  queued_bytes_ += bytes;
  queue_.push_back({std::move(events), bytes});
  if (queue_.size() == 1) wake_.notify_one();
}

void ExecutionLogs::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Groups known_groups;
    for (std::size_t left = queue_.size(); left > 0; --left) {
      const Queued next = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      write(next.events, known_groups);
      lock.lock();
      queued_bytes_ -= next.bytes;
    }
    if (const std::uint64_t dropped = std::exchange(dropped_, 0); dropped > 0) {
      lock.unlock();
      base::log(
          base::LogLevel::warning, "states",
          fmt::format("{} execution events were not logged: they came faster than they could be written", dropped));
      lock.lock();
    }
  }
}

void ExecutionLogs::write(const engine::RecordedEvents& events, Groups& known_groups) {
  const LogSettings& settings = settings_of(*events.machine);
  if (settings.level == Level::off) return;
  const auto [group, is_new] = known_groups.try_emplace({settings.region, settings.group}, false);
  if (is_new) group->second = store_.has_group(settings.region, settings.group);
  if (!group->second) return;
  for (const history::Event& event : events.events) {
    if (!is_logged(event.type, settings.level)) continue;
    const std::string line = log_line(event, events, settings.include_data);
    store_.append({.region = settings.region,
                   .group = settings.group,
                   .stream = stream_for(*events.machine, settings, event.timestamp, line.size()),
                   .request_id = {},
                   .time = event.timestamp,
                   .text = line});
  }
}

const LogSettings& ExecutionLogs::settings_of(const engine::MachineRevision& machine) {
  if (const auto known = settings_.find(machine.revision); known != settings_.end()) return known->second;
  if (settings_.size() >= kCacheMax) settings_.clear();
  return settings_.emplace(machine.revision, log_settings(machine.settings)).first->second;
}

// AWS's form: states/MACHINE/HOUR/NUMBER, the number in hexadecimal.
const std::string& ExecutionLogs::stream_for(const engine::MachineRevision& machine, const LogSettings& settings,
                                             base::Timestamp time, std::size_t bytes) {
  if (streams_.size() >= kCacheMax) streams_.clear();
  Stream& stream = streams_[fmt::format("{}\n{}\n{}", settings.region, settings.group, machine.name)];
  const std::string hour = hour_of(time);
  const bool next_hour = stream.hour < hour;  // a late event of the hour before stays with its execution's others
  const bool full = stream.bytes + bytes > kStreamBytesMax;
  if (next_hour || full) {
    stream.number = next_hour ? 0 : stream.number + 1;
    if (next_hour) stream.hour = hour;
    stream.bytes = 0;
    stream.name = fmt::format("states/{}/{}/{:08x}", machine.name, stream.hour, stream.number);
  }
  stream.bytes += bytes;
  return stream.name;
}

}  // namespace escapement::services::states
