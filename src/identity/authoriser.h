// The two questions that the rest of the program asks of `identity`. Closed by default: what no policy allows is
// denied.
//
// Threading: any thread. Answers come from an immutable snapshot of users, roles and policies; a change is seen by
// every question asked after the call that made it was answered.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "identity/principal.h"

namespace escapement::identity {

// What a request's signature is checked against.
struct Credentials {
  std::shared_ptr<const Principal> principal;
  std::string secret_access_key;
  std::string session_token;                  // empty for a long-term key; else the request must carry the same
  std::optional<base::Timestamp> expiration;  // of a session
  bool active = true;
};

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // nullptr: no such key.
  virtual std::shared_ptr<const Credentials> find_credentials(std::string_view access_key_id) const = 0;
  // Tells when a key was last used (GetAccessKeyLastUsed). Cheap; may be sampled.
  virtual void note_use(std::string_view access_key_id, std::string_view service, std::string_view region,
                        base::Timestamp now) {
    (void)access_key_id, (void)service, (void)region, (void)now;
  }
};

// Condition keys of a request beyond those that follow from the principal: aws:SourceIp, aws:RequestTag/KEY,
// iam:PassedToService, states:…; names are compared without regard to case.
using RequestContext = std::multimap<std::string, std::string>;

class Authoriser {
 public:
  virtual ~Authoriser() = default;

  // May `principal` do `action` ("states:StartExecution") on `resource` (an ARN, or "*")?
  // Errors: denied, with name AccessDeniedException and AWS's message: "User: ARN is not authorized to perform: ACTION
  // on resource: RESOURCE because no identity-based policy allows the ACTION action" (or "with an explicit deny in …").
  virtual base::Result<void> authorise(const Principal& principal, std::string_view action, std::string_view resource,
                                       const RequestContext& context = {}) const = 0;

  // iam:PassRole on `role_arn` with iam:PassedToService = `service` ("states.amazonaws.com"), and that the role exists
  // and its trust policy lets that service assume it. `context` is what the trust policy may ask for: aws:SourceArn,
  // the ARN of the resource that the role is for (aws:SourceAccount is always there). Errors: denied; where the role
  // cannot be assumed, the error that `service` answers with.
  virtual base::Result<void> authorise_pass_role(const Principal& principal, std::string_view role_arn,
                                                 std::string_view service,
                                                 const RequestContext& context = {}) const = 0;

  // The principal that the server acts as when it works for `service` under `role_arn` (a state machine's or function's
  // role), in a session of the given name. Errors: denied (no such role, or its trust policy does not name the
  // service). `context` as above.
  virtual base::Result<std::shared_ptr<const Principal>> assume_for_service(
      std::string_view role_arn, std::string_view service, std::string_view session_name,
      const RequestContext& context = {}) const = 0;
};

}  // namespace escapement::identity
