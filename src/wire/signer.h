// Makes AWS Signature Version 4 signatures, for calls to other endpoints, the command line and the load generator.
//
// Threading: any thread, one Signer a thread is fastest (it keeps the signing key of the last date, region and
// service).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "http/client.h"

namespace escapement::wire {

struct SigningCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty: none
};

class HmacKey;

class Signer {
 public:
  Signer(SigningCredentials credentials, std::string region, std::string service);
  ~Signer();
  Signer(Signer&&) noexcept;
  Signer& operator=(Signer&&) noexcept;

  // Adds X-Amz-Date, X-Amz-Security-Token where there is a token, and Authorization. Host and every field already there
  // are signed, but for those that proxies change (User-Agent, Expect, Connection). Only S3 wants `content_sha256`:
  // with it X-Amz-Content-Sha256 is added as well and the path is signed as it is sent.
  void sign(http::ClientRequest& request, base::Timestamp now, bool content_sha256 = false);

  // The request's target with a signature in its query, good for `lifetime` (at most seven days).
  std::string presign(const http::ClientRequest& request, base::Timestamp now, base::Duration lifetime);

 private:
  const HmacKey& signing_key(std::string_view date);
  std::string scope(std::string_view date) const;
  std::string signature(std::string_view time, std::string_view date, const std::string& canonical);

  SigningCredentials credentials_;
  std::string region_;
  std::string service_;
  std::string key_date_;
  std::unique_ptr<HmacKey> key_;
};

}  // namespace escapement::wire
