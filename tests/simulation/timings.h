// What must hold of the times in one history: nothing that waits ends before its time, by the clock at both moments.
// Each returns what is wrong, or an empty text.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "history/event.h"

namespace escapement::simulation {

// A Wait state called W3 that was left sooner than three seconds after it was entered.
std::string early_wait_in(const std::vector<history::Event>& events);
// A task of an integration that timed out before the timeout that its own scheduling names. (An activity's clock may
// have been set again by a heartbeat that the history does not show.)
std::string early_timeout_in(const std::vector<history::Event>& events);
// An activity that was scheduled again sooner than `interval` after it had failed.
std::string early_retry_in(const std::vector<history::Event>& events, base::Duration interval);
// An execution that timed out sooner than `timeout` after its start, or after it was last redriven.
std::string early_deadline_in(const std::vector<history::Event>& events, base::Duration timeout);

}  // namespace escapement::simulation
