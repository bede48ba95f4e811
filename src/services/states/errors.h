// The errors of the Step Functions API, in AWS's words.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace escapement::services::states {

base::Error validation(std::string message);       // ValidationException
base::Error invalid_arn(std::string_view reason);  // "Invalid Arn: 'REASON'"
base::Error invalid_name(std::string_view name);
base::Error invalid_token();
base::Error machine_does_not_exist(std::string_view arn);
base::Error machine_deleting(std::string_view arn);
base::Error machine_type_not_supported();
base::Error execution_does_not_exist(std::string_view arn);
base::Error activity_does_not_exist(std::string_view arn);
base::Error resource_not_found(std::string_view arn);  // of the tag operations
base::Error referenced_resource_not_found();           // of the alias operations
base::Error conflict(std::string message);             // ConflictException
base::Error invalid_execution_input(std::string_view reason);

}  // namespace escapement::services::states
