#include "store/memory/memory_store.h"

#include <utility>

#include "base/assert.h"

namespace escapement::store {
namespace {

using base::ErrorCode;
using base::make_error;

struct Write {
  std::string key;
  std::optional<std::string> value;  // nullopt erases
};

class MemoryBatch final : public Batch {
 public:
  void put(std::string_view key, std::string_view value) override {
    bytes_ += key.size() + value.size();
    writes_.push_back({std::string(key), std::string(value)});
  }
  void erase(std::string_view key) override {
    bytes_ += key.size();
    writes_.push_back({std::string(key), std::nullopt});
  }
  std::size_t count() const override { return writes_.size(); }
  std::size_t bytes() const override { return bytes_; }
  void clear() override {
    writes_.clear();
    bytes_ = 0;
  }
  const std::vector<Write>& writes() const { return writes_; }

 private:
  std::vector<Write> writes_;
  std::size_t bytes_ = 0;
};

// Every value that a key has had, oldest first, as long as a cursor may still look at it.
struct Version {
  std::uint64_t sequence;
  std::optional<std::string> value;
};
using Versions = std::vector<Version>;

const std::optional<std::string>* value_at(const Versions& versions, std::uint64_t sequence) {
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (version->sequence <= sequence) return &version->value;
  }
  return nullptr;
}

}  // namespace

class MemoryStore::Disk {
 public:
  void apply(const std::vector<Write>& writes) {
    ++sequence;
    for (const Write& write : writes) set(write.key, write.value);
  }

  void set(const std::string& key, std::optional<std::string> value) {
    const auto at = keys.try_emplace(key).first;
    Versions& versions = at->second;
    if (cursors == 0) versions.clear();
    if (!versions.empty() && versions.back().sequence == sequence) {
      versions.back().value = std::move(value);
    } else {
      versions.push_back({sequence, std::move(value)});
    }
    if (cursors == 0 && !versions.back().value) keys.erase(at);
  }

  std::mutex mutex;
  std::map<std::string, Versions> keys;
  std::uint64_t sequence = 0;
  std::size_t cursors = 0;
};

namespace {

class MemoryCursor final : public Cursor {
 public:
  MemoryCursor(std::shared_ptr<MemoryStore::Disk> disk, std::string_view lower, std::string_view upper)
      : disk_(std::move(disk)), lower_(lower), upper_(upper) {
    const std::lock_guard lock(disk_->mutex);
    ++disk_->cursors;
    sequence_ = disk_->sequence;
  }
  ~MemoryCursor() override {
    const std::lock_guard lock(disk_->mutex);
    --disk_->cursors;
  }

  void seek(std::string_view key) override {
    const std::lock_guard lock(disk_->mutex);
    take_forward(disk_->keys.lower_bound(std::max(std::string(key), lower_)));
  }
  void seek_before(std::string_view key) override {
    const std::lock_guard lock(disk_->mutex);
    const bool past_end = !upper_.empty() && key > upper_;
    take_backward(disk_->keys.lower_bound(past_end ? upper_ : std::string(key)));
  }
  bool valid() const override { return valid_; }
  void next() override {
    const std::lock_guard lock(disk_->mutex);
    take_forward(disk_->keys.upper_bound(key_));
  }
  void previous() override {
    const std::lock_guard lock(disk_->mutex);
    take_backward(disk_->keys.lower_bound(key_));
  }
  std::string_view key() const override { return key_; }
  std::string_view value() const override { return value_; }
  base::Result<void> status() const override { return {}; }

 private:
  using Iterator = std::map<std::string, Versions>::iterator;

  bool take(Iterator at) {
    const auto* value = value_at(at->second, sequence_);
    if (value == nullptr || !*value) return false;
    key_ = at->first;
    value_ = **value;
    return valid_ = true;
  }
  void take_forward(Iterator at) {
    valid_ = false;
    for (; at != disk_->keys.end() && (upper_.empty() || at->first < upper_); ++at) {
      if (take(at)) return;
    }
  }
  void take_backward(Iterator at) {
    valid_ = false;
    while (at != disk_->keys.begin()) {
      --at;
      if (at->first < lower_ || take(at)) return;
    }
  }

  std::shared_ptr<MemoryStore::Disk> disk_;
  std::uint64_t sequence_ = 0;
  std::string lower_;
  std::string upper_;
  bool valid_ = false;
  std::string key_;
  std::string value_;
};

}  // namespace

std::shared_ptr<MemoryStore::Disk> MemoryStore::new_disk() { return std::make_shared<Disk>(); }

MemoryStore::MemoryStore(std::shared_ptr<Disk> disk, FateHook fate) : disk_(std::move(disk)), fate_(std::move(fate)) {}

std::unique_ptr<Batch> MemoryStore::new_batch() const { return std::make_unique<MemoryBatch>(); }

base::Result<void> MemoryStore::commit(Batch& batch, std::span<const Fence> fences) {
  const std::lock_guard lock(disk_->mutex);
  if (stopped_) return make_error(ErrorCode::io, "the store stopped after a failed sync");
  for (const Fence& fence : fences) {
    const auto found = disk_->keys.find(epoch_key(fence.partition));
    if (found == disk_->keys.end()) return make_error(ErrorCode::conflict, "the partition was never acquired");
    ESC_TRY(const Epoch current, decode_epoch(found->second.back().value.value_or("")));
    if (current != fence.epoch) return make_error(ErrorCode::conflict, "another owner has taken the partition over");
  }
  const CommitFate fate = fate_ ? fate_() : CommitFate::normal;
  if (fate == CommitFate::disk_full) return make_error(ErrorCode::limit_exceeded, "no space left on the disk");
  if (fate != CommitFate::lost) disk_->apply(dynamic_cast<MemoryBatch&>(batch).writes());
  if (fate == CommitFate::normal) return {};
  stopped_ = true;
  return make_error(ErrorCode::io, "the sync failed");
}

std::unique_ptr<Cursor> MemoryStore::cursor(std::string_view lower, std::string_view upper) const {
  return std::make_unique<MemoryCursor>(disk_, lower, upper);
}

base::Result<std::optional<std::string>> MemoryStore::get(std::string_view key) const {
  const std::lock_guard lock(disk_->mutex);
  const auto found = disk_->keys.find(std::string(key));
  return found == disk_->keys.end() ? std::optional<std::string>() : found->second.back().value;
}

base::Result<std::vector<std::optional<std::string>>> MemoryStore::get_many(std::span<const std::string> keys) const {
  std::vector<std::optional<std::string>> out;
  for (const std::string& key : keys) {
    ESC_TRY(out.emplace_back(), get(key));
  }
  return out;
}

base::Result<Epoch> MemoryStore::acquire(std::span<const PartitionId> partitions) {
  const std::lock_guard lock(disk_->mutex);
  Epoch highest = 0;
  for (const PartitionId partition : partitions) {
    const auto found = disk_->keys.find(epoch_key(partition));
    if (found == disk_->keys.end()) continue;
    ESC_TRY(const Epoch epoch, decode_epoch(found->second.back().value.value_or("")));
    highest = std::max(highest, epoch);
  }
  std::vector<Write> writes;
  for (const PartitionId partition : partitions) {
    writes.push_back({epoch_key(partition), encode_epoch(highest + 1)});
  }
  disk_->apply(writes);
  return highest + 1;
}

std::vector<std::pair<std::string, std::uint64_t>> MemoryStore::statistics() const {
  const std::lock_guard lock(disk_->mutex);
  return {{"keys", disk_->keys.size()}};
}

}  // namespace escapement::store
