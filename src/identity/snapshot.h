// One committed state of the records, with what was compiled from it so far. Compiled parts are made when first asked
// for, so that a change costs nothing for the principals that do not call.
//
// Threading: any thread; the state never changes, the compiled parts are guarded by a shared lock.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "identity/authoriser.h"
#include "identity/directory.h"
#include "identity/evaluate.h"
#include "store/catalog.h"

namespace escapement::identity {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <typename T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

// Compiled policies by their text, shared by all snapshots. Bounded; a full cache starts anew.
class PolicyCache {
 public:
  base::Result<std::shared_ptr<const Policy>> get(std::string_view document);

 private:
  static constexpr std::size_t kMax = 16'384;
  std::mutex mutex_;
  TextMap<std::shared_ptr<const Policy>> policies_;  // guarded by mutex_
};

// What one user or role may do.
struct Grants {
  std::string id;  // AIDA… or AROA…; a session of a role of the same name but another id is not this one's
  Policies policies;
  std::shared_ptr<const Policy> boundary;
  bool has_boundary = false;  // a boundary that cannot be read allows nothing
  // Of a role: who may assume it (nullptr: unreadable, nobody may), and what its sessions are called after.
  std::shared_ptr<const Policy> trust;
  std::string name;
  std::map<std::string, std::string> tags;
};

class Snapshot {
 public:
  Snapshot(store::Catalog::View view, std::string account, PolicyCache& policies);

  Directory directory() const { return {view_, account_}; }
  // Of a user's or role's ARN; nullptr: there is none.
  std::shared_ptr<const Grants> grants(std::string_view arn) const;
  // Of a long-term access key; nullptr: there is none.
  std::shared_ptr<const Credentials> credentials(std::string_view access_key_id) const;

 private:
  std::shared_ptr<const Grants> make_grants(std::string_view arn) const;
  std::shared_ptr<const Credentials> make_credentials(std::string_view access_key_id) const;
  void add_policies_of(const Entity& entity, const Directory& directory, Policies& out) const;
  void add_policy(std::string_view document, std::string_view owner, Policies& out) const;

  static constexpr std::size_t kCompiledMax = 65'536;

  store::Catalog::View view_;
  std::string account_;
  PolicyCache& policies_;
  mutable std::shared_mutex mutex_;
  mutable TextMap<std::shared_ptr<const Grants>> grants_;            // guarded by mutex_
  mutable TextMap<std::shared_ptr<const Credentials>> credentials_;  // guarded by mutex_
};

}  // namespace escapement::identity
