// simulate [--seed N] [--seeds COUNT] [--seconds S] [--steps N]
//
// Runs seeds one after another until the count or the time is used up. The last line is `N passed, N failed`; a failure
// prints the command that repeats it. Every hundredth seed runs twice and must give the same trace.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "simulation.h"

namespace {

std::uint64_t option(int argc, char** argv, const char* name, std::uint64_t otherwise) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], name) == 0) return std::strtoull(argv[i + 1], nullptr, 10);
  }
  return otherwise;
}

// Of the sources that lie around this program; empty where they are in no repository.
std::string commit() {
  std::array<char, 64> line{};
  FILE* const git = ::popen("git rev-parse --short HEAD 2>/dev/null", "r");
  if (git == nullptr) return {};
  const char* const read = std::fgets(line.data(), static_cast<int>(line.size()), git);
  (void)::pclose(git);
  return read != nullptr ? std::string(read, std::strcspn(read, "\n")) : std::string();
}

}  // namespace

int main(int argc, char** argv) {
  namespace simulation = escapement::simulation;
  escapement::base::set_log_level(escapement::base::LogLevel::off);
  const std::uint64_t first = option(argc, argv, "--seed", 1);
  const std::uint64_t seconds = option(argc, argv, "--seconds", 0);
  const std::uint64_t count = option(argc, argv, "--seeds", seconds != 0 ? UINT64_MAX : 100);
  const int steps = static_cast<int>(option(argc, argv, "--steps", 400));
  const auto started = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  };

  std::uint64_t passed = 0, failed = 0, executions = 0, crashes = 0;
  for (std::uint64_t i = 0; i < count && (seconds == 0 || elapsed() < static_cast<double>(seconds)); ++i) {
    const std::uint64_t seed = first + i;
    simulation::Outcome outcome = simulation::run({.seed = seed, .steps = steps});
    if (i % 100 == 0 && simulation::run({.seed = seed, .steps = steps}).trace_hash != outcome.trace_hash) {
      outcome.findings.push_back("the same seed gave another trace");
    }
    executions += outcome.executions;
    crashes += outcome.crashes;
    outcome.findings.empty() ? ++passed : ++failed;
    for (std::size_t f = 0; f < outcome.findings.size() && f < 10; ++f)
      fmt::print("seed {}: {}\n", seed, outcome.findings[f]);
    if (!outcome.findings.empty())
      fmt::print("at commit {}, repeat with: {} --seed {} --seeds 1 --steps {}\n", commit(), argv[0], seed, steps);
  }
  fmt::print("{} executions, {} crashes, {:.1f} seeds/s\n", executions, crashes,
             static_cast<double>(passed + failed) / elapsed());
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed != 0;
}
