// Packs a function's folder or file into a zip archive in memory, the way Lambda takes it.
//
// File modes are kept (a `bootstrap` stays executable), times are not: the same files give the same bytes, so that an
// unchanged function is recognised by its digest. Symbolic links to files are followed; `.git`, `__pycache__`,
// `.DS_Store` and editor backups stay out. Errors: not_found, io, limit_exceeded (above kArchiveBytesMax unpacked, or
// too many files), invalid (nothing to pack).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace escapement::client {

inline constexpr std::uint64_t kArchiveBytesMax = 250ull << 20;  // Lambda's limit for a function, unpacked
inline constexpr std::size_t kArchiveFilesMax = 50'000;

struct ArchiveEntry {
  std::string name;  // relative, `/` between folders
  std::string path;  // on this machine
  std::uint32_t mode = 0644;
};

// The entries of a folder, sorted by name; for a file, itself.
base::Result<std::vector<ArchiveEntry>> list_entries(const std::string& path);

base::Result<std::string> pack(const std::vector<ArchiveEntry>& entries);

}  // namespace escapement::client
