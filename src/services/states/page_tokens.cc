#include "services/states/page_tokens.h"

#include "base/bytes.h"
#include "base/codec.h"
#include "base/digest.h"
#include "services/states/errors.h"

namespace escapement::services::states {
namespace {

constexpr base::Duration kLifetime = base::Duration::seconds(86'400);
constexpr std::size_t kMacBytes = 16;

}  // namespace

std::string PageTokens::mac(std::string_view listing, std::string_view body) const {
  std::string signed_text;
  base::ByteWriter writer(signed_text);
  writer.bytes("page");
  writer.bytes(listing);
  writer.bytes(body);
  return std::string(base::as_bytes(base::hmac_sha256(key_, signed_text)).substr(0, kMacBytes));
}

std::string PageTokens::make(std::string_view listing, std::string_view position) const {
  std::string body;
  base::ByteWriter writer(body);
  writer.u64_be(static_cast<std::uint64_t>((clock_.now() + kLifetime).us));
  writer.raw(position);
  return base::to_base64(body + mac(listing, body));
}

base::Result<std::string> PageTokens::parse(std::string_view listing, std::string_view token) const {
  const auto bytes = base::from_base64(token);
  if (!bytes || bytes->size() < 8 + kMacBytes) return invalid_token();
  const std::string_view body = std::string_view(*bytes).substr(0, bytes->size() - kMacBytes);
  if (!base::equal_constant_time(mac(listing, body), std::string_view(*bytes).substr(body.size())))
    return invalid_token();
  base::ByteReader reader(body);
  if (static_cast<std::uint64_t>(clock_.now().us) >= reader.u64_be()) return invalid_token();
  return std::string(reader.rest());
}

}  // namespace escapement::services::states
