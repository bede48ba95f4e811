// Where a distributed Map reads its items from and writes its results to: buckets of objects.
//
// Threading: any thread; calls block.
// Errors:    not_found ("NoSuchBucket", "NoSuchKey"), denied, limit_exceeded (an object beyond the bound), io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace escapement::connectors {

struct ObjectSummary {
  std::string key;
  std::string etag;
  std::uint64_t size = 0;
  base::Timestamp modified;
};

class Objects {
 public:
  virtual ~Objects() = default;
  virtual base::Result<std::string> read(std::string_view bucket, std::string_view key) const = 0;
  // In the order of their keys, at most `count_max`.
  virtual base::Result<std::vector<ObjectSummary>> list(std::string_view bucket, std::string_view prefix,
                                                        std::size_t count_max) const = 0;
  virtual base::Result<void> write(std::string_view bucket, std::string_view key, std::string_view content) = 0;
};

// Folders of this machine, each standing for a bucket. Keys are paths below the folder; nothing outside of it is
// reached, neither by ".." nor through a symbolic link.
class FolderObjects final : public Objects {
 public:
  struct Options {
    std::uint64_t object_bytes_max = 1ull << 30;
  };

  FolderObjects(std::map<std::string, std::filesystem::path, std::less<>> buckets, Options options);

  base::Result<std::string> read(std::string_view bucket, std::string_view key) const override;
  base::Result<std::vector<ObjectSummary>> list(std::string_view bucket, std::string_view prefix,
                                                std::size_t count_max) const override;
  base::Result<void> write(std::string_view bucket, std::string_view key, std::string_view content) override;

 private:
  base::Result<std::filesystem::path> folder_of(std::string_view bucket) const;
  base::Result<std::filesystem::path> path_of(std::string_view bucket, std::string_view key) const;

  std::map<std::string, std::filesystem::path, std::less<>> buckets_;
  Options options_;
};

}  // namespace escapement::connectors
