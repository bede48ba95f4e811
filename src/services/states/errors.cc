#include "services/states/errors.h"

#include <fmt/format.h>

namespace escapement::services::states {

using base::ErrorCode;
using base::make_error;

base::Error validation(std::string message) {
  return make_error(ErrorCode::invalid, "ValidationException", std::move(message));
}

base::Error invalid_arn(std::string_view reason) {
  return make_error(ErrorCode::invalid, "InvalidArn", fmt::format("Invalid Arn: '{}'", reason));
}

base::Error invalid_name(std::string_view name) {
  return make_error(ErrorCode::invalid, "InvalidName", fmt::format("Invalid Name: '{}'", name));
}

base::Error invalid_token() { return make_error(ErrorCode::invalid, "InvalidToken", "Invalid Token: 'Invalid token'"); }

base::Error machine_does_not_exist(std::string_view arn) {
  return make_error(ErrorCode::not_found, "StateMachineDoesNotExist",
                    fmt::format("State Machine Does Not Exist: '{}'", arn));
}

base::Error machine_deleting(std::string_view arn) {
  return make_error(ErrorCode::conflict, "StateMachineDeleting",
                    fmt::format("State Machine is being deleted: '{}'", arn));
}

base::Error machine_type_not_supported() {
  return make_error(ErrorCode::invalid, "StateMachineTypeNotSupported",
                    "This operation is not supported by this type of state machine");
}

base::Error execution_does_not_exist(std::string_view arn) {
  return make_error(ErrorCode::not_found, "ExecutionDoesNotExist", fmt::format("Execution Does Not Exist: '{}'", arn));
}

base::Error activity_does_not_exist(std::string_view arn) {
  return make_error(ErrorCode::not_found, "ActivityDoesNotExist", fmt::format("Activity Does Not Exist: '{}'", arn));
}

base::Error resource_not_found(std::string_view arn) {
  base::Error error =
      make_error(ErrorCode::not_found, "ResourceNotFound", fmt::format("Resource not found: '{}'", arn));
  error.members.emplace_back("resourceName", arn);
  return error;
}

base::Error referenced_resource_not_found() {
  return make_error(ErrorCode::not_found, "ResourceNotFound", "Request references a resource that does not exist.");
}

base::Error conflict(std::string message) {
  return make_error(ErrorCode::conflict, "ConflictException", std::move(message));
}

base::Error invalid_execution_input(std::string_view reason) {
  return make_error(ErrorCode::invalid, "InvalidExecutionInput",
                    fmt::format("Invalid State Machine Execution Input: '{}'", reason));
}

}  // namespace escapement::services::states
