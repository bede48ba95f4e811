// Log groups, streams and events, in files. The default LogSink of functions, and what the logs service and `escapement
// logs` read.
//
// Layout: DIRECTORY/REGION/GROUP/STREAM/NUMBER.log, names percent-encoded. A file is a sequence of records: time and
// ingestion time (milliseconds, eight bytes each, little endian), the text's length (four bytes), the text. A stream's
// files are bounded in size and number: the oldest go first. A group has a bound too: its oldest streams go first.
//
// Durability: append() goes to memory and reaches the files within some milliseconds, without a sync: a crash of the
//             machine may cost the last lines, a crash of the process at most what was appended in those milliseconds.
//             A torn record at the end is cut off.
// Threading:  any thread. append() never blocks on the disk and drops lines when `buffer_bytes_max` is reached.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "functions/log_sink.h"

namespace escapement::functions {

struct LogStoreOptions {
  std::uint64_t segment_bytes_max = 4u << 20;
  std::uint32_t segments_per_stream_max = 4;
  std::uint64_t group_bytes_max = 256u << 20;
  std::uint64_t buffer_bytes_max = 32u << 20;
  std::size_t event_bytes_max = 256 * 1024;
};

struct LogEvent {
  base::Timestamp time;
  base::Timestamp ingested;
  std::string text;
  std::string stream;          // in answers that span streams
  std::uint64_t position = 0;  // of the record in its stream; grows; names the event
};

struct LogStreamInfo {
  std::string name;
  base::Timestamp created;
  std::optional<base::Timestamp> first_event;
  std::optional<base::Timestamp> last_event;
  std::optional<base::Timestamp> last_ingested;
  std::uint64_t bytes = 0;
};

struct LogGroupInfo {
  std::string name;
  base::Timestamp created;
  std::uint64_t bytes = 0;
};

class LogStore final : public LogSink {
 public:
  // Errors: io.
  static base::Result<std::unique_ptr<LogStore>> open(const std::filesystem::path& directory, const base::Clock& clock,
                                                      LogStoreOptions options);
  ~LogStore() override;  // writes what is buffered

  // The group and the stream are made if absent.
  void append(const LogLine& line) override;

  // Errors: already_exists, io.
  base::Result<void> create_group(const std::string& region, const std::string& group);
  base::Result<void> create_stream(const std::string& region, const std::string& group, const std::string& stream);
  // Errors: not_found, io.
  base::Result<void> delete_group(const std::string& region, const std::string& group);
  base::Result<void> delete_stream(const std::string& region, const std::string& group, const std::string& stream);

  bool has_group(const std::string& region, const std::string& group);
  bool has_stream(const std::string& region, const std::string& group, const std::string& stream);
  // In order of name.
  std::vector<LogGroupInfo> groups(const std::string& region);
  std::vector<LogStreamInfo> streams(const std::string& region, const std::string& group);

  // Walks a stream's events in the order of arrival; from record `from` (inclusive) on. Stops when `visit` returns
  // false. Errors: io.
  base::Result<void> read(const std::string& region, const std::string& group, const std::string& stream,
                          std::uint64_t from, const std::function<bool(LogEvent&&)>& visit);

  // Removes events older than `before`, by whole files. For retention.
  void expire(const std::string& region, const std::string& group, base::Timestamp before);

 private:
  struct Key {
    std::string region;
    std::string group;
    std::string stream;
    auto operator<=>(const Key&) const = default;
  };

  LogStore(std::filesystem::path directory, const base::Clock& clock, LogStoreOptions options);
  void run();
  void flush();
  void write(const Key& key, const std::string& records);
  void trim_stream(const std::filesystem::path& folder);
  void trim_group(const std::filesystem::path& folder);
  std::filesystem::path group_folder(const std::string& region, const std::string& group) const;
  std::filesystem::path stream_folder(const Key& key) const;

  std::filesystem::path directory_;
  const base::Clock& clock_;
  LogStoreOptions options_;

  std::mutex buffer_mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::pair<Key, std::string>, std::less<>> buffer_;  // guarded by buffer_mutex_
  std::uint64_t buffered_bytes_ = 0;                                        // the same
  bool stopping_ = false;                                                   // the same

  std::mutex files_mutex_;  // held while files are written, read or removed; taken after nothing, before buffer_mutex_
  struct Writing {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
  };
  std::map<std::string, Writing> writing_;                 // by stream folder; guarded by files_mutex_
  std::map<std::string, std::uint64_t> bytes_since_trim_;  // by group; guarded by files_mutex_
  std::thread thread_;
};

}  // namespace escapement::functions
