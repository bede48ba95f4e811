// Temporary credentials: issued by STS, and to functions for their roles.
//
// A request brings only the access key id (the token is compared afterwards), so what a session is must be found by the
// id alone, on every node and after a restart: sessions are rows of the store, found by one point read and kept in a
// bounded cache. An id carries a keyed checksum of itself, so that made-up ids never reach the disk. Rows whose time is
// over are deleted when others are written.
//
// Rows (table byte kSessionTable): 's' id -> the session as JSON text; 'x' expiry in milliseconds u64 big-endian, id ->
// nothing; 'k' -> the key of the checksum.
//
// Threading: any thread; issue() blocks for the commit.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "identity/authoriser.h"
#include "store/store.h"

namespace escapement::identity {

inline constexpr char kSessionTable = 0x18;

struct Session {
  std::shared_ptr<const Credentials> credentials;  // with principal, token and expiration
  base::Timestamp issued{};
  std::vector<std::string> transitive_tags;         // keys of the principal's tags that go on when roles are chained
  std::map<std::string, std::string> session_tags;  // those given to AssumeRole, of the principal's tags
  std::string source_identity;
};

class Sessions {
 public:
  // Reads or makes the key of the checksum. `store` is borrowed and must outlive the sessions. Errors: io.
  static base::Result<std::unique_ptr<Sessions>> open(store::Store& store);

  // `session.credentials` holds the principal and the expiration; key id, secret and token are made here. Durable when
  // it returns. Errors: io.
  base::Result<std::shared_ptr<const Session>> issue(Session session, base::Timestamp now);

  // nullptr: no such session. An expired one may or may not be found; its expiration says so.
  std::shared_ptr<const Session> find(std::string_view access_key_id) const;

 private:
  Sessions(store::Store& store, std::string key) : store_(store), key_(std::move(key)) {}
  std::string new_id() const;
  bool is_own_id(std::string_view id) const;
  void purge(store::Batch& batch, base::Timestamp now);
  void remember(std::string_view id, std::shared_ptr<const Session> session) const;

  static constexpr std::size_t kCacheMax = 4'096;
  static constexpr int kPurgedAtOnce = 64;

  store::Store& store_;
  std::string key_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::shared_ptr<const Session>> cache_;  // guarded by mutex_
};

}  // namespace escapement::identity
