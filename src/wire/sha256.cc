#define OPENSSL_SUPPRESS_DEPRECATED  // The streaming SHA-256 calls are deprecated for their lack of providers, not of
                                     // strength.
#include "wire/sha256.h"

#include <openssl/sha.h>

#include <cstring>
#include <string>

namespace escapement::wire {
namespace {

constexpr std::size_t kBlockBytes = 64;

SHA256_CTX* context(void* bytes) { return static_cast<SHA256_CTX*>(bytes); }

}  // namespace

Sha256::Sha256() {
  static_assert(sizeof(State) >= sizeof(SHA256_CTX) && alignof(State) >= alignof(SHA256_CTX));
  SHA256_Init(context(state_.bytes.data()));
}

void Sha256::update(std::string_view bytes) { SHA256_Update(context(state_.bytes.data()), bytes.data(), bytes.size()); }

base::Sha256Digest Sha256::finish() {
  base::Sha256Digest out;
  SHA256_Final(out.data(), context(state_.bytes.data()));
  return out;
}

HmacKey::HmacKey(std::string_view key) {
  char block[kBlockBytes] = {};
  if (key.size() > kBlockBytes) {
    const auto digest = base::sha256(key);
    std::memcpy(block, digest.data(), digest.size());
  } else {
    std::memcpy(block, key.data(), key.size());
  }
  char padded[kBlockBytes];
  for (std::size_t i = 0; i < kBlockBytes; ++i) padded[i] = static_cast<char>(block[i] ^ 0x36);
  inner_.update({padded, kBlockBytes});
  for (std::size_t i = 0; i < kBlockBytes; ++i) padded[i] = static_cast<char>(block[i] ^ 0x5c);
  outer_.update({padded, kBlockBytes});
}

base::Sha256Digest HmacKey::sign(std::string_view bytes) const {
  Sha256 inner = inner_;
  inner.update(bytes);
  const auto digest = inner.finish();
  Sha256 outer = outer_;
  outer.update(base::as_bytes(digest));
  return outer.finish();
}

HexDigest to_hex(const base::Sha256Digest& digest) {
  HexDigest hex;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

HmacKey derive_signing_key(std::string_view secret, std::string_view date, std::string_view region,
                           std::string_view service) {
  std::string first = "AWS4";
  first.append(secret);
  auto digest = HmacKey(first).sign(date);
  digest = HmacKey(base::as_bytes(digest)).sign(region);
  digest = HmacKey(base::as_bytes(digest)).sign(service);
  digest = HmacKey(base::as_bytes(digest)).sign("aws4_request");
  return HmacKey(base::as_bytes(digest));
}

}  // namespace escapement::wire
