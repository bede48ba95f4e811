// Retriers and catchers, and which errors they match.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "asl/fields.h"
#include "asl/template.h"
#include "asl/transition.h"

namespace escapement::asl {

enum class Jitter : std::uint8_t { none, full };

struct Retrier {
  std::vector<std::string> error_equals;
  std::int64_t interval_seconds = 1;
  std::int64_t attempts_max = 3;
  double backoff_rate = 2.0;
  std::optional<std::int64_t> delay_seconds_max;  // MaxDelaySeconds
  Jitter jitter = Jitter::none;
};

struct Catcher {
  std::vector<std::string> error_equals;
  Transition next;
  ResultPath result_path;  // JSONPath
  std::optional<Template> assign;
  std::optional<Template> output;  // JSONata
};

// Whether one of `error_equals` stands for `error`. States.ALL stands for every error, States.TaskFailed for every
// error but States.Timeout and States.HeartbeatTimeout, States.Timeout for States.HeartbeatTimeout too. States.Runtime
// is matched by nothing, not even by its own name, as on AWS.
bool matches_error(const std::vector<std::string>& error_equals, std::string_view error);

// Seconds before retry number `attempt` (1 is the first), before jitter: interval * backoff^(attempt-1), capped.
double retry_delay_seconds(const Retrier& retrier, std::int64_t attempt);

}  // namespace escapement::asl
