// The embedded store: RocksDB, one database per data directory, held under its lock file.
//
// Tables that grow have column families of their own, so that a row is merged with rows of its table alone. What a
// lasting table gets in the order of its keys is then not merged at all: its files only move down. A passing table's
// files are merged always, or what is left of erased rows would move down with them and stay.
//
// Nothing takes a snapshot of the database: releasing one has every file that was moved written anew, all at once.
//
// Every commit is synced. After a failed sync nothing more is accepted until the process reopens the data (rule 12 of
// the design). The write-ahead log is bounded, so opening replays at most `wal_bytes_max`. A disk counts as full, and
// commits are refused without harm, while less than `disk_reserve_bytes` of it are free; should a write fail all the
// same, that is as a failed sync.
#pragma once

#include <memory>
#include <string>

#include "store/store.h"

namespace escapement::store {

struct RocksDbOptions {
  std::string path;
  std::string lasting_tables;  // first bytes of keys
  std::string passing_tables;
  std::uint64_t memtable_bytes = 16ull << 20;     // all write buffers together
  std::uint64_t block_cache_bytes = 32ull << 20;  // data, index and filter blocks
  std::uint64_t wal_bytes_max = 96ull << 20;
  std::int64_t disk_reserve_bytes = 64ll << 20;  // for what is accepted: its flushes and compactions
  bool sync = true;                              // false only for filling benchmarks and tests
};

// Errors: unavailable (another process holds the directory), io, corrupt (also of a database whose tables are not
// apart, as earlier versions made them: nothing is changed).
base::Result<std::unique_ptr<Store>> open_rocksdb(const RocksDbOptions& options);

}  // namespace escapement::store
