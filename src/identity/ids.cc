#include "identity/ids.h"

#include "base/digest.h"
#include "base/random.h"

namespace escapement::identity {
namespace {

constexpr std::string_view kIdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kSecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string new_entity_id(std::string_view prefix) { return std::string(prefix) + base::random_text(17, kIdAlphabet); }

std::string new_access_key_id() { return std::string(kAccessKeyPrefix) + base::random_text(16, kIdAlphabet); }

std::string new_secret_access_key() { return base::random_text(40, kSecretAlphabet); }

std::string new_session_token() { return base::random_text(256, kSecretAlphabet); }

std::string derived_id(std::string_view prefix, std::string_view name) {
  const auto digest = base::sha256(name);
  std::string id(prefix);
  for (std::size_t i = 0; i < 17; ++i) id += kIdAlphabet[digest[i] % kIdAlphabet.size()];
  return id;
}

}  // namespace escapement::identity
