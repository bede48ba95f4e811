#include "escapement/client/access.h"

namespace escapement::client {
namespace {

std::string from_environment(const AccessSources& sources, const char* name) {
  return sources.environment(name).value_or(std::string{});
}

wire::SigningCredentials environment_credentials(const AccessSources& sources) {
  return {from_environment(sources, "AWS_ACCESS_KEY_ID"), from_environment(sources, "AWS_SECRET_ACCESS_KEY"),
          from_environment(sources, "AWS_SESSION_TOKEN")};
}

bool is_complete(const wire::SigningCredentials& credentials) {
  return !credentials.access_key_id.empty() && !credentials.secret_access_key.empty();
}

std::string first_of(std::initializer_list<std::string> candidates) {
  for (const std::string& candidate : candidates) {
    if (!candidate.empty()) return candidate;
  }
  return {};
}

}  // namespace

base::Result<Access> find_access(const AccessOptions& options, const AccessSources& sources) {
  const std::string data_dir = options.data_dir.empty() ? kDefaultDataDir : options.data_dir;
  const std::optional<StoredAccess> stored = sources.data_dir(data_dir);
  const std::string environment_url = from_environment(sources, "AWS_ENDPOINT_URL");

  Access access;
  bool is_stored_server = false;
  if (!options.endpoint.empty()) {
    access.url = options.endpoint;
  } else if (!options.data_dir.empty()) {
    if (!stored) {
      return base::make_error(base::ErrorCode::not_found, "no server has run on the data directory " + data_dir +
                                                              "; start one with `escapement serve --data-dir " +
                                                              data_dir + "`");
    }
    access.url = stored->url;
    is_stored_server = true;
  } else if (!environment_url.empty()) {
    access.url = environment_url;
  } else if (stored) {
    access.url = stored->url;
    is_stored_server = true;
  } else {
    return base::make_error(
        base::ErrorCode::not_found,
        "no server to speak to: start one with `escapement serve`, or name one with --endpoint URL, --data-dir DIR "
        "or AWS_ENDPOINT_URL");
  }

  const wire::SigningCredentials from_env = environment_credentials(sources);
  if (is_stored_server) {
    access.credentials = stored->credentials;
  } else if (is_complete(from_env)) {
    access.credentials = from_env;
  } else if (stored) {
    access.credentials = stored->credentials;
  } else {
    return base::make_error(
        base::ErrorCode::not_found,
        "no keys to sign with: run `eval \"$(escapement env --data-dir DIR)\"` on the server's machine, or set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }

  access.region =
      first_of({options.region, from_environment(sources, "AWS_REGION"),
                from_environment(sources, "AWS_DEFAULT_REGION"), stored ? stored->region : std::string{}, "us-east-1"});
  while (access.url.ends_with('/')) access.url.pop_back();
  return access;
}

}  // namespace escapement::client
