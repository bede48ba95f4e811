#include "identity/last_used.h"

#include <array>
#include <functional>
#include <utility>

namespace escapement::identity {
namespace {

struct Noted {
  std::size_t hash = 0;
  std::int64_t second = -1;
};

// A small direct-mapped memory of what this thread noted; a collision only costs one more note.
thread_local std::array<Noted, 64> noted;

}  // namespace

void LastUses::note(std::string_view id, std::string_view service, std::string_view region, base::Timestamp now) {
  const std::size_t hash = std::hash<std::string_view>{}(id);
  Noted& slot = noted[hash % noted.size()];
  const std::int64_t second = now.us / 1'000'000;
  if (slot.hash == hash && slot.second == second) return;
  slot = {hash, second};
  const std::lock_guard lock(mutex_);
  auto found = unwritten_.find(id);
  if (found == unwritten_.end()) found = unwritten_.emplace(std::string(id), LastUsed{}).first;
  found->second = LastUsed{now, std::string(service), std::string(region)};
}

std::optional<LastUsed> LastUses::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = unwritten_.find(id);
  return found == unwritten_.end() ? std::nullopt : std::optional(found->second);
}

std::map<std::string, LastUsed, std::less<>> LastUses::take_unwritten() {
  const std::lock_guard lock(mutex_);
  return std::exchange(unwritten_, {});
}

void LastUses::restore(std::map<std::string, LastUsed, std::less<>> uses) {
  const std::lock_guard lock(mutex_);
  unwritten_.merge(uses);
}

}  // namespace escapement::identity
