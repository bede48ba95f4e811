// SHA-256 and HMAC-SHA-256 for the signature's fast path: no look-ups, no allocation, and keys whose first block is
// already worked in. base::sha256 answers the same for everything that is not hot.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/digest.h"

namespace escapement::wire {

class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  base::Sha256Digest finish();  // once

 private:
  friend class HmacKey;
  // OpenSSL's SHA256_CTX, whose declaration this header does not need.
  struct alignas(8) State {
    std::array<unsigned char, 112> bytes;
  } state_;
};

class HmacKey {
 public:
  explicit HmacKey(std::string_view key);
  base::Sha256Digest sign(std::string_view bytes) const;

 private:
  Sha256 inner_;
  Sha256 outer_;
};

using HexDigest = std::array<char, 64>;
HexDigest to_hex(const base::Sha256Digest& digest);  // lower case
inline std::string_view as_text(const HexDigest& hex) { return {hex.data(), hex.size()}; }

// The key that signs for one day, region and service: HMAC over HMAC from "AWS4" + secret.
HmacKey derive_signing_key(std::string_view secret, std::string_view date, std::string_view region,
                           std::string_view service);

}  // namespace escapement::wire
