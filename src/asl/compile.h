// Definition text to Program.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "asl/diagnostics.h"
#include "asl/program.h"

namespace escapement::asl {

struct CompileOptions {
  MachineType type = MachineType::standard;
  // For TestState: the text may be that of one state alone, and transitions may lead to states that are not there.
  bool single_state = false;
  // For stored definitions: what an earlier version accepted is not refused by rules that came later, unless it cannot
  // be compiled whole.
  bool accepted = false;
  // Whether an aws-sdk resource names an operation that there is; nullptr: any that is well written. Must not throw.
  bool (*is_known)(const Resource&) = nullptr;
  std::size_t diagnostics_max = 100;
  std::size_t text_bytes_max = 1'048'576;
};

struct Compilation {
  std::vector<Diagnostic> diagnostics;     // errors in the order of the definition, then warnings
  std::shared_ptr<const Program> program;  // nullptr when there is an error
};

// Linear in the text; any thread. With `single_state`, a text that has no `States` is one state, named "TestState", and
// becomes a machine of that state.
Compilation compile(std::string_view text, const CompileOptions& options = {});

}  // namespace escapement::asl
