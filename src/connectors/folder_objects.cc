#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <system_error>

#include "base/codec.h"
#include "base/digest.h"
#include "connectors/objects.h"

namespace escapement::connectors {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::make_error;

base::Error io_error(std::string_view what, const fs::path& path) {
  return make_error(ErrorCode::io, fmt::format("cannot {} {}", what, path.string()));
}

base::Error no_such_key() { return make_error(ErrorCode::not_found, "NoSuchKey", "The specified key does not exist."); }

bool is_plain_key(std::string_view key) {
  if (key.empty() || key.front() == '/' || key.find('\0') != std::string_view::npos) return false;
  for (const fs::path& part : fs::path(key)) {
    if (part == ".." || part == ".") return false;
  }
  return true;
}

// Whether `path`, links followed, lies in `folder`.
bool is_inside(const fs::path& path, const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  if (error) return false;
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), real.begin(), real.end());
  return end == folder.end();
}

base::Timestamp modified_of(const fs::directory_entry& entry) {
  std::error_code error;
  const auto written = std::chrono::file_clock::to_sys(entry.last_write_time(error));
  return {std::chrono::duration_cast<std::chrono::microseconds>(written.time_since_epoch()).count()};
}

}  // namespace

FolderObjects::FolderObjects(std::map<std::string, fs::path, std::less<>> buckets, Options options)
    : buckets_(std::move(buckets)), options_(options) {
  for (auto& [bucket, folder] : buckets_) {
    std::error_code error;
    if (fs::path real = fs::weakly_canonical(folder, error); !error) folder = std::move(real);
  }
}

base::Result<fs::path> FolderObjects::folder_of(std::string_view bucket) const {
  const auto found = buckets_.find(bucket);
  if (found == buckets_.end())
    return make_error(ErrorCode::not_found, "NoSuchBucket", "The specified bucket does not exist");
  return found->second;
}

base::Result<fs::path> FolderObjects::path_of(std::string_view bucket, std::string_view key) const {
  ESC_TRY(const fs::path folder, folder_of(bucket));
  const fs::path path = folder / fs::path(key);
  if (!is_plain_key(key) || !is_inside(path, folder)) return no_such_key();
  return path;
}

base::Result<std::string> FolderObjects::read(std::string_view bucket, std::string_view key) const {
  ESC_TRY(const fs::path path, path_of(bucket, key));
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return no_such_key();
  const std::uint64_t size = fs::file_size(path, error);
  if (error) return io_error("read", path);
  if (size > options_.object_bytes_max) {
    return make_error(ErrorCode::limit_exceeded,
                      fmt::format("{} is larger than the bound of {} bytes", path.string(), options_.object_bytes_max));
  }
  std::string content(size, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(content.data(), static_cast<std::streamsize>(size));
  if (in.bad()) return io_error("read", path);
  content.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return content;
}

base::Result<std::vector<ObjectSummary>> FolderObjects::list(std::string_view bucket, std::string_view prefix,
                                                             std::size_t count_max) const {
  ESC_TRY(const fs::path folder, folder_of(bucket));
  std::vector<ObjectSummary> objects;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  if (error) return io_error("list", folder);
  for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (error) return io_error("list", folder);
    if (!entry->is_regular_file(error) || entry->is_symlink(error)) continue;
    std::string key = entry->path().lexically_relative(folder).generic_string();
    if (!key.starts_with(prefix)) continue;
    const base::Timestamp modified = modified_of(*entry);
    const std::string etag = base::to_hex(
        base::digest("MD5", fmt::format("{} {} {}", key, entry->file_size(error), modified.us)).value_or(""));
    objects.push_back({std::move(key), '"' + etag + '"', entry->file_size(error), modified});
  }
  std::sort(objects.begin(), objects.end(),
            [](const ObjectSummary& a, const ObjectSummary& b) { return a.key < b.key; });
  if (objects.size() > count_max) objects.resize(count_max);
  return objects;
}

base::Result<void> FolderObjects::write(std::string_view bucket, std::string_view key, std::string_view content) {
  ESC_TRY(const fs::path path, path_of(bucket, key));
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return io_error("make the folder of", path);
  const fs::path unfinished = path.string() + ".unfinished";
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) return io_error("write", unfinished);
  fs::rename(unfinished, path, error);
  if (error) return io_error("write", path);
  return {};
}

}  // namespace escapement::connectors
