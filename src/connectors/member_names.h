// Between the names of `aws-sdk:` integrations and those of the API models: a task writes members with a capital
// (`TaskToken`), the models of some services with a small letter (`taskToken`); results travel the other way.
#pragma once

#include "json/value.h"
#include "wire/model.h"

namespace escapement::connectors {

// A task's parameters as the operation's input. JSON where the model wants a text becomes that text, ISO 8601 times
// become seconds; members that the model does not know stay as they are.
json::Value to_model(const json::Value& parameters, const wire::Shape& shape);

// An operation's answer as a task's result: capitals, times as ISO 8601, nulls left out.
json::Value from_model(const json::Value& answer, const wire::Shape& shape);

}  // namespace escapement::connectors
