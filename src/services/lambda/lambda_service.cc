#include "services/lambda/lambda_service.h"

#include <algorithm>
#include <set>

#include "services/lambda/errors.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

struct Entry {
  std::string_view operation;
  Handler handler;
};

constexpr Entry kHandlers[] = {
    {"AddLayerVersionPermission", add_layer_version_permission},
    {"AddPermission", add_permission},
    {"CreateAlias", create_alias},
    {"CreateCodeSigningConfig", create_code_signing_config},
    {"CreateEventSourceMapping", create_event_source_mapping},
    {"CreateFunction", create_function},
    {"CreateFunctionUrlConfig", create_function_url_config},
    {"DeleteAlias", delete_alias},
    {"DeleteCodeSigningConfig", delete_code_signing_config},
    {"DeleteEventSourceMapping", delete_event_source_mapping},
    {"DeleteFunction", delete_function},
    {"DeleteFunctionCodeSigningConfig", delete_function_code_signing_config},
    {"DeleteFunctionConcurrency", delete_function_concurrency},
    {"DeleteFunctionEventInvokeConfig", delete_function_event_invoke_config},
    {"DeleteFunctionUrlConfig", delete_function_url_config},
    {"DeleteLayerVersion", delete_layer_version},
    {"DeleteProvisionedConcurrencyConfig", delete_provisioned_concurrency_config},
    {"GetAccountSettings", get_account_settings},
    {"GetAlias", get_alias},
    {"GetCodeSigningConfig", get_code_signing_config},
    {"GetEventSourceMapping", get_event_source_mapping},
    {"GetFunction", get_function},
    {"GetFunctionCodeSigningConfig", get_function_code_signing_config},
    {"GetFunctionConcurrency", get_function_concurrency},
    {"GetFunctionConfiguration", get_function_configuration},
    {"GetFunctionEventInvokeConfig", get_function_event_invoke_config},
    {"GetFunctionRecursionConfig", get_function_recursion_config},
    {"GetFunctionUrlConfig", get_function_url_config},
    {"GetLayerVersion", get_layer_version},
    {"GetLayerVersionByArn", get_layer_version_by_arn},
    {"GetLayerVersionPolicy", get_layer_version_policy},
    {"GetPolicy", get_policy},
    {"GetProvisionedConcurrencyConfig", get_provisioned_concurrency_config},
    {"GetRuntimeManagementConfig", get_runtime_management_config},
    {"ListAliases", list_aliases},
    {"ListCodeSigningConfigs", list_code_signing_configs},
    {"ListEventSourceMappings", list_event_source_mappings},
    {"ListFunctionEventInvokeConfigs", list_function_event_invoke_configs},
    {"ListFunctionUrlConfigs", list_function_url_configs},
    {"ListFunctions", list_functions},
    {"ListFunctionsByCodeSigningConfig", list_functions_by_code_signing_config},
    {"ListLayerVersions", list_layer_versions},
    {"ListLayers", list_layers},
    {"ListProvisionedConcurrencyConfigs", list_provisioned_concurrency_configs},
    {"ListTags", list_tags},
    {"ListVersionsByFunction", list_versions_by_function},
    {"PublishLayerVersion", publish_layer_version},
    {"PublishVersion", publish_version},
    {"PutFunctionCodeSigningConfig", put_function_code_signing_config},
    {"PutFunctionConcurrency", put_function_concurrency},
    {"PutFunctionEventInvokeConfig", put_function_event_invoke_config},
    {"PutFunctionRecursionConfig", put_function_recursion_config},
    {"PutProvisionedConcurrencyConfig", put_provisioned_concurrency_config},
    {"PutRuntimeManagementConfig", put_runtime_management_config},
    {"RemoveLayerVersionPermission", remove_layer_version_permission},
    {"RemovePermission", remove_permission},
    {"TagResource", tag_resource},
    {"UntagResource", untag_resource},
    {"UpdateAlias", update_alias},
    {"UpdateCodeSigningConfig", update_code_signing_config},
    {"UpdateEventSourceMapping", update_event_source_mapping},
    {"UpdateFunctionCode", update_function_code},
    {"UpdateFunctionConfiguration", update_function_configuration},
    {"UpdateFunctionEventInvokeConfig", update_function_event_invoke_config},
    {"UpdateFunctionUrlConfig", update_function_url_config},
};
static_assert(std::ranges::is_sorted(kHandlers, {}, &Entry::operation));

Handler find(std::string_view operation) {
  const auto found = std::ranges::lower_bound(kHandlers, operation, {}, &Entry::operation);
  return found != std::end(kHandlers) && found->operation == operation ? found->handler : nullptr;
}

// Archives outlive their functions until here, since a process that is still at work may need its files.
void erase_unused_code(const Operations& operations) {
  const store::Catalog::View view = operations.catalog.view();
  std::set<std::string> used;
  const auto note = [&](std::string_view key, std::string_view) {
    const auto record = get_json(view, std::string(key));
    if (record) used.emplace(member_text(*record, "Code"));
    if (record && lambda::has(*record, "Layers")) {
      for (const json::Value& layer : record->find("Layers")->items()) used.insert(layer.as_string());
    }
    return true;
  };
  view.scan("lambda/version/", note);
  view.scan("lambda/layer/", note);
  functions::CodeStore& code = operations.functions.code_store();
  for (const std::string& name : code.list()) {
    if (!used.contains(name)) (void)code.erase(name);
  }
}

}  // namespace

LambdaService::LambdaService(Operations operations) : operations_(std::move(operations)) {
  erase_unused_code(operations_);
}

bool LambdaService::is_inline(std::string_view operation) const {
  return operation == "Invoke" || operation == "InvokeAsync" || operation == "InvokeWithResponseStream";
}

bool LambdaService::has(std::string_view operation) const { return is_inline(operation) || find(operation) != nullptr; }

void LambdaService::handle(wire::Call call, wire::Respond respond) {
  if (call.operation == "Invoke") return invoke(operations_, std::move(call), std::move(respond));
  if (call.operation == "InvokeAsync") return invoke_async(operations_, std::move(call), std::move(respond));
  if (call.operation == "InvokeWithResponseStream")
    return invoke_with_response_stream(operations_, std::move(call), std::move(respond));
  const Handler handler = find(call.operation);
  if (handler == nullptr) {
    return respond(base::make_error(base::ErrorCode::unsupported, "UnsupportedOperationException",
                                    std::string(call.operation) + " is not offered by this server"));
  }
  respond(handler(operations_, call));
}

}  // namespace escapement::services::lambda
