#include "services/lambda/configuration.h"

#include <algorithm>
#include <array>

#include "functions/runtimes.h"
#include "json/print.h"
#include "services/lambda/errors.h"
#include "services/lambda/layer_versions.h"

namespace escapement::services::lambda {
namespace {

constexpr std::string_view kSupported =
    "[nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, "
    "python3.11, java21, "
    "ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, "
    "nodejs18.x, provided.al2, "
    "java8.al2]";

constexpr std::string_view kRetired[] = {
    "nodejs",        "nodejs4.3", "nodejs4.3-edge", "nodejs6.10",    "nodejs8.10",    "nodejs10.x", "nodejs12.x",
    "nodejs14.x",    "java8",     "python2.7",      "python3.6",     "python3.7",     "go1.x",      "dotnetcore1.0",
    "dotnetcore2.0", "provided",  "ruby2.5",        "dotnetcore2.1", "dotnetcore3.1", "ruby2.7",
};

constexpr std::string_view kReservedVariables[] = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
};

constexpr std::string_view kSnapStartRuntimes[] = {"java11",     "java17",     "java21",  "java25",  "python3.12",
                                                   "python3.13", "python3.14", "dotnet8", "dotnet10"};

// Members that travel from a request to the configuration as they are.
constexpr std::string_view kPlainMembers[] = {"Description", "Handler", "KMSKeyArn", "MemorySize",
                                              "Role",        "Runtime", "Timeout",   "FileSystemConfigs"};

bool contains(std::string_view list, std::string_view word) {
  // Words of the list are set apart by "[", ", " and "]".
  for (std::size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
    const char before = list[at - 1];
    const char after = list[at + word.size()];
    if ((before == '[' || before == ' ') && (after == ',' || after == ']')) return true;
  }
  return false;
}

// What the API model allows for the sake of other kinds of functions.
base::Result<void> check_limits(const json::Value& request) {
  constexpr std::pair<std::string_view, std::int64_t> kLimits[] = {{"MemorySize", 10'240}, {"Timeout", 900}};
  for (const auto& [member, max] : kLimits) {
    if (number(request, member).value_or(0) > max)
      return invalid_parameter("'" + std::string(member) +
                               "' value failed to satisfy constraint: Member must have value less than or equal to " +
                               std::to_string(max));
  }
  return {};
}

base::Result<json::Value> environment_of(const LambdaOptions& options, const json::Value& environment) {
  const json::Value* const variables = environment.find("Variables");
  if (variables == nullptr || !variables->is_object())
    return json::Value::object({{"Variables", json::Value::object(std::vector<json::Member>{})}});
  std::string reserved;
  for (const json::Member& member : variables->members()) {
    if (std::ranges::find(kReservedVariables, member.key) == std::end(kReservedVariables)) continue;
    reserved += (reserved.empty() ? "" : ", ") + member.key;
  }
  if (!reserved.empty()) {
    return invalid_parameter(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "contains reserved keys "
        "that are currently not supported for modification. Reserved keys used in this request: " +
        reserved);
  }
  const std::string printed = json::print(*variables);
  if (printed.size() > options.environment_bytes_max) {
    return invalid_parameter(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "exceeded the 4KB limit. "
        "String measured: " +
        printed);
  }
  return json::Value::object({{"Variables", *variables}});
}

base::Result<json::Value> logging_of(const json::Value& request, const json::Value* old,
                                     const std::string& default_group) {
  json::ObjectBuilder merged(old != nullptr ? *old : json::Value::object(std::vector<json::Member>{}));
  for (const json::Member& member : request.members()) merged.set(member.key, member.value);
  json::Value given = std::move(merged).build();
  const std::string format(has(given, "LogFormat") ? member_text(given, "LogFormat") : "Text");
  json::ObjectBuilder result;
  if (format == "JSON") {
    result.set("ApplicationLogLevel",
               has(given, "ApplicationLogLevel") ? member_text(given, "ApplicationLogLevel") : "INFO");
  } else if (has(request, "ApplicationLogLevel") || has(request, "SystemLogLevel")) {
    return invalid_parameter("To use ApplicationLogLevel or SystemLogLevel, you must set LogFormat to JSON.");
  }
  result.set("LogFormat", format)
      .set("LogGroup", has(given, "LogGroup") ? std::string(member_text(given, "LogGroup")) : default_group);
  if (format == "JSON")
    result.set("SystemLogLevel", has(given, "SystemLogLevel") ? member_text(given, "SystemLogLevel") : "INFO");
  return std::move(result).build();
}

base::Result<json::Value> snap_start_of(const json::Value& request, std::string_view runtime) {
  const std::string_view apply_on = member_text(request, "ApplyOn");
  if (apply_on == "PublishedVersions" &&
      std::ranges::find(kSnapStartRuntimes, runtime) == std::end(kSnapStartRuntimes)) {
    return invalid_parameter(std::string(runtime) + " is not supported for SnapStart enabled functions.");
  }
  return json::Value::object({{"ApplyOn", apply_on.empty() ? "None" : apply_on}, {"OptimizationStatus", "Off"}});
}

json::Value vpc_of(const json::Value& request) {
  const auto list = [&](std::string_view member) {
    return has(request, member) ? *request.find(member) : json::Value::array({});
  };
  return json::Value::object({{"SubnetIds", list("SubnetIds")},
                              {"SecurityGroupIds", list("SecurityGroupIds")},
                              {"VpcId", ""},
                              {"Ipv6AllowedForDualStack", flag(request, "Ipv6AllowedForDualStack")}});
}

void set_default(json::ObjectBuilder& builder, const json::Value& old, std::string_view member, json::Value value) {
  if (!has(old, member)) builder.set(member, std::move(value));
}

json::Value with_defaults(const json::Value& configuration, const FunctionName& name) {
  json::ObjectBuilder builder(configuration);
  set_default(builder, configuration, "Description", "");
  set_default(builder, configuration, "Timeout", 3);
  set_default(builder, configuration, "MemorySize", 128);
  set_default(builder, configuration, "PackageType", "Zip");
  set_default(builder, configuration, "Architectures", json::Value::array({"x86_64"}));
  set_default(builder, configuration, "EphemeralStorage", json::Value::object({{"Size", 512}}));
  set_default(builder, configuration, "TracingConfig", json::Value::object({{"Mode", "PassThrough"}}));
  set_default(builder, configuration, "SnapStart",
              json::Value::object({{"ApplyOn", "None"}, {"OptimizationStatus", "Off"}}));
  set_default(builder, configuration, "LoggingConfig",
              json::Value::object({{"LogFormat", "Text"}, {"LogGroup", "/aws/lambda/" + name.name}}));
  return std::move(builder).build();
}

}  // namespace

std::string_view supported_runtimes() { return kSupported; }

base::Result<void> check_runtime(const LambdaOptions& options, std::string_view runtime) {
  if (contains(kSupported, runtime)) return {};
  if (std::ranges::find(kRetired, runtime) != std::end(kRetired)) {
    if (options.accepts_retired_runtimes) return {};
    return invalid_parameter("The runtime parameter of " + std::string(runtime) +
                             " is no longer supported for creating or updating AWS Lambda functions. We recommend you "
                             "use a supported runtime "
                             "while creating or updating functions.");
  }
  return invalid_parameter("Value " + std::string(runtime) +
                           " at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: " +
                           std::string(kSupported) + " or be a valid ARN");
}

base::Result<ResolvedLayers> resolve_layers(const Operations& operations, const wire::Call& call,
                                            const json::Value& arns) {
  ResolvedLayers resolved{json::Value::array({}), json::Value::array({})};
  if (arns.size() > operations.options.layers_max) return invalid_parameter("Cannot reference more than 5 layers.");
  std::vector<json::Value> shown;
  std::vector<json::Value> archives;
  std::vector<LayerVersionName> seen;
  for (const json::Value& arn : arns.items()) {
    ESC_TRY(const LayerVersionName layer, parse_layer_version_arn(arn.as_string()));
    for (const LayerVersionName& other : seen) {
      if (other.layer_arn() != layer.layer_arn()) continue;
      if (other.version == layer.version)
        return invalid_parameter("Two same layer versions are not allowed to be referenced in the same function. " +
                                 arn.as_string());
      return invalid_parameter(
          "Two different versions of the same layer are not allowed to be referenced in the same function. " +
          arn.as_string() + " and " + other.arn() + " are versions of the same layer.");
    }
    if (layer.region != call.region) {
      return base::make_error(
          base::ErrorCode::denied, "AccessDeniedException",
          "User: " + call.principal->arn + " is not authorized to perform: lambda:GetLayerVersion on resource: " +
              arn.as_string() + " because no resource-based policy allows the lambda:GetLayerVersion action");
    }
    const auto record = get_json(operations.catalog.view(), layer_version_key(layer));
    if (!record) return invalid_parameter("Layer version " + arn.as_string() + " does not exist.");
    ESC_CHECK(operations.authorise(call, "GetLayerVersion", layer.arn()));
    shown.push_back(json::Value::object({{"Arn", arn}, {"CodeSize", number(*record, "CodeSize").value_or(0)}}));
    archives.emplace_back(member_text(*record, "Code"));
    seen.push_back(layer);
  }
  resolved.shown = json::Value::array(std::move(shown));
  resolved.archives = json::Value::array(std::move(archives));
  return resolved;
}

json::Value runtime_version_config(std::string_view region, std::string_view runtime) {
  return json::Value::object({{"RuntimeVersionArn", functions::runtime_version_arn(region, runtime)}});
}

base::Result<json::Value> apply_configuration(const Operations& operations, const wire::Call& call,
                                              const FunctionName& name, const json::Value& old_configuration) {
  const json::Value& request = call.input;
  ESC_CHECK(check_limits(request));
  json::ObjectBuilder builder(old_configuration);
  for (const std::string_view member : kPlainMembers) {
    if (has(request, member)) builder.set(member, *request.find(member));
  }
  const std::string runtime(has(request, "Runtime") ? member_text(request, "Runtime")
                                                    : member_text(old_configuration, "Runtime"));
  if (has(request, "Runtime")) {
    ESC_CHECK(check_runtime(operations.options, runtime));
    builder.set("RuntimeVersionConfig", runtime_version_config(call.region, runtime));
  }
  if (has(request, "Environment")) {
    ESC_TRY(json::Value environment, environment_of(operations.options, *request.find("Environment")));
    builder.set("Environment", std::move(environment));
  }
  if (has(request, "EphemeralStorage")) builder.set("EphemeralStorage", *request.find("EphemeralStorage"));
  if (has(request, "TracingConfig")) builder.set("TracingConfig", *request.find("TracingConfig"));
  if (has(request, "DeadLetterConfig")) {
    if (member_text(*request.find("DeadLetterConfig"), "TargetArn").empty()) {
      builder.erase("DeadLetterConfig");
    } else {
      builder.set("DeadLetterConfig", *request.find("DeadLetterConfig"));
    }
  }
  if (has(request, "VpcConfig")) builder.set("VpcConfig", vpc_of(*request.find("VpcConfig")));
  if (has(request, "SnapStart")) {
    ESC_TRY(json::Value snap_start, snap_start_of(*request.find("SnapStart"), runtime));
    builder.set("SnapStart", std::move(snap_start));
  }
  if (has(request, "LoggingConfig")) {
    ESC_TRY(json::Value logging, logging_of(*request.find("LoggingConfig"), old_configuration.find("LoggingConfig"),
                                            "/aws/lambda/" + name.name));
    builder.set("LoggingConfig", std::move(logging));
  }
  return with_defaults(std::move(builder).build(), name);
}

base::Result<void> check_role(const Operations& operations, const wire::Call& call, const FunctionName& name,
                              std::string_view role_arn) {
  return operations.authoriser.authorise_pass_role(*call.principal, role_arn, "lambda.amazonaws.com",
                                                   {{"aws:SourceArn", name.arn()}});
}

base::Result<functions::StoredCode> store_code(const Operations& operations, const json::Value& source) {
  if (has(source, "ImageUri"))
    return base::make_error(base::ErrorCode::unsupported, "InvalidParameterValueException",
                            "This server runs functions from .zip archives only, not from container images");
  if (has(source, "S3Bucket"))
    return base::make_error(base::ErrorCode::unsupported, "InvalidParameterValueException",
                            "This server takes function code as ZipFile only, not from S3");
  if (!has(source, "ZipFile")) return invalid_parameter("Please provide a source for function code.");
  return operations.functions.code_store().put(member_text(source, "ZipFile"));
}

bool same_content(const VersionRecord& a, const VersionRecord& b) {
  const auto bare = [](const VersionRecord& record) {
    json::ObjectBuilder builder(record.configuration);
    for (const char* const member :
         {"Description", "Version", "FunctionArn", "RevisionId", "LastModified", "SnapStart"})
      builder.erase(member);
    return std::move(builder).build();
  };
  const auto snap_start = [](const VersionRecord& record) {
    return has(record.configuration, "SnapStart")
               ? std::string(member_text(*record.configuration.find("SnapStart"), "ApplyOn"))
               : std::string();
  };
  return a.code == b.code && snap_start(a) == snap_start(b) && bare(a) == bare(b);
}

}  // namespace escapement::services::lambda
