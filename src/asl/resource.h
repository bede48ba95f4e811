// What a Task's (or ItemReader's, ResultWriter's) Resource names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace escapement::asl {

struct Resource {
  enum class Kind : std::uint8_t {
    lambda,       // a function's own ARN
    activity,     // an activity's ARN
    integration,  // arn:aws:states:::service:action, optimised
    sdk,          // arn:aws:states:::aws-sdk:service:action
  };
  enum class Pattern : std::uint8_t { request_response, sync, sync2, wait_for_task_token };

  Kind kind = Kind::lambda;
  Pattern pattern = Pattern::request_response;
  std::string arn;      // as written
  std::string service;  // integration, sdk: "lambda", "states", "dynamodb"
  std::string action;   // integration, sdk: "invoke", "startExecution", without the pattern's suffix

  // What TaskScheduled events call resourceType and resource: "lambda" and "invoke.waitForTaskToken";
  // "aws-sdk:sqs" and "sendMessage".
  std::string event_resource_type() const;
  std::string event_resource() const;
};

// "The resource provided X is not recognized. …"
base::Error resource_not_recognized(std::string_view arn);

// Errors: invalid: "The resource provided X is not recognized. The value is not a valid resource ARN, or the resource
// is not available in this region."
base::Result<Resource> parse_resource(std::string_view arn);

}  // namespace escapement::asl
