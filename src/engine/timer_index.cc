#include "engine/timer_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/keys.h"

namespace escapement::engine {
namespace {

constexpr std::size_t kArity = 4;

}  // namespace

std::size_t TimerIndex::KeyHash::operator()(const TimerKey& key) const {
  std::uint64_t h = key.execution.bits * 0x9e3779b97f4a7c15ull;
  h ^= static_cast<std::uint64_t>(key.due.us) + (std::uint64_t{key.frame} << 32) + (std::uint64_t{key.attempt} << 8) +
       static_cast<std::uint64_t>(key.kind);
  h *= 0xbf58476d1ce4e5b9ull;
  return static_cast<std::size_t>(h ^ (h >> 29));
}

TimerIndex::TimerIndex(const store::Store& store, std::function<bool(store::PartitionId)> owns, Options options)
    : store_(store), owns_(std::move(owns)), options_(options) {}

void TimerIndex::push(const TimerKey& key) {
  std::size_t at = heap_.size();
  heap_.push_back(key);
  while (at > 0) {
    const std::size_t parent = (at - 1) / kArity;
    if (!(key < heap_[parent])) break;
    heap_[at] = heap_[parent];
    at = parent;
  }
  heap_[at] = key;
}

void TimerIndex::pop() {
  const TimerKey key = heap_.back();
  heap_.pop_back();
  if (heap_.empty()) return;
  std::size_t at = 0;
  for (;;) {
    const std::size_t first = at * kArity + 1;
    if (first >= heap_.size()) break;
    const std::size_t last = std::min(first + kArity, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < last; ++child) {
      if (heap_[child] < heap_[least]) least = child;
    }
    if (!(heap_[least] < key)) break;
    heap_[at] = heap_[least];
    at = least;
  }
  heap_[at] = key;
}

void TimerIndex::drop_erased_top() {
  // Erased keys that had been taken before never come up again.
  if (erased_.size() > heap_.size() + options_.resident_max) shrink();
  while (!heap_.empty() && !erased_.empty()) {
    const auto found = erased_.find(heap_.front());
    if (found == erased_.end()) return;
    erased_.erase(found);
    pop();
  }
  if (heap_.empty()) erased_.clear();
}

void TimerIndex::insert(const TimerKey& key) {
  if (!store_exhausted_ && key > horizon_) return;
  if (!erased_.empty()) erased_.erase(key);
  push(key);
  if (heap_.size() > std::size_t{options_.resident_max} * 2) shrink();
}

void TimerIndex::erase(const TimerKey& key) {
  if (!store_exhausted_ && key > horizon_) return;
  erased_.insert(key);
  drop_erased_top();
}

// Keeps the earliest half; the rest is in the store and comes back when its time is near.
void TimerIndex::shrink() {
  if (!erased_.empty()) {
    std::erase_if(heap_, [&](const TimerKey& key) { return erased_.contains(key); });
    erased_.clear();
  }
  if (heap_.size() > options_.resident_max) {
    std::nth_element(heap_.begin(), heap_.begin() + options_.resident_max - 1, heap_.end());
    heap_.resize(options_.resident_max);
    horizon_ = heap_.back();
    store_exhausted_ = false;
  }
  // A sorted array is a heap of any arity.
  std::sort(heap_.begin(), heap_.end());
  heap_.shrink_to_fit();
}

base::Result<void> TimerIndex::load_next() {
  const std::string table(1, keys::kTimer);
  const auto cursor = store_.cursor(table, store::prefix_end(table));
  cursor->seek(horizon_.due.us == INT64_MIN ? table : horizon_.encode() + '\0');
  std::size_t loaded = 0;
  for (; cursor->valid() && loaded < options_.resident_max; cursor->next()) {
    const auto key = TimerKey::decode(cursor->key());
    if (!key) return base::make_error(base::ErrorCode::corrupt, "a row of the timer table is not readable");
    horizon_ = *key;
    if (!owns_(key->execution.partition())) continue;
    push(*key);
    ++loaded;
  }
  ESC_CHECK(cursor->status());
  store_exhausted_ = !cursor->valid();
  return {};
}

base::Result<std::size_t> TimerIndex::take_due(base::Timestamp now, std::size_t count_max, std::vector<TimerKey>& due) {
  std::size_t taken = 0;
  while (taken < count_max) {
    drop_erased_top();
    if (heap_.empty()) {
      if (store_exhausted_ || horizon_.due > now) break;
      ESC_CHECK(load_next());
      if (heap_.empty() && store_exhausted_) break;
      continue;
    }
    if (heap_.front().due > now) break;
    due.push_back(heap_.front());
    pop();
    ++taken;
  }
  return taken;
}

void TimerIndex::add_disagreements(const std::vector<TimerKey>& taken, std::vector<std::string>& found) const {
  // The other kinds are handed over when they are written and are resident only if a restart found them.
  const auto is_kept = [](const TimerKey& key) {
    return key.kind <= TimerRowKind::execution_timeout || key.kind == TimerRowKind::retention;
  };
  std::set<TimerKey> resident;
  for (const TimerKey& key : heap_) {
    if (is_kept(key) && !erased_.contains(key)) resident.insert(key);
  }
  const std::string table(1, keys::kTimer);
  const auto cursor = store_.cursor(table, store::prefix_end(table));
  for (cursor->seek(table); cursor->valid(); cursor->next()) {
    const auto key = TimerKey::decode(cursor->key());
    if (!key || !owns_(key->execution.partition()) || !is_kept(*key)) continue;
    if (resident.erase(*key) != 0 || (!store_exhausted_ && *key > horizon_)) continue;
    if (std::ranges::find(taken, *key) != taken.end()) continue;
    found.push_back(fmt::format("the timer of execution {} that is due at {} is forgotten", key->execution.bits,
                                base::to_iso8601(key->due)));
  }
  for (const TimerKey& key : resident)
    found.push_back(fmt::format("the timer of execution {} that is due at {} is in memory only", key.execution.bits,
                                base::to_iso8601(key.due)));
}

base::Result<std::optional<base::Timestamp>> TimerIndex::next_deadline() {
  drop_erased_top();
  if (heap_.empty() && !store_exhausted_) ESC_CHECK(load_next());
  if (!heap_.empty()) return std::optional(heap_.front().due);
  if (store_exhausted_) return std::optional<base::Timestamp>();
  return std::optional(horizon_.due);
}

}  // namespace escapement::engine
