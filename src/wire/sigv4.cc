#include "wire/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "base/codec.h"
#include "wire/canonical.h"
#include "wire/sha256.h"

namespace escapement::wire {
namespace {

using base::Duration;
using base::Timestamp;

constexpr std::string_view kMismatch =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing "
    "method. Consult the service documentation for details.";
constexpr std::string_view kInvalidToken = "The security token included in the request is invalid.";
constexpr std::int64_t kPresignedSecondsMax = 7 * 24 * 3'600;
constexpr std::size_t kSigningKeysMax = 4'096;  // of one thread's cache
constexpr std::size_t kSignedFieldsMax = 128;

std::unexpected<SignatureError> fault(SignatureFault kind, std::string message) {
  return std::unexpected(SignatureError{kind, std::move(message)});
}

// Everything that a signature says about itself.
struct Claim {
  CredentialScope scope;
  std::string_view terminator;
  std::string_view signed_fields;
  std::string_view signature;
  std::string_view date;
  std::string_view token;
  std::string_view expires;  // presigned only
  bool presigned = false;
  // The query form is percent-encoded; what the views point to lives here, in a container that keeps its elements in
  // place.
  std::deque<std::string> decoded;
};

bool split_credential(std::string_view credential, Claim& claim) {
  std::string_view* const parts[] = {&claim.terminator, &claim.scope.service, &claim.scope.region, &claim.scope.date};
  for (std::string_view* part : parts) {  // From the end, since an access key id may hold anything.
    const std::size_t slash = credential.rfind('/');
    if (slash == std::string_view::npos) return false;
    *part = credential.substr(slash + 1);
    credential = credential.substr(0, slash);
  }
  claim.scope.access_key_id = credential;
  return !credential.empty();
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// AWS does not repeat a broken Authorization field, which may hold secrets, but its digest.
std::string about(std::string_view authorization) {
  return fmt::format("(Hashed with SHA-256 and encoded with Base64) Authorization={}",
                     base::to_base64(base::as_bytes(base::sha256(authorization))));
}

// Errors: incomplete.
std::expected<void, SignatureError> read_authorization(std::string_view authorization, Claim& claim) {
  std::string_view credential;
  std::string_view rest = authorization.substr(kAlgorithm.size());
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view part = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      return fault(
          SignatureFault::incomplete,
          fmt::format("Invalid key=value pair (missing equal-sign) in Authorization header {}.", about(authorization)));
    }
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = part.substr(equals + 1);
    if (name == "Credential") credential = value;
    if (name == "SignedHeaders") claim.signed_fields = value;
    if (name == "Signature") claim.signature = value;
  }
  std::string missing;
  for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{"Credential", credential},
                                    {"Signature", claim.signature},
                                    {"SignedHeaders", claim.signed_fields}}) {
    if (value.empty()) missing += fmt::format("Authorization header requires '{}' parameter. ", name);
  }
  if (claim.date.empty())
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!missing.empty()) return fault(SignatureFault::incomplete, missing + about(authorization));
  if (!split_credential(credential, claim)) {
    return fault(
        SignatureFault::incomplete,
        fmt::format(
            "Credential must have at least 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'",
            credential));
  }
  return {};
}

std::expected<void, SignatureError> read_query(std::string_view query, Claim& claim) {
  claim.presigned = true;
  std::string_view algorithm;
  std::string_view credential;
  const std::pair<std::string_view, std::string_view*> wanted[] = {
      {"X-Amz-Algorithm", &algorithm},       {"X-Amz-Credential", &credential},
      {"X-Amz-Date", &claim.date},           {"X-Amz-SignedHeaders", &claim.signed_fields},
      {"X-Amz-Expires", &claim.expires},     {"X-Amz-Signature", &claim.signature},
      {"X-Amz-Security-Token", &claim.token}};
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    for (const auto& [name, target] : wanted) {
      if (part.substr(0, equals) != name || !target->empty()) continue;
      auto value = base::percent_decode(part.substr(equals + 1));
      if (!value || value->empty()) continue;
      claim.decoded.push_back(std::move(*value));
      *target = claim.decoded.back();
    }
  }
  std::string missing;
  for (const auto& [name, target] : wanted) {
    if (target->empty() && name != "X-Amz-Security-Token")
      missing += fmt::format("AWS query-string parameters must include '{}'. ", name);
  }
  if (!missing.empty()) return fault(SignatureFault::incomplete, missing + "Re-examine the query-string parameters.");
  if (algorithm != kAlgorithm)
    return fault(SignatureFault::incomplete, fmt::format("Unsupported AWS 'algorithm': '{}'", algorithm.substr(0, 64)));
  if (!split_credential(credential, claim)) {
    return fault(
        SignatureFault::incomplete,
        fmt::format(
            "Credential must have at least 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'",
            credential));
  }
  return {};
}

bool is_presigned(std::string_view query) {
  return query.find("X-Amz-Signature=") != std::string_view::npos ||
         query.find("X-Amz-Credential=") != std::string_view::npos;
}

std::expected<Claim, SignatureError> read_claim(const http::Request& request) {
  Claim claim;
  const std::string_view authorization = trimmed(request.get("authorization"));
  if (authorization.empty()) {
    if (!is_presigned(request.query())) return fault(SignatureFault::missing, "Missing Authentication Token");
    if (auto read = read_query(request.query(), claim); !read) return std::unexpected(std::move(read.error()));
    return claim;
  }
  if (!authorization.starts_with(kAlgorithm) ||
      (authorization.size() > kAlgorithm.size() && authorization[kAlgorithm.size()] != ' ' &&
       authorization[kAlgorithm.size()] != ',')) {
    if (authorization.starts_with("AWS4-")) {
      return fault(SignatureFault::incomplete,
                   fmt::format("Unsupported AWS 'algorithm': '{}'", authorization.substr(0, authorization.find(' '))));
    }
    return fault(SignatureFault::missing, "Missing Authentication Token");
  }
  claim.date = request.get("x-amz-date");
  if (claim.date.empty()) claim.date = request.get("date");
  claim.token = request.get("x-amz-security-token");
  if (auto read = read_authorization(authorization, claim); !read) return std::unexpected(std::move(read.error()));
  return claim;
}

std::string basic(Timestamp time) { return base::to_basic_iso8601(time); }

std::expected<void, SignatureError> check_scope(const Claim& claim) {
  if (claim.terminator != kTerminator) {
    return fault(SignatureFault::mismatch,
                 fmt::format("Credential should be scoped with a valid terminator: 'aws4_request', not '{}'.",
                             claim.terminator));
  }
  if (claim.scope.date != claim.date.substr(0, 8)) {
    return fault(SignatureFault::mismatch, fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                                                       "version of date from HTTP: '{}' != '{}', from '{}'.",
                                                       claim.scope.date, claim.date.substr(0, 8), claim.date));
  }
  if (claim.scope.region.empty())
    return fault(SignatureFault::mismatch, "Credential should be scoped to a valid region.");
  return {};
}

std::expected<void, SignatureError> check_time(const Claim& claim, Timestamp now, Duration skew) {
  const auto signed_at = parse_amz_date(claim.date);
  if (!signed_at) {
    return fault(
        SignatureFault::incomplete,
        fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601",
                    claim.date.substr(0, 64)));
  }
  const std::int64_t minutes = skew.us / 60'000'000;
  if (*signed_at > now + skew) {
    return fault(SignatureFault::stale,
                 fmt::format("Signature not yet current: {} is still later than {} ({} + {} min.)", claim.date,
                             basic(now + skew), basic(now), minutes));
  }
  Duration good_for = skew;
  if (claim.presigned) {
    std::int64_t seconds = 0;
    for (const char c : claim.expires) {
      if (c < '0' || c > '9' || seconds > kPresignedSecondsMax)
        return fault(SignatureFault::incomplete, "X-Amz-Expires should be a number");
      seconds = seconds * 10 + (c - '0');
    }
    if (seconds > kPresignedSecondsMax)
      return fault(SignatureFault::incomplete,
                   "X-Amz-Expires must be less than a week (in seconds) i.e. the given X-Amz-Expires must be less than "
                   "604800 seconds");
    good_for = Duration::seconds(seconds);
  }
  if (*signed_at + good_for < now) {
    if (claim.presigned)
      return fault(SignatureFault::stale, fmt::format("Signature expired: {} is now earlier than {}",
                                                      basic(*signed_at + good_for), basic(now)));
    return fault(SignatureFault::stale, fmt::format("Signature expired: {} is now earlier than {} ({} - {} min.)",
                                                    claim.date, basic(now - skew), basic(now), minutes));
  }
  return {};
}

// Appends the signed fields. False: one that is named is not there, or the list is not in order.
bool append_signed_fields(std::string& out, const http::Request& request, std::string_view names) {
  const http::Fields& fields = request.fields;
  std::string_view before;
  std::size_t count = 0;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(';'), names.size());
    const std::string_view name = names.substr(0, end);
    names.remove_prefix(std::min(end + 1, names.size()));
    if (name <= before || ++count > kSignedFieldsMax) return false;
    before = name;
    bool found = false;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto field = fields[i];
      if (field.name.size() != name.size() || !http::equals_ignoring_case(field.name, name)) continue;
      if (!found) out.append(name).push_back(':');
      if (found) out.push_back(',');
      append_canonical_value(out, field.value);
      found = true;
    }
    if (!found) return false;
    out.push_back('\n');
  }
  return true;
}

bool names_field(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(';'), list.size());
    if (list.substr(0, end) == name) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

struct CanonicalForm {
  bool normalise_path = true;
  bool without_token = false;  // presigned requests may carry the token unsigned
};

bool append_canonical_request(std::string& out, const http::Request& request, const Claim& claim,
                              std::string_view payload_hash, CanonicalForm form) {
  out.append(request.method).push_back('\n');
  append_canonical_path(out, request.path(), form.normalise_path);
  out.push_back('\n');
  append_canonical_query(out, request.query(), claim.presigned ? "X-Amz-Signature" : "",
                         form.without_token ? "X-Amz-Security-Token" : "");
  out.push_back('\n');
  if (!append_signed_fields(out, request, claim.signed_fields)) return false;
  out.push_back('\n');
  out.append(claim.signed_fields).push_back('\n');
  out.append(payload_hash);
  return true;
}

struct CachedKey {
  std::string secret;
  HmacKey key;
};

// The signing key of this scope. The secret is compared too, since an access key id might come back with another.
const HmacKey& signing_key(const CredentialScope& scope, const std::string& secret) {
  thread_local std::unordered_map<std::string, CachedKey> cache;
  thread_local std::string name;
  name.assign(scope.access_key_id)
      .append("/")
      .append(scope.date)
      .append("/")
      .append(scope.region)
      .append("/")
      .append(scope.service);
  const auto at = cache.find(name);
  if (at != cache.end() && at->second.secret == secret) return at->second.key;
  if (cache.size() >= kSigningKeysMax) cache.clear();
  const auto made = cache.insert_or_assign(
      name, CachedKey{secret, derive_signing_key(secret, scope.date, scope.region, scope.service)});
  return made.first->second.key;
}

bool matches(const Claim& claim, const std::string& secret, const std::string& canonical_request) {
  thread_local std::string to_sign;
  to_sign.assign(kAlgorithm).append("\n").append(claim.date).append("\n");
  to_sign.append(claim.scope.date)
      .append("/")
      .append(claim.scope.region)
      .append("/")
      .append(claim.scope.service)
      .append("/")
      .append(kTerminator)
      .append("\n");
  Sha256 digest;
  digest.update(canonical_request);
  to_sign.append(as_text(to_hex(digest.finish())));
  const HexDigest expected = to_hex(signing_key(claim.scope, secret).sign(to_sign));
  return base::equal_constant_time(as_text(expected), claim.signature);
}

bool verify_signature(const http::Request& request, const Claim& claim, const std::string& secret,
                      std::string_view unsigned_payload_service) {
  const std::string_view declared = request.get("x-amz-content-sha256");
  HexDigest hashed;
  std::string_view payload_hash = declared;
  const bool unsigned_payload = declared == "UNSIGNED-PAYLOAD" && claim.scope.service == unsigned_payload_service;
  if (!unsigned_payload) {
    Sha256 digest;
    digest.update(request.body);
    hashed = to_hex(digest.finish());
    payload_hash = as_text(hashed);
  }
  const bool path_varies = path_needs_normalising(request.path());
  const bool token_varies = claim.presigned && !claim.token.empty();
  thread_local std::string canonical;
  for (const CanonicalForm form : {CanonicalForm{true, false}, CanonicalForm{true, true}, CanonicalForm{false, false},
                                   CanonicalForm{false, true}}) {
    if ((!form.normalise_path && !path_varies) || (form.without_token && !token_varies)) continue;
    canonical.clear();
    if (!append_canonical_request(canonical, request, claim, payload_hash, form)) return false;
    if (matches(claim, secret, canonical)) return true;
  }
  return false;
}

}  // namespace

CredentialScope find_credential_scope(const http::Request& request) {
  // The query's views would die with their decoded copies, so its scope is cut from the escaped text: %2F for each
  // slash.
  const std::string_view authorization = request.get("authorization");
  Claim claim;
  if (!authorization.empty()) {
    const std::size_t at = authorization.find("Credential=");
    if (at == std::string_view::npos) return {};
    std::string_view credential = authorization.substr(at + 11);
    credential = credential.substr(0, credential.find_first_of(", "));
    return split_credential(credential, claim) ? claim.scope : CredentialScope{};
  }
  std::string_view credential = request.query();
  const std::size_t at = credential.find("X-Amz-Credential=");
  if (at == std::string_view::npos) return {};
  credential = credential.substr(at + 17);
  credential = credential.substr(0, credential.find('&'));
  std::string_view parts[5];
  for (std::size_t i = 5; i-- > 1;) {
    std::size_t slash = credential.rfind("%2F");
    if (slash == std::string_view::npos) slash = credential.rfind("%2f");
    if (slash == std::string_view::npos) return {};
    parts[i] = credential.substr(slash + 3);
    credential = credential.substr(0, slash);
  }
  return {credential, parts[1], parts[2], parts[3]};
}

SigV4Verifier::SigV4Verifier(const identity::CredentialSource& credentials, SigV4Options options)
    : credentials_(credentials), options_(std::move(options)) {}

std::expected<Verified, SignatureError> SigV4Verifier::verify(const http::Request& request, Timestamp now) const {
  auto claim = read_claim(request);
  if (!claim) return std::unexpected(std::move(claim.error()));
  auto credentials = credentials_.find_credentials(claim->scope.access_key_id);
  if (credentials == nullptr || !credentials->active)
    return fault(SignatureFault::unknown_key, std::string(kInvalidToken));
  if (!base::equal_constant_time(credentials->session_token, claim->token) &&
      !(credentials->session_token.empty() && claim->token.empty())) {
    return fault(SignatureFault::unknown_key, std::string(kInvalidToken));
  }
  if (credentials->expiration && *credentials->expiration <= now) {
    return fault(SignatureFault::expired_token, "The security token included in the request is expired");
  }
  if (auto good = check_scope(*claim); !good) return std::unexpected(std::move(good.error()));
  if (auto good = check_time(*claim, now, options_.clock_skew_max); !good)
    return std::unexpected(std::move(good.error()));
  if (!names_field(claim->signed_fields, "host")) {
    return fault(SignatureFault::mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (!claim->presigned && !names_field(claim->signed_fields, request.find("x-amz-date") ? "x-amz-date" : "date")) {
    return fault(SignatureFault::mismatch, "'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (!verify_signature(request, *claim, credentials->secret_access_key, options_.unsigned_payload_service)) {
    return fault(SignatureFault::mismatch, std::string(kMismatch));
  }
  return Verified{std::move(credentials), std::string(claim->scope.region), std::string(claim->scope.service)};
}

}  // namespace escapement::wire
