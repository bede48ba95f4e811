#include "connectors/endpoints.h"

#include <fmt/format.h>

#include <array>

#include "json/parse.h"
#include "json/print.h"

namespace escapement::connectors {
namespace {

using base::ErrorCode;
using base::make_error;

struct JsonService {
  std::string_view service;  // as tasks name it
  std::string_view signing_name;
  std::string_view target_prefix;  // of X-Amz-Target
  std::string_view version;        // of AWS JSON
  bool small_letters;              // members begin with a small letter on the wire
};

constexpr std::array kJsonServices = {
    JsonService{"sqs", "sqs", "AmazonSQS", "1.0", false},
    JsonService{"events", "events", "AWSEvents", "1.1", false},
    JsonService{"eventbridge", "events", "AWSEvents", "1.1", false},
    JsonService{"dynamodb", "dynamodb", "DynamoDB_20120810", "1.0", false},
    JsonService{"kms", "kms", "TrentService", "1.1", false},
    JsonService{"kinesis", "kinesis", "Kinesis_20131202", "1.1", false},
    JsonService{"firehose", "firehose", "Firehose_20150804", "1.1", false},
    JsonService{"secretsmanager", "secretsmanager", "secretsmanager", "1.1", false},
    JsonService{"ssm", "ssm", "AmazonSSM", "1.1", false},
    JsonService{"sfn", "states", "AWSStepFunctions", "1.0", true},
    JsonService{"cloudwatchlogs", "logs", "Logs_20140328", "1.1", true},
    JsonService{"athena", "athena", "AmazonAthena", "1.1", false},
    JsonService{"glue", "glue", "AWSGlue", "1.1", false},
    JsonService{"ecs", "ecs", "AmazonEC2ContainerServiceV20141113", "1.1", true},
    JsonService{"ecr", "ecr", "AmazonEC2ContainerRegistry_V20150921", "1.1", true},
    JsonService{"codebuild", "codebuild", "CodeBuild_20161006", "1.1", true},
    JsonService{"sagemaker", "sagemaker", "SageMaker", "1.1", false},
};

const JsonService* find_service(std::string_view service) {
  for (const JsonService& known : kJsonServices) {
    if (known.service == service) return &known;
  }
  return nullptr;
}

char with_case(char c, bool small) {
  if (small && c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  if (!small && c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
  return c;
}

// Every member's first letter made small, or made a capital.
json::Value recased(const json::Value& value, bool small) {
  if (value.is_array()) {
    std::vector<json::Value> items;
    for (const json::Value& item : value.items()) items.push_back(recased(item, small));
    return json::Value::array(std::move(items));
  }
  if (!value.is_object()) return value;
  std::vector<json::Member> members;
  for (const json::Member& member : value.members()) {
    std::string key = member.key;
    if (!key.empty()) key[0] = with_case(key[0], small);
    members.push_back({std::move(key), recased(member.value, small)});
  }
  return json::Value::object(std::move(members));
}

// "com.amazonaws.sqs#QueueDoesNotExist" and "QueueDoesNotExist:http://…" both name QueueDoesNotExist.
std::string error_name(std::string_view type) {
  if (const auto hash = type.rfind('#'); hash != std::string_view::npos) type.remove_prefix(hash + 1);
  return std::string(type.substr(0, type.find(':')));
}

base::Error error_of(const http::ClientResponse& response) {
  const auto body = json::parse(response.body);
  const auto text = [&](std::string_view member) -> std::string_view {
    const json::Value* found = body ? body->find(member) : nullptr;
    return found && found->is_string() ? std::string_view(found->as_string()) : std::string_view();
  };
  std::string name = error_name(text("__type"));
  if (name.empty()) name = error_name(response.fields.get("x-amzn-ErrorType"));
  if (name.empty()) name = fmt::format("HttpStatus{}", response.status);
  std::string message(text("message"));
  if (message.empty()) message = text("Message");
  return make_error(response.status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid, std::move(name),
                    std::move(message));
}

}  // namespace

void Endpoints::call(std::string_view service, std::string_view operation, std::string_view region,
                     const json::Value& parameters, Done done) const {
  const auto endpoint = endpoints_.find(service);
  const JsonService* protocol = find_service(service);
  if (endpoint == endpoints_.end() || !client_)
    return done(make_error(ErrorCode::unavailable, fmt::format("no endpoint for {}", service)));
  if (!protocol)
    return done(make_error(ErrorCode::unsupported, fmt::format("the protocol of {} is not spoken", service)));
  const auto url = http::parse_url(endpoint->second.url);
  if (!url) return done(url.error());

  http::ClientRequest request;
  request.origin = url->origin;
  request.method = "POST";
  request.target = url->target;
  request.fields.emplace_back("Content-Type", fmt::format("application/x-amz-json-{}", protocol->version));
  request.fields.emplace_back("X-Amz-Target", fmt::format("{}.{}", protocol->target_prefix, operation));
  request.body = json::print(protocol->small_letters ? recased(parameters, true) : parameters);

  const Endpoint& settings = endpoint->second;
  wire::Signer signer(settings.credentials, settings.region.empty() ? std::string(region) : settings.region,
                      std::string(protocol->signing_name));
  signer.sign(request, clock_.now());
  client_->send(std::move(request), [done = std::move(done), small = protocol->small_letters](
                                        base::Result<http::ClientResponse> response) mutable {
    if (!response) return done(std::move(response).error());
    if (response->status >= 300) return done(error_of(*response));
    if (response->body.empty()) return done(json::Value::object({}));
    auto body = json::parse(response->body);
    if (!body) return done(std::move(body).error());
    done(small ? recased(*body, false) : std::move(*body));
  });
}

}  // namespace escapement::connectors
