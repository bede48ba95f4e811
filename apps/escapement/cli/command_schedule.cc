#include <fmt/format.h>

#include "base/clock.h"
#include "escapement/cli/commands.h"
#include "escapement/cli/schedule_machine.h"
#include "escapement/cli/when.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::cli {
namespace {

using json::Value;

struct Due {
  std::string execution_input;
  base::Timestamp time;
  bool is_now = false;
};

// The scheduler machine's input: whole seconds are counted by the server, anything finer is a point in time.
base::Result<Due> when_due(const ScheduleOptions& options, const std::string& input, base::Timestamp now) {
  Due due;
  std::string when;
  if (!options.at.empty()) {
    ESC_TRY(due.time, parse_when(options.at, now));
    when = fmt::format("\"at\":\"{}\"", base::to_iso8601(due.time));
  } else {
    base::Duration delay;
    if (!options.in.empty()) {
      ESC_TRY(delay, parse_duration(options.in));
    }
    due.is_now = delay.us == 0;
    due.time = now + delay;
    when = delay.us % 1'000'000 == 0 ? fmt::format("\"waitSeconds\":{}", delay.us / 1'000'000)
                                     : fmt::format("\"at\":\"{}\"", base::to_iso8601(due.time));
  }
  due.execution_input = fmt::format("{{{},\"input\":{}}}", when, input);
  return due;
}

base::Result<Value> start(client::Api& api, const std::string& machine, const std::string& input,
                          const std::string& name) {
  json::ObjectBuilder request;
  request.set("stateMachineArn", machine).set("input", input).set_if(!name.empty(), "name", name);
  return api.states("StartExecution", std::move(request).build());
}

base::Result<void> create_scheduler(client::Api& api, const client::Target& target) {
  const std::string name = schedule_machine_name(target);
  const std::string definition = schedule_definition(target);
  ESC_TRY(const Value parsed, json::parse(definition));
  ESC_TRY(const std::string account, api.account());
  ESC_TRY(const std::string role, client::ensure_role(api, name.substr(0, 64), "states.amazonaws.com",
                                                      client::permissions_of(parsed, account, api.access().region)));
  ESC_CHECK(client::put_machine(api, {name, definition, role, "STANDARD"}));
  return {};
}

struct Scheduled {
  client::Target target;
  Due due;
  std::string execution_arn;
};

base::Result<Scheduled> schedule_target(client::Api& api, const ScheduleOptions& options) {
  ESC_TRY(const std::string input, read_json_argument(options.input));
  ESC_TRY(Due due, when_due(options, input, base::SystemClock().now()));
  ESC_TRY(client::Target target, client::find_target(api, options.target));
  if (target.kind == client::TargetKind::machine && due.is_now) {
    ESC_TRY(const Value started, start(api, target.arn, input, options.name));
    return Scheduled{std::move(target), std::move(due), client::text_of(started, "executionArn")};
  }
  const std::string machine = schedule_machine_arn(target);
  auto started = start(api, machine, due.execution_input, options.name);
  if (!started && started.error().name == "StateMachineDoesNotExist") {
    ESC_CHECK(create_scheduler(api, target));
    started = start(api, machine, due.execution_input, options.name);
  }
  if (!started) return std::move(started).error();
  return Scheduled{std::move(target), std::move(due), client::text_of(*started, "executionArn")};
}

void tell(const Scheduled& scheduled, bool json) {
  if (json) {
    print(json::print(Value::object({{"executionArn", scheduled.execution_arn},
                                     {"target", scheduled.target.arn},
                                     {"due", base::to_iso8601(scheduled.due.time)}})) +
          '\n');
    return;
  }
  const Terminal terminal = Terminal::of(1);
  const base::Duration left = scheduled.due.time - base::SystemClock().now();
  const std::string when = scheduled.due.is_now || left.us <= 0
                               ? std::string("now")
                               : fmt::format("at {} (in {})", format_local(scheduled.due.time), format_duration(left));
  print(fmt::format("{} runs {}\n  {}\n", terminal.styled(Style::bold, scheduled.target.name),
                    terminal.styled(Style::cyan, when), scheduled.execution_arn));
}

}  // namespace

int schedule(const CommonOptions& common, const ScheduleOptions& options) {
  auto api = connect(common);
  if (!api) return report(api.error());
  const auto scheduled = schedule_target(**api, options);
  if (!scheduled) return report(scheduled.error());
  tell(*scheduled, common.json);
  if (!options.wait) return kExitOk;
  const auto outcome = follow_execution(**api, scheduled->execution_arn, common.json, false);
  return outcome ? *outcome : report(outcome.error());
}

}  // namespace escapement::cli
