// An open RocksDB database and the column families of its tables. Private to this room; any thread.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/rocksdb/rocksdb_store.h"

namespace escapement::store {

// Cursors share it, and may outlive the store.
class Database {
 public:
  // Errors: as of open_rocksdb.
  static base::Result<std::shared_ptr<const Database>> open(const RocksDbOptions& options);

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB* operator->() const { return db_.get(); }
  rocksdb::ColumnFamilyHandle* family_of(std::string_view key) const {
    return by_table_[key.empty() ? 0 : static_cast<unsigned char>(key.front())];
  }

 private:
  using Families = std::vector<rocksdb::ColumnFamilyHandle*>;

  Database(rocksdb::DB* db, const Families& families);
  // Owns them from now on.
  void add(const Families& families);
  base::Result<void> create_families(const rocksdb::Options& settings, const RocksDbOptions& options);

  std::unique_ptr<rocksdb::DB> db_;
  Families families_;
  std::array<rocksdb::ColumnFamilyHandle*, 256> by_table_;
};

inline rocksdb::Slice to_slice(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view to_view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
base::Error to_error(const rocksdb::Status& status);

}  // namespace escapement::store
