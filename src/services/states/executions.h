// Executions as the API shows them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/execution_reader.h"
#include "interpreter/execution.h"
#include "services/states/operations.h"

namespace escapement::services::states {

std::string_view status_name(interpreter::Status status);
std::optional<interpreter::Status> status_from_name(std::string_view name);

// The execution that an ARN names, once `action` on it is allowed.
// Errors: InvalidArn, AccessDeniedException, ExecutionDoesNotExist.
base::Result<engine::ExecutionId> find_execution(const Operations& operations, const wire::Call& call,
                                                 std::string_view action, std::string_view execution_arn);

// Why an execution cannot be redriven; nullopt: it can.
std::optional<std::string> not_redrivable_reason(const engine::ExecutionDescription& execution, base::Timestamp now,
                                                 base::Duration redrive_period);

}  // namespace escapement::services::states
