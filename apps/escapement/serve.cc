#include "serve.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>

#include "base/log.h"
#include "config.h"
#include "data_dir.h"
#include "server.h"

namespace escapement::app {
namespace {

base::LogLevel level_named(const std::string& name) {
  if (name == "debug") return base::LogLevel::debug;
  if (name == "warning") return base::LogLevel::warning;
  if (name == "error") return base::LogLevel::error;
  return base::LogLevel::info;
}

int complain(const base::Error& error) {
  fmt::print(stderr, "escapement: {}\n", error.message);
  return 1;
}

// Blocked before any thread starts, so that only this one is told.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

}  // namespace

int serve(const ServeOptions& options) {
  const sigset_t signals = block_stop_signals();
  const auto config =
      load_config(options.config_file.empty() ? options.data_dir + "/escapement.toml" : options.config_file);
  if (!config) return complain(config.error());
  base::set_log_level(level_named(config->log_level));

  auto server = Server::open(options.data_dir, options.listen, *config);
  if (!server) return complain(server.error());
  (*server)->start();
  fmt::print("escapement listening on {}\n", (*server)->url());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  base::log(base::LogLevel::info, "app", "stopping: requests in flight finish, pending work stays on disk");
  (*server)->stop();
  return 0;
}

std::optional<Endpoint> read_endpoint(const std::string& data_dir) {
  const auto endpoint = read_endpoint_file(data_dir);
  const auto credentials = read_credentials(data_dir);
  if (!endpoint || !credentials) return std::nullopt;
  return Endpoint{endpoint->url, credentials->access_key_id, credentials->secret_access_key, endpoint->region,
                  endpoint->account};
}

int print_env(const std::string& data_dir) {
  const auto endpoint = read_endpoint(data_dir);
  if (!endpoint) {
    fmt::print(
        stderr,
        "escapement: no server has run with the data directory {}; start one with `escapement serve --data-dir {}`\n",
        data_dir, data_dir);
    return 1;
  }
  fmt::print(
      "export AWS_ENDPOINT_URL={}\nexport AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}\nexport "
      "AWS_REGION={}\nexport AWS_DEFAULT_REGION={}\n",
      endpoint->url, endpoint->access_key_id, endpoint->secret_access_key, endpoint->region, endpoint->region);
  return 0;
}

}  // namespace escapement::app
