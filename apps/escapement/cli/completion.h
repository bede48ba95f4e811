// Completion scripts for the shells, made from a description of the command line.
#pragma once

#include <string>
#include <vector>

namespace escapement::cli {

struct OptionDescription {
  std::string name;  // "--input", "-f"
  std::string help;
  bool takes_value = false;
  std::vector<std::string> values;  // the only ones allowed; empty: any
};

struct CommandDescription {
  std::string name;
  std::string help;
  std::vector<OptionDescription> options;
  std::vector<std::string> words;  // what may stand as its first argument
  std::vector<CommandDescription> commands;
};

// `shell` is bash, zsh or fish; anything else gives an empty text.
std::string completion_script(const std::string& shell, const CommandDescription& program);

}  // namespace escapement::cli
