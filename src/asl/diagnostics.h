// What is wrong with a definition, in the form of ValidateStateMachineDefinition.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json/value.h"

namespace escapement::asl {

enum class Severity : std::uint8_t { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;  // "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET", "INVALID_JSON_DESCRIPTION", ...
  std::string message;
  std::string location;  // "/States/Wait/SecondsPath"; empty where there is none
};

bool has_error(const std::vector<Diagnostic>& diagnostics);

// The message of the InvalidDefinition error: "Invalid State Machine Definition: 'CODE: message at /location, CODE:
// ...'". Warnings are left out.
std::string invalid_definition_message(const std::vector<Diagnostic>& diagnostics);

// One entry of `diagnostics` in the API's answer: {"severity", "code", "message", "location"}.
json::Value to_json(const Diagnostic& diagnostic);

}  // namespace escapement::asl
