// What every store promises. An implementation's test instantiates this suite with a way to open a store that can be
// dropped and opened again on the same data.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <thread>

#include "store/catalog.h"
#include "store/store.h"

namespace escapement::store {

struct StoreFactory {
  virtual ~StoreFactory() = default;
  virtual std::unique_ptr<Store> open() = 0;
};

using MakeFactory = std::unique_ptr<StoreFactory> (*)();

class StoreContract : public testing::TestWithParam<MakeFactory> {
 protected:
  void put(std::string_view key, std::string_view value) {
    auto batch = store->new_batch();
    batch->put(key, value);
    ASSERT_TRUE(store->commit(*batch));
  }
  std::vector<std::string> keys(std::string_view lower, std::string_view upper) {
    std::vector<std::string> found;
    const auto cursor = store->cursor(lower, upper);
    for (cursor->seek(lower); cursor->valid(); cursor->next()) found.emplace_back(cursor->key());
    return found;
  }

  std::unique_ptr<StoreFactory> factory = GetParam()();
  std::unique_ptr<Store> store = factory->open();
};

TEST_P(StoreContract, LaterWritesOfABatchWin) {
  auto batch = store->new_batch();
  batch->put("ta", "1");
  batch->put("ta", "2");
  batch->put("tb", "1");
  batch->erase("tb");
  batch->erase("tc");
  batch->put("tc", "1");
  ASSERT_TRUE(store->commit(*batch));
  EXPECT_EQ(**store->get("ta"), "2");
  EXPECT_FALSE(*store->get("tb"));
  EXPECT_EQ(keys("t", "u"), (std::vector<std::string>{"ta", "tc"}));
}

TEST_P(StoreContract, ManyKeysAreReadAtOnce) {
  put("a", "1");
  put("t1", "3");
  const std::vector<std::string> keys{"a", "b", "t1", "t2"};
  const auto values = store->get_many(keys);
  ASSERT_TRUE(values);
  EXPECT_EQ(*values, (std::vector<std::optional<std::string>>{"1", std::nullopt, "3", std::nullopt}));
}

TEST_P(StoreContract, ABatchReachesAllTables) {
  auto batch = store->new_batch();
  for (const char* key : {"a", "t1", "u1"}) batch->put(key, "v");
  ASSERT_TRUE(store->commit(*batch));
  for (const char* key : {"a", "t1", "u1"}) EXPECT_EQ(**store->get(key), "v");
  EXPECT_EQ(keys("t", "u"), (std::vector<std::string>{"t1"}));
}

TEST_P(StoreContract, CommittedDataIsThereAfterReopening) {
  put("k", "v");
  store.reset();
  store = factory->open();
  EXPECT_EQ(**store->get("k"), "v");
}

TEST_P(StoreContract, CursorsDoNotSeeLaterCommits) {
  put("ta", "1");
  put("tb", "1");
  const auto cursor = store->cursor("t", "u");
  put("ta", "2");
  put("tc", "1");
  auto batch = store->new_batch();
  batch->erase("tb");
  ASSERT_TRUE(store->commit(*batch));
  std::string seen;
  for (cursor->seek("t"); cursor->valid(); cursor->next()) seen.append(cursor->key()).append(cursor->value());
  EXPECT_EQ(seen, "ta1tb1");
  EXPECT_EQ(keys("t", "u"), (std::vector<std::string>{"ta", "tc"}));
}

TEST_P(StoreContract, CursorsKeepToTheirBoundsBothWays) {
  for (const char* key : {"ta", "tb1", "tb2", "tb3", "tc"}) put(key, "v");
  const auto cursor = store->cursor("tb", "tc");
  cursor->seek("ta");
  ASSERT_TRUE(cursor->valid());
  EXPECT_EQ(cursor->key(), "tb1");
  cursor->seek_before("tb3");
  EXPECT_EQ(cursor->key(), "tb2");
  cursor->previous();
  EXPECT_EQ(cursor->key(), "tb1");
  cursor->previous();
  EXPECT_FALSE(cursor->valid());
  cursor->seek_before("tc");
  EXPECT_EQ(cursor->key(), "tb3");
  cursor->next();
  EXPECT_FALSE(cursor->valid());
}

TEST_P(StoreContract, KeysCompareAsUnsignedBytes) {
  put("t\x7f", "v");
  put("t\xff", "v");
  put(std::string("t\x01\x00", 3), "v");
  EXPECT_EQ(keys("t\x01", "u"), (std::vector<std::string>{std::string("t\x01\x00", 3), "t\x7f", "t\xff"}));
}

TEST_P(StoreContract, AnOldOwnerIsFenced) {
  const PartitionId partitions[] = {3, 4};
  const Epoch first = *store->acquire(partitions);
  const Epoch second = *store->acquire(std::span(partitions).first(1));
  EXPECT_GT(second, first);
  auto batch = store->new_batch();
  batch->put("x", "stale");
  const Fence stale[] = {{3, first}};
  const auto refused = store->commit(*batch, stale);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::conflict);
  EXPECT_FALSE(*store->get("x"));
  const Fence good[] = {{3, second}, {4, first}};
  EXPECT_TRUE(store->commit(*batch, good));
}

TEST_P(StoreContract, EpochsGrowAcrossReopening) {
  const PartitionId partitions[] = {1};
  const Epoch first = *store->acquire(partitions);
  store.reset();
  store = factory->open();
  EXPECT_GT(*store->acquire(partitions), first);
}

TEST_P(StoreContract, ConcurrentCommitsAllLand) {
  std::vector<std::jthread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([this, w] {
      for (int i = 0; i < 50; ++i) {
        auto batch = store->new_batch();
        batch->put("w" + std::to_string(w) + "/" + std::to_string(i), "v");
        ASSERT_TRUE(store->commit(*batch));
      }
    });
  }
  writers.clear();
  EXPECT_EQ(keys("w", "x").size(), 200u);
}

TEST_P(StoreContract, CatalogUpdatesAreAtomicAndSurvive) {
  auto catalog = *Catalog::open(*store, "\x05");
  ASSERT_TRUE(catalog->update([](CatalogTransaction& t) -> base::Result<void> {
    t.put("user/a", "1");
    t.put("user/b", "2");
    t.put("vser", "3");
    return {};
  }));
  const auto before = catalog->view();
  const auto failed = catalog->update([](CatalogTransaction& t) -> base::Result<void> {
    t.put("user/a", "changed");
    return base::make_error(base::ErrorCode::invalid, "no");
  });
  EXPECT_FALSE(failed);
  ASSERT_TRUE(catalog->update([](CatalogTransaction& t) -> base::Result<void> {
    t.put("user/aa", "x");
    t.erase("user/b");
    std::string seen;
    t.scan("user/", [&](std::string_view key, std::string_view) { return seen.append(key), true; });
    EXPECT_EQ(seen, "user/auser/aa");
    t.erase("user/aa");
    return {};
  }));
  EXPECT_EQ(before.count("user/"), 2u);
  catalog.reset();
  catalog = *Catalog::open(*store, "\x05");
  EXPECT_EQ(catalog->view().get("user/a"), "1");
  EXPECT_EQ(catalog->view().count("user/"), 1u);
  EXPECT_EQ(catalog->view().count(""), 2u);
}

}  // namespace escapement::store
