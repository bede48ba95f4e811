#include "store/rocksdb/rocksdb_store.h"

#include <filesystem>

#include "base/random.h"
#include "store/contract_test.h"

namespace escapement::store {
namespace {

struct RocksFactory final : StoreFactory {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("escapement-store-" + base::random_uuid());
  ~RocksFactory() override { std::filesystem::remove_all(path); }
  std::unique_ptr<Store> open() override {
    auto store = open_rocksdb({.path = path.string()});
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

}  // namespace
}  // namespace escapement::store
