// Message digests, by OpenSSL. The answers are raw bytes; to_hex() makes them text. Any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace escapement::base {

using Sha256Digest = std::array<unsigned char, 32>;

Sha256Digest sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
Sha256Digest hmac_sha256(std::string_view key, std::string_view bytes);

inline std::string_view as_bytes(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// `algorithm` as AWS spells it: MD5, SHA-1, SHA-256, SHA-384 or SHA-512; nullopt for any other name.
std::optional<std::string> digest(std::string_view algorithm, std::string_view bytes);

}  // namespace escapement::base
