// `escapement config`: the settings there are, and whether a configuration file is right.
#pragma once

#include <string>

namespace escapement::app {

struct ConfigOptions {
  std::string check_file;  // empty: print the settings
  bool json = false;       // for machines: [{"name", "default", "description"}]
};

// Prints all settings with their defaults, or what is wrong with the file. The answer is the exit code.
int print_config(const ConfigOptions& options);

}  // namespace escapement::app
