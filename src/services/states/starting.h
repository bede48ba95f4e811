// Starting executions: what StartExecution, StartSyncExecution and nested executions have in common.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"
#include "services/states/operations.h"

namespace escapement::services::states {

// What an ARN given to StartExecution leads to.
struct StartTarget {
  MachineArn arn;
  MachinePtr machine;
  RevisionPtr revision;
  std::string version_arn;  // as executions show it; empty unless started through a version or alias
  std::string alias_arn;
};

// Errors: InvalidArn, StateMachineDoesNotExist, StateMachineDeleting.
base::Result<StartTarget> find_start_target(const Operations& operations, std::string_view machine_arn);

// Errors: InvalidExecutionInput.
base::Result<void> check_input(std::string_view input, const Quotas& quotas);

// The request for the engine. Errors: InvalidName, InvalidExecutionInput.
base::Result<engine::StartRequest> start_request(const Operations& operations, const StartTarget& target,
                                                 std::optional<std::string> name, std::string input,
                                                 std::string trace_header);

}  // namespace escapement::services::states
