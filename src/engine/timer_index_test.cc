#include "engine/timer_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "store/memory/memory_store.h"

namespace escapement::engine {
namespace {

TimerKey key_at(std::int64_t due_us, std::uint64_t execution) {
  return {{due_us}, {execution << 24}, 0, TimerRowKind::wait, 1};
}

class TimerIndexTest : public testing::Test {
 protected:
  // As the shard does it: commit, then tell the index.
  void arm(const TimerKey& key) {
    write(key, true);
    index.insert(key);
  }
  void disarm(const TimerKey& key) {
    write(key, false);
    index.erase(key);
  }
  void write(const TimerKey& key, bool put) {
    auto batch = store.new_batch();
    put ? batch->put(key.encode(), {}) : batch->erase(key.encode());
    ASSERT_TRUE(store.commit(*batch));
  }
  std::vector<TimerKey> take(std::int64_t now_us, std::size_t count_max = 1'000'000) {
    std::vector<TimerKey> due;
    EXPECT_TRUE(index.take_due({now_us}, count_max, due));
    for (const TimerKey& key : due) write(key, false);
    return due;
  }

  store::MemoryStore store;
  TimerIndex index{store, [](store::PartitionId) { return true; }, {.resident_max = 16}};
};

TEST_F(TimerIndexTest, KeysOrderAsTheirBytesDo) {
  const TimerKey early = key_at(5, 9);
  const TimerKey late = key_at(6, 1);
  EXPECT_LT(early, late);
  EXPECT_LT(early.encode(), late.encode());
  EXPECT_EQ(TimerKey::decode(late.encode()), late);
  EXPECT_FALSE(TimerKey::decode(late.encode().substr(1)));
}

TEST_F(TimerIndexTest, NothingIsDueEarly) {
  arm(key_at(1'000, 1));
  EXPECT_TRUE(take(999).empty());
  EXPECT_EQ(take(1'000).size(), 1u);
  EXPECT_FALSE(index.next_deadline()->has_value());
}

TEST_F(TimerIndexTest, AnErasedKeyDoesNotComeUp) {
  arm(key_at(10, 1));
  arm(key_at(20, 2));
  disarm(key_at(10, 1));
  EXPECT_EQ(*index.next_deadline(), base::Timestamp{20});
  EXPECT_EQ(take(100), std::vector{key_at(20, 2)});
}

TEST_F(TimerIndexTest, MemoryStaysBoundedHoweverManyArePending) {
  for (std::uint64_t i = 1; i <= 1'000; ++i) arm(key_at(static_cast<std::int64_t>((i * 7'919) % 1'000), i));
  EXPECT_LE(index.resident(), 33u);
  std::vector<TimerKey> all;
  for (std::int64_t now = 0; now < 1'000; now += 50) {
    const auto due = take(now, 7);
    all.insert(all.end(), due.begin(), due.end());
    EXPECT_LE(index.resident(), 33u);
  }
  const auto rest = take(2'000);
  all.insert(all.end(), rest.begin(), rest.end());
  EXPECT_EQ(all.size(), 1'000u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
}

TEST_F(TimerIndexTest, OnlyOwnPartitionsComeUp) {
  TimerIndex odd{store, [](store::PartitionId partition) { return partition % 2 == 1; }, {.resident_max = 4}};
  for (std::uint64_t partition = 0; partition < 40; ++partition)
    write({{10}, {partition << 12}, 0, TimerRowKind::wait, 1}, true);
  std::vector<TimerKey> due;
  ASSERT_TRUE(odd.take_due({10}, 1'000, due));
  EXPECT_EQ(due.size(), 20u);
  for (const TimerKey& key : due) EXPECT_EQ(key.execution.partition() % 2, 1);
}

// Random operations against a plain ordered set.
TEST_F(TimerIndexTest, AgreesWithAnOrderedSet) {
  base::SplitMix random(42);
  std::set<TimerKey> model;
  std::int64_t now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t choice = random.next() % 10;
    if (choice < 5) {
      const TimerKey key =
          key_at(now + 1 + static_cast<std::int64_t>(random.next() % 500), random.next() % 100'000 + 1);
      if (model.insert(key).second) arm(key);
    } else if (choice < 7 && !model.empty()) {
      auto victim = model.lower_bound(key_at(now + static_cast<std::int64_t>(random.next() % 500), 0));
      if (victim == model.end()) victim = model.begin();
      disarm(*victim);
      model.erase(victim);
    } else {
      now += static_cast<std::int64_t>(random.next() % 20);
      const std::size_t count_max = random.next() % 30 + 1;
      std::vector<TimerKey> expected;
      while (!model.empty() && model.begin()->due.us <= now && expected.size() < count_max) {
        expected.push_back(*model.begin());
        model.erase(model.begin());
      }
      ASSERT_EQ(take(now, count_max), expected) << "step " << step;
    }
    ASSERT_LE(index.resident(), 40u);
  }
}

}  // namespace
}  // namespace escapement::engine
