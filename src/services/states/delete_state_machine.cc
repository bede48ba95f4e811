#include "services/states/deletion.h"
#include "services/states/errors.h"
#include "services/states/operations.h"

namespace escapement::services::states {

base::Result<bool> finish_deletion(MachineDirectory& directory, const engine::Engine& engine, const Machine& machine) {
  ESC_TRY(const bool open, engine.reader().any_open(machine.id));
  if (open) return false;
  ESC_TRY(const MachinePtr left,
          directory.change(machine.region, machine.name, [&](MachineChange& change) -> base::Result<void> {
            // A machine of the same name may have been made in between.
            if (change.machine && change.machine->id == machine.id && change.machine->deleting) change.machine.reset();
            return {};
          }));
  return left == nullptr || left->id != machine.id;
}

Answer delete_state_machine(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const MachineArn arn, parse_machine_arn(member_text(call.input, "stateMachineArn")));
  if (!arn.qualifier.empty()) return validation("Qualified ARNs are not allowed: " + arn.to_string());
  ESC_CHECK(operations.authorise_machine(call, "states:DeleteStateMachine", arn));
  if (operations.directory.find(arn.unqualified())) {
    ESC_TRY(const MachinePtr marked,
            operations.directory.change(arn.region, arn.name, [](MachineChange& change) -> base::Result<void> {
              if (change.machine) change.machine->deleting = true;
              return {};
            }));
    if (marked) {
      ESC_CHECK(finish_deletion(operations.directory, operations.engine, *marked));
    }
  }
  return json::Value::object({});
}

}  // namespace escapement::services::states
