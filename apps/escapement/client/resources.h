// From the names that people type to ARNs, and the roles that deployments need.
//
// Errors: not_found (with a hint at what is there), invalid (a name that fits several things), and those of Api.
#pragma once

#include <string>
#include <vector>

#include "escapement/client/api.h"
#include "escapement/client/definition_policy.h"

namespace escapement::client {

struct MachineSummary {
  std::string arn;
  std::string name;
  std::string type;
};

base::Result<std::vector<MachineSummary>> list_machines(Api& api);

// `text` is a state machine's name or ARN.
base::Result<std::string> machine_arn(Api& api, const std::string& text);

// `text` is an execution's ARN, MACHINE:NAME, MACHINE/NAME, or a name alone, which is then looked for in every machine.
base::Result<std::string> execution_arn(Api& api, const std::string& text);

enum class TargetKind { function, machine };
struct Target {
  TargetKind kind;
  std::string arn;
  std::string name;  // for a function with its qualifier: "resize:live"
};
// `text` is an ARN, `function:NAME`, `machine:NAME`, or a name that only one of both has.
base::Result<Target> find_target(Api& api, const std::string& text);

// Makes the role if it is not there, and gives it exactly `permissions`. The answer is its ARN.
base::Result<std::string> ensure_role(Api& api, const std::string& name, const std::string& service,
                                      const std::vector<Permission>& permissions);

// Creates the state machine, or updates the one of that name. `created` tells which.
struct MachineDeployment {
  std::string arn;
  bool created = false;
  std::string revision_id;  // empty where nothing was updated
};
struct MachineSpec {
  std::string name;
  std::string definition;
  std::string role_arn;
  std::string type = "STANDARD";
};
base::Result<MachineDeployment> put_machine(Api& api, const MachineSpec& spec);

// The member's text, or an empty one.
std::string text_of(const json::Value& object, std::string_view key);

}  // namespace escapement::client
