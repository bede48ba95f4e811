#include "store/rocksdb/rocksdb_store.h"

#include <rocksdb/perf_level.h>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <shared_mutex>

#include "store/rocksdb/database.h"

namespace escapement::store {
namespace {

using base::ErrorCode;
using base::make_error;

constexpr std::size_t kKeptBytesMax = 4 << 20;  // of a batch, for the next one

// Collects, and hands the writes over in key order with only the last one to each key: neighbours go into the
// memtable's skip list next to each other, which costs a fraction of a search from its head.
class RocksBatch final : public Batch {
 public:
  void put(std::string_view key, std::string_view value) override {
    ops_.push_back({bytes_.size(), key.size(), value.size(), false});
    bytes_.append(key).append(value);
  }
  void erase(std::string_view key) override {
    ops_.push_back({bytes_.size(), key.size(), 0, true});
    bytes_.append(key);
  }
  std::size_t count() const override { return ops_.size(); }
  std::size_t bytes() const override { return bytes_.size(); }
  void clear() override {
    ops_.clear();
    bytes_.clear();
    if (bytes_.capacity() > kKeptBytesMax) bytes_.shrink_to_fit();
    if (writes_.GetDataSize() > kKeptBytesMax) writes_ = rocksdb::WriteBatch();
  }

  rocksdb::WriteBatch& ordered(const Database& database) {
    const auto by_key = [this](const Op& a, const Op& b) { return key_of(a) < key_of(b); };
    if (!std::is_sorted(ops_.begin(), ops_.end(), by_key)) std::stable_sort(ops_.begin(), ops_.end(), by_key);
    writes_.Clear();
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      const Op& op = ops_[i];
      const std::string_view key = key_of(op);
      if (i + 1 < ops_.size() && key_of(ops_[i + 1]) == key) continue;
      rocksdb::ColumnFamilyHandle* const family = database.family_of(key);
      op.erases ? (void)writes_.Delete(family, to_slice(key))
                : (void)writes_.Put(family, to_slice(key), to_slice(value_of(op)));
    }
    return writes_;
  }

 private:
  struct Op {
    std::size_t at;
    std::size_t key_bytes;
    std::size_t value_bytes;
    bool erases;
  };
  std::string_view key_of(const Op& op) const { return {bytes_.data() + op.at, op.key_bytes}; }
  std::string_view value_of(const Op& op) const { return {bytes_.data() + op.at + op.key_bytes, op.value_bytes}; }

  std::vector<Op> ops_;
  std::string bytes_;           // key and value of each op
  rocksdb::WriteBatch writes_;  // what `ordered` made of them; kept for its memory
};

class RocksCursor final : public Cursor {
 public:
  RocksCursor(std::shared_ptr<const Database> database, std::string_view lower, std::string_view upper)
      : database_(std::move(database)),
        lower_text_(lower),
        upper_text_(upper),
        lower_(lower_text_),
        upper_(upper_text_) {
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower_;
    if (!upper_text_.empty()) options.iterate_upper_bound = &upper_;
    iterator_.reset((*database_)->NewIterator(options, database_->family_of(lower)));
  }

  void seek(std::string_view key) override { iterator_->Seek(to_slice(key)); }
  void seek_before(std::string_view key) override {
    iterator_->SeekForPrev(to_slice(key));
    if (iterator_->Valid() && to_view(iterator_->key()) == key) iterator_->Prev();
  }
  bool valid() const override { return iterator_->Valid(); }
  void next() override { iterator_->Next(); }
  void previous() override { iterator_->Prev(); }
  std::string_view key() const override { return to_view(iterator_->key()); }
  std::string_view value() const override { return to_view(iterator_->value()); }
  base::Result<void> status() const override {
    const rocksdb::Status status = iterator_->status();
    if (!status.ok()) return to_error(status);
    return {};
  }

 private:
  std::shared_ptr<const Database> database_;
  std::string lower_text_;
  std::string upper_text_;
  rocksdb::Slice lower_;
  rocksdb::Slice upper_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class RocksStore final : public Store {
 public:
  RocksStore(std::shared_ptr<const Database> database, const RocksDbOptions& options)
      : database_(std::move(database)),
        path_(options.path),
        sync_(options.sync),
        disk_reserve_(options.disk_reserve_bytes) {}

  std::unique_ptr<Batch> new_batch() const override { return std::make_unique<RocksBatch>(); }

  base::Result<void> commit(Batch& batch, std::span<const Fence> fences) override {
    if (stopped_.load(std::memory_order_acquire))
      return make_error(ErrorCode::io, "the store stopped after a failed sync; restart the server");
    // Held for the write, so that no epoch changes between the check and the commit.
    const std::shared_lock lock(epochs_mutex_);
    for (const Fence& fence : fences) {
      if (epochs_[fence.partition] != fence.epoch) {
        return make_error(ErrorCode::conflict, "another owner has taken the partition over");
      }
    }
    if (is_disk_full()) {
      return make_error(ErrorCode::limit_exceeded, "ServiceUnavailable",
                        "The server's disk is full. Nothing was changed; try again when it has room.");
    }
    rocksdb::WriteBatch& writes = dynamic_cast<RocksBatch&>(batch).ordered(*database_);
    return write(writes);
  }

  std::unique_ptr<Cursor> cursor(std::string_view lower, std::string_view upper) const override {
    return std::make_unique<RocksCursor>(database_, lower, upper);
  }

  base::Result<std::optional<std::string>> get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status =
        (*database_)->Get(rocksdb::ReadOptions(), database_->family_of(key), to_slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return to_error(status);
    return std::optional<std::string>(std::move(value));
  }

  base::Result<std::vector<std::optional<std::string>>> get_many(std::span<const std::string> keys) const override {
    const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> values(keys.size());
    std::vector<rocksdb::Status> found(keys.size());
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    families.reserve(keys.size());
    for (const std::string& key : keys) families.push_back(database_->family_of(key));
    (*database_)
        ->MultiGet(rocksdb::ReadOptions(), keys.size(), families.data(), slices.data(), values.data(), found.data(),
                   /*sorted_input=*/true);
    std::vector<std::optional<std::string>> out(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (found[i].ok()) {
        out[i] = values[i].ToString();
      } else if (!found[i].IsNotFound()) {
        return to_error(found[i]);
      }
    }
    return out;
  }

  base::Result<Epoch> acquire(std::span<const PartitionId> partitions) override {
    const std::unique_lock lock(epochs_mutex_);
    Epoch highest = 0;
    for (const PartitionId partition : partitions) {
      ESC_TRY(const auto stored, get(epoch_key(partition)));
      if (!stored) continue;
      ESC_TRY(const Epoch epoch, decode_epoch(*stored));
      highest = std::max(highest, epoch);
    }
    rocksdb::WriteBatch writes;
    for (const PartitionId partition : partitions) {
      (void)writes.Put(epoch_key(partition), encode_epoch(highest + 1));
    }
    ESC_CHECK(write(writes));
    for (const PartitionId partition : partitions) epochs_[partition] = highest + 1;
    return highest + 1;
  }

  std::vector<std::pair<std::string, std::uint64_t>> statistics() const override {
    std::vector<std::pair<std::string, std::uint64_t>> out;
    const auto add = [&](const char* name, const char* property) {
      std::uint64_t value = 0;
      if ((*database_)->GetAggregatedIntProperty(property, &value)) out.emplace_back(name, value);
    };
    add("keys_estimated", "rocksdb.estimate-num-keys");
    add("sst_bytes", "rocksdb.total-sst-files-size");
    add("memtable_bytes", "rocksdb.cur-size-all-mem-tables");
    add("table_reader_bytes", "rocksdb.estimate-table-readers-mem");
    add("pending_compaction_bytes", "rocksdb.estimate-pending-compaction-bytes");
    std::uint64_t cached = 0;  // one cache for all
    if ((*database_)->GetIntProperty("rocksdb.block-cache-usage", &cached))
      out.emplace_back("block_cache_bytes", cached);
    return out;
  }

 private:
  base::Result<void> write(rocksdb::WriteBatch& writes) {
    rocksdb::SetPerfLevel(rocksdb::kDisable);  // of this thread: counting each comparison costs as much as it
    rocksdb::WriteOptions options;
    options.sync = sync_;
    const rocksdb::Status status = (*database_)->Write(options, &writes);
    if (status.ok()) return {};
    stopped_.store(true, std::memory_order_release);
    return to_error(status);
  }

  // Asked before anything is written, with some room to spare: what the log was refused could not be mended later.
  bool is_disk_full() const {
    struct statvfs disk{};
    if (::statvfs(path_.c_str(), &disk) != 0) return false;
    return static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize) < disk_reserve_;
  }

  std::shared_ptr<const Database> database_;
  std::string path_;
  bool sync_;
  std::int64_t disk_reserve_;
  std::atomic<bool> stopped_{false};
  std::shared_mutex epochs_mutex_;
  std::array<Epoch, 65'536> epochs_{};  // guarded by epochs_mutex_
};

}  // namespace

base::Result<std::unique_ptr<Store>> open_rocksdb(const RocksDbOptions& options) {
  ESC_TRY(auto database, Database::open(options));
  return std::make_unique<RocksStore>(std::move(database), options);
}

}  // namespace escapement::store
