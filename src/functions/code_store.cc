#include "functions/code_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "base/codec.h"
#include "base/digest.h"
#include "base/random.h"
#include "functions/file_descriptor.h"

namespace escapement::functions {
namespace {

namespace fs = std::filesystem;

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

// A compressed entry may be this many times as large as its packed form before it is taken for a bomb; deflate's own
// limit is 1,032.
constexpr std::uint64_t kRatioMax = 1'100;
constexpr mode_t kUnixTypeMask = 0170000;

base::Error invalid(std::string message) {
  return base::make_error(base::ErrorCode::invalid, "InvalidParameterValueException", std::move(message));
}

base::Error io_error(std::string what) {
  return base::make_error(base::ErrorCode::io, std::move(what) + ": " + std::strerror(errno));
}

struct Entry {
  std::string path;
  std::uint64_t size = 0;
  mode_t mode = 0;
  bool is_directory = false;
  bool is_link = false;
};

// Relative, made of plain names, and inside the tree.
bool is_safe_path(std::string_view path, std::uint64_t bytes_max) {
  if (path.empty() || path.size() > bytes_max || path.front() == '/' || path.find('\0') != std::string_view::npos ||
      path.find('\\') != std::string_view::npos) {
    return false;
  }
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, slash - at);
    if (part == ".." || part.size() > 255 || (part.empty() && slash != path.size())) return false;
    at = slash + 1;
  }
  return true;
}

// Whether a link at `path` that says `target` stays inside the tree.
bool is_safe_link(std::string_view path, std::string_view target) {
  if (target.empty() || target.front() == '/' || target.find('\0') != std::string_view::npos) return false;
  int depth = 0;
  for (const char c : path) depth += c == '/';
  for (std::size_t at = 0; at <= target.size();) {
    const std::size_t slash = std::min(target.find('/', at), target.size());
    const std::string_view part = target.substr(at, slash - at);
    if (part == "..") {
      if (--depth < 0) return false;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
    at = slash + 1;
  }
  return true;
}

Archive open_archive(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* const archive = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive == nullptr && source != nullptr) zip_source_free(source);
  zip_error_fini(&error);
  return Archive(archive, &zip_discard);
}

base::Result<Entry> read_entry(zip_t* archive, std::uint64_t index, const CodeLimits& limits) {
  zip_stat_t info;
  if (zip_stat_index(archive, index, ZIP_FL_ENC_RAW, &info) != 0 || (info.valid & ZIP_STAT_NAME) == 0 ||
      (info.valid & ZIP_STAT_SIZE) == 0) {
    return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.");
  }
  Entry entry{.path = info.name, .size = info.size};
  if (!is_safe_path(entry.path, limits.path_bytes_max))
    return invalid("The uploaded file holds an unsafe path: " + entry.path.substr(0, 128));
  if ((info.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && info.encryption_method != ZIP_EM_NONE)
    return invalid("The uploaded file is encrypted.");
  if ((info.valid & ZIP_STAT_COMP_SIZE) != 0 && info.size > (info.comp_size + 64) * kRatioMax)
    return invalid("The uploaded file is compressed beyond what is credible.");
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  zip_file_get_external_attributes(archive, index, 0, &system, &attributes);
  const mode_t mode = system == ZIP_OPSYS_UNIX ? attributes >> 16 : 0;
  const mode_t type = mode & kUnixTypeMask;
  entry.is_directory = entry.path.back() == '/' || type == S_IFDIR;
  entry.is_link = type == S_IFLNK;
  if (type != 0 && type != S_IFREG && !entry.is_directory && !entry.is_link)
    return invalid("The uploaded file holds a special file: " + entry.path.substr(0, 128));
  // As Lambda: readable by all, executable where the archive says so or says nothing.
  entry.mode = (mode & 07777) == 0 || (mode & 0111) != 0 ? 0555 : 0444;
  return entry;
}

base::Result<std::vector<Entry>> read_entries(zip_t* archive, const CodeLimits& limits) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count < 0 || static_cast<std::uint64_t>(count) > limits.entries_max)
    return invalid("The uploaded file holds too many entries.");
  if (count == 0) return invalid("Uploaded file must be a non-empty zip");
  std::vector<Entry> entries;
  std::uint64_t total = 0;
  for (std::uint64_t index = 0; index < static_cast<std::uint64_t>(count); ++index) {
    ESC_TRY(Entry entry, read_entry(archive, index, limits));
    if (entry.size > limits.unpacked_bytes_max || (total += entry.size) > limits.unpacked_bytes_max) {
      return invalid("Unzipped size must be smaller than " + std::to_string(limits.unpacked_bytes_max) + " bytes");
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

base::Result<std::string> read_small(zip_t* archive, std::uint64_t index, std::uint64_t size) {
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(archive, index, 0), &zip_fclose);
  std::string text(size, '\0');
  if (!file || zip_fread(file.get(), text.data(), size) != static_cast<zip_int64_t>(size)) {
    return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.");
  }
  return text;
}

// Copies at most the announced size, whatever the packed bytes say.
base::Result<void> extract_file(zip_t* archive, std::uint64_t index, const Entry& entry, const fs::path& target) {
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(archive, index, 0), &zip_fclose);
  if (!file) return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.");
  // O_EXCL and O_NOFOLLOW: an archive may name a path twice, or a path below a link of its own.
  const FileDescriptor out(::open(target.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600));
  if (!out)
    return errno == EEXIST ? invalid("The uploaded file holds a path twice: " + entry.path.substr(0, 128))
                           : io_error("write " + target.string());
  char buffer[65536];
  std::uint64_t left = entry.size;
  for (;;) {
    const zip_int64_t count = zip_fread(file.get(), buffer, sizeof buffer);
    if (count < 0 || static_cast<std::uint64_t>(count) > left)
      return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.");
    if (count == 0) break;
    if (::write(out.get(), buffer, static_cast<std::size_t>(count)) != count)
      return io_error("write " + target.string());
    left -= static_cast<std::uint64_t>(count);
  }
  ::fchmod(out.get(), entry.mode);
  if (::fsync(out.get()) != 0) return io_error("sync " + target.string());
  return {};
}

base::Result<void> make_folder(const fs::path& tree, const fs::path& relative) {
  fs::path path = tree;
  for (const fs::path& part : relative) {
    if (part.empty()) continue;
    path /= part;
    if (::mkdir(path.c_str(), 0755) == 0) continue;
    struct stat info{};
    // A link in the place of a folder would lead what follows out of the tree.
    if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
      return invalid("The uploaded file holds a path below a file: " + relative.string().substr(0, 128));
  }
  return {};
}

base::Result<std::uint64_t> extract(zip_t* archive, const std::vector<Entry>& entries, const fs::path& tree) {
  std::uint64_t total = 0;
  for (std::uint64_t index = 0; index < entries.size(); ++index) {
    const Entry& entry = entries[index];
    const fs::path relative(entry.path);
    if (entry.is_directory) {
      ESC_CHECK(make_folder(tree, relative));
      continue;
    }
    ESC_CHECK(make_folder(tree, relative.parent_path()));
    total += entry.size;
    if (!entry.is_link) {
      ESC_CHECK(extract_file(archive, index, entry, tree / relative));
      continue;
    }
    if (entry.size > 4'096) return invalid("The uploaded file holds an unsafe link: " + entry.path.substr(0, 128));
    ESC_TRY(const std::string target, read_small(archive, index, entry.size));
    if (!is_safe_link(entry.path, target))
      return invalid("The uploaded file holds an unsafe link: " + entry.path.substr(0, 128));
    if (::symlink(target.c_str(), (tree / relative).c_str()) != 0)
      return invalid("The uploaded file holds a path twice: " + entry.path.substr(0, 128));
  }
  return total;
}

base::Result<void> write_synced(const fs::path& path, std::string_view bytes) {
  const FileDescriptor out(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0400));
  if (!out) return io_error("write " + path.string());
  while (!bytes.empty()) {
    const ssize_t count = ::write(out.get(), bytes.data(), bytes.size());
    if (count < 0) return io_error("write " + path.string());
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(out.get()) != 0) return io_error("sync " + path.string());
  return {};
}

void sync_directory(const fs::path& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

}  // namespace

base::Result<CodeStore> CodeStore::open(const fs::path& directory, CodeLimits limits) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return base::make_error(base::ErrorCode::io, "cannot make " + directory.string() + ": " + error.message());
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().filename().string().starts_with("new-")) fs::remove_all(entry.path(), error);
  }
  return CodeStore(fs::absolute(directory, error), limits);
}

base::Result<StoredCode> CodeStore::put(std::string_view zip) const {
  if (zip.empty()) return invalid("Uploaded file must be a non-empty zip");
  if (zip.size() > limits_.packed_bytes_max) {
    return base::make_error(base::ErrorCode::limit_exceeded, "RequestEntityTooLargeException",
                            "Zipped size must be smaller than " + std::to_string(limits_.packed_bytes_max) + " bytes");
  }
  const base::Sha256Digest digest = base::sha256(zip);
  StoredCode stored{.sha256_hex = base::to_hex(base::as_bytes(digest)),
                    .sha256_base64 = base::to_base64(base::as_bytes(digest)),
                    .packed_bytes = zip.size()};
  const Archive archive = open_archive(zip);
  if (!archive) return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.");
  ESC_TRY(const std::vector<Entry> entries, read_entries(archive.get(), limits_));
  for (const Entry& entry : entries) stored.unpacked_bytes += entry.size;
  const fs::path place = directory_ / stored.sha256_hex;
  std::error_code error;
  if (fs::exists(place / "tree", error)) return stored;

  const fs::path fresh = directory_ / ("new-" + base::random_uuid());
  fs::create_directories(fresh / "tree", error);
  if (error) return base::make_error(base::ErrorCode::io, "cannot make " + fresh.string() + ": " + error.message());
  base::Result<void> done = write_synced(fresh / "code.zip", zip);
  if (done) {
    const auto extracted = extract(archive.get(), entries, fresh / "tree");
    if (!extracted) done = extracted.error();
  }
  if (done) {
    sync_directory(fresh / "tree");
    sync_directory(fresh);
    // Somebody else may have put the same bytes meanwhile; then theirs stays.
    if (::rename(fresh.c_str(), place.c_str()) != 0 && !fs::exists(place / "tree", error))
      done = io_error("rename " + fresh.string());
    sync_directory(directory_);
  }
  fs::remove_all(fresh, error);
  if (!done) return std::move(done).error();
  return stored;
}

fs::path CodeStore::tree(std::string_view sha256_hex) const { return directory_ / sha256_hex / "tree"; }

base::Result<std::string> CodeStore::archive(std::string_view sha256_hex) const {
  std::ifstream in(directory_ / sha256_hex / "code.zip", std::ios::binary);
  if (!in) return base::make_error(base::ErrorCode::not_found, "no code of this digest");
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) return base::make_error(base::ErrorCode::io, "cannot read code");
  return bytes;
}

std::vector<std::string> CodeStore::list() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_, error))
    names.push_back(entry.path().filename().string());
  return names;
}

base::Result<void> CodeStore::erase(std::string_view sha256_hex) const {
  std::error_code error;
  fs::remove_all(directory_ / sha256_hex, error);
  if (error) return base::make_error(base::ErrorCode::io, "cannot remove code: " + error.message());
  return {};
}

}  // namespace escapement::functions
