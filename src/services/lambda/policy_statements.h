// Resource-based policies of functions and layer versions, as AddPermission and its kin write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"
#include "wire/service.h"

namespace escapement::services::lambda {

// The statement that AddPermission's members describe. Errors: InvalidParameterValueException (the principal).
base::Result<json::Value> function_statement(const wire::Call& call, std::string_view resource);
// The same for AddLayerVersionPermission.
base::Result<json::Value> layer_statement(const wire::Call& call, std::string_view resource);

// Errors: ResourceConflictException (a statement of that id is there).
base::Result<json::Value> with_statement(const std::optional<json::Value>& policy, const json::Value& statement);
// Errors: ResourceNotFoundException.
base::Result<json::Value> without_statement(const json::Value& policy, std::string_view statement_id);

}  // namespace escapement::services::lambda
