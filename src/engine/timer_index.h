// The pending deadlines of the partitions of one shard, earliest first.
//
// The store holds the truth; only the earliest keys stay in memory, at most about `resident_max` however many are
// pending. Keys up to and including the horizon are resident; later ones are read from the store when the resident ones
// run out. Threading:   shard thread only; no locks. Determinism: never reads a clock; `now` is an argument. Delivery:
// take_due() proposes. A key leaves the store when its command is applied; after a crash in between it is
//              proposed again. Whoever applies it must treat a key that no longer fits as already done.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "engine/timer_key.h"
#include "store/store.h"

namespace escapement::engine {

class TimerIndex {
 public:
  struct Options {
    std::uint32_t resident_max = 65'536;
  };

  // `store` is borrowed and must outlive the index. `owns` says which partitions are this shard's.
  TimerIndex(const store::Store& store, std::function<bool(store::PartitionId)> owns, Options options);

  void insert(const TimerKey& key);  // Only after the batch that wrote `key` has committed.
  void erase(const TimerKey& key);   // After the delete committed. Not resident: no effect.

  // Appends keys that are due at `now` to `due`, in key order, at most `count_max`; returns how many. Errors: io,
  // corrupt.
  base::Result<std::size_t> take_due(base::Timestamp now, std::size_t count_max, std::vector<TimerKey>& due);

  // When the shard must wake: the earliest resident key, or the horizon if nothing nearer is known; nullopt when
  // nothing is pending. Errors: io, corrupt.
  base::Result<std::optional<base::Timestamp>> next_deadline();

  std::size_t resident() const { return heap_.size(); }

  // Timers that the store has and this forgot, or the other way round. `taken` are known to their taker.
  void add_disagreements(const std::vector<TimerKey>& taken, std::vector<std::string>& found) const;

 private:
  struct KeyHash {
    std::size_t operator()(const TimerKey& key) const;
  };

  static TimerKey before_all() {
    TimerKey key;
    key.due.us = INT64_MIN;
    return key;
  }

  base::Result<void> load_next();
  void shrink();
  void push(const TimerKey& key);
  void pop();
  void drop_erased_top();

  const store::Store& store_;
  std::function<bool(store::PartitionId)> owns_;
  Options options_;
  std::vector<TimerKey> heap_;                    // 4-ary, earliest on top
  std::unordered_set<TimerKey, KeyHash> erased_;  // resident keys that were erased; they leave when they reach the top
  TimerKey horizon_ = before_all();               // keys up to here are resident
  bool store_exhausted_ = false;                  // nothing beyond the horizon; every insert is resident
};

}  // namespace escapement::engine
