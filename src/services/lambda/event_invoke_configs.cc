#include <algorithm>

#include "functions/function_record.h"
#include "functions/function_reference.h"
#include "services/lambda/errors.h"
#include "services/lambda/listing.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

FunctionName with_latest(FunctionName name) {
  if (name.qualifier.empty()) name.qualifier = "$LATEST";
  return name;
}

base::Result<FunctionName> config_name(const Operations& operations, const wire::Call& call, std::string_view action) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, action, name.arn()));
  return with_latest(name);
}

std::string key_of(const FunctionName& name) {
  return functions::event_config_key(name.region, name.name, name.qualifier);
}

base::Error absent(const FunctionName& name) {
  return not_found("The function " + name.qualified_arn() + " doesn't have an EventInvokeConfig");
}

std::string shown_destination(std::string_view side, std::string_view arn) {
  return arn.empty() ? "null" : std::string(side) + "(destination=" + std::string(arn) + ")";
}

// The service within "arn:partition:service:...".
std::string_view service_of(std::string_view arn) {
  for (int i = 0; i < 2; ++i) arn.remove_prefix(std::min(arn.find(':'), arn.size() - 1) + 1);
  return arn.substr(0, arn.find(':'));
}

// A function as a destination must be there, and be another one.
base::Result<void> check_function_destination(const store::Catalog::View& view, const FunctionName& name,
                                              std::string_view arn) {
  const auto destination = functions::parse_function_reference(arn);
  if (!destination || !view.get(functions::function_key(destination->region, destination->name)))
    return invalid_parameter("The destination ARN " + std::string(arn) + " is invalid.");
  if (destination->name == name.name && destination->region == name.region)
    return invalid_parameter("You can't specify the function as a destination for itself.");
  return {};
}

base::Result<void> check_destinations(const store::Catalog::View& view, const FunctionName& name,
                                      const json::Value& input) {
  const json::Value* const config = input.find("DestinationConfig");
  if (config == nullptr) return {};
  const auto arn_of = [&](std::string_view member) {
    const json::Value* const side = config->find(member);
    return side == nullptr ? std::string_view() : member_text(*side, "Destination");
  };
  const std::string_view success = arn_of("OnSuccess");
  const std::string_view failure = arn_of("OnFailure");
  constexpr std::string_view kServices[] = {"sns", "sqs", "events", "s3"};
  bool all_known = true;
  for (const std::string_view arn : {failure, success}) {
    if (arn.empty()) continue;
    const std::string_view service = service_of(arn);
    if (service == "lambda") {
      ESC_CHECK(check_function_destination(view, name, arn));
    } else if (std::ranges::find(kServices, service) == std::end(kServices)) {
      all_known = false;
    }
  }
  if (all_known) return {};
  return invalid_parameter(
      "The provided destination config DestinationConfig(onSuccess=" + shown_destination("OnSuccess", success) +
      ", onFailure=" + shown_destination("OnFailure", failure) + ") is invalid.");
}

json::Value destinations_of(const json::Value& input) {
  const json::Value empty = json::Value::object(std::vector<json::Member>{});
  const json::Value* const config = input.find("DestinationConfig");
  const auto side = [&](std::string_view member) {
    return config != nullptr && has(*config, member) ? *config->find(member) : empty;
  };
  return json::Value::object({{"OnSuccess", side("OnSuccess")}, {"OnFailure", side("OnFailure")}});
}

Answer write(const Operations& operations, const wire::Call& call, const FunctionName& name, bool keeps_old) {
  if (!has(call.input, "MaximumRetryAttempts") && !has(call.input, "MaximumEventAgeInSeconds") &&
      !has(call.input, "DestinationConfig")) {
    return invalid_parameter("You must specify at least one of error handling or destination setting.");
  }
  const store::Catalog::View view = operations.catalog.view();
  if (!find_function(view, name)) return not_found("The function doesn't exist.");
  if (name.qualifier != "$LATEST") {
    if (const auto found = require_qualifier(view, name); !found) return not_found("The function doesn't exist.");
  }
  ESC_CHECK(check_destinations(view, name, call.input));
  json::Value answer;
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto old = get_json(transaction, key_of(name));
    if (keeps_old && !old) return absent(name);
    json::ObjectBuilder builder(keeps_old ? *old : json::Value::object(std::vector<json::Member>{}));
    builder.set("FunctionArn", name.qualified_arn()).set("LastModified", operations.clock.now().as_seconds());
    for (const char* const member : {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"}) {
      if (has(call.input, member)) builder.set(member, *call.input.find(member));
    }
    if (!keeps_old || has(call.input, "DestinationConfig"))
      builder.set("DestinationConfig", destinations_of(call.input));
    answer = std::move(builder).build();
    put_json(transaction, key_of(name), answer);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return answer;
}

}  // namespace

Answer put_function_event_invoke_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, config_name(operations, call, "PutFunctionEventInvokeConfig"));
  return write(operations, call, name, false);
}

Answer update_function_event_invoke_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, config_name(operations, call, "UpdateFunctionEventInvokeConfig"));
  return write(operations, call, name, true);
}

Answer get_function_event_invoke_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, config_name(operations, call, "GetFunctionEventInvokeConfig"));
  auto config = get_json(operations.catalog.view(), key_of(name));
  if (!config) return absent(name);
  return std::move(*config);
}

Answer delete_function_event_invoke_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, config_name(operations, call, "DeleteFunctionEventInvokeConfig"));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    if (!transaction.get(key_of(name))) return absent(name);
    transaction.erase(key_of(name));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object(std::vector<json::Member>{});
}

Answer list_function_event_invoke_configs(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, parse_function_name(call, member_text(call.input, "FunctionName")));
  ESC_CHECK(operations.authorise(call, "ListFunctionEventInvokeConfigs", name.arn()));
  const store::Catalog::View view = operations.catalog.view();
  if (!find_function(view, name)) return not_found("The function doesn't exist.");
  std::vector<ListedItem> items;
  view.scan(folder_key("event-config", name.region, name.name), [&](std::string_view key, std::string_view) {
    if (auto config = get_json(view, std::string(key))) items.push_back({std::string(key), std::move(*config)});
    return true;
  });
  return page_of(call, "FunctionEventInvokeConfigs", std::move(items));
}

}  // namespace escapement::services::lambda
