#include "asl/resource.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace escapement::asl {
namespace {

using base::ErrorCode;
using base::Result;

// The optimised integrations of Step Functions ("Integrating services with Step Functions" in the developer guide): the
// actions of each service and the patterns each allows.
enum Patterns : unsigned { kPlain = 0, kSync = 1, kSync2 = 2, kToken = 4 };

struct Action {
  std::string_view service;
  std::string_view action;
  unsigned patterns;
};

constexpr Action kActions[] = {
    {"apigateway", "invoke", kToken},
    {"athena", "getQueryExecution", kPlain},
    {"athena", "getQueryResults", kPlain},
    {"athena", "startQueryExecution", kSync},
    {"athena", "stopQueryExecution", kPlain},
    {"batch", "submitJob", kSync},
    {"bedrock", "createModelCustomizationJob", kSync},
    {"bedrock", "invokeModel", kPlain},
    {"codebuild", "batchDeleteBuilds", kPlain},
    {"codebuild", "batchGetReports", kPlain},
    {"codebuild", "retryBuildBatch", kSync},
    {"codebuild", "startBuild", kSync},
    {"codebuild", "startBuildBatch", kSync},
    {"codebuild", "stopBuild", kPlain},
    {"codebuild", "stopBuildBatch", kPlain},
    {"codebuild", "deleteBuildBatch", kPlain},
    {"databrew", "startJobRun", kSync},
    {"dynamodb", "deleteItem", kPlain},
    {"dynamodb", "getItem", kPlain},
    {"dynamodb", "putItem", kPlain},
    {"dynamodb", "updateItem", kPlain},
    {"ecs", "runTask", kSync | kToken},
    {"eks", "call", kPlain},
    {"eks", "createCluster", kSync},
    {"eks", "createFargateProfile", kSync},
    {"eks", "createNodegroup", kSync},
    {"eks", "deleteCluster", kSync},
    {"eks", "deleteFargateProfile", kSync},
    {"eks", "deleteNodegroup", kSync},
    {"eks", "runJob", kSync},
    {"elasticmapreduce", "addStep", kSync},
    {"elasticmapreduce", "cancelStep", kPlain},
    {"elasticmapreduce", "createCluster", kSync},
    {"elasticmapreduce", "modifyInstanceFleetByName", kPlain},
    {"elasticmapreduce", "modifyInstanceGroupByName", kPlain},
    {"elasticmapreduce", "setClusterTerminationProtection", kPlain},
    {"elasticmapreduce", "terminateCluster", kSync},
    {"emr-containers", "createVirtualCluster", kPlain},
    {"emr-containers", "deleteVirtualCluster", kSync},
    {"emr-containers", "startJobRun", kSync},
    {"emr-serverless", "cancelJobRun", kSync},
    {"emr-serverless", "createApplication", kSync},
    {"emr-serverless", "deleteApplication", kSync},
    {"emr-serverless", "startApplication", kSync},
    {"emr-serverless", "startJobRun", kSync},
    {"emr-serverless", "stopApplication", kSync},
    {"events", "putEvents", kToken},
    {"glue", "startJobRun", kSync},
    {"http", "invoke", kPlain},
    {"lambda", "invoke", kToken},
    {"mediaconvert", "createJob", kSync},
    {"s3", "getObject", kPlain},
    {"s3", "listObjectsV2", kPlain},
    {"s3", "putObject", kPlain},
    {"sagemaker", "createEndpoint", kPlain},
    {"sagemaker", "createEndpointConfig", kPlain},
    {"sagemaker", "createHyperParameterTuningJob", kSync},
    {"sagemaker", "createLabelingJob", kSync},
    {"sagemaker", "createModel", kPlain},
    {"sagemaker", "createProcessingJob", kSync},
    {"sagemaker", "createTrainingJob", kSync},
    {"sagemaker", "createTransformJob", kSync},
    {"sagemaker", "updateEndpoint", kPlain},
    {"sns", "publish", kToken},
    {"sqs", "sendMessage", kToken},
    {"states", "startExecution", kSync | kSync2 | kToken},
};

struct Suffix {
  std::string_view text;
  Resource::Pattern pattern;
  unsigned bit;
};

constexpr Suffix kSuffixes[] = {
    {".sync:2", Resource::Pattern::sync2, kSync2},
    {".sync", Resource::Pattern::sync, kSync},
    {".waitForTaskToken", Resource::Pattern::wait_for_task_token, kToken},
};

constexpr std::size_t kPartsMax = 9;

struct Parts {
  std::array<std::string_view, kPartsMax> part;
  std::size_t count = 0;
};

Parts split(std::string_view arn) {
  Parts out;
  while (out.count < kPartsMax) {
    const std::size_t colon = out.count + 1 == kPartsMax ? std::string_view::npos : arn.find(':');
    out.part[out.count++] = arn.substr(0, colon);
    if (colon == std::string_view::npos) break;
    arn.remove_prefix(colon + 1);
  }
  return out;
}

bool is_word(std::string_view text, std::string_view more) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

bool is_partition(std::string_view text) { return text == "aws" || text.starts_with("aws-"); }

// Cuts the pattern's suffix off `action`; its bit is 0 where there is none.
unsigned take_pattern(std::string_view& action, Resource::Pattern& pattern) {
  for (const Suffix& suffix : kSuffixes) {
    if (!action.ends_with(suffix.text)) continue;
    action.remove_suffix(suffix.text.size());
    pattern = suffix.pattern;
    return suffix.bit;
  }
  return 0;
}

std::string_view suffix_text(Resource::Pattern pattern) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.pattern == pattern) return suffix.text;
  }
  return {};
}

// arn:aws:states:::service:action, arn:aws:states:::aws-sdk:service:action; `rest` is what follows `:::`.
Result<Resource> parse_integration(std::string_view arn, std::string_view rest) {
  Resource out;
  out.arn = std::string(arn);
  const bool sdk = rest.starts_with("aws-sdk:");
  if (sdk) rest.remove_prefix(std::string_view("aws-sdk:").size());
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return resource_not_recognized(arn);
  out.service = std::string(rest.substr(0, colon));
  std::string_view action = rest.substr(colon + 1);
  const unsigned bit = take_pattern(action, out.pattern);
  out.action = std::string(action);
  if (sdk) {
    out.kind = Resource::Kind::sdk;
    const bool lower_first = !action.empty() && action[0] >= 'a' && action[0] <= 'z';
    if (!is_word(out.service, "") || !is_word(action, "") || !lower_first || (bit & ~unsigned{kToken}) != 0)
      return resource_not_recognized(arn);
    return out;
  }
  out.kind = Resource::Kind::integration;
  const auto* known = std::find_if(std::begin(kActions), std::end(kActions), [&](const Action& entry) {
    return entry.service == out.service && entry.action == out.action;
  });
  if (known == std::end(kActions) || (bit & ~known->patterns) != 0) return resource_not_recognized(arn);
  return out;
}

}  // namespace

base::Error resource_not_recognized(std::string_view arn) {
  return base::make_error(
      ErrorCode::invalid,
      fmt::format("The resource provided {} is not recognized. The value is not a valid resource ARN, or the "
                  "resource is not available in this region.",
                  arn));
}

std::string Resource::event_resource_type() const {
  switch (kind) {
    case Kind::lambda:
      return "lambda";
    case Kind::activity:
      return "activity";
    case Kind::integration:
      return service;
    case Kind::sdk:
      return "aws-sdk:" + service;
  }
  return service;
}

std::string Resource::event_resource() const {
  if (kind == Kind::lambda || kind == Kind::activity) return arn;
  return action + std::string(suffix_text(pattern));
}

Result<Resource> parse_resource(std::string_view arn) {
  constexpr std::size_t kArnBytesMax = 2'048;
  const Parts parts = split(arn);
  if (arn.size() > kArnBytesMax || parts.count < 6 || parts.part[0] != "arn" || !is_partition(parts.part[1]))
    return resource_not_recognized(arn);
  const auto& p = parts.part;
  Resource out;
  out.arn = std::string(arn);
  if (p[2] == "lambda" && (p[5] == "function") && parts.count >= 7 && is_word(p[6], "-_")) {
    out.kind = Resource::Kind::lambda;
    if (parts.count > 8 || (parts.count == 8 && !is_word(p[7], "-_$"))) return resource_not_recognized(arn);
    return out;
  }
  if (p[2] != "states") return resource_not_recognized(arn);
  if (p[3].empty() && p[4].empty())
    return parse_integration(arn, std::string_view(p[5].data(), arn.data() + arn.size() - p[5].data()));
  if (p[5] != "activity" || parts.count != 7 || p[6].empty()) return resource_not_recognized(arn);
  out.kind = Resource::Kind::activity;
  return out;
}

}  // namespace escapement::asl
