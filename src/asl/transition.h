// Where a state goes when it is done.
#pragma once

#include <cstdint>
#include <string>

namespace escapement::asl {

using StateIndex = std::uint32_t;  // into Program::states
using GraphIndex = std::uint32_t;  // into Program::graphs

inline constexpr StateIndex kNoState = UINT32_MAX;

struct Transition {
  StateIndex target =
      kNoState;  // kNoState: the graph ends here, or (only in a program compiled for TestState) the target lies outside
  std::string name;  // the target's name; empty for End

  bool ends() const { return name.empty(); }
};

}  // namespace escapement::asl
