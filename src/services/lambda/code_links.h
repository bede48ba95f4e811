// Links under which a function's archive can be fetched without credentials, for ten minutes, as GetFunction gives
// them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "services/lambda/operations.h"

namespace escapement::services::lambda {

// The path that answers the links: the caller serves it with code_of_link().
inline constexpr std::string_view kCodePath = "/_escapement/lambda-code";

// An absolute URL; a path alone where the endpoint's URL is not known.
std::string code_location(const Operations& operations, std::string_view sha256_hex);

// The archive that a link's query names. Errors: denied (altered or expired), not_found, io.
base::Result<std::string> code_of_link(const Operations& operations, std::string_view query);

}  // namespace escapement::services::lambda
