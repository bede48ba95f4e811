#include "base/random.h"
#include "services/lambda/errors.h"
#include "services/lambda/listing.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";

base::Result<FunctionName> url_name(const Operations& operations, const wire::Call& call, std::string_view action) {
  ESC_TRY(FunctionName name, function_name(call));
  if (name.qualifier == "$LATEST" || is_version_number(name.qualifier)) {
    return validation("1 validation error detected: Value '" + name.qualifier +
                      "' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: "
                      "((?!^\\d+$)^[0-9a-zA-Z-_]+$)");
  }
  ESC_CHECK(operations.authorise(call, action, name.arn()));
  return name;
}

// What requests may change.
json::ObjectBuilder with_settings(json::ObjectBuilder builder, const json::Value& input) {
  for (const char* const member : {"AuthType", "Cors", "InvokeMode"}) {
    if (has(input, member)) builder.set(member, *input.find(member));
  }
  return builder;
}

json::Value shown(const json::Value& record) {
  json::ObjectBuilder builder(record);
  if (!has(record, "InvokeMode")) builder.set("InvokeMode", "BUFFERED");
  return std::move(builder).build();
}

}  // namespace

Answer create_function_url_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, url_name(operations, call, "CreateFunctionUrlConfig"));
  if (!require_qualifier(operations.catalog.view(), name)) return not_found("Function does not exist");
  const std::string now = base::to_iso8601(operations.clock.now());
  json::ObjectBuilder builder;
  builder.set("FunctionUrl", "https://" + base::random_text(32, kAlphabet) + ".lambda-url." + name.region + ".on.aws/");
  builder.set("FunctionArn", name.qualified_arn()).set("CreationTime", now);
  json::Value answer = std::move(with_settings(std::move(builder), call.input)).build();
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    if (transaction.get(url_key(name))) {
      return conflict("Failed to create function url config for [functionArn = " + name.qualified_arn() +
                      "]. Error message:  FunctionUrlConfig exists for this Lambda function");
    }
    put_json(transaction, url_key(name), std::move(json::ObjectBuilder(answer).set("LastModifiedTime", now)).build());
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return answer;
}

Answer update_function_url_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, url_name(operations, call, "UpdateFunctionUrlConfig"));
  json::Value answer;
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto record = get_json(transaction, url_key(name));
    if (!record) return not_found("The resource you requested does not exist.");
    json::ObjectBuilder builder = with_settings(json::ObjectBuilder(*record), call.input);
    answer = std::move(builder.set("LastModifiedTime", base::to_iso8601(operations.clock.now()))).build();
    put_json(transaction, url_key(name), answer);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return shown(answer);
}

Answer get_function_url_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, url_name(operations, call, "GetFunctionUrlConfig"));
  const auto record = get_json(operations.catalog.view(), url_key(name));
  if (!record) return not_found("The resource you requested does not exist.");
  return shown(*record);
}

Answer delete_function_url_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, url_name(operations, call, "DeleteFunctionUrlConfig"));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    if (!transaction.get(url_key(name))) return not_found("The resource you requested does not exist.");
    transaction.erase(url_key(name));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object(std::vector<json::Member>{});
}

Answer list_function_url_configs(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, parse_function_name(call, member_text(call.input, "FunctionName")));
  ESC_CHECK(operations.authorise(call, "ListFunctionUrlConfigs", name.arn()));
  const store::Catalog::View view = operations.catalog.view();
  if (!require_function(view, name)) return not_found("Function does not exist");
  std::vector<ListedItem> items;
  view.scan(folder_key("url", name.region, name.name), [&](std::string_view key, std::string_view) {
    if (const auto record = get_json(view, std::string(key))) items.push_back({std::string(key), shown(*record)});
    return true;
  });
  return page_of(call, "FunctionUrlConfigs", std::move(items));
}

}  // namespace escapement::services::lambda
