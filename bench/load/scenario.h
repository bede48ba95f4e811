// The load generator's scenarios: each prepares what it needs through the API, puts its load on, and answers its
// figures as one flat JSON object (`scenario` and units in the names), to be printed as a line.
//
// Starts are signed for real, one request at a time on each keep-alive connection, and a start counts when the server
// has answered 200. Figures of the server (lateness, executions ended) are read from its /metrics; the lateness
// quantiles there are over the process's life, so a clean figure wants a fresh server, which `bench/run` gives each
// phase. Errors: those of Api and drive(); a scenario whose requests are refused answers its figures with `errors`.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "escapement/client/api.h"
#include "json/value.h"

namespace escapement::load {

struct Options {
  unsigned connections = 64;
  double seconds = 5;       // how long the load lasts, where a scenario is not bounded by `count`
  std::uint64_t count = 0;  // executions; 0: the scenario's own default, or by time
  double rate = 1'000;      // `fire`: executions due in a second; 0: all at one instant
  std::size_t input_bytes = 200;
  int server_pid = 0;              // `pending`: whose memory to read; 0: none
  std::string server_data_dir;     // `pending`: whose size to read; empty: none
  std::string directory = "/tmp";  // `limits`: where to write
};

// Acknowledged StartExecution calls per second, waits far ahead.
base::Result<json::Value> run_starts(client::Api& api, const Options& options);
// `rate` executions due in each second, all accepted before the first is due; how late they fire. With rate 0 all are
// due at one instant.
base::Result<json::Value> run_fire(client::Api& api, const Options& options);
// Wait, then a Node.js function: executions completed per second from the first due time to the last end.
base::Result<json::Value> run_wait_function(client::Api& api, const Options& options);
// Pass -> Choice -> Pass: executions completed per second.
base::Result<json::Value> run_pass_choice_pass(client::Api& api, const Options& options);
// An activity's tasks: executions completed per second, with workers on as many connections as starts.
base::Result<json::Value> run_activity(client::Api& api, const Options& options);
// `count` executions that wait far ahead, and what each costs in memory and on disk.
base::Result<json::Value> run_pending(client::Api& api, const Options& options);
// What the machine can do at most: fdatasync, HTTP without anything behind it, RocksDB batches. Needs no server.
base::Result<json::Value> run_limits(const Options& options);

}  // namespace escapement::load
