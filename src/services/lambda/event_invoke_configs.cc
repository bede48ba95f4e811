#include "functions/function_record.h"
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

base::Result<void> check_destinations(const FunctionName& name, const json::Value& input) {
  const json::Value* const config = input.find("DestinationConfig");
  if (config == nullptr) return {};
  for (const char* const member : {"OnSuccess", "OnFailure"}) {
    const json::Value* const destination = config->find(member);
    if (destination == nullptr) continue;
    const std::string_view arn = text(*destination, "Destination");
    if (arn == name.arn() || arn == name.qualified_arn())
      return invalid_parameter("You can't specify the function as a destination for itself.");
  }
  return {};
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
  ESC_CHECK(check_destinations(name, call.input));
  const store::Catalog::View view = operations.catalog.view();
  if (!find_function(view, name)) return not_found("The function doesn't exist.");
  if (name.qualifier != "$LATEST") {
    if (const auto found = require_qualifier(view, name); !found) return not_found("The function doesn't exist.");
  }
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
  ESC_TRY(const FunctionName name, parse_function_name(call, text(call.input, "FunctionName")));
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
