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
    const auto snapshot = store->snapshot();
    const auto cursor = snapshot->cursor(lower, upper);
    for (cursor->seek(lower); cursor->valid(); cursor->next()) found.emplace_back(cursor->key());
    return found;
  }

  std::unique_ptr<StoreFactory> factory = GetParam()();
  std::unique_ptr<Store> store = factory->open();
};

TEST_P(StoreContract, LaterWritesOfABatchWin) {
  auto batch = store->new_batch();
  batch->put("a", "1");
  batch->put("a", "2");
  batch->put("b", "1");
  batch->erase("b");
  batch->erase("c");
  batch->put("c", "1");
  ASSERT_TRUE(store->commit(*batch));
  EXPECT_EQ(**store->get("a"), "2");
  EXPECT_FALSE(*store->get("b"));
  EXPECT_EQ(keys("a", "z"), (std::vector<std::string>{"a", "c"}));
}

TEST_P(StoreContract, ManyKeysAreReadAtOnce) {
  put("a", "1");
  put("c", "3");
  const std::vector<std::string> keys{"a", "b", "c"};
  const auto values = store->get_many(keys);
  ASSERT_TRUE(values);
  EXPECT_EQ(*values, (std::vector<std::optional<std::string>>{"1", std::nullopt, "3"}));
}

TEST_P(StoreContract, CommittedDataIsThereAfterReopening) {
  put("k", "v");
  store.reset();
  store = factory->open();
  EXPECT_EQ(**store->get("k"), "v");
}

TEST_P(StoreContract, SnapshotsDoNotSeeLaterCommits) {
  put("a", "1");
  put("b", "1");
  const auto snapshot = store->snapshot();
  put("a", "2");
  put("c", "1");
  auto batch = store->new_batch();
  batch->erase("b");
  ASSERT_TRUE(store->commit(*batch));
  EXPECT_EQ(**snapshot->get("a"), "1");
  EXPECT_EQ(**snapshot->get("b"), "1");
  EXPECT_FALSE(*snapshot->get("c"));
  EXPECT_EQ(keys("", ""), (std::vector<std::string>{"a", "c"}));
}

TEST_P(StoreContract, CursorsKeepToTheirBoundsBothWays) {
  for (const char* key : {"a", "b1", "b2", "b3", "c"}) put(key, "v");
  const auto snapshot = store->snapshot();
  const auto cursor = snapshot->cursor("b", "c");
  cursor->seek("a");
  ASSERT_TRUE(cursor->valid());
  EXPECT_EQ(cursor->key(), "b1");
  cursor->seek_before("b3");
  EXPECT_EQ(cursor->key(), "b2");
  cursor->previous();
  EXPECT_EQ(cursor->key(), "b1");
  cursor->previous();
  EXPECT_FALSE(cursor->valid());
  cursor->seek_before("c");
  EXPECT_EQ(cursor->key(), "b3");
  cursor->next();
  EXPECT_FALSE(cursor->valid());
}

TEST_P(StoreContract, KeysCompareAsUnsignedBytes) {
  put(std::string("\x7f", 1), "v");
  put(std::string("\xff", 1), "v");
  put(std::string("\x01\x00", 2), "v");
  EXPECT_EQ(keys("\x01", ""), (std::vector<std::string>{std::string("\x01\x00", 2), "\x7f", "\xff"}));
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
