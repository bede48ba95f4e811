#include "cli_sources.h"

#include <cstdlib>

#include "serve.h"

namespace escapement::app {

client::AccessSources access_sources() {
  client::AccessSources sources;
  sources.environment = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  sources.data_dir = [](const std::string& data_dir) -> std::optional<client::StoredAccess> {
    auto endpoint = read_endpoint(data_dir);
    if (!endpoint) return std::nullopt;
    return client::StoredAccess{std::move(endpoint->url),
                                std::move(endpoint->region),
                                {std::move(endpoint->access_key_id), std::move(endpoint->secret_access_key), {}}};
  };
  return sources;
}

}  // namespace escapement::app
