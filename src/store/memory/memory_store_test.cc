#include "store/memory/memory_store.h"

#include "store/contract_test.h"

namespace escapement::store {
namespace {

struct MemoryFactory final : StoreFactory {
  std::shared_ptr<MemoryStore::Disk> disk = MemoryStore::new_disk();
  std::unique_ptr<Store> open() override { return std::make_unique<MemoryStore>(disk); }
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, testing::Values(+[]() -> std::unique_ptr<StoreFactory> {
                           return std::make_unique<MemoryFactory>();
                         }));

TEST(MemoryStoreFaults, AFailedSyncStopsTheStoreForGood) {
  for (const CommitFate fate : {CommitFate::lost, CommitFate::unknown}) {
    const auto disk = MemoryStore::new_disk();
    CommitFate next = fate;
    MemoryStore store(disk, [&] { return std::exchange(next, CommitFate::normal); });
    auto batch = store.new_batch();
    batch->put("k", "v");
    EXPECT_EQ(store.commit(*batch).error().code, base::ErrorCode::io);
    EXPECT_EQ(store.commit(*batch).error().code, base::ErrorCode::io);
    EXPECT_EQ((*MemoryStore(disk).get("k")).has_value(), fate == CommitFate::unknown);
  }
}

TEST(MemoryStoreFaults, AFullDiskChangesNothingAndPasses) {
  CommitFate next = CommitFate::disk_full;
  MemoryStore store(MemoryStore::new_disk(), [&] { return std::exchange(next, CommitFate::normal); });
  auto batch = store.new_batch();
  batch->put("k", "v");
  EXPECT_EQ(store.commit(*batch).error().code, base::ErrorCode::limit_exceeded);
  EXPECT_FALSE(*store.get("k"));
  EXPECT_TRUE(store.commit(*batch));
}

}  // namespace
}  // namespace escapement::store
