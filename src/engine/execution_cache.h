// The executions that a shard has in memory, least recently used first out. Shard thread only.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

#include "engine/loaded_execution.h"

namespace escapement::engine {

class ExecutionCache {
 public:
  explicit ExecutionCache(std::size_t executions_max) : executions_max_(executions_max) {}

  LoadedExecution* find(ExecutionId id) {
    const auto found = by_id_.find(id.bits);
    if (found == by_id_.end()) return nullptr;
    order_.splice(order_.end(), order_, found->second);
    return found->second->get();
  }

  bool contains(ExecutionId id) const { return by_id_.contains(id.bits); }

  LoadedExecution& insert(std::unique_ptr<LoadedExecution> execution) {
    const std::uint64_t bits = execution->id().bits;
    order_.push_back(std::move(execution));
    by_id_[bits] = std::prev(order_.end());
    return *order_.back();
  }

  void erase(ExecutionId id) {
    const auto found = by_id_.find(id.bits);
    if (found == by_id_.end()) return;
    order_.erase(found->second);
    by_id_.erase(found);
  }

  // Only between batches: what a batch has touched must stay until it has committed.
  void evict() {
    while (order_.size() > executions_max_) {
      by_id_.erase(order_.front()->id().bits);
      order_.pop_front();
    }
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& execution : order_) visit(*execution);
  }

  std::size_t size() const { return order_.size(); }

 private:
  std::size_t executions_max_;
  std::list<std::unique_ptr<LoadedExecution>> order_;
  std::unordered_map<std::uint64_t, std::list<std::unique_ptr<LoadedExecution>>::iterator> by_id_;
};

}  // namespace escapement::engine
