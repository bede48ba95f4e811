// Small settings of a function, and of the account.
#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

base::Result<FunctionRecord> function_of(const Operations& operations, const wire::Call& call, std::string_view action,
                                         FunctionName& name) {
  ESC_TRY(name, function_name(call));
  ESC_CHECK(operations.authorise(call, action, name.arn()));
  auto function = find_function(operations.catalog.view(), name);
  if (!function) return not_found("Function not found: " + name.arn());
  return std::move(*function);
}

base::Result<void> change_function(const Operations& operations, const FunctionName& name, std::string_view member,
                                   const json::Value& value) {
  return operations.catalog.update([&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto function = find_function(transaction, name);
    if (!function) return not_found("Function not found: " + name.arn());
    put_function(transaction, name, function->with(member, value));
    return {};
  });
}

}  // namespace

Answer put_function_recursion_config(const Operations& operations, const wire::Call& call) {
  FunctionName name;
  ESC_TRY(const FunctionRecord function, function_of(operations, call, "PutFunctionRecursionConfig", name));
  ESC_CHECK(change_function(operations, name, "RecursiveLoop", *call.input.find("RecursiveLoop")));
  return json::Value::object({{"RecursiveLoop", *call.input.find("RecursiveLoop")}});
}

Answer get_function_recursion_config(const Operations& operations, const wire::Call& call) {
  FunctionName name;
  ESC_TRY(const FunctionRecord function, function_of(operations, call, "GetFunctionRecursionConfig", name));
  const std::string_view present = member_text(function.members, "RecursiveLoop");
  return json::Value::object({{"RecursiveLoop", present.empty() ? "Terminate" : present}});
}

Answer put_runtime_management_config(const Operations& operations, const wire::Call& call) {
  FunctionName name;
  ESC_TRY(const FunctionRecord function, function_of(operations, call, "PutRuntimeManagementConfig", name));
  ESC_TRY(const ResolvedVersion resolved, resolve_version(operations.catalog.view(), name));
  const std::string mode(member_text(call.input, "UpdateRuntimeOn"));
  if (mode == "Manual" && !has(call.input, "RuntimeVersionArn")) {
    return invalid_parameter("RuntimeVersionArn is a required parameter for Manual UpdateRuntimeOn.");
  }
  if (mode != "Manual" && has(call.input, "RuntimeVersionArn")) {
    return invalid_parameter("RuntimeVersionArn is not supported for " + mode + " UpdateRuntimeOn.");
  }
  const std::string member = "RuntimeManagement:" + resolved.version;
  const json::Value runtime_arn =
      has(call.input, "RuntimeVersionArn") ? *call.input.find("RuntimeVersionArn") : json::Value();
  ESC_CHECK(change_function(operations, name, member,
                            json::Value::object({{"UpdateRuntimeOn", mode}, {"RuntimeVersionArn", runtime_arn}})));
  return json::Value::object(
      {{"FunctionArn", resolved.shown_arn}, {"RuntimeVersionArn", runtime_arn}, {"UpdateRuntimeOn", mode}});
}

Answer get_runtime_management_config(const Operations& operations, const wire::Call& call) {
  FunctionName name;
  ESC_TRY(const FunctionRecord function, function_of(operations, call, "GetRuntimeManagementConfig", name));
  ESC_TRY(const ResolvedVersion resolved, resolve_version(operations.catalog.view(), name));
  const json::Value* const present = function.members.find("RuntimeManagement:" + resolved.version);
  json::ObjectBuilder answer;
  answer.set("FunctionArn", resolved.shown_arn)
      .set("UpdateRuntimeOn", present == nullptr ? "Auto" : member_text(*present, "UpdateRuntimeOn"));
  if (present != nullptr && has(*present, "RuntimeVersionArn"))
    answer.set("RuntimeVersionArn", *present->find("RuntimeVersionArn"));
  return std::move(answer).build();
}

Answer get_account_settings(const Operations& operations, const wire::Call& call) {
  ESC_CHECK(operations.authorise(call, "GetAccountSettings", "*"));
  const store::Catalog::View view = operations.catalog.view();
  std::int64_t functions = 0;
  std::int64_t reserved = 0;
  std::int64_t code_bytes = 0;
  view.scan("lambda/function/" + call.region + "/", [&](std::string_view key, std::string_view) {
    ++functions;
    if (const auto record = get_json(view, std::string(key)))
      reserved += number(*record, "ReservedConcurrency").value_or(0);
    return true;
  });
  view.scan("lambda/version/" + call.region + "/", [&](std::string_view key, std::string_view) {
    if (const auto record = get_json(view, std::string(key)); record && has(*record, "Configuration"))
      code_bytes += number(*record->find("Configuration"), "CodeSize").value_or(0);
    return true;
  });
  view.scan("lambda/layer/" + call.region + "/", [&](std::string_view key, std::string_view) {
    if (const auto record = get_json(view, std::string(key))) code_bytes += number(*record, "CodeSize").value_or(0);
    return true;
  });
  const LambdaOptions& options = operations.options;
  return json::Value::object(
      {{"AccountLimit",
        json::Value::object({{"TotalCodeSize", static_cast<std::int64_t>(options.total_code_bytes_max)},
                             {"CodeSizeUnzipped", static_cast<std::int64_t>(options.unpacked_bytes_max)},
                             {"CodeSizeZipped", static_cast<std::int64_t>(options.packed_bytes_max)},
                             {"ConcurrentExecutions", std::int64_t{options.concurrency_max}},
                             {"UnreservedConcurrentExecutions", std::int64_t{options.concurrency_max} - reserved}})},
       {"AccountUsage", json::Value::object({{"TotalCodeSize", code_bytes}, {"FunctionCount", functions}})}});
}

}  // namespace escapement::services::lambda
