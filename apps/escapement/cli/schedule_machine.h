// The little state machines that `escapement schedule` keeps: one for each function or state machine that is scheduled.
//
// They are the article's: a Wait, then the call. The execution's input is {"waitSeconds": N, "input": …} or {"at":
// TIME, "input": …}; the wait by seconds counts on the server's clock, the wait until a time needs none.
#pragma once

#include <string>

#include "escapement/client/definition_policy.h"
#include "escapement/client/resources.h"

namespace escapement::cli {

// "schedule-function-resize"; at most 80 characters of those that a state machine's name may have.
std::string schedule_machine_name(const client::Target& target);

// arn:aws:states:REGION:ACCOUNT:stateMachine:NAME, region and account from the target's ARN. Empty if that is no ARN.
std::string schedule_machine_arn(const client::Target& target);

std::string schedule_definition(const client::Target& target);

}  // namespace escapement::cli
