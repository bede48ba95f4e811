#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "escapement/client/resources.h"
#include "load/completion.h"
#include "load/preparation.h"
#include "load/scenario.h"
#include "load/start_driver.h"

namespace escapement::load {
namespace {

using json::Value;

constexpr std::uint64_t kBurstCount = 5'000;
constexpr std::uint64_t kCalibrationStarts = 2'000;
constexpr std::uint64_t kSampledHistories = 500;
constexpr const char* kLatenessCount = "escapement_lateness_seconds_count";

base::Timestamp wall_now() { return base::SystemClock().now(); }

struct Schedule {
  base::Timestamp first_due;
  double rate = 0;  // 0: all at first_due

  // Whole milliseconds, as the input's text has them.
  base::Timestamp due(std::uint64_t n) const {
    const double offset_us = rate > 0 ? static_cast<double>(n) * 1e6 / rate : 0;
    return base::Timestamp::from_ms(first_due.ms() + static_cast<std::int64_t>(std::ceil(offset_us / 1e3)));
  }
};

InputWriter due_input(const Schedule& schedule, std::size_t bytes) {
  constexpr std::size_t kFrame = 60;  // what the text has beside the padding, about
  return [schedule, padding = Padding(bytes > kFrame ? bytes - kFrame : 0)](std::string& out, std::uint64_t n) {
    out += "{\\\"at\\\":\\\"";
    out += base::to_iso8601(schedule.due(n));
    out += "\\\",\\\"n\\\":";
    out += std::to_string(n);
    out += ",\\\"pad\\\":\\\"";
    out += padding.of(n);
    out += "\\\"}";
  };
}

// How long `count` starts will take, from a short run of starts that wait far ahead; generously.
base::Result<base::Duration> time_to_accept(client::Api& api, const Address& address, const Options& options,
                                            std::uint64_t count) {
  ESC_TRY(const std::string machine, prepare_machine(api, "wait-seconds", wait_seconds_definition()));
  StartDriver driver(
      states_request(api, "StartExecution"),
      {machine, wait_input(30'000'000, options.input_bytes), std::min(count, kCalibrationStarts), {}, 0});
  ESC_TRY(const DriveFigures figures, drive(address, options.connections, driver));
  const double per_start =
      figures.elapsed.as_seconds() / static_cast<double>(std::max<std::uint64_t>(driver.accepted(), 1));
  return base::Duration{static_cast<std::int64_t>((per_start * static_cast<double>(count) * 1.5 + 1.0) * 1e6)};
}

// When the Wait of an execution was left, as its history tells; nullopt where it cannot be read.
std::optional<base::Timestamp> wait_left(client::Api& api, const std::string& arn) {
  const auto answer =
      api.states("GetExecutionHistory", Value::object({{"executionArn", arn}, {"includeExecutionData", false}}));
  const Value* events = answer ? answer->find("events") : nullptr;
  if (events == nullptr || !events->is_array()) return std::nullopt;
  for (const Value& event : events->items()) {
    if (client::text_of(event, "type") != "WaitStateExited") continue;
    const Value* time = event.find("timestamp");
    if (time != nullptr && time->is_number()) return base::Timestamp{std::llround(time->as_double() * 1e6)};
  }
  return std::nullopt;
}

// What the histories of a sample say, which is what a user of the API can see; it also shows the earliest.
void add_history_figures(client::Api& api, const StartDriver& driver, const Schedule& schedule,
                         json::ObjectBuilder& out) {
  std::vector<double> lateness_ms;
  for (const KeptExecution& execution : driver.kept()) {
    if (const auto left = wait_left(api, execution.arn)) {
      lateness_ms.push_back(static_cast<double>((*left - schedule.due(execution.n)).us) / 1e3);
    }
  }
  if (lateness_ms.empty()) return;
  std::ranges::sort(lateness_ms);
  const auto at = [&](double q) {
    return lateness_ms[static_cast<std::size_t>(q * static_cast<double>(lateness_ms.size() - 1))];
  };
  out.set("history_samples", static_cast<std::int64_t>(lateness_ms.size()));
  out.set("history_earliest_ms", rounded(lateness_ms.front()));
  out.set("history_p50_ms", rounded(at(0.5)))
      .set("history_p99_ms", rounded(at(0.99)))
      .set("history_max_ms", rounded(lateness_ms.back()));
}

void add_lateness(const Metrics& before, const Metrics& after, json::ObjectBuilder& out) {
  out.set("fired", static_cast<std::int64_t>(after.get(kLatenessCount) - before.get(kLatenessCount)));
  // Over the life of the server: only a fresh one's are this run's own.
  out.set("server_was_fresh", before.get(kLatenessCount) == 0);
  for (const auto& [name, quantile] : {std::pair{"lateness_p50_ms", "0.5"}, std::pair{"lateness_p99_ms", "0.99"},
                                       std::pair{"lateness_p999_ms", "0.999"}, std::pair{"lateness_max_ms", "1"}}) {
    out.set(
        name,
        rounded(after.get(std::string("escapement_lateness_seconds_quantile{quantile=\"") + quantile + "\"}") * 1e3));
  }
}

}  // namespace

base::Result<Value> run_fire(client::Api& api, const Options& options) {
  const bool is_burst = options.rate <= 0;
  std::uint64_t count = options.count;
  if (count == 0) count = is_burst ? kBurstCount : static_cast<std::uint64_t>(options.rate * options.seconds);
  count = std::max<std::uint64_t>(count, 1);
  ESC_TRY(const Address address, address_of(api));
  ESC_TRY(const std::string machine, prepare_machine(api, "wait-until", wait_until_definition()));
  ESC_TRY(const base::Duration lead, time_to_accept(api, address, options, count));
  ESC_TRY(const Metrics before, Metrics::fetch(api));

  const Schedule schedule{wall_now() + lead, is_burst ? 0 : options.rate};
  const std::uint64_t keep_every = std::max<std::uint64_t>(1, count / kSampledHistories);
  StartDriver driver(states_request(api, "StartExecution"),
                     {machine, due_input(schedule, options.input_bytes), count, {}, keep_every});
  ESC_TRY(const DriveFigures figures, drive(address, options.connections, driver));
  ESC_TRY(const Completion completion, await_ended(api, before, driver.accepted(), lead + base::Duration::seconds(30)));

  json::ObjectBuilder out;
  out.set("scenario", is_burst ? "burst" : "fire");
  out.set_if(!is_burst, "due_per_s", rounded(options.rate));
  out.set("connections", static_cast<std::int64_t>(options.connections));
  add_start_figures(out, driver, figures);
  out.set("accepted_before_first_due", driver.last_accepted() < schedule.first_due);
  out.set("ended", static_cast<std::int64_t>(completion.ended));
  const base::Duration drained = completion.time - schedule.due(0);
  out.set("fired_per_s", rounded(static_cast<double>(completion.ended) / std::max(drained.as_seconds(), 1e-3)));
  out.set_if(is_burst, "drained_after_ms", milliseconds(drained));
  add_lateness(before, completion.metrics, out);
  add_history_figures(api, driver, schedule, out);
  return std::move(out).build();
}

}  // namespace escapement::load
