// Function code and layers, stored by content.
//
// An archive is checked before a byte of it is used: no absolute paths, no "..", no links out of the tree, no devices,
// and bounds on the number of entries, the size of each and of all unpacked, and the ratio of unpacked to packed. It is
// then kept as it came (DIRECTORY/code/SHA256/code.zip) and unpacked read-only beside it (…/tree). The same bytes are
// stored once.
//
// Durable: the archive and its tree are complete under their final name, or absent; put() returns after they are
// synced. Threading: any thread; put() blocks on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace escapement::functions {

struct CodeLimits {
  std::uint64_t packed_bytes_max = 50ull << 20;     // Lambda's: 50 MB zipped,
  std::uint64_t unpacked_bytes_max = 250ull << 20;  // 250 MB unpacked
  std::uint64_t entries_max = 100'000;
  std::uint64_t path_bytes_max = 1'024;
};

struct StoredCode {
  std::string sha256_hex;     // names the archive in the store
  std::string sha256_base64;  // CodeSha256 of the API
  std::uint64_t packed_bytes = 0;
  std::uint64_t unpacked_bytes = 0;
};

class CodeStore {
 public:
  // `directory` is made if absent. Left-overs of an interrupted put() are removed.
  static base::Result<CodeStore> open(const std::filesystem::path& directory, CodeLimits limits = {});

  // Errors: invalid (InvalidParameterValueException: not an archive, or one that breaks a rule), limit_exceeded
  // (RequestTooLargeException, or InvalidParameterValueException for the unpacked size), io.
  base::Result<StoredCode> put(std::string_view zip) const;

  // Where the unpacked tree is; does not look at the disk.
  std::filesystem::path tree(std::string_view sha256_hex) const;
  // The archive's bytes. Errors: not_found, io.
  base::Result<std::string> archive(std::string_view sha256_hex) const;
  // The digests of all that is stored, and the names of trees put together from several layers.
  std::vector<std::string> list() const;
  // Removes the archive and its tree; absent is fine. Only when no function and no process uses it.
  base::Result<void> erase(std::string_view sha256_hex) const;

 private:
  CodeStore(std::filesystem::path directory, CodeLimits limits) : directory_(std::move(directory)), limits_(limits) {}
  std::filesystem::path directory_;
  CodeLimits limits_;
};

}  // namespace escapement::functions
