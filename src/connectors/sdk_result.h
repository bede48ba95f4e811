// What AWS's integrations add to a service's answer, and how they word its errors.
//
// Optimised integrations (arn:aws:states:::lambda:invoke) speak through version 1 of AWS's SDK for Java and put the
// HTTP response's metadata into the result; `aws-sdk:` integrations speak through version 2 and do not. Their errors
// are named and worded accordingly: "Lambda.ResourceNotFoundException" with "(Service: AWSLambda; Status Code: 404; …;
// Proxy: null)" against "Sfn.InvalidTokenException" with "(Service: Sfn, Status Code: 400, Request ID: …) (SDK Attempt
// Count: 1)".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace escapement::connectors {

struct TaskError {
  std::string error;
  std::string cause;
};

// `service` is the integration's ("lambda", "states", "sqs").
TaskError optimised_error(std::string_view service, const base::Error& error, std::string_view request_id);
// `service` is what follows "aws-sdk:" ("sfn", "dynamodb"). `modelled`: the operation's model names this error.
TaskError sdk_error(std::string_view service, const base::Error& error, std::string_view request_id, bool modelled);

// The HTTP status that an error of a service has on the wire.
int http_status(const base::Error& error);

// Appends `"SdkHttpMetadata":{…},"SdkResponseMetadata":{…}` for response header fields in the order given.
void append_sdk_metadata(std::string& out, const std::vector<std::pair<std::string_view, std::string>>& fields,
                         std::string_view request_id, int status);

// "Tue, 15 Nov 1994 08:12:31 GMT".
std::string http_date(base::Timestamp time);

}  // namespace escapement::connectors
