// The payloads of one execution that are in memory, by body and by number. Most executions have a handful, which a list
// holds best; a Map over many items has thousands, which get an index.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "json/payload.h"

namespace escapement::engine {

class PayloadTable {
 public:
  // The payload's number; 0 if it has none yet.
  std::uint32_t number_of(const json::Payload& payload) const {
    if (!by_identity_.empty()) {
      const auto found = by_identity_.find(payload.identity());
      return found == by_identity_.end() ? 0 : found->second;
    }
    for (const Entry& entry : entries_) {
      if (entry.payload.identity() == payload.identity()) return entry.number;
    }
    return 0;
  }

  // The payload with that number; absent if it is not in memory.
  json::Payload find(std::uint32_t number) const {
    if (!by_number_.empty()) {
      const auto found = by_number_.find(number);
      return found == by_number_.end() ? json::Payload() : entries_[found->second].payload;
    }
    for (const Entry& entry : entries_) {
      if (entry.number == number) return entry.payload;
    }
    return {};
  }

  void add(json::Payload payload, std::uint32_t number) {
    entries_.push_back({std::move(payload), number});
    if (!by_identity_.empty()) {
      index(entries_.size() - 1);
    } else if (entries_.size() > kListMax) {
      index_all();
    }
  }

  std::size_t size() const { return entries_.size(); }

  // Forgets payloads that nobody else holds.
  void prune() {
    std::erase_if(entries_, [](const Entry& entry) { return entry.payload.is_sole_copy(); });
    by_identity_.clear();
    by_number_.clear();
    if (entries_.size() > kListMax) index_all();
  }

 private:
  static constexpr std::size_t kListMax = 16;

  struct Entry {
    json::Payload payload;  // kept, so that its identity stays its own
    std::uint32_t number;
  };

  void index(std::size_t position) {
    by_identity_[entries_[position].payload.identity()] = entries_[position].number;
    by_number_[entries_[position].number] = position;
  }
  void index_all() {
    for (std::size_t i = 0; i < entries_.size(); ++i) index(i);
  }

  std::vector<Entry> entries_;
  std::unordered_map<const void*, std::uint32_t> by_identity_;
  std::unordered_map<std::uint32_t, std::size_t> by_number_;
};

}  // namespace escapement::engine
