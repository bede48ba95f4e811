#include "functions/function_record.h"

#include "json/parse.h"
#include "json/value.h"

namespace escapement::functions {
namespace {

std::string key_of(std::string_view folder, std::string_view region, std::string_view name,
                   std::string_view last = {}) {
  std::string key = "lambda/";
  key.append(folder).append("/").append(region).append("/").append(name);
  if (!last.empty()) key.append("/").append(last);
  return key;
}

std::int64_t number_of(const json::Value& object, std::string_view member, std::int64_t otherwise) {
  const json::Value* const value = object.find(member);
  return value != nullptr && value->is_int64() ? value->as_int64() : otherwise;
}

base::Error not_found(std::string_view region, std::string_view account, std::string_view name,
                      std::string_view qualifier) {
  std::string message = "Function not found: arn:aws:lambda:";
  message.append(region).append(":").append(account).append(":function:").append(name);
  if (!qualifier.empty()) message.append(":").append(qualifier);
  return base::make_error(base::ErrorCode::not_found, "ResourceNotFoundException", std::move(message));
}

void read_logging(FunctionVersion& version, const json::Value& configuration) {
  version.log_group = "/aws/lambda/" + version.name;
  const json::Value* const logging = configuration.find("LoggingConfig");
  if (logging == nullptr) return;
  if (const std::string_view group = member_text(*logging, "LogGroup"); !group.empty()) version.log_group = group;
  version.json_logs = member_text(*logging, "LogFormat") == "JSON";
  version.application_log_level = member_text(*logging, "ApplicationLogLevel");
}

void read_environment(FunctionVersion& version, const json::Value& configuration) {
  const json::Value* const environment = configuration.find("Environment");
  const json::Value* const variables = environment == nullptr ? nullptr : environment->find("Variables");
  if (variables == nullptr || !variables->is_object()) return;
  for (const json::Member& member : variables->members()) {
    if (member.value.is_string()) version.environment.emplace_back(member.key, member.value.as_string());
  }
}

base::Result<std::shared_ptr<const FunctionVersion>> load_version(const store::Catalog::View& view,
                                                                  std::string_view region, std::string_view account,
                                                                  std::string_view name, std::string_view version,
                                                                  std::string_view named) {
  const auto record = view.get(version_key(region, name, version));
  if (!record) return not_found(region, account, name, named);
  ESC_TRY(auto parsed, parse_version(region, account, name, *record));
  return std::make_shared<const FunctionVersion>(std::move(parsed));
}

bool is_version(std::string_view qualifier) {
  return qualifier == "$LATEST" || qualifier.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string function_key(std::string_view region, std::string_view name) { return key_of("function", region, name); }
std::string version_key(std::string_view region, std::string_view name, std::string_view version) {
  return key_of("version", region, name, version);
}
std::string alias_key(std::string_view region, std::string_view name, std::string_view alias) {
  return key_of("alias", region, name, alias);
}
std::string provisioned_key(std::string_view region, std::string_view name, std::string_view qualifier) {
  return key_of("provisioned", region, name, qualifier);
}
std::string event_config_key(std::string_view region, std::string_view name, std::string_view qualifier) {
  return key_of("event-config", region, name, qualifier);
}

base::Result<FunctionVersion> parse_version(std::string_view region, std::string_view account, std::string_view name,
                                            std::string_view record) {
  ESC_TRY(const json::Value value, json::parse(record));
  const json::Value* const configuration = value.find("Configuration");
  if (configuration == nullptr)
    return base::make_error(base::ErrorCode::corrupt, "function record without configuration");
  FunctionVersion version;
  version.region = region;
  version.account = account;
  version.name = name;
  version.version = member_text(*configuration, "Version");
  version.arn = "arn:aws:lambda:" + version.region + ":" + version.account + ":function:" + version.name;
  version.runtime = member_text(*configuration, "Runtime");
  version.handler = member_text(*configuration, "Handler");
  version.role_arn = member_text(*configuration, "Role");
  version.timeout = base::Duration::seconds(number_of(*configuration, "Timeout", 3));
  version.memory_mb = static_cast<std::uint32_t>(number_of(*configuration, "MemorySize", 128));
  if (const json::Value* const storage = configuration->find("EphemeralStorage")) {
    version.storage_mb = static_cast<std::uint32_t>(number_of(*storage, "Size", 512));
  }
  read_environment(version, *configuration);
  read_logging(version, *configuration);
  version.code = member_text(value, "Code");
  if (const json::Value* const layers = value.find("Layers"); layers != nullptr && layers->is_array()) {
    for (const json::Value& layer : layers->items()) {
      if (layer.is_string()) version.layers.push_back(layer.as_string());
    }
  }
  return version;
}

base::Result<Target> find_target(const store::Catalog::View& view, std::string_view region, std::string_view account,
                                 std::string_view name, std::string_view qualifier) {
  const std::string_view named = qualifier.empty() ? std::string_view("$LATEST") : qualifier;
  Target target;
  target.invoked_arn =
      "arn:aws:lambda:" + std::string(region) + ":" + std::string(account) + ":function:" + std::string(name);
  if (!qualifier.empty()) target.invoked_arn.append(":").append(qualifier);
  if (is_version(named)) {
    ESC_TRY(target.version, load_version(view, region, account, name, named, named));
    return target;
  }
  const auto record = view.get(alias_key(region, name, named));
  if (!record) return not_found(region, account, name, named);
  ESC_TRY(const json::Value alias, json::parse(*record));
  ESC_TRY(target.version, load_version(view, region, account, name, member_text(alias, "FunctionVersion"), named));
  const json::Value* const routing = alias.find("RoutingConfig");
  const json::Value* const weights = routing == nullptr ? nullptr : routing->find("AdditionalVersionWeights");
  if (weights == nullptr || !weights->is_object()) return target;
  for (const json::Member& member : weights->members()) {
    if (!member.value.is_number()) continue;
    ESC_TRY(auto version, load_version(view, region, account, name, member.key, named));
    target.additional.emplace_back(member.value.as_double(), std::move(version));
  }
  return target;
}

FunctionLimits find_limits(const store::Catalog::View& view, std::string_view region, std::string_view name) {
  FunctionLimits limits;
  if (const auto record = view.get(function_key(region, name))) {
    if (const auto value = json::parse(*record)) {
      const std::int64_t reserved = number_of(*value, "ReservedConcurrency", -1);
      if (reserved >= 0) limits.reserved = static_cast<std::uint32_t>(reserved);
    }
  }
  const std::string prefix = key_of("provisioned", region, name) + "/";
  view.scan(prefix, [&](std::string_view key, std::string_view record) {
    std::string version(key.substr(prefix.size()));
    if (!is_version(version)) {
      const auto alias_record = view.get(alias_key(region, name, version));
      const auto alias = alias_record ? json::parse(*alias_record) : base::Result<json::Value>(json::Value());
      version = alias ? member_text(*alias, "FunctionVersion") : std::string();
    }
    const auto value = json::parse(record);
    const std::int64_t requested = value ? number_of(*value, "Requested", 0) : 0;
    if (!version.empty() && requested > 0)
      limits.provisioned.emplace_back(version, static_cast<std::uint32_t>(requested));
    return true;
  });
  return limits;
}

EventConfig find_event_config(const store::Catalog::View& view, std::string_view region, std::string_view name,
                              std::string_view qualifier) {
  EventConfig config;
  const auto record = view.get(event_config_key(region, name, qualifier.empty() ? "$LATEST" : qualifier));
  if (!record) return config;
  const auto value = json::parse(*record);
  if (!value) return config;
  config.retries_max = static_cast<std::uint32_t>(number_of(*value, "MaximumRetryAttempts", 2));
  config.age_max = base::Duration::seconds(number_of(*value, "MaximumEventAgeInSeconds", 21'600));
  if (const json::Value* const destinations = value->find("DestinationConfig")) {
    if (const json::Value* const success = destinations->find("OnSuccess"))
      config.on_success = member_text(*success, "Destination");
    if (const json::Value* const failure = destinations->find("OnFailure"))
      config.on_failure = member_text(*failure, "Destination");
  }
  return config;
}

}  // namespace escapement::functions
