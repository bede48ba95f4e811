#include "connectors/sdk_result.h"

#include <fmt/format.h>

#include <array>
#include <ctime>

#include "json/print.h"

namespace escapement::connectors {
namespace {

// How the SDK for Java, version 1, names a service: the errors' prefix, the service in the text, the class of errors
// without one.
struct ServiceNames {
  std::string_view service;
  std::string_view prefix;
  std::string_view long_name;
  std::string_view base_class;
};

constexpr std::array kServices = {
    ServiceNames{"lambda", "Lambda", "AWSLambda", "AWSLambdaException"},
    ServiceNames{"states", "StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException"},
    ServiceNames{"dynamodb", "DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"},
    ServiceNames{"sqs", "SQS", "AmazonSQS", "AmazonSQSException"},
    ServiceNames{"sns", "SNS", "AmazonSNS", "AmazonSNSException"},
    ServiceNames{"events", "EventBridge", "AmazonEventBridge", "AmazonEventBridgeException"},
    ServiceNames{"batch", "Batch", "AWSBatch", "AWSBatchException"},
    ServiceNames{"ecs", "ECS", "AmazonECS", "AmazonECSException"},
    ServiceNames{"glue", "Glue", "AWSGlue", "AWSGlueException"},
    ServiceNames{"sagemaker", "SageMaker", "AmazonSageMaker", "AmazonSageMakerException"},
    ServiceNames{"codebuild", "CodeBuild", "AWSCodeBuild", "AWSCodeBuildException"},
    ServiceNames{"athena", "Athena", "AmazonAthena", "AmazonAthenaException"},
    ServiceNames{"s3", "S3", "Amazon S3", "AmazonS3Exception"},
};

ServiceNames names_of(std::string_view service) {
  for (const ServiceNames& names : kServices) {
    if (names.service == service) return names;
  }
  return {service, service, service, "AmazonServiceException"};
}

// Names that the SDK for Java, version 2, gives to its clients; others are the service's name with a capital.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kSdkClients = {{
    {"sfn", "Sfn"},
    {"dynamodb", "DynamoDb"},
    {"cloudwatchlogs", "CloudWatchLogs"},
    {"eventbridge", "EventBridge"},
    {"cloudwatch", "CloudWatch"},
    {"secretsmanager", "SecretsManager"},
    {"apigateway", "ApiGateway"},
    {"ec2", "Ec2"},
    {"dynamodbstreams", "DynamoDbStreams"},
    {"cloudformation", "CloudFormation"},
}};

std::string sdk_client(std::string_view service) {
  for (const auto& [name, client] : kSdkClients) {
    if (name == service) return std::string(client);
  }
  std::string client(service);
  if (!client.empty() && client[0] >= 'a' && client[0] <= 'z') client[0] = static_cast<char>(client[0] - 'a' + 'A');
  return client;
}

std::string exception_name(std::string_view code) {
  return std::string(code) + (code.ends_with("Exception") ? "" : "Exception");
}

// Errors that the services' front door raises: no operation's model names them.
bool is_common_error(std::string_view name) {
  constexpr std::array<std::string_view, 9> kCommon = {
      "AccessDeniedException", "AccessDenied",       "UnrecognizedClientException", "ThrottlingException",
      "InternalFailure",       "ServiceUnavailable", "UnsupportedOperation",        "UnknownOperationException",
      "SerializationException"};
  for (const auto& common : kCommon) {
    if (name == common) return true;
  }
  return false;
}

}  // namespace

int http_status(const base::Error& error) {
  constexpr std::array<std::pair<std::string_view, int>, 5> kByName = {{
      {"ResourceNotFoundException", 404},
      {"TooManyRequestsException", 429},
      {"ResourceConflictException", 409},
      {"RequestTooLargeException", 413},
      {"AccessDeniedException", 403},
  }};
  for (const auto& [name, status] : kByName) {
    if (error.name == name) return status;
  }
  switch (error.code) {
    case base::ErrorCode::unavailable:
      return 503;
    case base::ErrorCode::io:
    case base::ErrorCode::corrupt:
    case base::ErrorCode::internal:
      return 500;
    default:
      return 400;
  }
}

TaskError optimised_error(std::string_view service, const base::Error& error, std::string_view request_id) {
  const ServiceNames names = names_of(service);
  // Of all optimised services only Lambda answers with a status of its own for each error; the JSON services say 400.
  const int status = service == "lambda" || http_status(error) >= 500 ? http_status(error) : 400;
  const std::string_view code = error.name.empty() ? "InternalFailure" : std::string_view(error.name);
  const bool anonymous = is_common_error(code) || code == "ValidationException";
  return {
      fmt::format("{}.{}", names.prefix, anonymous ? std::string(names.base_class) : exception_name(code)),
      fmt::format("{} (Service: {}; Status Code: {}; Error Code: {}; Request ID: {}; Proxy: null)", error.message,
                  names.long_name, status, code, request_id),
  };
}

TaskError sdk_error(std::string_view service, const base::Error& error, std::string_view request_id, bool modelled) {
  const std::string client = sdk_client(service);
  const int status = service == "lambda" || http_status(error) >= 500 ? http_status(error) : 400;
  const std::string name = modelled && !is_common_error(error.name) && !error.name.empty() ? exception_name(error.name)
                                                                                           : client + "Exception";
  return {
      fmt::format("{}.{}", client, name),
      fmt::format("{} (Service: {}, Status Code: {}, Request ID: {}) (SDK Attempt Count: 1)", error.message, client,
                  status, request_id),
  };
}

void append_sdk_metadata(std::string& out, const std::vector<std::pair<std::string_view, std::string>>& fields,
                         std::string_view request_id, int status) {
  const auto append_fields = [&](std::string_view open, std::string_view close) {
    bool first = true;
    for (const auto& [name, value] : fields) {
      if (!first) out += ',';
      first = false;
      json::print_string_to(out, name);
      out += open;
      json::print_string_to(out, value);
      out += close;
    }
  };
  out += "\"SdkHttpMetadata\":{\"AllHttpHeaders\":{";
  append_fields(":[", "]");
  out += "},\"HttpHeaders\":{";
  append_fields(":", "");
  out += fmt::format("}},\"HttpStatusCode\":{}}},\"SdkResponseMetadata\":{{\"RequestId\":\"{}\"}}", status, request_id);
}

std::string http_date(base::Timestamp time) {
  const std::time_t seconds = time.us / 1'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(parts.tm_wday)],
                     parts.tm_mday, kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace escapement::connectors
