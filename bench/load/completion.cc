#include "load/completion.h"

#include <chrono>
#include <thread>

#include "base/clock.h"

namespace escapement::load {
namespace {

constexpr std::chrono::milliseconds kPollInterval{5};

}  // namespace

base::Result<Completion> await_ended(client::Api& api, const Metrics& before, std::uint64_t wanted,
                                     base::Duration patience) {
  if (!before.has(kEndedMetric)) {
    return base::make_error(base::ErrorCode::unsupported, std::string("the server's /metrics has no ") + kEndedMetric);
  }
  Completion completion;
  completion.time = base::SystemClock().now();
  while (true) {
    ESC_TRY(completion.metrics, Metrics::fetch(api));
    const auto ended = static_cast<std::uint64_t>(completion.metrics.get(kEndedMetric) - before.get(kEndedMetric));
    const base::Timestamp now = base::SystemClock().now();
    if (ended > completion.ended) completion.time = now;
    completion.ended = ended;
    if (ended >= wanted || now - completion.time > patience) return completion;
    std::this_thread::sleep_for(kPollInterval);
  }
}

}  // namespace escapement::load
