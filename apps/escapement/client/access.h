// How a command finds the server and the keys to speak to it with.
//
// The address: --endpoint, else the server of --data-dir, else AWS_ENDPOINT_URL, else the server of ./data.
// The keys:    those of the data directory whose server is meant; otherwise AWS_ACCESS_KEY_ID and its companions, and
//              where they are not set, the keys of the data directory after all.
// The region:  --region, AWS_REGION, AWS_DEFAULT_REGION, the data directory's, us-east-1.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "wire/signer.h"

namespace escapement::client {

struct AccessOptions {
  std::string endpoint;  // empty: not given
  std::string data_dir;  // empty: not given
  std::string region;    // empty: not given
};

struct Access {
  std::string url;
  std::string region;
  wire::SigningCredentials credentials;
};

// What a data directory tells about its server.
struct StoredAccess {
  std::string url;
  std::string region;
  wire::SigningCredentials credentials;
};

// Where the answers come from, so that tests can give their own.
struct AccessSources {
  std::function<std::optional<std::string>(const char* name)> environment;
  std::function<std::optional<StoredAccess>(const std::string& data_dir)> data_dir;
};

inline constexpr const char* kDefaultDataDir = "./data";

// Errors: not_found (no server, or no keys), with a message that says what to do.
base::Result<Access> find_access(const AccessOptions& options, const AccessSources& sources);

}  // namespace escapement::client
