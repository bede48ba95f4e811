// The check of a trust policy against the records: its principals of this account must exist.
#pragma once

#include "services/iam/operations.h"

namespace escapement::services::iam {

// Errors: MalformedPolicyDocument, LimitExceeded.
base::Result<void> check_trust_policy(const Operations& operations, const Directory& directory,
                                      std::string_view document);

}  // namespace escapement::services::iam
