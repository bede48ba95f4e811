#include "functions/log_store.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "base/codec.h"
#include "base/digest.h"
#include "base/log.h"
#include "functions/file_descriptor.h"

namespace escapement::functions {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kLinger = 10ms;  // lines that come within it share a write
constexpr std::size_t kHeader = 20;
constexpr int kNumberWidth = 8;

void append_number(std::string& out, std::uint64_t n, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(n >> (8 * i) & 0xff));
}

std::uint64_t read_number(const char* data, int bytes) {
  std::uint64_t n = 0;
  for (int i = 0; i < bytes; ++i) n |= static_cast<std::uint64_t>(static_cast<unsigned char>(data[i])) << (8 * i);
  return n;
}

void append_record(std::string& out, std::int64_t time_ms, std::int64_t ingested_ms, std::string_view text) {
  append_number(out, static_cast<std::uint64_t>(time_ms), 8);
  append_number(out, static_cast<std::uint64_t>(ingested_ms), 8);
  append_number(out, text.size(), 4);
  out.append(text);
}

// "." and ".." are names of groups too.
std::string file_name(std::string_view name) {
  std::string encoded = base::percent_encode(name);
  if (!encoded.empty() && encoded.front() == '.') encoded.replace(0, 1, "%2E");
  // Names of up to 512 characters do not fit a file name.
  if (encoded.size() > 240) encoded = encoded.substr(0, 180) + "-" + base::sha256_hex(name).substr(0, 32);
  return encoded;
}

std::string segment_name(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(kNumberWidth > digits.size() ? kNumberWidth - digits.size() : 0, '0') + digits + ".log";
}

struct Segment {
  std::uint64_t number;
  fs::path path;
  std::uint64_t bytes;
};

std::vector<Segment> segments_of(const fs::path& folder) {
  std::vector<Segment> segments;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".log")) continue;
    segments.push_back(
        {std::strtoull(name.c_str(), nullptr, 10), entry.path(), static_cast<std::uint64_t>(entry.file_size(error))});
  }
  std::ranges::sort(segments, {}, &Segment::number);
  return segments;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The name as it was given, kept beside, since file names may be cut.
void write_name(const fs::path& folder, std::string_view name) {
  std::ofstream out(folder / "name", std::ios::binary);
  out.write(name.data(), static_cast<std::streamsize>(name.size()));
}

base::Timestamp made_at(const fs::path& folder) {
  struct stat info{};
  if (::stat((folder / "name").c_str(), &info) != 0) return {};
  return base::Timestamp{info.st_mtim.tv_sec * 1'000'000 + info.st_mtim.tv_nsec / 1'000};
}

base::Error io_error(const fs::path& path, const std::error_code& error) {
  return base::make_error(base::ErrorCode::io, "cannot use " + path.string() + ": " + error.message());
}

// A record's position: the number of its file, then its offset there.
constexpr int kOffsetBits = 40;

struct Summary {
  std::optional<base::Timestamp> first;
  std::optional<base::Timestamp> last;
  std::optional<base::Timestamp> ingested;
};

template <typename Visit>
void walk(const std::string& bytes, std::size_t from, Visit visit) {
  for (std::size_t at = from; bytes.size() - at >= kHeader;) {
    const std::uint64_t size = read_number(bytes.data() + at + 16, 4);
    if (bytes.size() - at - kHeader < size) return;
    if (!visit(at, static_cast<std::int64_t>(read_number(bytes.data() + at, 8)),
               static_cast<std::int64_t>(read_number(bytes.data() + at + 8, 8)),
               std::string_view(bytes).substr(at + kHeader, size))) {
      return;
    }
    at += kHeader + size;
  }
}

Summary summarise(const fs::path& folder) {
  Summary summary;
  for (const Segment& segment : segments_of(folder)) {
    walk(read_file(segment.path), 0,
         [&](std::size_t, std::int64_t time_ms, std::int64_t ingested_ms, std::string_view) {
           const auto time = base::Timestamp::from_ms(time_ms);
           if (!summary.first || time < *summary.first) summary.first = time;
           if (!summary.last || time > *summary.last) summary.last = time;
           summary.ingested = base::Timestamp::from_ms(ingested_ms);
           return true;
         });
  }
  return summary;
}

std::uint64_t bytes_of(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const Segment& segment : segments_of(folder)) bytes += segment.bytes;
  return bytes;
}

}  // namespace

LogStore::LogStore(fs::path directory, const base::Clock& clock, LogStoreOptions options)
    : directory_(std::move(directory)), clock_(clock), options_(options), thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "esc-logs");
}

base::Result<std::unique_ptr<LogStore>> LogStore::open(const fs::path& directory, const base::Clock& clock,
                                                       LogStoreOptions options) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return io_error(directory, error);
  fs::permissions(directory, fs::perms::owner_all, error);
  return std::unique_ptr<LogStore>(new LogStore(directory, clock, options));
}

LogStore::~LogStore() {
  {
    const std::lock_guard lock(buffer_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  flush();
}

void LogStore::append(const LogLine& line) {
  thread_local std::string key;
  key.assign(line.region).append("\n").append(line.group).append("\n").append(line.stream);
  const std::string_view text = line.text.substr(0, options_.event_bytes_max);
  const std::int64_t now_ms = clock_.now().ms();
  bool first = false;
  {
    const std::lock_guard lock(buffer_mutex_);
    if (buffered_bytes_ + text.size() > options_.buffer_bytes_max) return;
    first = buffer_.empty();
    auto found = buffer_.find(key);
    if (found == buffer_.end()) {
      found =
          buffer_
              .emplace(key, std::pair(Key{std::string(line.region), std::string(line.group), std::string(line.stream)},
                                      std::string()))
              .first;
    }
    append_record(found->second.second, line.time.ms(), now_ms, text);
    buffered_bytes_ += text.size() + kHeader;
  }
  if (first) wake_.notify_one();
}

void LogStore::run() {
  std::unique_lock lock(buffer_mutex_);
  while (!stopping_) {
    wake_.wait(lock, [this] { return stopping_ || !buffer_.empty(); });
    if (stopping_) return;
    wake_.wait_for(lock, kLinger, [this] { return stopping_; });
    lock.unlock();
    flush();
    lock.lock();
  }
}

void LogStore::flush() {
  const std::lock_guard files(files_mutex_);
  decltype(buffer_) taken;
  {
    const std::lock_guard lock(buffer_mutex_);
    taken.swap(buffer_);
    buffered_bytes_ = 0;
  }
  for (const auto& [name, entry] : taken) write(entry.first, entry.second);
}

fs::path LogStore::group_folder(const std::string& region, const std::string& group) const {
  return directory_ / file_name(region) / file_name(group);
}
fs::path LogStore::stream_folder(const Key& key) const {
  return group_folder(key.region, key.group) / file_name(key.stream);
}

void LogStore::write(const Key& key, const std::string& records) {
  const fs::path folder = stream_folder(key);
  std::error_code error;
  if (!fs::exists(folder / "name", error)) {
    fs::create_directories(folder, error);
    if (!fs::exists(folder.parent_path() / "name", error)) write_name(folder.parent_path(), key.group);
    write_name(folder, key.stream);
  }
  // A former process may have left a torn record at the end of its last file, so each process begins a file of its own.
  if (writing_.size() > 4'096) writing_.clear();
  auto [writing, is_new] = writing_.try_emplace(folder.string());
  const bool begins = is_new || writing->second.bytes > options_.segment_bytes_max ||
                      !fs::exists(folder / segment_name(writing->second.number), error);
  if (begins) {
    const auto segments = segments_of(folder);
    writing->second = {segments.empty() ? 1 : segments.back().number + 1, 0};
    trim_stream(folder);
  }
  writing->second.bytes += records.size();
  const FileDescriptor out(
      ::open((folder / segment_name(writing->second.number)).c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  const ssize_t written = out ? ::write(out.get(), records.data(), records.size()) : -1;
  if (written != static_cast<ssize_t>(records.size())) {
    base::log(base::LogLevel::error, "functions", "log lines of " + key.group + " could not be written");
    // A torn record would hide all that follow it.
    if (out && written > 0) [[maybe_unused]]
      const int cut = ::ftruncate(out.get(), ::lseek(out.get(), 0, SEEK_END) - written);
    return;
  }
  std::uint64_t& since = bytes_since_trim_[key.region + "\n" + key.group];
  since += records.size();
  if (since > options_.group_bytes_max / 16) {
    since = 0;
    trim_group(folder.parent_path());
  }
}

// Makes room for one more file.
void LogStore::trim_stream(const fs::path& folder) {
  const auto segments = segments_of(folder);
  std::error_code error;
  for (std::size_t i = 0; i + options_.segments_per_stream_max <= segments.size(); ++i)
    fs::remove(segments[i].path, error);
}

void LogStore::trim_group(const fs::path& folder) {
  struct Entry {
    fs::file_time_type time;
    fs::path path;
    std::uint64_t bytes;
  };
  std::vector<Entry> entries;
  std::uint64_t total = 0;
  std::error_code error;
  for (const fs::directory_entry& stream : fs::directory_iterator(folder, error)) {
    if (!stream.is_directory(error)) continue;
    const auto segments = segments_of(stream.path());
    const auto time =
        segments.empty() ? fs::last_write_time(stream.path(), error) : fs::last_write_time(segments.back().path, error);
    entries.push_back({time, stream.path(), bytes_of(stream.path())});
    total += entries.back().bytes;
  }
  std::ranges::sort(entries, {}, &Entry::time);
  for (const Entry& entry : entries) {
    if (total <= options_.group_bytes_max) return;
    fs::remove_all(entry.path, error);
    total -= entry.bytes;
  }
}

base::Result<void> LogStore::create_group(const std::string& region, const std::string& group) {
  flush();
  const std::lock_guard files(files_mutex_);
  const fs::path folder = group_folder(region, group);
  std::error_code error;
  if (fs::exists(folder / "name", error)) return base::make_error(base::ErrorCode::already_exists, "log group exists");
  fs::create_directories(folder, error);
  if (error) return io_error(folder, error);
  write_name(folder, group);
  return {};
}

base::Result<void> LogStore::create_stream(const std::string& region, const std::string& group,
                                           const std::string& stream) {
  flush();
  const std::lock_guard files(files_mutex_);
  const fs::path folder = stream_folder({region, group, stream});
  std::error_code error;
  if (fs::exists(folder / "name", error)) return base::make_error(base::ErrorCode::already_exists, "log stream exists");
  fs::create_directories(folder, error);
  if (error) return io_error(folder, error);
  write_name(folder, stream);
  return {};
}

base::Result<void> LogStore::delete_group(const std::string& region, const std::string& group) {
  flush();
  const std::lock_guard files(files_mutex_);
  const fs::path folder = group_folder(region, group);
  std::error_code error;
  if (!fs::exists(folder / "name", error)) return base::make_error(base::ErrorCode::not_found, "no such log group");
  fs::remove_all(folder, error);
  if (error) return io_error(folder, error);
  return {};
}

base::Result<void> LogStore::delete_stream(const std::string& region, const std::string& group,
                                           const std::string& stream) {
  flush();
  const std::lock_guard files(files_mutex_);
  const fs::path folder = stream_folder({region, group, stream});
  std::error_code error;
  if (!fs::exists(folder / "name", error)) return base::make_error(base::ErrorCode::not_found, "no such log stream");
  fs::remove_all(folder, error);
  if (error) return io_error(folder, error);
  return {};
}

bool LogStore::has_group(const std::string& region, const std::string& group) {
  flush();
  std::error_code error;
  return fs::exists(group_folder(region, group) / "name", error);
}

bool LogStore::has_stream(const std::string& region, const std::string& group, const std::string& stream) {
  flush();
  std::error_code error;
  return fs::exists(stream_folder({region, group, stream}) / "name", error);
}

std::vector<LogGroupInfo> LogStore::groups(const std::string& region) {
  flush();
  const std::lock_guard files(files_mutex_);
  std::vector<LogGroupInfo> found;
  std::error_code error;
  for (const fs::directory_entry& group : fs::directory_iterator(directory_ / file_name(region), error)) {
    if (!fs::exists(group.path() / "name", error)) continue;
    LogGroupInfo info{.name = read_file(group.path() / "name"), .created = made_at(group.path()), .bytes = 0};
    for (const fs::directory_entry& stream : fs::directory_iterator(group.path(), error)) {
      if (stream.is_directory(error)) info.bytes += bytes_of(stream.path());
    }
    found.push_back(std::move(info));
  }
  std::ranges::sort(found, {}, &LogGroupInfo::name);
  return found;
}

std::vector<LogStreamInfo> LogStore::streams(const std::string& region, const std::string& group) {
  flush();
  const std::lock_guard files(files_mutex_);
  std::vector<LogStreamInfo> found;
  std::error_code error;
  for (const fs::directory_entry& stream : fs::directory_iterator(group_folder(region, group), error)) {
    if (!fs::exists(stream.path() / "name", error)) continue;
    const Summary summary = summarise(stream.path());
    found.push_back({.name = read_file(stream.path() / "name"),
                     .created = made_at(stream.path()),
                     .first_event = summary.first,
                     .last_event = summary.last,
                     .last_ingested = summary.ingested,
                     .bytes = bytes_of(stream.path())});
  }
  std::ranges::sort(found, {}, &LogStreamInfo::name);
  return found;
}

base::Result<void> LogStore::read(const std::string& region, const std::string& group, const std::string& stream,
                                  std::uint64_t from, const std::function<bool(LogEvent&&)>& visit) {
  flush();
  const std::lock_guard files(files_mutex_);
  bool going = true;
  for (const Segment& segment : segments_of(stream_folder({region, group, stream}))) {
    const std::uint64_t first = segment.number << kOffsetBits;
    if (!going || ((segment.number + 1) << kOffsetBits) <= from) continue;
    const std::size_t offset = from > first ? static_cast<std::size_t>(from - first) : 0;
    const std::string bytes = read_file(segment.path);
    if (offset > bytes.size()) continue;
    walk(bytes, offset, [&](std::size_t at, std::int64_t time_ms, std::int64_t ingested_ms, std::string_view text) {
      going = visit({.time = base::Timestamp::from_ms(time_ms),
                     .ingested = base::Timestamp::from_ms(ingested_ms),
                     .text = std::string(text),
                     .stream = stream,
                     .position = first + at});
      return going;
    });
  }
  return {};
}

void LogStore::expire(const std::string& region, const std::string& group, base::Timestamp before) {
  flush();
  const std::lock_guard files(files_mutex_);
  std::error_code error;
  for (const fs::directory_entry& stream : fs::directory_iterator(group_folder(region, group), error)) {
    if (!stream.is_directory(error)) continue;
    for (const Segment& segment : segments_of(stream.path())) {
      struct stat info{};
      if (::stat(segment.path.c_str(), &info) == 0 && base::Timestamp::from_seconds(info.st_mtim.tv_sec) < before)
        fs::remove(segment.path, error);
    }
  }
}

}  // namespace escapement::functions
