// What a state machine is to the API: its identity, its current revision, its published versions, aliases and tags, and
// the stored form of these.
//
// A Machine is an immutable snapshot; MachineDirectory replaces it whole when something changes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/machine.h"
#include "json/value.h"

namespace escapement::services::states {

using Tags = std::vector<std::pair<std::string, std::string>>;

struct Version {
  std::uint32_t revision = 0;
  std::string description;
  base::Timestamp created;
};

struct Route {
  std::uint32_t version = 0;
  std::uint32_t weight = 0;  // of 100
  auto operator<=>(const Route&) const = default;
};

struct Alias {
  std::string description;
  std::vector<Route> routes;  // one or two; their weights are 100 together
  base::Timestamp created;
  base::Timestamp updated;
};

// What CreateStateMachine was asked for beside the definition: a repetition that asks for the same is no error.
struct CreationRequest {
  bool publish = false;
  std::string version_description;
};

struct Machine {
  std::uint32_t id = 0;
  std::string arn;
  std::string name;
  std::string region;
  std::string account;
  bool express = false;
  bool deleting = false;
  base::Timestamp created;
  std::uint32_t revision = 0;      // the current one
  std::uint32_t next_version = 1;  // never used again, even when the version is deleted
  CreationRequest creation;
  Tags tags;
  std::map<std::uint32_t, Version> versions;
  std::map<std::string, Alias, std::less<>> aliases;
  // The current revision, compiled; nullptr when it has not been used since the process started.
  std::shared_ptr<const engine::MachineRevision> current;

  std::string version_arn(std::uint32_t version) const { return arn + ':' + std::to_string(version); }
  std::string alias_arn(std::string_view alias) const { return (arn + ':').append(alias); }
  // The newest version that was published from the current revision; nullopt: none.
  std::optional<std::uint32_t> version_of_current() const;
};

std::string encode(const Machine& machine);
// Errors: corrupt.
base::Result<Machine> decode_machine(std::string_view record);

// A revision without its program. `created` is kept beside it, since the engine does not need it.
std::string encode(const engine::MachineRevision& revision, base::Timestamp created);
struct StoredRevision {
  engine::MachineRevision revision;
  base::Timestamp created;
};
base::Result<StoredRevision> decode_revision(std::string_view record);

json::Value to_json(const Tags& tags);
Tags tags_from_json(const json::Value* list);

}  // namespace escapement::services::states
