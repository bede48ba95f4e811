#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/assert.h"
#include "base/codec.h"

namespace escapement::base {
namespace {

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

const EVP_MD* algorithm_named(std::string_view name) {
  if (name == "MD5") return EVP_md5();
  if (name == "SHA-1") return EVP_sha1();
  if (name == "SHA-256") return EVP_sha256();
  if (name == "SHA-384") return EVP_sha384();
  if (name == "SHA-512") return EVP_sha512();
  return nullptr;
}

}  // namespace

Sha256Digest sha256(std::string_view bytes) {
  Sha256Digest out;
  SHA256(bytes_of(bytes), bytes.size(), out.data());
  return out;
}

std::string sha256_hex(std::string_view bytes) { return to_hex(as_bytes(sha256(bytes))); }

Sha256Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256Digest out;
  unsigned length = 0;
  const void* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(bytes), bytes.size(), out.data(), &length);
  ESC_ASSERT(made != nullptr && length == out.size());
  return out;
}

std::optional<std::string> digest(std::string_view algorithm, std::string_view bytes) {
  const EVP_MD* md = algorithm_named(algorithm);
  if (md == nullptr) return std::nullopt;
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(), out, &length, md, nullptr);
  ESC_ASSERT(done == 1);
  return std::string(reinterpret_cast<const char*>(out), length);
}

}  // namespace escapement::base
