// Checks a mocked result (TestState) against the output shape of the operation that a task's resource names.
//
// Threading: any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace escapement::services::states {

// STRICT: required members must be there and what is there must fit. PRESENT: what is there must fit.
enum class MockCheck { strict, present };

// `resource` is a task's Resource; one without a known shape fits everything. `result` is JSON text.
// Errors: ValidationException: "Mock result schema validation error: Field 'X' must be a string".
base::Result<void> check_mock_result(std::string_view resource, const std::string& result, MockCheck check);

}  // namespace escapement::services::states
