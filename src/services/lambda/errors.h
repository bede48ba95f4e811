// Errors of the Lambda API in AWS's words.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace escapement::services::lambda {

base::Error invalid_parameter(std::string message);
base::Error not_found(std::string message);
base::Error conflict(std::string message);
base::Error precondition(std::string_view operation);  // "…Call the OPERATION API to retrieve the latest Revision Id"
base::Error validation(std::string message);

}  // namespace escapement::services::lambda
