#include "services/states/settings.h"

#include "json/parse.h"
#include "json/print.h"
#include "services/states/errors.h"

namespace escapement::services::states {
namespace {

constexpr std::string_view kMembers[] = {"encryptionConfiguration", "loggingConfiguration", "tracingConfiguration"};

base::Error invalid_logging(std::string message) {
  return base::make_error(base::ErrorCode::invalid, "InvalidLoggingConfiguration",
                          "Invalid Logging Configuration: " + std::move(message));
}

constexpr std::string_view kLogGroup = ":log-group:";
constexpr std::string_view kAnyStream = ":*";

// Empty where the destination names none.
std::string_view log_group_arn(const json::Value& destination) {
  const json::Value* group = destination.find("cloudWatchLogsLogGroup");
  const json::Value* arn = group ? group->find("logGroupArn") : nullptr;
  return arn && arn->is_string() ? std::string_view(arn->as_string()) : std::string_view();
}

base::Result<void> check_destination(const json::Value& destination) {
  const std::string_view arn = log_group_arn(destination);
  if (arn.find(kLogGroup) == std::string_view::npos)
    return invalid_logging("Log Destination must be a CloudWatch Logs log group ARN.");
  if (!arn.ends_with(kAnyStream)) return invalid_logging("Log Group ARN must be provided with '*' qualifier.");
  return {};
}

base::Result<json::Value> logging_of(const json::Value& given) {
  const json::Value* level = given.find("level");
  const json::Value* destinations = given.find("destinations");
  const std::string level_name = level && level->is_string() ? level->as_string() : "OFF";
  const std::size_t count = destinations ? destinations->size() : 0;
  if (count > 1 || (level_name != "OFF" && count != 1))
    return invalid_logging("Must specify exactly one Log Destination.");
  if (count == 1) ESC_CHECK(check_destination((*destinations)[0]));
  const json::Value* data = given.find("includeExecutionData");
  json::ObjectBuilder out;
  if (destinations) out.set("destinations", *destinations);
  out.set("includeExecutionData", data && data->is_bool() && data->as_bool());
  out.set("level", level_name);
  return std::move(out).build();
}

base::Result<json::Value> encryption_of(const json::Value& given) {
  const json::Value* type = given.find("type");
  const bool own_key = type && type->is_string() && type->as_string() == "CUSTOMER_MANAGED_KMS_KEY";
  const bool names_key = given.find("kmsKeyId") != nullptr;
  if (own_key != names_key) {
    return base::make_error(
        base::ErrorCode::invalid, "InvalidEncryptionConfiguration",
        own_key ? "Invalid Encryption Configuration: Must specify a KMS key for CUSTOMER_MANAGED_KMS_KEY."
                : "Invalid Encryption Configuration: A KMS key may only be specified for CUSTOMER_MANAGED_KMS_KEY.");
  }
  return given;
}

json::Value defaults() {
  return json::Value::object(
      {{"encryptionConfiguration", json::Value::object({{"type", "AWS_OWNED_KEY"}})},
       {"loggingConfiguration", json::Value::object({{"includeExecutionData", false}, {"level", "OFF"}})},
       {"tracingConfiguration", json::Value::object({{"enabled", false}})}});
}

}  // namespace

base::Result<std::string> settings_of(const json::Value& input, const std::string& current) {
  json::Value start = defaults();
  if (!current.empty()) {
    ESC_TRY(start, json::parse(current));
  }
  json::ObjectBuilder out(start);
  if (const json::Value* given = input.find("loggingConfiguration"); given && given->is_object()) {
    ESC_TRY(const json::Value logging, logging_of(*given));
    out.set("loggingConfiguration", logging);
  }
  if (const json::Value* given = input.find("tracingConfiguration"); given && given->is_object()) {
    const json::Value* enabled = given->find("enabled");
    out.set("tracingConfiguration",
            json::Value::object({{"enabled", enabled && enabled->is_bool() && enabled->as_bool()}}));
  }
  if (const json::Value* given = input.find("encryptionConfiguration"); given && given->is_object()) {
    ESC_TRY(const json::Value encryption, encryption_of(*given));
    out.set("encryptionConfiguration", encryption);
  }
  return json::print(std::move(out).build());
}

base::Result<json::Value> encryption_configuration(const json::Value& input) {
  const json::Value* given = input.find("encryptionConfiguration");
  if (given && given->is_object()) return encryption_of(*given);
  return json::Value::object({{"type", "AWS_OWNED_KEY"}});
}

void add_settings(json::ObjectBuilder& answer, const std::string& settings) {
  const auto value = json::parse(settings);
  const json::Value known = value ? *value : defaults();
  for (const std::string_view member : kMembers) {
    if (const json::Value* found = known.find(member)) answer.set(member, *found);
  }
}

LogSettings log_settings(const std::string& settings) {
  using Level = LogSettings::Level;
  LogSettings out;
  const auto value = json::parse(settings);
  const json::Value* const logging = value ? value->find("loggingConfiguration") : nullptr;
  if (logging == nullptr) return out;
  const json::Value* const destinations = logging->find("destinations");
  const std::string_view arn =
      destinations && destinations->size() == 1 ? log_group_arn((*destinations)[0]) : std::string_view();
  const std::size_t name_at = arn.find(kLogGroup);
  if (name_at == std::string_view::npos) return out;
  // arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME:*
  std::string_view name = arn.substr(name_at + kLogGroup.size());
  if (name.ends_with(kAnyStream)) name.remove_suffix(kAnyStream.size());
  std::string_view region = arn.substr(0, arn.rfind(':', name_at - 1));
  region.remove_prefix(region.rfind(':') + 1);
  const json::Value* const level = logging->find("level");
  const std::string_view level_name =
      level && level->is_string() ? std::string_view(level->as_string()) : std::string_view();
  out.level = level_name == "ALL"     ? Level::all
              : level_name == "ERROR" ? Level::error
              : level_name == "FATAL" ? Level::fatal
                                      : Level::off;
  const json::Value* const data = logging->find("includeExecutionData");
  out.include_data = data && data->is_bool() && data->as_bool();
  out.region = region;
  out.group = name;
  return out;
}

bool asks_for_logs(const std::string& settings) { return log_settings(settings).level != LogSettings::Level::off; }

}  // namespace escapement::services::states
