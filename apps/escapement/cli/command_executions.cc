#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "escapement/cli/commands.h"
#include "escapement/cli/history_view.h"
#include "escapement/cli/when.h"
#include "escapement/client/resources.h"
#include "json/print.h"

namespace escapement::cli {
namespace {

using client::text_of;
using json::Value;

constexpr int kPageMax = 1'000;

base::Result<void> add_executions(client::Api& api, const std::string& machine, const ListOptions& options,
                                  std::vector<Value>& out) {
  std::string token;
  int wanted = options.limit;
  do {
    json::ObjectBuilder input;
    input.set("stateMachineArn", machine).set("maxResults", std::min(wanted, kPageMax));
    input.set_if(!options.status.empty(), "statusFilter", options.status).set_if(!token.empty(), "nextToken", token);
    ESC_TRY(const Value answer, api.states("ListExecutions", std::move(input).build()));
    const Value* page = answer.find("executions");
    if (page == nullptr || !page->is_array())
      return base::make_error(base::ErrorCode::corrupt, "the answer of ListExecutions has no list");
    for (const Value& execution : page->items()) out.push_back(execution);
    wanted -= static_cast<int>(page->size());
    token = text_of(answer, "nextToken");
  } while (!token.empty() && wanted > 0);
  return {};
}

base::Result<std::vector<Value>> collect(client::Api& api, const ListOptions& options) {
  std::vector<Value> executions;
  if (!options.machine.empty()) {
    ESC_TRY(const std::string machine, client::machine_arn(api, options.machine));
    ESC_CHECK(add_executions(api, machine, options, executions));
    return executions;
  }
  ESC_TRY(const std::vector<client::MachineSummary> machines, client::list_machines(api));
  for (const client::MachineSummary& machine : machines) {
    if (machine.type == "EXPRESS") continue;
    ESC_CHECK(add_executions(api, machine.arn, options, executions));
  }
  std::ranges::stable_sort(executions, std::greater<>{},
                           [](const Value& execution) { return time_of(execution, "startDate"); });
  if (executions.size() > static_cast<std::size_t>(options.limit))
    executions.resize(static_cast<std::size_t>(options.limit));
  return executions;
}

std::string machine_name(const Value& execution) {
  const std::string arn = text_of(execution, "stateMachineArn");
  return arn.substr(arn.rfind(':') + 1);
}

std::string took(const Value& execution, base::Timestamp now) {
  const base::Timestamp start = time_of(execution, "startDate");
  const base::Timestamp stop = execution.find("stopDate") != nullptr ? time_of(execution, "stopDate") : now;
  return format_duration(stop - start);
}

base::Result<int> stop(client::Api& api, const StopOptions& options, bool json) {
  ESC_TRY(const std::string arn, client::execution_arn(api, options.execution));
  json::ObjectBuilder input;
  input.set("executionArn", arn)
      .set_if(!options.error.empty(), "error", options.error)
      .set_if(!options.cause.empty(), "cause", options.cause);
  ESC_TRY(const Value answer, api.states("StopExecution", std::move(input).build()));
  if (json) {
    print(json::print(answer) + '\n');
  } else {
    print(fmt::format("stopped {} at {}\n", arn, format_local(time_of(answer, "stopDate"))));
  }
  return kExitOk;
}

}  // namespace

int list_executions(const CommonOptions& common, const ListOptions& options) {
  auto api = connect(common);
  if (!api) return report(api.error());
  auto executions = collect(**api, options);
  if (!executions) return report(executions.error());
  if (common.json) {
    print(json::print_pretty(Value::array(std::move(*executions))) + '\n');
    return kExitOk;
  }
  if (executions->empty()) {
    print("no executions\n");
    return kExitOk;
  }
  const base::Timestamp now = base::SystemClock().now();
  Table table({"STATUS", "STARTED", "TOOK", "STATE MACHINE", "NAME"});
  for (const Value& execution : *executions) {
    const std::string status = text_of(execution, "status");
    table.add({Cell(status, status_style(status)), Cell(format_local(time_of(execution, "startDate"))),
               number_cell(took(execution, now)), Cell(machine_name(execution)), Cell(text_of(execution, "name"))});
  }
  print(table.render(Terminal::of(1)));
  return kExitOk;
}

int stop_execution(const CommonOptions& common, const StopOptions& options) {
  auto api = connect(common);
  if (!api) return report(api.error());
  const auto outcome = stop(**api, options, common.json);
  return outcome ? *outcome : report(outcome.error());
}

}  // namespace escapement::cli
