// What the handlers of the Lambda API share, and the handlers themselves: one file for each family.
//
// A handler checks what the API model cannot say, asks for permission, changes the catalog, and answers. All but Invoke
// may block on the disk and run on the blocking pool.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "functions/function_service.h"
#include "identity/authoriser.h"
#include "json/value.h"
#include "store/catalog.h"
#include "wire/service.h"

namespace escapement::services::lambda {

// AWS's quotas, as defaults, and what this server adds.
struct LambdaOptions {
  std::uint32_t concurrency_max = 1'000;  // of the account
  std::uint32_t unreserved_concurrency_min = 100;
  std::uint64_t total_code_bytes_max = 75ull << 30;
  std::uint64_t packed_bytes_max = 50ull << 20;
  std::uint64_t unpacked_bytes_max = 250ull << 20;
  std::size_t environment_bytes_max = 4'096;
  std::size_t layers_max = 5;
  std::size_t tags_max = 50;
  // How long a function is Pending after its making and InProgress after an update. Nothing waits for it here; callers
  // that learned to wait for the state do. Zero for a virtual clock.
  base::Duration settle_time = base::Duration::milliseconds(500);
  // Runtimes that AWS has retired (nodejs12.x, python3.7…) are refused for new functions, as on AWS.
  bool accepts_retired_runtimes = false;
};

struct Operations {
  store::Catalog& catalog;
  functions::FunctionService& functions;
  const identity::Authoriser& authoriser;
  const base::Clock& clock;
  std::function<std::string()> endpoint_url;  // of this server, for links to code; may answer an empty text
  LambdaOptions options;
  // Whether events can come from this source (a stream's or queue's ARN); empty: from none.
  std::function<bool(std::string_view arn)> offers_event_source;

  // Errors: AccessDeniedException.
  base::Result<void> authorise(const wire::Call& call, std::string_view action, std::string_view resource,
                               const identity::RequestContext& context = {}) const;
};

// A function as a call names it.
struct FunctionName {
  std::string region;
  std::string account;
  std::string name;
  std::string qualifier;  // empty where none is named

  std::string arn() const;            // without qualifier
  std::string qualified_arn() const;  // with it, if there is one
};

// From the members FunctionName and Qualifier of a call. Errors: InvalidParameterValueException (they disagree),
// ResourceNotFoundException (another region), AccessDeniedException (another account).
base::Result<FunctionName> function_name(const wire::Call& call, std::string_view member = "FunctionName");
base::Result<FunctionName> parse_function_name(const wire::Call& call, std::string_view text,
                                               std::string_view qualifier = {});

// ---- Members of a call's input

std::optional<std::int64_t> number(const json::Value& input, std::string_view member);
bool flag(const json::Value& input, std::string_view member, bool absent = false);
bool has(const json::Value& input, std::string_view member);

using Answer = base::Result<json::Value>;
using Handler = Answer (*)(const Operations& operations, const wire::Call& call);

// ---- Functions: create_function.cc, update_function.cc, read_functions.cc, delete_function.cc, publish_version.cc
// ---------

Answer create_function(const Operations&, const wire::Call&);
Answer update_function_code(const Operations&, const wire::Call&);
Answer update_function_configuration(const Operations&, const wire::Call&);
Answer get_function(const Operations&, const wire::Call&);
Answer get_function_configuration(const Operations&, const wire::Call&);
Answer list_functions(const Operations&, const wire::Call&);
Answer list_versions_by_function(const Operations&, const wire::Call&);
Answer delete_function(const Operations&, const wire::Call&);
Answer publish_version(const Operations&, const wire::Call&);
void invoke(const Operations&, wire::Call, wire::Respond);
void invoke_async(const Operations&, wire::Call, wire::Respond);
void invoke_with_response_stream(const Operations&, wire::Call, wire::Respond);

// ---- Aliases and permissions: aliases.cc, permissions.cc

Answer create_alias(const Operations&, const wire::Call&);
Answer update_alias(const Operations&, const wire::Call&);
Answer get_alias(const Operations&, const wire::Call&);
Answer list_aliases(const Operations&, const wire::Call&);
Answer delete_alias(const Operations&, const wire::Call&);
Answer add_permission(const Operations&, const wire::Call&);
Answer remove_permission(const Operations&, const wire::Call&);
Answer get_policy(const Operations&, const wire::Call&);

// ---- Concurrency: concurrency.cc, provisioned_concurrency.cc

Answer put_function_concurrency(const Operations&, const wire::Call&);
Answer get_function_concurrency(const Operations&, const wire::Call&);
Answer delete_function_concurrency(const Operations&, const wire::Call&);
Answer put_provisioned_concurrency_config(const Operations&, const wire::Call&);
Answer get_provisioned_concurrency_config(const Operations&, const wire::Call&);
Answer delete_provisioned_concurrency_config(const Operations&, const wire::Call&);
Answer list_provisioned_concurrency_configs(const Operations&, const wire::Call&);

// ---- What hangs on a function: tags.cc, function_urls.cc, event_invoke_configs.cc, settings.cc, code_signing.cc
// -------------

Answer tag_resource(const Operations&, const wire::Call&);
Answer untag_resource(const Operations&, const wire::Call&);
Answer list_tags(const Operations&, const wire::Call&);
Answer create_function_url_config(const Operations&, const wire::Call&);
Answer update_function_url_config(const Operations&, const wire::Call&);
Answer get_function_url_config(const Operations&, const wire::Call&);
Answer delete_function_url_config(const Operations&, const wire::Call&);
Answer list_function_url_configs(const Operations&, const wire::Call&);
Answer put_function_event_invoke_config(const Operations&, const wire::Call&);
Answer update_function_event_invoke_config(const Operations&, const wire::Call&);
Answer get_function_event_invoke_config(const Operations&, const wire::Call&);
Answer delete_function_event_invoke_config(const Operations&, const wire::Call&);
Answer list_function_event_invoke_configs(const Operations&, const wire::Call&);
Answer put_function_recursion_config(const Operations&, const wire::Call&);
Answer get_function_recursion_config(const Operations&, const wire::Call&);
Answer put_runtime_management_config(const Operations&, const wire::Call&);
Answer get_runtime_management_config(const Operations&, const wire::Call&);
Answer get_account_settings(const Operations&, const wire::Call&);
Answer create_code_signing_config(const Operations&, const wire::Call&);
Answer update_code_signing_config(const Operations&, const wire::Call&);
Answer get_code_signing_config(const Operations&, const wire::Call&);
Answer delete_code_signing_config(const Operations&, const wire::Call&);
Answer list_code_signing_configs(const Operations&, const wire::Call&);
Answer put_function_code_signing_config(const Operations&, const wire::Call&);
Answer get_function_code_signing_config(const Operations&, const wire::Call&);
Answer delete_function_code_signing_config(const Operations&, const wire::Call&);
Answer list_functions_by_code_signing_config(const Operations&, const wire::Call&);

// ---- Layers: layers.cc, layer_permissions.cc

Answer publish_layer_version(const Operations&, const wire::Call&);
Answer get_layer_version(const Operations&, const wire::Call&);
Answer get_layer_version_by_arn(const Operations&, const wire::Call&);
Answer list_layers(const Operations&, const wire::Call&);
Answer list_layer_versions(const Operations&, const wire::Call&);
Answer delete_layer_version(const Operations&, const wire::Call&);
Answer add_layer_version_permission(const Operations&, const wire::Call&);
Answer remove_layer_version_permission(const Operations&, const wire::Call&);
Answer get_layer_version_policy(const Operations&, const wire::Call&);

// ---- Event source mappings: event_source_mappings.cc

Answer create_event_source_mapping(const Operations&, const wire::Call&);
Answer update_event_source_mapping(const Operations&, const wire::Call&);
Answer get_event_source_mapping(const Operations&, const wire::Call&);
Answer delete_event_source_mapping(const Operations&, const wire::Call&);
Answer list_event_source_mappings(const Operations&, const wire::Call&);

}  // namespace escapement::services::lambda
