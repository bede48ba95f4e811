#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/clock.h"
#include "escapement/cli/commands.h"
#include "escapement/cli/execution_events.h"
#include "escapement/cli/history_view.h"
#include "escapement/cli/when.h"
#include "escapement/client/resources.h"
#include "json/print.h"

namespace escapement::cli {
namespace {

using client::text_of;
using json::Value;

constexpr std::chrono::milliseconds kPollMin{100};
constexpr std::chrono::milliseconds kPollMax{1'000};
constexpr std::size_t kFollowColumns[] = {5, 12, 12, 26};

base::Result<Value> describe(client::Api& api, const std::string& arn) {
  return api.states("DescribeExecution", Value::object({{"executionArn", arn}}));
}

std::string header(const Value& execution, const Terminal& terminal) {
  const std::string status = text_of(execution, "status");
  const base::Timestamp start = time_of(execution, "startDate");
  Table table({});
  const auto line = [&](const char* name, std::string value, Style style = Style::plain) {
    if (!value.empty()) table.add({Cell(name, Style::dim), Cell(std::move(value), style)});
  };
  line("execution", text_of(execution, "executionArn"));
  line("status", status, status_style(status));
  line("started", format_local(start));
  if (execution.find("stopDate") != nullptr) {
    const base::Timestamp stop = time_of(execution, "stopDate");
    line("stopped", fmt::format("{} (after {})", format_local(stop), format_duration(stop - start)));
  }
  line("input", text_of(execution, "input"));
  line("output", text_of(execution, "output"));
  line("error", text_of(execution, "error"), Style::red);
  line("cause", text_of(execution, "cause"), Style::red);
  return table.render(terminal);
}

base::Result<int> show(client::Api& api, const ShowOptions& options, bool json) {
  ESC_TRY(const std::string arn, client::execution_arn(api, options.execution));
  ESC_TRY(const Value execution, describe(api, arn));
  ESC_TRY(std::vector<Value> events, ExecutionEvents(api, arn).next());
  if (json) {
    print(json::print_pretty(Value::object({{"execution", execution}, {"events", Value::array(std::move(events))}})) +
          '\n');
    return kExitOk;
  }
  const Terminal terminal = Terminal::of(1);
  Table table(kHistoryHeadings);
  const base::Timestamp start = events.empty() ? base::Timestamp{} : time_of(events.front(), "timestamp");
  for (const Value& event : events) table.add(history_row(event, start, options.full));
  Terminal unlimited = terminal;
  if (options.full) unlimited.columns = 0;
  print(header(execution, terminal) + '\n' + table.render(unlimited));
  return kExitOk;
}

// One row with columns of fixed width, since those to come are not known yet.
std::string follow_line(const Value& event, base::Timestamp start, bool full, const Terminal& terminal) {
  std::vector<Cell> row = history_row(event, start, full);
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    std::string text = printable(row[i].text);
    const bool is_last = i + 1 == row.size();
    if (is_last && terminal.columns > used + 10) text = clipped(text, terminal.columns - used);
    const std::size_t width = is_last ? 0 : kFollowColumns[i];
    const std::size_t padding = width > display_width(text) ? width - display_width(text) : 0;
    if (row[i].align_right) out.append(padding, ' ');
    out += terminal.styled(row[i].style, text);
    if (!row[i].align_right) out.append(padding, ' ');
    if (!is_last) out += "  ";
    used += width + 2;
  }
  return out + '\n';
}

base::Result<std::string> newest_execution(client::Api& api, const std::string& machine) {
  ESC_TRY(const std::string arn, client::machine_arn(api, machine));
  ESC_TRY(const Value answer,
          api.states("ListExecutions", Value::object({{"stateMachineArn", arn}, {"maxResults", 1}})));
  const Value* executions = answer.find("executions");
  if (executions == nullptr || executions->size() == 0) {
    return base::make_error(base::ErrorCode::not_found, machine + " has no executions yet");
  }
  return text_of((*executions)[0], "executionArn");
}

base::Result<int> watch(client::Api& api, const WatchOptions& options, bool json) {
  std::string arn;
  if (options.execution.empty()) {
    ESC_TRY(arn, newest_execution(api, options.machine));
  } else {
    ESC_TRY(arn, client::execution_arn(api, options.execution));
  }
  return follow_execution(api, arn, json, options.full);
}

}  // namespace

base::Result<int> follow_execution(client::Api& api, const std::string& execution_arn, bool json, bool full) {
  const Terminal terminal = Terminal::of(1);
  ExecutionEvents reader(api, execution_arn);
  std::optional<base::Timestamp> start;
  std::chrono::milliseconds pause = kPollMin;
  while (true) {
    // The status first: whatever it says, the history read after it is at least as new.
    ESC_TRY(const Value execution, describe(api, execution_arn));
    ESC_TRY(const std::vector<Value> events, reader.next());
    for (const Value& event : events) {
      if (!start) start = time_of(event, "timestamp");
      print(json ? json::print(event) + '\n' : follow_line(event, *start, full, terminal));
    }
    const std::string status = text_of(execution, "status");
    if (status != "RUNNING" && status != "PENDING_REDRIVE") {
      print(json ? json::print(execution) + '\n' : '\n' + header(execution, terminal));
      return status == "SUCCEEDED" ? kExitOk : kExitUnsuccessful;
    }
    pause = events.empty() ? std::min(pause * 3 / 2, kPollMax) : kPollMin;
    std::this_thread::sleep_for(pause);
  }
}

int show_execution(const CommonOptions& common, const ShowOptions& options) {
  auto api = connect(common);
  if (!api) return report(api.error());
  const auto outcome = show(**api, options, common.json);
  return outcome ? *outcome : report(outcome.error());
}

int watch_execution(const CommonOptions& common, const WatchOptions& options) {
  if (options.execution.empty() == options.machine.empty()) {
    fmt::print(stderr, "escapement: name an execution, or a state machine with --machine to watch its newest one\n");
    return kExitUsage;
  }
  auto api = connect(common);
  if (!api) return report(api.error());
  const auto outcome = watch(**api, options, common.json);
  return outcome ? *outcome : report(outcome.error());
}

}  // namespace escapement::cli
