// The store in memory, for tests and simulation.
//
// The content lives in a `Disk`, which outlives the store object as a real disk outlives a process: dropping the store
// and opening another on the same disk is a restart. Faults are decided by a hook that the test owns.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "store/store.h"

namespace escapement::store {

// What happens to a commit.
enum class CommitFate {
  normal,
  lost,       // the sync failed and nothing survived; the store accepts nothing more
  unknown,    // the sync failed, yet the batch survived; the store accepts nothing more
  disk_full,  // nothing was written; later commits may succeed
};

class MemoryStore final : public Store {
 public:
  class Disk;
  using FateHook = std::function<CommitFate()>;

  static std::shared_ptr<Disk> new_disk();
  explicit MemoryStore(std::shared_ptr<Disk> disk = new_disk(), FateHook fate = {});

  std::unique_ptr<Batch> new_batch() const override;
  base::Result<void> commit(Batch& batch, std::span<const Fence> fences = {}) override;
  std::unique_ptr<Cursor> cursor(std::string_view lower, std::string_view upper) const override;
  base::Result<std::optional<std::string>> get(std::string_view key) const override;
  base::Result<std::vector<std::optional<std::string>>> get_many(std::span<const std::string> keys) const override;
  base::Result<Epoch> acquire(std::span<const PartitionId> partitions) override;
  std::vector<std::pair<std::string, std::uint64_t>> statistics() const override;

 private:
  std::shared_ptr<Disk> disk_;  // shared with cursors and with the stores of later lives
  FateHook fate_;
  bool stopped_ = false;  // guarded by the disk's mutex
};

}  // namespace escapement::store
