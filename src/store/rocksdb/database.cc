#include "store/rocksdb/database.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_partitioner.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <filesystem>

#include "base/log.h"

namespace escapement::store {
namespace {

using base::ErrorCode;
using base::make_error;

// What an id and a time share for hours with the next ones: a hint for each such beginning makes most memtable inserts
// an append.
constexpr std::size_t kInsertHintPrefix = 3;

std::string family_name(char table) { return fmt::format("table-{:02x}", static_cast<unsigned char>(table)); }

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

// By this process or another; a path may hold the word, and a lock file may be out of reach for other reasons.
bool is_held(const std::string& status) {
  return status.contains("lock hold by current process") ||
         (status.contains("While lock file") && status.contains("temporarily unavailable"));
}

base::Error cannot_open(const std::string& path, const rocksdb::Status& status) {
  if (is_held(status.ToString()))
    return make_error(ErrorCode::unavailable, "another process uses the data directory " + path);
  return base::with_context("cannot open " + path, to_error(status));
}

rocksdb::ColumnFamilyDescriptor describe_family(const std::string& name, const rocksdb::Options& settings,
                                                std::string_view passing_tables) {
  rocksdb::ColumnFamilyDescriptor family(name, settings);
  const auto is_named = [&](char table) { return family_name(table) == name; };
  if (std::ranges::any_of(passing_tables, is_named))
    family.options.sst_partitioner_factory = std::make_shared<AlwaysMerge>();
  return family;
}

}  // namespace

base::Error to_error(const rocksdb::Status& status) {
  if (status.IsCorruption()) return make_error(ErrorCode::corrupt, "the data is damaged: " + status.ToString());
  return make_error(ErrorCode::io, "the disk failed: " + status.ToString());
}

Database::Database(rocksdb::DB* db, const Families& families) : db_(db) {
  by_table_.fill(db_->DefaultColumnFamily());
  add(families);
}

Database::~Database() {
  for (rocksdb::ColumnFamilyHandle* const family : families_) (void)db_->DestroyColumnFamilyHandle(family);
}

void Database::add(const Families& families) {
  for (rocksdb::ColumnFamilyHandle* const family : families) {
    families_.push_back(family);
    for (std::size_t table = 0; table < by_table_.size(); ++table) {
      if (family->GetName() == family_name(static_cast<char>(table))) by_table_[table] = family;
    }
  }
}

base::Result<std::shared_ptr<const Database>> Database::open(const RocksDbOptions& options) {
  std::error_code ignored;  // opening says what is wrong with the folder
  std::filesystem::create_directories(options.path, ignored);
  const rocksdb::Options settings = database_options(options);
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(settings, options.path, &names).ok())
    names = {rocksdb::kDefaultColumnFamilyName};
  std::vector<rocksdb::ColumnFamilyDescriptor> present;
  for (const std::string& name : names) present.push_back(describe_family(name, settings, options.passing_tables));

  rocksdb::DB* db = nullptr;
  Families families;
  const rocksdb::Status status = rocksdb::DB::Open(settings, options.path, present, &families, &db);
  if (!status.ok()) return cannot_open(options.path, status);
  const std::shared_ptr<Database> database(new Database(db, families));
  ESC_CHECK(database->create_families(settings, options));
  return database;
}

base::Result<void> Database::create_families(const rocksdb::Options& settings, const RocksDbOptions& options) {
  std::vector<rocksdb::ColumnFamilyDescriptor> missing;
  for (const char table : options.lasting_tables + options.passing_tables) {
    if (by_table_[static_cast<unsigned char>(table)] == db_->DefaultColumnFamily())
      missing.push_back(describe_family(family_name(table), settings, options.passing_tables));
  }
  if (missing.empty()) return {};
  const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(rocksdb::ReadOptions()));
  rows->SeekToFirst();
  if (rows->Valid()) {
    return make_error(ErrorCode::corrupt, options.path +
                                              " was written by an earlier version of Escapement, whose tables this "
                                              "version does not read; start with a new data directory");
  }
  Families created;
  const rocksdb::Status status = db_->CreateColumnFamilies(missing, &created);
  add(created);
  if (!status.ok()) return cannot_open(options.path, status);
  return {};
}

}  // namespace escapement::store
