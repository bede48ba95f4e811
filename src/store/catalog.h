// Durable records of resources that are few and read often: users, roles, policies, functions, state machines, tags.
//
// The whole content stays in memory as an immutable ordered map; reads never touch the disk and never block. Updates
// are serialised: each runs against the newest content, and is durable before update() returns and before any read
// shows it. Keys are text with a folder structure ("iam/user/alice"); values are whatever the owner encodes (JSON text
// as a rule).
//
// Threading: any thread; update() blocks for the commit, so call it from the blocking pool.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace escapement::store {

class Catalog {
 public:
  // A consistent view; holds its content as long as it lives.
  class View {
   public:
    std::optional<std::string_view> get(std::string_view key) const;
    // Calls `visit(key, value)` in key order for keys that begin with `prefix` and are > `after` (if not empty); stops
    // when it returns false.
    void scan(std::string_view prefix, const std::function<bool(std::string_view key, std::string_view value)>& visit,
              std::string_view after = {}) const;
    std::size_t count(std::string_view prefix) const;

   private:
    friend class Catalog;
    friend class CatalogTransaction;
    using Content = std::map<std::string, std::shared_ptr<const std::string>, std::less<>>;
    std::shared_ptr<const Content> content_;
  };

  // Reads all records below `root` (a key prefix of the store that nobody else uses).
  static base::Result<std::unique_ptr<Catalog>> open(Store& store, std::string root);

  View view() const;

  // Runs `change` on a transaction; if it returns an error nothing happens and that error is returned.
  base::Result<void> update(const std::function<base::Result<void>(class CatalogTransaction&)>& change);

 private:
  Catalog(Store& store, std::string root, View content)
      : store_(store), root_(std::move(root)), content_(std::move(content)) {}

  Store& store_;
  std::string root_;
  std::mutex update_mutex_;  // serialises updates; taken before content_mutex_
  mutable std::mutex content_mutex_;
  View content_;  // guarded by content_mutex_
};

// What an update sees and changes: reads show its own writes.
class CatalogTransaction {
 public:
  std::optional<std::string> get(std::string_view key) const;
  void put(std::string_view key, std::string_view value);
  void erase(std::string_view key);
  void scan(std::string_view prefix,
            const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

 private:
  friend class Catalog;
  explicit CatalogTransaction(Catalog::View base) : base_(std::move(base)) {}
  Catalog::View base_;
  std::map<std::string, std::optional<std::string>, std::less<>> writes_;
};

}  // namespace escapement::store
