#include "services/lambda/errors.h"

namespace escapement::services::lambda {

using base::ErrorCode;
using base::make_error;

base::Error invalid_parameter(std::string message) {
  return make_error(ErrorCode::invalid, "InvalidParameterValueException", std::move(message));
}

base::Error not_found(std::string message) {
  return make_error(ErrorCode::not_found, "ResourceNotFoundException", std::move(message));
}

base::Error conflict(std::string message) {
  return make_error(ErrorCode::conflict, "ResourceConflictException", std::move(message));
}

base::Error precondition(std::string_view operation) {
  return make_error(ErrorCode::conflict, "PreconditionFailedException",
                    "The Revision Id provided does not match the latest Revision Id. Call the " +
                        std::string(operation) + " API to retrieve the latest Revision Id");
}

base::Error validation(std::string message) {
  return make_error(ErrorCode::invalid, "ValidationException", std::move(message));
}

}  // namespace escapement::services::lambda
