// The state machines of a simulated server. Between them: all that arms a timer, schedules a task, forks, retries,
// waits for a token or an activity, or starts executions of its own.
//
// A Wait state that is called W3 waits three seconds: so a checker knows when it may end. One that begins a branch of a
// Parallel is not called so: it is entered with its siblings, yet counts from its turn, before which a step may stop
// and the clock be set back. Every task's output holds {"done":N} with a number of its own. Some tasks have no timeout
// and some waits no end within a run: there a lost effect is seen.
#pragma once

#include <span>
#include <string_view>

namespace escapement::simulation {

inline constexpr std::string_view kActivityArn = "arn:aws:states:us-east-1:000000000000:activity:work";
inline constexpr std::string_view kMachineArnPrefix = "arn:aws:states:us-east-1:000000000000:stateMachine:";
inline constexpr std::string_view kRoleArn = "arn:aws:iam::000000000000:role/simulated";

struct Machine {
  const char* name;
  const char* definition;
};

std::span<const Machine> machines();

}  // namespace escapement::simulation
