// Logging, tracing and encryption settings of a state machine: checked, completed with defaults, and kept as a JSON text.
#pragma once

#include <string>

#include "base/result.h"
#include "json/value.h"

namespace escapement::services::states {

// The settings of a request; those that it does not name are taken from `current` (a text that this made before; empty: none).
// Errors: InvalidLoggingConfiguration, InvalidEncryptionConfiguration.
base::Result<std::string> settings_of(const json::Value& input, const std::string& current);

// Adds loggingConfiguration, tracingConfiguration and encryptionConfiguration to an answer.
void add_settings(json::ObjectBuilder& answer, const std::string& settings);

}  // namespace escapement::services::states
