#include "escapement/client/archive.h"

#include <sys/stat.h>
#include <zip.h>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace escapement::client {
namespace {

namespace fs = std::filesystem;

bool is_left_out(const std::string& name) {
  return name == ".git" || name == "__pycache__" || name == ".DS_Store" || name.ends_with('~');
}

base::Error zip_failure(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return base::make_error(base::ErrorCode::io, "the archive cannot be made: " + text);
}

// 1980-01-01, the earliest time that a zip entry can carry.
constexpr time_t kEntryTime = 315'532'800;

struct SourceCloser {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};

}  // namespace

base::Result<std::vector<ArchiveEntry>> list_entries(const std::string& path) {
  std::error_code error;
  const fs::path root(path);
  std::vector<ArchiveEntry> entries;
  std::uint64_t bytes = 0;
  const auto add = [&](const fs::path& file, std::string name) -> base::Result<void> {
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0)
      return base::make_error(base::ErrorCode::io, "cannot read " + file.string());
    bytes += static_cast<std::uint64_t>(status.st_size);
    if (bytes > kArchiveBytesMax || entries.size() >= kArchiveFilesMax) {
      return base::make_error(base::ErrorCode::limit_exceeded,
                              path + " is too large for a function (250 MiB or 50,000 files)");
    }
    entries.push_back({std::move(name), file.string(), (status.st_mode & 0111) != 0 ? 0755u : 0644u});
    return {};
  };
  if (fs::is_regular_file(root, error)) {
    ESC_CHECK(add(root, root.filename().string()));
    return entries;
  }
  if (!fs::is_directory(root, error))
    return base::make_error(base::ErrorCode::not_found, "there is no file or folder " + path);
  for (auto it = fs::recursive_directory_iterator(root, error); !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    if (is_left_out(it->path().filename().string())) {
      it.disable_recursion_pending();
      continue;
    }
    if (it->is_regular_file(error)) ESC_CHECK(add(it->path(), it->path().lexically_relative(root).generic_string()));
  }
  if (error) return base::make_error(base::ErrorCode::io, "cannot read " + path + ": " + error.message());
  if (entries.empty()) return base::make_error(base::ErrorCode::invalid, "there is nothing in " + path);
  std::ranges::sort(entries, {}, &ArchiveEntry::name);
  return entries;
}

base::Result<std::string> pack(const std::vector<ArchiveEntry>& entries) {
  zip_error_t error;
  zip_error_init(&error);
  const std::unique_ptr<zip_source_t, SourceCloser> bytes(zip_source_buffer_create(nullptr, 0, 0, &error));
  if (!bytes) return zip_failure(error);
  zip_source_keep(bytes.get());
  zip_t* archive = zip_open_from_source(bytes.get(), ZIP_TRUNCATE, &error);
  if (archive == nullptr) {
    zip_source_free(bytes.get());
    return zip_failure(error);
  }
  for (const ArchiveEntry& entry : entries) {
    zip_source_t* file = zip_source_file_create(entry.path.c_str(), 0, -1, &error);
    const zip_int64_t index = file == nullptr ? -1 : zip_file_add(archive, entry.name.c_str(), file, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      if (file != nullptr) zip_source_free(file);
      zip_discard(archive);
      return base::make_error(base::ErrorCode::io, "cannot add " + entry.path + " to the archive");
    }
    const auto at = static_cast<zip_uint64_t>(index);
    zip_file_set_mtime(archive, at, kEntryTime, 0);
    zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX, (0100000u | entry.mode) << 16);
  }
  if (zip_close(archive) != 0) {
    const std::string text = zip_strerror(archive);
    zip_discard(archive);
    return base::make_error(base::ErrorCode::io, "the archive cannot be made: " + text);
  }
  zip_stat_t status;
  if (zip_source_stat(bytes.get(), &status) != 0 || zip_source_open(bytes.get()) != 0) {
    return base::make_error(base::ErrorCode::io, "the archive cannot be read back");
  }
  std::string out(status.size, '\0');
  const zip_int64_t count = zip_source_read(bytes.get(), out.data(), out.size());
  zip_source_close(bytes.get());
  if (count != static_cast<zip_int64_t>(out.size()))
    return base::make_error(base::ErrorCode::io, "the archive cannot be read back");
  return out;
}

}  // namespace escapement::client
