#include "faults.h"

namespace escapement::simulation {

Faults Faults::draw(base::SplitMix& random) {
  const auto level = [&](double high) { return random.uniform() < 0.4 ? 0.0 : random.uniform() * high; };
  Faults faults;
  faults.task_fails = level(0.5);
  faults.answers_twice = level(0.3);
  faults.never_answers = level(0.3);
  faults.misses_heartbeat = level(0.3);
  faults.caller_leaves = level(0.3);
  faults.stop = level(0.05);
  faults.redrive = level(0.1);
  faults.update = level(0.02);
  faults.crash = level(0.02);
  faults.crash_in_recovery = level(0.3);
  faults.clock_jump = level(0.02);
  faults.commit_lost = level(0.01);
  faults.commit_unknown = level(0.01);
  faults.commit_stalls = level(0.05);
  faults.disk_full = level(0.02);
  return faults;
}

}  // namespace escapement::simulation
