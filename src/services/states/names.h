// Names and ARNs of state machines, executions, activities and map runs.
//
//   arn:aws:states:REGION:ACCOUNT:stateMachine:NAME[:VERSION|:ALIAS]
//   arn:aws:states:REGION:ACCOUNT:activity:NAME
//   arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME      (express: …:express:MACHINE:NAME:ID)
//   arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:ID
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/ids.h"

namespace escapement::services::states {

// Errors: InvalidName. Allowed is what AWS allows: no blanks, brackets, wildcards or special characters
// ("#%\^|~`$&,;:/).
base::Result<void> check_name(std::string_view name);

struct MachineArn {
  std::string region;
  std::string account;
  std::string name;       // of the state machine, without a label
  std::string qualifier;  // a version's number or an alias's name; empty for the state machine itself

  std::string unqualified() const;
  std::string to_string() const;
  std::optional<std::uint32_t> version() const;  // the qualifier as a number
};

// Errors: InvalidArn.
base::Result<MachineArn> parse_machine_arn(std::string_view text);

struct ActivityArn {
  std::string region;
  std::string account;
  std::string name;

  std::string to_string() const;
};
base::Result<ActivityArn> parse_activity_arn(std::string_view text);

// A standard execution's. Errors: InvalidArn, also for an express execution's.
base::Result<engine::ExecutionArn> parse_execution_arn(std::string_view text);

}  // namespace escapement::services::states
