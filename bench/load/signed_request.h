// HTTP/1.1 POST requests to one operation, signed for real and made as cheaply as that can be: the header's bytes are
// laid out once, and the part of the canonical request that does not change within a second is hashed once a second.
//
// Threading: one thread.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "wire/sha256.h"
#include "wire/signer.h"

namespace escapement::load {

struct OperationAddress {
  std::string host;  // the Host field's value
  std::string region;
  std::string service = "states";
  std::string content_type = "application/x-amz-json-1.0";
  std::string target;  // "AWSStepFunctions.StartExecution"
};

class SignedRequest {
 public:
  SignedRequest(wire::SigningCredentials credentials, OperationAddress address);

  // Appends the whole request. `now` is the wall clock's time.
  void append(std::string& out, std::string_view body, base::Timestamp now);

 private:
  void begin_second(base::Timestamp now);

  wire::SigningCredentials credentials_;
  OperationAddress address_;
  std::int64_t second_ = -1;
  std::string day_;
  std::string scope_;
  std::string head_;               // from the request line up to the signature
  std::string string_to_sign_;     // up to the digest of the canonical request
  wire::Sha256 canonical_prefix_;  // up to the digest of the body
  wire::HmacKey key_{""};
};

}  // namespace escapement::load
