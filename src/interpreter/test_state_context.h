// The execution that a tested state believes to be part of. Internal to this room.
#pragma once

#include <string_view>

#include "base/random.h"
#include "interpreter/test_state.h"

namespace escapement::interpreter {

ExecutionFacts made_up_execution(const TestStateRequest& request, base::SplitMix& generator, base::Timestamp now);

json::Value made_up_context(const ExecutionFacts& facts, std::string_view state_name, std::uint32_t retry_count,
                            bool has_role, base::Timestamp now);

// A context object as a caller of TestState gives it.
// Errors: invalid ("Invalid Context object provided: Field 'x' is not allowed").
base::Result<json::Value> parse_context(std::string_view text);

}  // namespace escapement::interpreter
