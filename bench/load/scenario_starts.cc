#include "load/preparation.h"
#include "load/scenario.h"
#include "load/start_driver.h"

namespace escapement::load {
namespace {

constexpr std::int64_t kFarAheadSeconds = 30'000'000;
constexpr std::uint64_t kWarmUpStarts = 1'000;

}  // namespace

base::Result<json::Value> run_starts(client::Api& api, const Options& options) {
  ESC_TRY(const std::string machine, prepare_machine(api, "wait-seconds", wait_seconds_definition()));
  ESC_TRY(const Address address, address_of(api));
  StartPlan plan{machine, wait_input(kFarAheadSeconds, options.input_bytes), kWarmUpStarts, {}, 0};
  StartDriver warm_up(states_request(api, "StartExecution"), plan);
  ESC_CHECK(drive(address, options.connections, warm_up));

  plan.count = options.count;
  plan.duration = {static_cast<std::int64_t>(options.seconds * 1e6)};
  StartDriver driver(states_request(api, "StartExecution"), plan);
  ESC_TRY(const DriveFigures figures, drive(address, options.connections, driver));
  json::ObjectBuilder out;
  out.set("scenario", "starts").set("connections", static_cast<std::int64_t>(options.connections));
  out.set("input_bytes", static_cast<std::int64_t>(options.input_bytes));
  add_start_figures(out, driver, figures);
  return std::move(out).build();
}

}  // namespace escapement::load
