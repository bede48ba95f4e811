// One simulated life of a data directory, from one seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace escapement::simulation {

struct Outcome {
  std::uint64_t trace_hash = 0;
  std::size_t executions = 0;
  std::size_t crashes = 0;
  std::vector<std::string> findings;
};

struct RunOptions {
  std::uint64_t seed = 1;
  int steps = 400;
};

Outcome run(const RunOptions& options);

}  // namespace escapement::simulation
