// Code signing configurations: kept and answered; signatures themselves are not checked, since archives are not signed
// here.
#include "services/lambda/code_signing.h"

#include "base/random.h"
#include "services/lambda/errors.h"
#include "services/lambda/listing.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

std::string folder(const wire::Call& call) { return "lambda/signing/" + call.region + "/"; }

base::Error absent(std::string_view arn) {
  return base::make_error(
      base::ErrorCode::not_found, "CodeSigningConfigNotFoundException",
      "The code signing configuration cannot be found. Check that the provided configuration is not deleted: " +
          std::string(arn) + ".");
}
base::Error absent_resource(std::string_view arn) {
  return not_found("The Lambda code signing configuration " + std::string(arn) + " can not be found.");
}

std::string key_of(const wire::Call& call, std::string_view arn) {
  return folder(call) + std::string(arn.substr(arn.rfind(':') + 1));
}

json::Value policies_of(const json::Value& input) {
  if (has(input, "CodeSigningPolicies")) return *input.find("CodeSigningPolicies");
  return json::Value::object({{"UntrustedArtifactOnDeployment", "Warn"}});
}

bool is_used(const store::CatalogTransaction& transaction, const wire::Call& call, std::string_view arn) {
  bool used = false;
  transaction.scan("lambda/function/" + call.region + "/", [&](std::string_view key, std::string_view) {
    const auto record = get_json(transaction, std::string(key));
    used = record && member_text(*record, "CodeSigningConfigArn") == arn;
    return !used;
  });
  return used;
}

}  // namespace

base::Result<void> require_code_signing_config(const store::CatalogTransaction& transaction, const wire::Call& call,
                                               std::string_view arn) {
  if (!transaction.get(key_of(call, arn))) return absent(arn);
  return {};
}

Answer create_code_signing_config(const Operations& operations, const wire::Call& call) {
  const std::string id = "csc-" + base::random_text(17, "abcdefghijklmnopqrstuvwxyz0123456789");
  const std::string arn = "arn:aws:lambda:" + call.region + ":" + call.account + ":code-signing-config:" + id;
  ESC_CHECK(operations.authorise(call, "CreateCodeSigningConfig", "*"));
  json::ObjectBuilder builder;
  builder.set("CodeSigningConfigId", id)
      .set("CodeSigningConfigArn", arn)
      .set("Description", member_text(call.input, "Description"));
  builder.set("AllowedPublishers", *call.input.find("AllowedPublishers"))
      .set("CodeSigningPolicies", policies_of(call.input));
  builder.set("LastModified", last_modified(operations.clock.now()));
  const json::Value config = std::move(builder).build();
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    put_json(transaction, key_of(call, arn), config);
    if (has(call.input, "Tags")) put_json(transaction, "lambda/tags/" + arn, *call.input.find("Tags"));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object({{"CodeSigningConfig", config}});
}

Answer update_code_signing_config(const Operations& operations, const wire::Call& call) {
  const std::string arn(member_text(call.input, "CodeSigningConfigArn"));
  ESC_CHECK(operations.authorise(call, "UpdateCodeSigningConfig", arn));
  json::Value config;
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto present = get_json(transaction, key_of(call, arn));
    if (!present) return absent_resource(arn);
    json::ObjectBuilder builder(*present);
    for (const char* const member : {"Description", "AllowedPublishers", "CodeSigningPolicies"}) {
      if (has(call.input, member)) builder.set(member, *call.input.find(member));
    }
    config = std::move(builder.set("LastModified", last_modified(operations.clock.now()))).build();
    put_json(transaction, key_of(call, arn), config);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object({{"CodeSigningConfig", config}});
}

Answer get_code_signing_config(const Operations& operations, const wire::Call& call) {
  const std::string arn(member_text(call.input, "CodeSigningConfigArn"));
  ESC_CHECK(operations.authorise(call, "GetCodeSigningConfig", arn));
  const auto config = get_json(operations.catalog.view(), key_of(call, arn));
  if (!config) return absent_resource(arn);
  return json::Value::object({{"CodeSigningConfig", *config}});
}

Answer delete_code_signing_config(const Operations& operations, const wire::Call& call) {
  const std::string arn(member_text(call.input, "CodeSigningConfigArn"));
  ESC_CHECK(operations.authorise(call, "DeleteCodeSigningConfig", arn));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    if (!transaction.get(key_of(call, arn))) return absent_resource(arn);
    if (is_used(transaction, call, arn))
      return conflict("The code signing configuration is in use by a function: " + arn);
    transaction.erase(key_of(call, arn));
    transaction.erase("lambda/tags/" + arn);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object(std::vector<json::Member>{});
}

Answer list_code_signing_configs(const Operations& operations, const wire::Call& call) {
  ESC_CHECK(operations.authorise(call, "ListCodeSigningConfigs", "*"));
  const store::Catalog::View view = operations.catalog.view();
  std::vector<ListedItem> items;
  view.scan(folder(call), [&](std::string_view key, std::string_view) {
    if (auto config = get_json(view, std::string(key))) items.push_back({std::string(key), std::move(*config)});
    return true;
  });
  return page_of(call, "CodeSigningConfigs", std::move(items));
}

Answer put_function_code_signing_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  const std::string arn(member_text(call.input, "CodeSigningConfigArn"));
  ESC_CHECK(operations.authorise(call, "PutFunctionCodeSigningConfig", name.arn()));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    ESC_CHECK(require_code_signing_config(transaction, call, arn));
    const auto function = find_function(transaction, name);
    if (!function) return not_found("Function not found: " + name.arn());
    put_function(transaction, name, function->with("CodeSigningConfigArn", arn));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object({{"CodeSigningConfigArn", arn}, {"FunctionName", name.name}});
}

Answer get_function_code_signing_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "GetFunctionCodeSigningConfig", name.arn()));
  const auto function = find_function(operations.catalog.view(), name);
  if (!function) return not_found("Function not found: " + name.arn());
  if (!has(function->members, "CodeSigningConfigArn")) return json::Value::object(std::vector<json::Member>{});
  return json::Value::object(
      {{"CodeSigningConfigArn", *function->members.find("CodeSigningConfigArn")}, {"FunctionName", name.name}});
}

Answer delete_function_code_signing_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "DeleteFunctionCodeSigningConfig", name.arn()));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto function = find_function(transaction, name);
    if (!function) return not_found("Function not found: " + name.arn());
    put_function(transaction, name, function->without("CodeSigningConfigArn"));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object(std::vector<json::Member>{});
}

Answer list_functions_by_code_signing_config(const Operations& operations, const wire::Call& call) {
  const std::string arn(member_text(call.input, "CodeSigningConfigArn"));
  ESC_CHECK(operations.authorise(call, "ListFunctionsByCodeSigningConfig", arn));
  const store::Catalog::View view = operations.catalog.view();
  if (!view.get(key_of(call, arn))) return absent_resource(arn);
  const std::string functions = "lambda/function/" + call.region + "/";
  std::vector<ListedItem> items;
  view.scan(functions, [&](std::string_view key, std::string_view) {
    const auto record = get_json(view, std::string(key));
    const FunctionName name{call.region, call.account, std::string(key.substr(functions.size())), {}};
    if (record && member_text(*record, "CodeSigningConfigArn") == arn) items.push_back({std::string(key), name.arn()});
    return true;
  });
  return page_of(call, "FunctionArns", std::move(items));
}

}  // namespace escapement::services::lambda
