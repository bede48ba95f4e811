// Checks a call's input against the constraints of the API model and words what it finds as AWS does:
//
//   2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than
//   or equal to 1; Value null at 'roleArn' failed to satisfy constraint: Member must not be null
//
// Sensitive values are not repeated ("Value at 'input' failed …"); IAM repeats none.
#pragma once

#include "base/result.h"
#include "json/value.h"
#include "wire/model.h"

namespace escapement::wire {

// Errors: invalid, named as the model says: ValidationException as a rule (which the query protocol calls
// ValidationError, see errors.h).
base::Result<void> validate(const json::Value& input, const Shape& shape, const Model& model);

}  // namespace escapement::wire
