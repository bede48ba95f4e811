// All state machines and activities of this server: durable in the catalog, ready in memory.
//
//   states/numbers                 the last numbers given to machines and revisions
//   states/machine/REGION/NAME     a Machine, with its versions and aliases
//   states/revision/NUMBER         a definition with role and settings; immutable
//   states/activity/REGION/NAME    an activity
//   states/key                     the key of page tokens
//
// A revision outlives its state machine: executions that ran under it can be described as long as they are retained.
//
// Threading: any thread. find() reads an atomic snapshot and never blocks; find_revision() compiles a definition when
// it is used
//            for the first time; changes are serialised and block for the commit.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "engine/execution_reader.h"
#include "engine/machine.h"
#include "services/states/machine.h"
#include "store/catalog.h"

namespace escapement::services::states {

using MachinePtr = std::shared_ptr<const Machine>;
using RevisionPtr = std::shared_ptr<const engine::MachineRevision>;

struct Activity {
  std::string arn;
  std::string name;
  std::string region;
  base::Timestamp created;
  Tags tags;
  json::Value encryption;  // encryptionConfiguration
};

// One change to one machine, inside the catalog's transaction.
class MachineChange {
 public:
  // nullopt: there is none, and after the change: there will be none.
  std::optional<Machine> machine;

  std::uint32_t new_machine_id();
  // Stores `revision` under a number of its own and makes it the machine's current one.
  void add_revision(engine::MachineRevision revision, base::Timestamp now);
  // Machines in the same region, this one left out.
  std::size_t other_machines() const;

 private:
  friend class MachineDirectory;
  MachineChange(store::CatalogTransaction& transaction, std::string key)
      : transaction_(transaction), key_(std::move(key)) {}
  std::uint32_t next_number(std::string_view what);

  store::CatalogTransaction& transaction_;
  std::string key_;
  RevisionPtr added_;
};

class MachineDirectory final : public engine::MachineSource {
 public:
  // `catalog` is borrowed. Errors: corrupt.
  static base::Result<std::unique_ptr<MachineDirectory>> open(store::Catalog& catalog);

  // nullptr: none with this (unqualified) ARN.
  MachinePtr find(std::string_view arn) const;
  // Those of a region whose names come after `after`, by name, at most `count`.
  std::vector<MachinePtr> list(std::string_view region, std::string_view after, std::size_t count) const;

  base::Result<RevisionPtr> find_revision(std::uint32_t revision) const override;
  base::Result<base::Timestamp> revision_created(std::uint32_t revision) const;
  // The machine's current revision, compiled.
  base::Result<RevisionPtr> current_revision(const Machine& machine) const;

  // Runs `change` on the machine of that name; what it leaves is durable when this returns. The answer is the new
  // machine, or nullptr if there is none now. Errors: those of `change`, io.
  base::Result<MachinePtr> change(const std::string& region, const std::string& name,
                                  const std::function<base::Result<void>(MachineChange&)>& change);

  // Drops the revisions of machines that are gone and of which no execution is retained. Errors: io, corrupt.
  base::Result<void> forget_retired(const engine::ExecutionReader& executions);

  std::optional<Activity> find_activity(std::string_view region, std::string_view name) const;
  bool activity_exists(std::string_view arn) const override;
  std::vector<Activity> list_activities(std::string_view region, std::string_view after, std::size_t count) const;
  std::size_t count_activities(std::string_view region) const;
  // nullopt removes it.
  base::Result<std::optional<Activity>> change_activity(
      const std::string& region, const std::string& name,
      const std::function<base::Result<std::optional<Activity>>(std::optional<Activity>)>& change);

  // Random, made once.
  const std::string& token_key() const { return token_key_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Machines = std::unordered_map<std::string, MachinePtr, TextHash, std::equal_to<>>;
  // Small maps, each replaced whole when one of its machines changes.
  static constexpr std::size_t kShards = 64;
  using Shard = std::atomic<std::shared_ptr<const Machines>>;

  explicit MachineDirectory(store::Catalog& catalog) : catalog_(catalog) {}
  base::Result<void> load();
  base::Result<void> load_token_key();
  Shard& shard_of(std::string_view arn) const { return shards_[std::hash<std::string_view>()(arn) % kShards]; }
  void publish(const std::string& arn, MachinePtr machine) const;
  void remember(const RevisionPtr& revision) const;

  store::Catalog& catalog_;
  std::string token_key_;
  mutable std::array<Shard, kShards> shards_;
  mutable std::mutex change_mutex_;   // serialises changes and their publication; taken before all others
  mutable std::mutex publish_mutex_;  // guards read-modify-write of a shard
  mutable std::shared_mutex revisions_mutex_;
  mutable std::unordered_map<std::uint32_t, RevisionPtr> revisions_;  // guarded by revisions_mutex_; a cache
};

}  // namespace escapement::services::states
