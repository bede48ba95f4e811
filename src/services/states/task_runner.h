// How TestState has a task carried out that belongs to no execution.
//
// Threading: any thread; `answered` runs once, on any thread.
#pragma once

#include <functional>

#include "engine/effect_sink.h"
#include "interpreter/step.h"

namespace escapement::services::states {

using TaskRunner = std::function<void(engine::TaskDispatch, std::move_only_function<void(interpreter::Command)>)>;

}  // namespace escapement::services::states
