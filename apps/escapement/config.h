// The configuration: every limit and path of the server, with its name, default and meaning.
//
// A TOML file holds what differs from the defaults:
//
//   [engine]
//   retention = "30d"
//
//   [endpoints.sqs]                     an AWS service that this server does not offer, for tasks that call it
//   url = "https://sqs.eu-central-1.amazonaws.com"
//
//   [buckets]                           folders that stand for S3 buckets, for distributed Maps
//   orders = "/var/lib/orders"
//
// Names are `section.name`; sizes are bytes or "256KiB", durations are seconds or "90s", "15m", "30d". A name that is
// not known is an error, so a misspelt limit cannot go unnoticed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace escapement::app {

// Where the tasks of state machines reach a service that this server does not offer.
struct ServiceEndpoint {
  std::string service;  // as tasks name it: "sqs"
  std::string url;
  std::string region;  // signed for; empty: that of the state machine
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
};

struct Config {
  // [server]
  std::string account = "000000000000";
  std::string region = "us-east-1";
  std::string log_level = "info";
  std::int64_t network_threads = 1;
  std::int64_t blocking_threads = 8;
  std::int64_t blocking_queue_max = 4'096;
  std::int64_t connections_max = 10'000;
  std::int64_t header_bytes_max = 64 * 1024;
  std::int64_t body_bytes_max = 80 * 1024 * 1024;
  std::int64_t bodies_bytes_max = 256 * 1024 * 1024;
  base::Duration header_timeout = base::Duration::seconds(10);
  base::Duration body_timeout = base::Duration::seconds(30);
  base::Duration idle_timeout = base::Duration::seconds(120);
  base::Duration drain_timeout = base::Duration::seconds(10);
  std::string tls_certificate_file;
  std::string tls_key_file;

  // [store]
  std::int64_t memtable_bytes = 16 * 1024 * 1024;
  std::int64_t block_cache_bytes = 32 * 1024 * 1024;
  std::int64_t wal_bytes_max = 96 * 1024 * 1024;
  std::int64_t disk_reserve_bytes = 64 * 1024 * 1024;

  // [engine]
  std::int64_t partitions = 1'024;
  std::int64_t shards = 1;
  std::int64_t queue_commands_max = 65'536;
  std::int64_t batch_commands_max = 2'048;
  std::int64_t resident_timers_max = 65'536;
  std::int64_t cached_executions_max = 4'096;
  std::int64_t dispatched_tasks_max = 32'768;
  base::Duration retention = base::Duration::seconds(90 * 86'400);
  std::int64_t payload_bytes_max = 262'144;
  std::int64_t history_events_max = 25'000;

  // [functions]
  std::int64_t concurrent_executions_max = 1'000;
  std::int64_t warm_processes_max = 64;
  base::Duration idle_timeout_functions = base::Duration::seconds(300);
  bool sandbox = true;
  bool retired_runtimes = false;

  // [identity]
  base::Duration clock_skew_max = base::Duration::seconds(300);

  // [endpoints.SERVICE]
  std::vector<ServiceEndpoint> endpoints;

  // [buckets]: the folder of each bucket
  std::map<std::string, std::string> buckets;
  std::vector<ServiceEndpoint> s3_buckets;  // [buckets.NAME]: those at S3-compatible servers; `service` is the bucket
};

// One line of the configuration, for help and documentation.
struct Setting {
  std::string name;           // "engine.retention"
  std::string default_value;  // as one would write it
  std::string description;
};

// All settings, in the order of the documentation.
std::vector<Setting> all_settings();

// All settings as a TOML file: each with its default, below what it means.
std::string settings_as_toml();

// The defaults, changed by the TOML text. `source` names the text in errors. Errors: invalid, with the line and what
// was expected.
base::Result<Config> parse_config(std::string_view toml, std::string_view source);

// The defaults if `path` does not exist. Errors: invalid, io.
base::Result<Config> load_config(const std::string& path);

}  // namespace escapement::app
