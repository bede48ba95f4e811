// Verifies AWS Signature Version 4, in the header form and the presigned (query) form.
//
// Rules: "Create a signed AWS API request" (AWS IAM user guide) and the vectors of AWS's own signing library. Paths are
// normalised and encoded once more, as every service but S3 wants it; a path that normalising would change is also
// accepted as it stands. Region and service are taken from the credential's scope; any region is good.
//
// Cost: about 1 us for a key that was used before, since the signing keys are cached by access key, date, region and
// service. Signatures and session tokens are compared in constant time.
// Threading: any thread. The cache is one for each thread.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/message.h"
#include "identity/authoriser.h"

namespace escapement::wire {

// What was wrong with a signature; each protocol has its own name for it (see auth_error()).
enum class SignatureFault {
  missing,        // no signature at all
  incomplete,     // parts are absent or cannot be read
  unknown_key,    // no such access key, an inactive one, or a token that is not its own
  expired_token,  // the session has ended
  stale,          // too old, too new, or presigned and past its time
  mismatch,       // the signature is not what the key makes of this request
};

struct SignatureError {
  SignatureFault fault;
  std::string message;  // AWS's words
};

// The claim that a request makes about itself, before it was checked. Views into the request.
struct CredentialScope {
  std::string_view access_key_id;
  std::string_view date;  // "20150830"
  std::string_view region;
  std::string_view service;
};

// The scope of a request's signature, wherever it stands; empty views where there is none. Used to route.
CredentialScope find_credential_scope(const http::Request& request);

struct Verified {
  std::shared_ptr<const identity::Credentials> credentials;
  std::string region;
  std::string service;
};

struct SigV4Options {
  base::Duration clock_skew_max = base::Duration::seconds(300);
  // The services that take `x-amz-content-sha256: UNSIGNED-PAYLOAD`; for all others the body is always hashed.
  std::string unsigned_payload_service = "s3";
};

class SigV4Verifier {
 public:
  // `credentials` is borrowed and must outlive the verifier.
  SigV4Verifier(const identity::CredentialSource& credentials, SigV4Options options);

  // `now` is the wall clock's time: clients sign with theirs, so a virtual clock is no help here.
  std::expected<Verified, SignatureError> verify(const http::Request& request, base::Timestamp now) const;

 private:
  const identity::CredentialSource& credentials_;
  SigV4Options options_;
};

}  // namespace escapement::wire
