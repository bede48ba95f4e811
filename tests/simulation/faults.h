// Which faults a run has, and how often. A seed turns some off and others high.
#pragma once

#include "base/random.h"

namespace escapement::simulation {

struct Faults {
  // Of the outside: functions, workers, holders of task tokens.
  double task_fails = 0;
  double answers_twice = 0;
  double never_answers = 0;  // only tasks with a timeout
  double misses_heartbeat = 0;
  double caller_leaves = 0;  // a long poll whose client goes away
  // Of what users do to executions.
  double stop = 0;
  double redrive = 0;
  double update = 0;
  // Of the machine.
  double crash = 0;
  double crash_in_recovery = 0;
  double clock_jump = 0;
  double commit_lost = 0;     // the sync failed and nothing survived
  double commit_unknown = 0;  // the sync failed, yet the batch survived
  double commit_stalls = 0;
  double disk_full = 0;

  static Faults draw(base::SplitMix& random);
};

}  // namespace escapement::simulation
