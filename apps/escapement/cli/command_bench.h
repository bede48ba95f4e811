// `escapement bench`: puts one scenario's load on a server and prints its figures.
#pragma once

#include <string>

#include "escapement/cli/commands.h"
#include "load/scenario.h"

namespace escapement::cli {

struct BenchOptions {
  std::string scenario;
  load::Options load;
  std::string out;  // a file that gets the figures as one more JSON line; empty: none
};

// starts, fire, burst, wait-function, pass-choice-pass, activity, pending, limits
const std::vector<std::string>& bench_scenarios();

int bench(const CommonOptions& common, const BenchOptions& options);

}  // namespace escapement::cli
