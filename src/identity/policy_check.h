// What IAM refuses to store as a policy, in IAM's words. Pure.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "identity/policy.h"

namespace escapement::identity {

enum class PolicyUse : std::uint8_t {
  identity,  // of a user, group or role, managed or inline; also session policies
  trust,     // who may assume a role
};

// The compiled policy. Errors: invalid with name MalformedPolicyDocument. That the principals of a trust policy exist
// is not looked at here.
base::Result<std::shared_ptr<const Policy>> check_policy(std::string_view text, PolicyUse use);

}  // namespace escapement::identity
