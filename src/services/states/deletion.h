// The end of a state machine. DeleteStateMachine only marks it; it goes, with its versions and aliases, when its last
// execution has ended, which is looked at whenever somebody asks for it.
#pragma once

#include "base/result.h"
#include "engine/engine.h"
#include "services/states/machine_directory.h"

namespace escapement::services::states {

// Removes a machine that is being deleted and has no open execution; whether it is gone now. Errors: io.
base::Result<bool> finish_deletion(MachineDirectory& directory, const engine::Engine& engine, const Machine& machine);

}  // namespace escapement::services::states
