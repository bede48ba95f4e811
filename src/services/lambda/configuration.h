// A function's configuration: from a request's members to the record, with AWS's checks and defaults.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "services/lambda/operations.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {

// Errors: InvalidParameterValueException.
base::Result<void> check_runtime(const LambdaOptions& options, std::string_view runtime);
// Those that AWS names in messages, in its order: "[nodejs20.x, …]".
std::string_view supported_runtimes();

// The layers of a function: what the configuration shows and which archives they are.
struct ResolvedLayers {
  json::Value shown;     // [{"Arn", "CodeSize"}]
  json::Value archives;  // [sha256 hex]
};
base::Result<ResolvedLayers> resolve_layers(const Operations& operations, const wire::Call& call,
                                            const json::Value& arns);

// Applies the members of a CreateFunction or UpdateFunctionConfiguration request to a configuration: those that the
// request has replace what was there. Errors: InvalidParameterValueException.
base::Result<json::Value> apply_configuration(const Operations& operations, const wire::Call& call,
                                              const FunctionName& name, const json::Value& old_configuration);

// May lambda run this function under this role (its trust policy may ask for aws:SourceArn), and may the caller say so?
// Errors: AccessDeniedException, InvalidParameterValueException (no such role, or it does not trust Lambda).
base::Result<void> check_role(const Operations& operations, const wire::Call& call, const FunctionName& name,
                              std::string_view role_arn);

// The archive of a request ({"ZipFile"}, {"S3Bucket"}, {"ImageUri"}). Errors: InvalidParameterValueException and the
// code store's.
base::Result<functions::StoredCode> store_code(const Operations& operations, const json::Value& source);

json::Value runtime_version_config(std::string_view region, std::string_view runtime);

// The same function but for what a publication sets: description, version, names, revision and times.
bool same_content(const VersionRecord& a, const VersionRecord& b);

}  // namespace escapement::services::lambda
