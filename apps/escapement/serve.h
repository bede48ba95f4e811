// `escapement serve` and `escapement env`: building the server's object graph, and running it until told to stop.
#pragma once

#include <optional>
#include <string>

namespace escapement::app {

struct ServeOptions {
  std::string data_dir = "./data";
  std::string listen = "127.0.0.1:4566";  // HOST:PORT; port 0 picks a free one
  std::string config_file;                // empty: DATA_DIR/escapement.toml if it is there, else the defaults
};

// Runs until SIGTERM or SIGINT, then drains. The exit code: 0 after a drain; 1 when it could not start (said on
// standard error with what to do).
int serve(const ServeOptions& options);

// How a client reaches the server that uses (or last used) a data directory.
struct Endpoint {
  std::string url;
  std::string access_key_id;
  std::string secret_access_key;
  std::string region;
  std::string account;
};

// Reads DATA_DIR/endpoint and DATA_DIR/credentials. nullopt: no server has run there.
std::optional<Endpoint> read_endpoint(const std::string& data_dir);

// Prints `export NAME=value` lines for eval. The exit code.
int print_env(const std::string& data_dir);

}  // namespace escapement::app
