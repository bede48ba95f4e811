// Writes the events of executions to the CloudWatch log group that their state machine names (loggingConfiguration).
//
//   engine ── recorded() ──> add() ── queue ──> one thread: level, data, JSON line ──> functions::LogStore
//
// Best effort, as on AWS: lines are lost when the process dies before they were written, when the queue is full (a
// warning says how many) and when the log group does not exist (it is not made anew). Threading: add() from any thread,
// never blocks; the rest happens on a thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

#include "engine/effect_sink.h"
#include "functions/log_store.h"
#include "services/states/settings.h"

namespace escapement::services::states {

class ExecutionLogs {
 public:
  struct Options {
    std::size_t queued_bytes_max = 64u << 20;  // of payloads, and some for each event
  };

  // `store` is borrowed and must outlive this.
  ExecutionLogs(functions::LogStore& store, Options options);
  ~ExecutionLogs();  // writes what is queued

  void add(engine::RecordedEvents events);

 private:
  struct Queued {
    engine::RecordedEvents events;
    std::size_t bytes;
  };
  struct Stream {
    std::string name;
    std::string hour;
    std::uint32_t number = 0;
    std::uint64_t bytes = 0;
  };
  using Groups = std::map<std::pair<std::string, std::string>, bool>;  // whether there is one, by region and name

  void run();
  void write(const engine::RecordedEvents& events, Groups& known_groups);
  const LogSettings& settings_of(const engine::MachineRevision& machine);
  const std::string& stream_for(const engine::MachineRevision& machine, const LogSettings& settings,
                                base::Timestamp time, std::size_t bytes);

  functions::LogStore& store_;
  Options options_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Queued> queue_;      // guarded by mutex_
  std::size_t queued_bytes_ = 0;  // the same
  std::uint64_t dropped_ = 0;     // events since the last warning; the same
  bool stopping_ = false;         // the same

  // The thread's own. Bounded caches: emptied when full.
  std::unordered_map<std::uint32_t, LogSettings> settings_;  // by revision
  std::unordered_map<std::string, Stream> streams_;          // by region, group and machine
  std::thread thread_;
};

// Whether events of this type are logged at `level` (AWS Step Functions Developer Guide, "Log levels for Step Functions
// execution events").
bool is_logged(history::EventType type, LogSettings::Level level);

// The line for one event: a JSON object as CloudWatch Logs shows it. Inputs, outputs and parameters are cut, and marked
// as truncated, where their escaped texts come to more than 248 KiB together.
std::string log_line(const history::Event& event, const engine::RecordedEvents& of, bool include_data);

}  // namespace escapement::services::states
