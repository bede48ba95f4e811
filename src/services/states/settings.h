// Logging, tracing and encryption settings of a state machine: checked, completed with defaults, and kept as a JSON
// text.
#pragma once

#include <string>

#include "base/result.h"
#include "json/value.h"

namespace escapement::services::states {

// The settings of a request; those that it does not name are taken from `current` (a text that this made before; empty:
// none). Errors: InvalidLoggingConfiguration, InvalidEncryptionConfiguration.
base::Result<std::string> settings_of(const json::Value& input, const std::string& current);

// The encryptionConfiguration of a request, AWS's own key where it names none. Errors: InvalidEncryptionConfiguration.
base::Result<json::Value> encryption_configuration(const json::Value& input);

// Adds loggingConfiguration, tracingConfiguration and encryptionConfiguration to an answer.
void add_settings(json::ObjectBuilder& answer, const std::string& settings);

// Where and what a machine's executions log.
struct LogSettings {
  enum class Level { off, fatal, error, all };  // each includes the ones before
  Level level = Level::off;
  bool include_data = false;
  std::string region;
  std::string group;
};

// `settings` as settings_of() made it. Level off where it names no log group.
LogSettings log_settings(const std::string& settings);
bool asks_for_logs(const std::string& settings);

}  // namespace escapement::services::states
