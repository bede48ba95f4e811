// The operations of STS and what they share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/identity.h"
#include "json/value.h"
#include "wire/service.h"

namespace escapement::services::sts {

using Answer = base::Result<json::Value>;

Answer assume_role(identity::Identity& identity, const wire::Call& call);
Answer get_session_token(identity::Identity& identity, const wire::Call& call);
Answer get_federation_token(identity::Identity& identity, const wire::Call& call);
Answer get_caller_identity(identity::Identity& identity, const wire::Call& call);
Answer get_access_key_info(identity::Identity& identity, const wire::Call& call);

std::string text(const json::Value& input, std::string_view member);  // empty where absent
std::optional<std::string> optional_text(const json::Value& input, std::string_view member);
base::Duration duration(const json::Value& input, std::int64_t absent_seconds);

// Access key id, secret, token and expiration.
json::Value render_credentials(const identity::Credentials& credentials);

// The session policies of a request: Policy and the documents of PolicyArns. Errors: MalformedPolicyDocument,
// PackedPolicyTooLarge, ValidationError.
base::Result<std::vector<std::string>> session_policies(const identity::Identity& identity, const json::Value& input);

// How full the request's policies and tags make the session, in percent, as PackedPolicySize says.
std::int64_t packed_size(const std::vector<std::string>& policies, const std::map<std::string, std::string>& tags);

// The tags of a request. Errors: InvalidParameterValue where keys differ in case only.
base::Result<std::map<std::string, std::string>> session_tags(const json::Value& input);

base::Error access_denied(const identity::Principal& principal, std::string_view action, std::string_view resource);

}  // namespace escapement::services::sts
