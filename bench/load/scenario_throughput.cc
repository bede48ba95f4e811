// Scenarios that count executions brought to their end: a function behind a wait, and three states without any effect.
#include "base/clock.h"
#include "escapement/client/resources.h"
#include "load/completion.h"
#include "load/preparation.h"
#include "load/scenario.h"
#include "load/start_driver.h"

namespace escapement::load {
namespace {

using json::Value;

constexpr std::int64_t kWaitSeconds = 1;
constexpr std::uint64_t kDefaultCount = 20'000;

struct ThroughputPlan {
  const char* scenario;
  std::string machine_arn;
  std::int64_t wait_seconds = 0;
};

// Executions that ended otherwise than they should; at most a thousand are counted.
base::Result<std::int64_t> count_failed(client::Api& api, const std::string& machine) {
  std::int64_t failed = 0;
  for (const char* status : {"FAILED", "TIMED_OUT", "ABORTED"}) {
    ESC_TRY(const Value answer,
            api.states("ListExecutions",
                       Value::object({{"stateMachineArn", machine}, {"statusFilter", status}, {"maxResults", 1'000}})));
    if (const Value* executions = answer.find("executions")) failed += static_cast<std::int64_t>(executions->size());
  }
  return failed;
}

base::Result<Value> run_throughput(client::Api& api, const Options& options, const ThroughputPlan& plan) {
  ESC_TRY(const Address address, address_of(api));
  ESC_TRY(const std::int64_t failed_before, count_failed(api, plan.machine_arn));
  ESC_TRY(const Metrics before, Metrics::fetch(api));
  const std::uint64_t count = options.count != 0 ? options.count : kDefaultCount;
  StartDriver driver(states_request(api, "StartExecution"),
                     {plan.machine_arn, wait_input(plan.wait_seconds, options.input_bytes), count, {}, 0});
  const base::Timestamp begin = base::SystemClock().now();
  ESC_TRY(const DriveFigures figures, drive(address, options.connections, driver));
  ESC_TRY(const Completion completion, await_ended(api, before, driver.accepted()));
  ESC_TRY(const std::int64_t failed_after, count_failed(api, plan.machine_arn));

  const base::Duration elapsed = completion.time - begin - base::Duration::seconds(plan.wait_seconds);
  json::ObjectBuilder out;
  out.set("scenario", plan.scenario).set("connections", static_cast<std::int64_t>(options.connections));
  add_start_figures(out, driver, figures);
  out.set("ended", static_cast<std::int64_t>(completion.ended)).set("failed", failed_after - failed_before);
  out.set("completed_per_s", rounded(static_cast<double>(completion.ended) / std::max(elapsed.as_seconds(), 1e-3)));
  return std::move(out).build();
}

}  // namespace

base::Result<Value> run_wait_function(client::Api& api, const Options& options) {
  ESC_TRY(const std::string function, prepare_function(api));
  ESC_TRY(std::string machine, prepare_machine(api, "wait-function", wait_function_definition(function)));
  return run_throughput(api, options, {"wait-function", std::move(machine), kWaitSeconds});
}

base::Result<Value> run_pass_choice_pass(client::Api& api, const Options& options) {
  ESC_TRY(std::string machine, prepare_machine(api, "pass-choice-pass", pass_choice_pass_definition()));
  return run_throughput(api, options, {"pass-choice-pass", std::move(machine), 0});
}

}  // namespace escapement::load
