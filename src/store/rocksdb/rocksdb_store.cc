#include "store/rocksdb/rocksdb_store.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_partitioner.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <shared_mutex>

#include "base/log.h"

namespace escapement::store {
namespace {

using base::ErrorCode;
using base::make_error;

// A table byte and a partition: where inserts cluster. Ids grow with time inside a partition, so a hint per prefix
// makes most memtable inserts an append.
constexpr std::size_t kInsertHintPrefix = 3;

constexpr std::size_t kKeptBytesMax = 4 << 20;  // of a batch, for the next one
constexpr std::size_t kRecordOverhead = 8;      // of a write in a WriteBatch

rocksdb::Slice to_slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view to_view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

base::Error to_error(const rocksdb::Status& status) {
  if (status.IsCorruption()) return make_error(ErrorCode::corrupt, "the data is damaged: " + status.ToString());
  return make_error(ErrorCode::io, "the disk failed: " + status.ToString());
}

// What the database has to say goes to the server's log. (Its own log file ends the process when the disk refuses it.)
class RocksLog final : public rocksdb::Logger {
 public:
  RocksLog() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override { Logv(rocksdb::WARN_LEVEL, format, arguments); }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < rocksdb::WARN_LEVEL || level > rocksdb::FATAL_LEVEL) return;
    std::array<char, 1'024> text;
    (void)std::vsnprintf(text.data(), text.size(), format, arguments);
    std::string_view line(text.data());
    while (line.ends_with('\n')) line.remove_suffix(1);
    base::log(level == rocksdb::WARN_LEVEL ? base::LogLevel::warning : base::LogLevel::error, "store", line);
  }
};

// An open database, and the column families of its tables. Cursors share it, and may outlive the store.
class Database {
 public:
  using Families = std::vector<rocksdb::ColumnFamilyHandle*>;

  Database(rocksdb::DB* db, const Families& families) : db_(db) {
    by_table_.fill(db_->DefaultColumnFamily());
    add(families);
  }
  ~Database() {
    for (rocksdb::ColumnFamilyHandle* const family : families_) (void)db_->DestroyColumnFamilyHandle(family);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Owns them from now on.
  void add(const Families& families) {
    for (rocksdb::ColumnFamilyHandle* const family : families) {
      families_.push_back(family);
      for (std::size_t table = 0; table < by_table_.size(); ++table) {
        if (family->GetName() == family_name(static_cast<char>(table))) by_table_[table] = family;
      }
    }
  }

  rocksdb::DB* operator->() const { return db_.get(); }
  rocksdb::ColumnFamilyHandle* family_of(std::string_view key) const {
    return by_table_[key.empty() ? 0 : static_cast<unsigned char>(key.front())];
  }
  bool is_apart(char table) const { return family_of({&table, 1}) != db_->DefaultColumnFamily(); }

  static std::string family_name(char table) { return fmt::format("table-{:02x}", static_cast<unsigned char>(table)); }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  Families families_;
  std::array<rocksdb::ColumnFamilyHandle*, 256> by_table_;
};

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
  }

  rocksdb::WriteBatch ordered(const Database& database) {
    const auto by_key = [this](const Op& a, const Op& b) { return key_of(a) < key_of(b); };
    if (!std::is_sorted(ops_.begin(), ops_.end(), by_key)) std::stable_sort(ops_.begin(), ops_.end(), by_key);
    rocksdb::WriteBatch writes(bytes_.size() + ops_.size() * kRecordOverhead);
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      const Op& op = ops_[i];
      const std::string_view key = key_of(op);
      if (i + 1 < ops_.size() && key_of(ops_[i + 1]) == key) continue;
      rocksdb::ColumnFamilyHandle* const family = database.family_of(key);
      op.erases ? (void)writes.Delete(family, to_slice(key))
                : (void)writes.Put(family, to_slice(key), to_slice(value_of(op)));
    }
    return writes;
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
  std::string bytes_;  // key and value of each op
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

base::Result<std::optional<std::string>> read(const Database& database, const rocksdb::ReadOptions& options,
                                              std::string_view key) {
  std::string value;
  const rocksdb::Status status = database->Get(options, database.family_of(key), to_slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return to_error(status);
  return std::optional<std::string>(std::move(value));
}

// A log that was refused a write cannot be written to again, and the database ends the process when it tries. So such
// an error is left to a restart; those of flushes and compactions it mends itself once there is room.
class LeaveLogErrors final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status, bool* auto_recovery) override {
    using Reason = rocksdb::BackgroundErrorReason;
    *auto_recovery = reason == Reason::kFlush || reason == Reason::kFlushNoWAL || reason == Reason::kCompaction;
  }
};

// Has every compaction of a column family write its files, where they could be moved.
class AlwaysMerge final : public rocksdb::SstPartitionerFactory {
 public:
  const char* Name() const override { return "AlwaysMerge"; }
  std::unique_ptr<rocksdb::SstPartitioner> CreatePartitioner(const rocksdb::SstPartitioner::Context&) const override {
    return std::make_unique<Partitioner>();
  }

 private:
  struct Partitioner final : rocksdb::SstPartitioner {
    const char* Name() const override { return "AlwaysMerge"; }
    rocksdb::PartitionerResult ShouldPartition(const rocksdb::PartitionerRequest&) override {
      return rocksdb::kNotRequired;
    }
    bool CanDoTrivialMove(const rocksdb::Slice&, const rocksdb::Slice&) override { return false; }
  };
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
    rocksdb::WriteBatch writes = dynamic_cast<RocksBatch&>(batch).ordered(*database_);
    return write(writes);
  }

  std::unique_ptr<Cursor> cursor(std::string_view lower, std::string_view upper) const override {
    return std::make_unique<RocksCursor>(database_, lower, upper);
  }

  base::Result<std::optional<std::string>> get(std::string_view key) const override {
    return read(*database_, rocksdb::ReadOptions(), key);
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

rocksdb::Options database_options(const RocksDbOptions& from) {
  rocksdb::Options options;
  options.create_if_missing = true;
  // Level 1 of Zstandard takes a sixth off what LZ4 leaves of short random texts, at the CPU that fewer compactions
  // save.
  options.compression = rocksdb::kZSTD;
  options.compression_opts.level = 1;
  options.level0_file_num_compaction_trigger = 8;
  options.db_write_buffer_size = from.memtable_bytes;
  options.write_buffer_size = from.memtable_bytes;
  options.arena_block_size = 64 << 10;
  options.max_write_buffer_number = 3;
  options.max_total_wal_size = from.wal_bytes_max;
  options.recycle_log_file_num = 0;  // recycled logs cannot tell a torn tail from an old record
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1 << 20;
  options.max_open_files = 512;
  options.info_log = std::make_shared<RocksLog>();
  options.listeners.push_back(std::make_shared<LeaveLogErrors>());
  options.level_compaction_dynamic_level_bytes = true;
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kInsertHintPrefix));
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(from.block_cache_bytes);
  table.block_size = 8 << 10;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewRibbonFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.pin_top_level_index_and_filter = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

base::Error cannot_open(const std::string& path, const rocksdb::Status& status) {
  if (status.ToString().find("lock") != std::string::npos)
    return make_error(ErrorCode::unavailable, "another process uses the data directory " + path);
  return base::with_context("cannot open " + path, to_error(status));
}

rocksdb::ColumnFamilyDescriptor family_of(const std::string& name, const rocksdb::Options& settings,
                                          std::string_view passing_tables) {
  rocksdb::ColumnFamilyDescriptor family(name, settings);
  const auto is_named = [&](char table) { return Database::family_name(table) == name; };
  if (std::ranges::any_of(passing_tables, is_named))
    family.options.sst_partitioner_factory = std::make_shared<AlwaysMerge>();
  return family;
}

base::Result<std::shared_ptr<Database>> open_database(const rocksdb::Options& settings, const RocksDbOptions& options) {
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(settings, options.path, &names).ok())
    names = {rocksdb::kDefaultColumnFamilyName};
  std::vector<rocksdb::ColumnFamilyDescriptor> present;
  for (const std::string& name : names) present.push_back(family_of(name, settings, options.passing_tables));
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  const rocksdb::Status status = rocksdb::DB::Open(settings, options.path, present, &families, &db);
  if (!status.ok()) return cannot_open(options.path, status);
  return std::make_shared<Database>(db, families);
}

base::Result<void> create_families(Database& database, const rocksdb::Options& settings,
                                   const RocksDbOptions& options) {
  std::vector<rocksdb::ColumnFamilyDescriptor> missing;
  for (const char table : options.lasting_tables + options.passing_tables) {
    if (!database.is_apart(table))
      missing.push_back(family_of(Database::family_name(table), settings, options.passing_tables));
  }
  if (missing.empty()) return {};
  const std::unique_ptr<rocksdb::Iterator> rows(database->NewIterator(rocksdb::ReadOptions()));
  rows->SeekToFirst();
  if (rows->Valid()) {
    return make_error(ErrorCode::corrupt, options.path +
                                              " was written by an earlier version of Escapement, whose tables this "
                                              "version does not read; start with a new data directory");
  }
  std::vector<rocksdb::ColumnFamilyHandle*> created;
  const rocksdb::Status status = database->CreateColumnFamilies(missing, &created);
  database.add(created);
  if (!status.ok()) return cannot_open(options.path, status);
  return {};
}

}  // namespace

base::Result<std::unique_ptr<Store>> open_rocksdb(const RocksDbOptions& options) {
  std::error_code ignored;  // opening says what is wrong with the folder
  std::filesystem::create_directories(options.path, ignored);
  const rocksdb::Options settings = database_options(options);
  ESC_TRY(auto database, open_database(settings, options));
  ESC_CHECK(create_families(*database, settings, options));
  return std::make_unique<RocksStore>(std::move(database), options);
}

}  // namespace escapement::store
