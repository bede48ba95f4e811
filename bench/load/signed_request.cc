#include "load/signed_request.h"

#include <charconv>

namespace escapement::load {
namespace {

void append_number(std::string& out, std::size_t number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

}  // namespace

SignedRequest::SignedRequest(wire::SigningCredentials credentials, OperationAddress address)
    : credentials_(std::move(credentials)), address_(std::move(address)) {}

void SignedRequest::begin_second(base::Timestamp now) {
  const std::string date = base::to_basic_iso8601(now);
  if (day_ != date.substr(0, 8)) {
    day_ = date.substr(0, 8);
    scope_ = day_ + '/' + address_.region + '/' + address_.service + "/aws4_request";
    key_ = wire::derive_signing_key(credentials_.secret_access_key, day_, address_.region, address_.service);
  }
  const bool has_token = !credentials_.session_token.empty();
  const std::string signed_names = has_token ? "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
                                             : "content-type;host;x-amz-date;x-amz-target";
  std::string canonical =
      "POST\n/\n\ncontent-type:" + address_.content_type + "\nhost:" + address_.host + "\nx-amz-date:" + date + '\n';
  if (has_token) canonical += "x-amz-security-token:" + credentials_.session_token + '\n';
  canonical += "x-amz-target:" + address_.target + "\n\n" + signed_names + '\n';
  canonical_prefix_ = wire::Sha256();
  canonical_prefix_.update(canonical);

  string_to_sign_ = "AWS4-HMAC-SHA256\n" + date + '\n' + scope_ + '\n';

  head_ = "POST / HTTP/1.1\r\nHost: " + address_.host + "\r\nContent-Type: " + address_.content_type +
          "\r\nX-Amz-Target: " + address_.target + "\r\nX-Amz-Date: " + date + "\r\n";
  if (has_token) head_ += "X-Amz-Security-Token: " + credentials_.session_token + "\r\n";
  head_ += "Authorization: AWS4-HMAC-SHA256 Credential=" + credentials_.access_key_id + '/' + scope_ +
           ", SignedHeaders=" + signed_names + ", Signature=";
}

void SignedRequest::append(std::string& out, std::string_view body, base::Timestamp now) {
  const std::int64_t second = now.us / 1'000'000;
  if (second != second_) {
    begin_second(now);
    second_ = second;
  }
  wire::Sha256 body_hash;
  body_hash.update(body);
  wire::Sha256 canonical = canonical_prefix_;
  canonical.update(wire::as_text(wire::to_hex(body_hash.finish())));
  const std::size_t prefix = string_to_sign_.size();
  string_to_sign_ += wire::as_text(wire::to_hex(canonical.finish()));
  const wire::HexDigest signature = wire::to_hex(key_.sign(string_to_sign_));
  string_to_sign_.resize(prefix);

  out += head_;
  out += wire::as_text(signature);
  out += "\r\nContent-Length: ";
  append_number(out, body.size());
  out += "\r\n\r\n";
  out += body;
}

}  // namespace escapement::load
