// Waits until the server has ended a number of executions, by its /metrics, which costs it next to nothing.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "escapement/client/api.h"
#include "load/metrics.h"

namespace escapement::load {

inline constexpr const char* kEndedMetric = "escapement_executions_ended_total";

struct Completion {
  std::uint64_t ended = 0;  // since `before`
  base::Timestamp time;     // when the last one was seen to have ended
  Metrics metrics;          // after it
};

// Looks every few milliseconds until `wanted` more executions have ended than `before` says, or none has for
// `patience`; then answers what it saw. Errors: those of Api; unsupported (the page does not have the figure).
base::Result<Completion> await_ended(client::Api& api, const Metrics& before, std::uint64_t wanted,
                                     base::Duration patience = base::Duration::seconds(30));

}  // namespace escapement::load
