// Ordered byte keys, atomic durable batches, cursors, fencing. The one seam between the engine and any database.
//
// Keys compare as unsigned bytes; the first one names a key's table, of which a store may keep each for itself. A batch
// becomes visible and durable as a whole or not at all; `commit` returns only when it would survive a power cut. A data
// set has many partitions; whoever writes for one holds its epoch, and a batch that names an epoch older than the
// stored one fails without effect, so a stale owner cannot write.
//
// Threading: any thread. Errors: io (the store accepts nothing more until it is reopened: a failed sync is never
// retried), limit_exceeded (disk full; nothing was written, later commits may succeed), conflict (fenced), corrupt.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace escapement::store {

using PartitionId = std::uint16_t;
using Epoch = std::uint64_t;

// Writes in the order they were added; a later one to the same key wins.
class Batch {
 public:
  virtual ~Batch() = default;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
  virtual std::size_t count() const = 0;
  virtual std::size_t bytes() const = 0;
  virtual void clear() = 0;
};

// Walks the keys of one table in order, as they were committed when it was made. Views live until the next move. After
// the last key (or an error) `valid` is false. Short-lived: it holds back what the database would give up.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual void seek(std::string_view key) = 0;         // to the first key >= key
  virtual void seek_before(std::string_view key) = 0;  // to the last key < key
  virtual bool valid() const = 0;
  virtual void next() = 0;
  virtual void previous() = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual base::Result<void> status() const = 0;
};

struct Fence {
  PartitionId partition;
  Epoch epoch;
};

class Store {
 public:
  virtual ~Store() = default;

  virtual std::unique_ptr<Batch> new_batch() const = 0;
  // Applies and syncs. `fences` are checked in the same atomic step.
  virtual base::Result<void> commit(Batch& batch, std::span<const Fence> fences = {}) = 0;
  // Shows [lower, upper). Both are of one table, or `upper` is the table's end.
  virtual std::unique_ptr<Cursor> cursor(std::string_view lower, std::string_view upper) const = 0;
  // The newest committed value.
  virtual base::Result<std::optional<std::string>> get(std::string_view key) const = 0;
  // The same for many keys in ascending order, at a fraction of the cost of asking for each.
  virtual base::Result<std::vector<std::optional<std::string>>> get_many(std::span<const std::string> keys) const = 0;

  // Takes partitions over: they get one new epoch, higher than any before, durably. Every older owner is fenced from
  // then on.
  virtual base::Result<Epoch> acquire(std::span<const PartitionId> partitions) = 0;

  // For operators: name and value pairs such as estimated keys, bytes on disk, memory held.
  virtual std::vector<std::pair<std::string, std::uint64_t>> statistics() const = 0;
};

// The first key after all keys that begin with `prefix`; empty if there is none.
std::string prefix_end(std::string_view prefix);

// The store's own keys begin with this byte; users of the store leave it alone.
inline constexpr char kReservedTable = '\x00';
// Where the epoch of a partition is kept.
std::string epoch_key(PartitionId partition);
std::string encode_epoch(Epoch epoch);
base::Result<Epoch> decode_epoch(std::string_view bytes);

}  // namespace escapement::store
