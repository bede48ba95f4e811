// The small files of a data directory that other programs read: where the server listens, and the first credentials.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace escapement::app {

struct StoredCredentials {
  std::string access_key_id;
  std::string secret_access_key;
};

struct StoredEndpoint {
  std::string url;
  std::string region;
  std::string account;
};

// Makes the directory, for its owner only. Errors: io.
base::Result<void> make_data_dir(const std::string& data_dir);

// Mode 0600, replaced as a whole. Errors: io.
base::Result<void> write_credentials(const std::string& data_dir, const StoredCredentials& credentials);
base::Result<void> write_endpoint(const std::string& data_dir, const StoredEndpoint& endpoint);

// nullopt: there is no such file, or it is not readable.
std::optional<StoredCredentials> read_credentials(const std::string& data_dir);
std::optional<StoredEndpoint> read_endpoint_file(const std::string& data_dir);

}  // namespace escapement::app
