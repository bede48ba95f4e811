#include "wire/signer.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "wire/canonical.h"
#include "wire/sha256.h"

namespace escapement::wire {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// Proxies and clients change these on the way, so they are left unsigned.
bool is_signed(std::string_view name) {
  return !http::equals_ignoring_case(name, "user-agent") && !http::equals_ignoring_case(name, "expect") &&
         !http::equals_ignoring_case(name, "connection") && !http::equals_ignoring_case(name, "authorization");
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

void set_field(Fields& fields, std::string_view name, std::string value) {
  for (auto& [known, old] : fields) {
    if (http::equals_ignoring_case(known, name)) {
      old = std::move(value);
      return;
    }
  }
  fields.emplace_back(name, std::move(value));
}

void remove_field(Fields& fields, std::string_view name) {
  std::erase_if(fields, [&](const auto& field) { return http::equals_ignoring_case(field.first, name); });
}

struct SignedFields {
  std::string names;      // "host;x-amz-date"
  std::string canonical;  // a line each
};

SignedFields signed_fields(const Fields& fields) {
  std::vector<std::pair<std::string, std::string_view>> sorted;
  sorted.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    if (is_signed(name)) sorted.emplace_back(lower(name), value);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  SignedFields out;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const bool repeated = i > 0 && sorted[i].first == sorted[i - 1].first;
    if (!repeated) {
      if (i > 0) out.canonical.push_back('\n');
      if (i > 0) out.names.push_back(';');
      out.names.append(sorted[i].first);
      out.canonical.append(sorted[i].first);
    }
    out.canonical.push_back(repeated ? ',' : ':');
    append_canonical_value(out.canonical, sorted[i].second);
  }
  out.canonical.push_back('\n');
  return out;
}

struct SplitTarget {
  std::string_view path;
  std::string_view query;
};

SplitTarget split_target(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

// S3 signs the path as it is sent; every other service normalises and encodes it once more.
std::string canonical_request(const http::ClientRequest& request, std::string_view target, const SignedFields& fields,
                              std::string_view payload_hash, bool path_as_sent) {
  const auto [path, query] = split_target(target);
  std::string out = request.method;
  out.push_back('\n');
  if (path_as_sent) {
    out.append(path);
  } else {
    append_canonical_path(out, path, true);
  }
  out.push_back('\n');
  append_canonical_query(out, query);
  out.append("\n").append(fields.canonical).append("\n").append(fields.names).append("\n").append(payload_hash);
  return out;
}

std::string hash_of(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return std::string(as_text(to_hex(digest.finish())));
}

}  // namespace

Signer::Signer(SigningCredentials credentials, std::string region, std::string service)
    : credentials_(std::move(credentials)), region_(std::move(region)), service_(std::move(service)) {}
Signer::~Signer() = default;
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;

const HmacKey& Signer::signing_key(std::string_view date) {
  if (key_ == nullptr || key_date_ != date) {
    key_ = std::make_unique<HmacKey>(derive_signing_key(credentials_.secret_access_key, date, region_, service_));
    key_date_ = date;
  }
  return *key_;
}

std::string Signer::scope(std::string_view date) const {
  std::string out(date);
  out.append("/").append(region_).append("/").append(service_).append("/").append(kTerminator);
  return out;
}

std::string Signer::signature(std::string_view time, std::string_view date, const std::string& canonical) {
  std::string to_sign(kAlgorithm);
  to_sign.append("\n").append(time).append("\n").append(scope(date)).append("\n").append(hash_of(canonical));
  return std::string(as_text(to_hex(signing_key(date).sign(to_sign))));
}

void Signer::sign(http::ClientRequest& request, base::Timestamp now, bool content_sha256) {
  const std::string time = base::to_basic_iso8601(now);
  const std::string date = time.substr(0, 8);
  const std::string payload_hash = hash_of(request.body);
  set_field(request.fields, "X-Amz-Date", time);
  if (!credentials_.session_token.empty())
    set_field(request.fields, "X-Amz-Security-Token", credentials_.session_token);
  if (content_sha256) set_field(request.fields, "X-Amz-Content-Sha256", payload_hash);
  remove_field(request.fields, "authorization");
  const bool has_host = std::any_of(request.fields.begin(), request.fields.end(),
                                    [](const auto& field) { return http::equals_ignoring_case(field.first, "host"); });
  if (!has_host) request.fields.emplace_back("Host", request.origin.authority());
  const SignedFields fields = signed_fields(request.fields);
  const std::string signed_by =
      signature(time, date, canonical_request(request, request.target, fields, payload_hash, content_sha256));
  std::string authorization(kAlgorithm);
  authorization.append(" Credential=").append(credentials_.access_key_id).append("/").append(scope(date));
  authorization.append(", SignedHeaders=").append(fields.names).append(", Signature=").append(signed_by);
  request.fields.emplace_back("Authorization", std::move(authorization));
}

std::string Signer::presign(const http::ClientRequest& request, base::Timestamp now, base::Duration lifetime) {
  const std::string time = base::to_basic_iso8601(now);
  const std::string date = time.substr(0, 8);
  Fields signed_ones = request.fields;
  remove_field(signed_ones, "authorization");
  remove_field(signed_ones, "x-amz-date");
  set_field(signed_ones, "Host", request.origin.authority());
  const SignedFields fields = signed_fields(signed_ones);
  std::string target = request.target;
  target.push_back(target.find('?') == std::string::npos ? '?' : '&');
  target.append("X-Amz-Algorithm=").append(kAlgorithm);
  target.append("&X-Amz-Credential=").append(base::percent_encode(credentials_.access_key_id + "/" + scope(date)));
  target.append("&X-Amz-Date=").append(time);
  target.append("&X-Amz-Expires=").append(std::to_string(lifetime.us / 1'000'000));
  if (!credentials_.session_token.empty())
    target.append("&X-Amz-Security-Token=").append(base::percent_encode(credentials_.session_token));
  target.append("&X-Amz-SignedHeaders=").append(base::percent_encode(fields.names));
  const std::string signed_by =
      signature(time, date, canonical_request(request, target, fields, hash_of(request.body), false));
  return target.append("&X-Amz-Signature=").append(signed_by);
}

}  // namespace escapement::wire
