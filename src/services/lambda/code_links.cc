#include "services/lambda/code_links.h"

#include <array>
#include <charconv>

#include "base/codec.h"
#include "base/digest.h"
#include "base/random.h"

namespace escapement::services::lambda {
namespace {

constexpr std::int64_t kSeconds = 600;

// Links do not outlive the process, so its key need not either.
const std::string& link_key() {
  static const std::string key = [] {
    std::array<unsigned char, 32> bytes;
    base::secure_random(bytes);
    return std::string(bytes.begin(), bytes.end());
  }();
  return key;
}

std::string signature(std::string_view sha256_hex, std::int64_t expires) {
  const base::Sha256Digest mac =
      base::hmac_sha256(link_key(), std::string(sha256_hex) + "\n" + std::to_string(expires));
  return base::to_hex(base::as_bytes(mac));
}

std::string_view parameter(std::string_view query, std::string_view name) {
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string_view pair = query.substr(at, end - at);
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
    at = end + 1;
  }
  return {};
}

}  // namespace

std::string code_location(const Operations& operations, std::string_view sha256_hex) {
  const std::int64_t expires = operations.clock.now().us / 1'000'000 + kSeconds;
  std::string url = operations.endpoint_url ? operations.endpoint_url() : std::string();
  url.append(kCodePath).append("?code=").append(sha256_hex).append("&expires=").append(std::to_string(expires));
  return url + "&signature=" + signature(sha256_hex, expires);
}

base::Result<std::string> code_of_link(const Operations& operations, std::string_view query) {
  const std::string_view code = parameter(query, "code");
  const std::string_view expires_text = parameter(query, "expires");
  std::int64_t expires = 0;
  std::from_chars(expires_text.data(), expires_text.data() + expires_text.size(), expires);
  const bool genuine = base::equal_constant_time(signature(code, expires), parameter(query, "signature"));
  if (!genuine || expires < operations.clock.now().us / 1'000'000)
    return base::make_error(base::ErrorCode::denied, "AccessDenied", "Request has expired");
  return operations.functions.code_store().archive(code);
}

}  // namespace escapement::services::lambda
