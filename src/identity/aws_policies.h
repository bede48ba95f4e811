// AWS's own managed policies (arn:aws:iam::aws:policy/…), as far as they have a use here: those of the services that
// this program offers and of their neighbours, with permissions of the same scope. Also the policies of service-linked
// roles, which exist by name so that such a role can be made and described; they permit nothing, since their services
// are not here.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "identity/records.h"

namespace escapement::identity {

// nullopt: no such policy.
std::optional<ManagedPolicy> find_aws_policy(std::string_view arn);

// In the order of names; `visit` returns false to stop. `after` is a name.
void each_aws_policy(std::string_view after, const std::function<bool(const ManagedPolicy&)>& visit);

}  // namespace escapement::identity
