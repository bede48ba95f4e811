// When access keys and roles were last used. Kept in memory, written with the next change of the records: losing the
// last minutes in a crash is no harm.
//
// Threading: any thread.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "identity/records.h"

namespace escapement::identity {

class LastUses {
 public:
  // At most one note a second and thread of the same id is taken down.
  void note(std::string_view id, std::string_view service, std::string_view region, base::Timestamp now);
  std::optional<LastUsed> find(std::string_view id) const;
  // What was noted since the last call.
  std::map<std::string, LastUsed, std::less<>> take_unwritten();
  // Gives back what could not be written.
  void restore(std::map<std::string, LastUsed, std::less<>> uses);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, LastUsed, std::less<>> unwritten_;  // guarded by mutex_
};

}  // namespace escapement::identity
