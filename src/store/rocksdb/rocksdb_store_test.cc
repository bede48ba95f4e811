#include "store/rocksdb/rocksdb_store.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/random.h"
#include "store/contract_test.h"

namespace escapement::store {
namespace {

struct RocksFactory final : StoreFactory {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("escapement-store-" + base::random_uuid());
  ~RocksFactory() override { std::filesystem::remove_all(path); }
  std::unique_ptr<Store> open() override {
    auto store = open_rocksdb({.path = path.string(), .lasting_tables = "t", .passing_tables = "uw"});
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
};

std::unique_ptr<StoreFactory> make_factory() { return std::make_unique<RocksFactory>(); }

INSTANTIATE_TEST_SUITE_P(RocksDb, StoreContract, testing::Values(&make_factory));

TEST(RocksDbStore, ASecondOwnerOfTheDirectoryIsRefused) {
  RocksFactory factory;
  const auto first = factory.open();
  const auto second = open_rocksdb({.path = factory.path.string()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::unavailable);
}

TEST(RocksDbStore, AFolderThatCannotBeUsedIsNotTakenForALockedOne) {
  RocksFactory factory;
  std::filesystem::create_directories(factory.path);
  const std::filesystem::path blocked = factory.path / "blocked";
  std::ofstream(blocked) << "a file";
  const auto refused = open_rocksdb({.path = blocked.string()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::io) << refused.error().message;
}

TEST(RocksDbStore, TablesThatWereNotApartAreRefusedAndLeftAsTheyWere) {
  RocksFactory factory;
  {
    const auto earlier = open_rocksdb({.path = factory.path.string()});
    auto batch = (*earlier)->new_batch();
    batch->put("t1", "v");
    ASSERT_TRUE((*earlier)->commit(*batch));
  }
  const auto refused = open_rocksdb({.path = factory.path.string(), .lasting_tables = "t"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::corrupt);
  EXPECT_EQ(**(*open_rocksdb({.path = factory.path.string()}))->get("t1"), "v");
}

TEST(RocksDbStore, ADiskThatCountsAsFullRefusesWithoutHarm) {
  RocksFactory factory;
  const auto put = [](Store& store, std::string_view key) {
    auto batch = store.new_batch();
    batch->put(key, "v");
    return store.commit(*batch);
  };
  ASSERT_TRUE(put(*factory.open(), "before"));
  constexpr std::int64_t kMoreThanAnyDiskHas = std::int64_t{1} << 60;
  {
    const auto full = open_rocksdb({.path = factory.path.string(), .disk_reserve_bytes = kMoreThanAnyDiskHas});
    ASSERT_TRUE(full);
    for (int i = 0; i < 2; ++i) {
      const auto refused = put(**full, "refused");
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, base::ErrorCode::limit_exceeded)
          << "a full disk passes, a stopped writer does not";
      EXPECT_EQ(refused.error().name, "ServiceUnavailable");
    }
    EXPECT_EQ(*(*full)->get("before"), "v");
  }
  const auto store = factory.open();
  EXPECT_TRUE(put(*store, "after"));
  EXPECT_FALSE(*store->get("refused"));
}

// The log's records after the last whole one were never acknowledged: a commit is synced before the next is written.
TEST(RocksDbStore, ADamagedRecordAtTheEndOfTheLogCostsOnlyItself) {
  const auto newest_log = [](const std::filesystem::path& folder) {
    std::filesystem::path newest;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
    }
    return newest;
  };
  // The copy of an open database's files is what a crash leaves.
  RocksFactory living;
  RocksFactory crashed;
  const auto store = living.open();
  for (const std::string_view key : {"a", "b", "c"}) {
    auto batch = store->new_batch();
    batch->put(key, std::string(100, 'v'));
    ASSERT_TRUE(store->commit(*batch));
  }
  std::filesystem::copy(living.path, crashed.path, std::filesystem::copy_options::recursive);
  std::fstream log(newest_log(crashed.path), std::ios::in | std::ios::out | std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(log), {});
  log.clear();
  log.seekp(static_cast<std::streamoff>(bytes.find_last_of('v')));
  log.put('w');
  log.close();
  const auto reopened = crashed.open();
  EXPECT_TRUE(*reopened->get("a"));
  EXPECT_TRUE(*reopened->get("b"));
  EXPECT_FALSE(*reopened->get("c"));
}

}  // namespace
}  // namespace escapement::store
