// A function's records in the Catalog: where they are, and what of them an invocation needs.
//
// services/lambda writes them in the forms of the API; this room reads them. Keys, each below the region (names hold no
// slash):
//
//   lambda/function/REGION/NAME            what belongs to the function as a whole: {"ReservedConcurrency": n, …}
//   lambda/version/REGION/NAME/VERSION     {"Configuration": FunctionConfiguration, "Code": sha256 hex, "Layers":
//   [sha256 hex…]} lambda/alias/REGION/NAME/ALIAS         AliasConfiguration lambda/provisioned/REGION/NAME/QUALIFIER
//   {"Requested": n, …} lambda/event-config/REGION/NAME/QUALIFIER  FunctionEventInvokeConfig
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/catalog.h"

namespace escapement::functions {

std::string function_key(std::string_view region, std::string_view name);
std::string version_key(std::string_view region, std::string_view name, std::string_view version);
std::string alias_key(std::string_view region, std::string_view name, std::string_view alias);
std::string provisioned_key(std::string_view region, std::string_view name, std::string_view qualifier);
std::string event_config_key(std::string_view region, std::string_view name, std::string_view qualifier);

// One version of a function, as far as running it goes. Immutable, shared by pools and invocations. Two that are equal
// can use the same processes.
struct FunctionVersion {
  std::string region;
  std::string account;
  std::string name;
  std::string version;  // "$LATEST" or a number
  std::string arn;      // of the function, unqualified
  std::string runtime;
  std::string handler;
  std::string role_arn;
  base::Duration timeout = base::Duration::seconds(3);
  std::uint32_t memory_mb = 128;
  std::uint32_t storage_mb = 512;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string log_group;
  bool json_logs = false;
  std::string application_log_level;
  std::string code;                 // sha256 of the archive
  std::vector<std::string> layers;  // the same of each layer, lowest first

  bool operator==(const FunctionVersion&) const = default;
};

// Where a qualifier leads.
struct Target {
  std::shared_ptr<const FunctionVersion> version;
  std::string invoked_arn;  // with the qualifier, as the caller named it
  // An alias that sends part of its calls elsewhere: weights in (0, 1); the rest goes to `version`.
  std::vector<std::pair<double, std::shared_ptr<const FunctionVersion>>> additional;
};

struct FunctionLimits {
  std::optional<std::uint32_t> reserved;                           // reserved concurrency
  std::vector<std::pair<std::string, std::uint32_t>> provisioned;  // version and number of processes
};

struct EventConfig {
  std::uint32_t retries_max = 2;
  base::Duration age_max = base::Duration::seconds(21'600);
  std::string on_success;  // destination ARNs, or empty
  std::string on_failure;
};

// Errors: corrupt.
base::Result<FunctionVersion> parse_version(std::string_view region, std::string_view account, std::string_view name,
                                            std::string_view record);

// Errors: not_found (ResourceNotFoundException with AWS's text), corrupt.
base::Result<Target> find_target(const store::Catalog::View& view, std::string_view region, std::string_view account,
                                 std::string_view name, std::string_view qualifier);
FunctionLimits find_limits(const store::Catalog::View& view, std::string_view region, std::string_view name);
EventConfig find_event_config(const store::Catalog::View& view, std::string_view region, std::string_view name,
                              std::string_view qualifier);

}  // namespace escapement::functions
