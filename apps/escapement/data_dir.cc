#include "data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

namespace escapement::app {
namespace {

using base::ErrorCode;
using base::make_error;

base::Error failed(std::string_view what, const std::string& path) {
  return make_error(ErrorCode::io, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

// Whole or not at all: a new file takes the old one's name.
base::Result<void> replace_file(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed("write", fresh);
  const bool written =
      ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) && ::fdatasync(fd) == 0;
  ::close(fd);
  if (!written) return failed("write", fresh);
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed("replace", path);
  return {};
}

std::map<std::string, std::string> read_pairs(const std::string& path) {
  std::map<std::string, std::string> pairs;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find(" = ");
    if (equals != std::string::npos) pairs[line.substr(0, equals)] = line.substr(equals + 3);
  }
  return pairs;
}

}  // namespace

base::Result<void> make_data_dir(const std::string& data_dir) {
  std::error_code error;
  std::filesystem::create_directories(data_dir, error);
  if (error)
    return make_error(ErrorCode::io, fmt::format("cannot make the data directory {}: {}", data_dir, error.message()));
  // Functions run as other users and are shown their own folders only; the directory itself is nobody else's.
  if (::chmod(data_dir.c_str(), 0700) != 0) return failed("protect", data_dir);
  return {};
}

base::Result<void> write_credentials(const std::string& data_dir, const StoredCredentials& credentials) {
  return replace_file(data_dir + "/credentials",
                      fmt::format("[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                                  credentials.access_key_id, credentials.secret_access_key));
}

base::Result<void> write_endpoint(const std::string& data_dir, const StoredEndpoint& endpoint) {
  return replace_file(data_dir + "/endpoint", fmt::format("url = {}\nregion = {}\naccount = {}\n", endpoint.url,
                                                          endpoint.region, endpoint.account));
}

std::optional<StoredCredentials> read_credentials(const std::string& data_dir) {
  auto pairs = read_pairs(data_dir + "/credentials");
  if (!pairs.contains("aws_access_key_id") || !pairs.contains("aws_secret_access_key")) return std::nullopt;
  return StoredCredentials{pairs["aws_access_key_id"], pairs["aws_secret_access_key"]};
}

std::optional<StoredEndpoint> read_endpoint_file(const std::string& data_dir) {
  auto pairs = read_pairs(data_dir + "/endpoint");
  if (!pairs.contains("url")) return std::nullopt;
  return StoredEndpoint{pairs["url"], pairs["region"], pairs["account"]};
}

}  // namespace escapement::app
