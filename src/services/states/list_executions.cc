#include <fmt/format.h>

#include "services/states/errors.h"
#include "services/states/executions.h"

namespace escapement::services::states {
namespace {

// What a listing shows beside what the engine's index can select.
struct Filter {
  MachineArn arn;        // qualified: only what was started through it
  std::string redriven;  // "", "REDRIVEN", "NOT_REDRIVEN"

  bool shows(const engine::ExecutionSummary& execution) const {
    if (!redriven.empty() && (execution.redrive_count > 0) != (redriven == "REDRIVEN")) return false;
    if (arn.qualifier.empty()) return true;
    return (arn.version() ? execution.version_arn : execution.alias_arn) == arn.to_string();
  }
};

json::Value item_of(const engine::ExecutionSummary& execution, const std::string& machine_arn,
                    const std::string& map_run_arn) {
  json::ObjectBuilder item;
  item.set("executionArn", execution.arn);
  if (!map_run_arn.empty()) item.set("mapRunArn", map_run_arn);
  item.set("name", execution.name);
  item.set("redriveCount", std::int64_t{execution.redrive_count});
  if (execution.redrive_time) item.set("redriveDate", timestamp(*execution.redrive_time));
  item.set("startDate", timestamp(execution.start_time));
  if (!execution.alias_arn.empty()) item.set("stateMachineAliasArn", execution.alias_arn);
  item.set("stateMachineArn", machine_arn);
  if (!execution.version_arn.empty()) item.set("stateMachineVersionArn", execution.version_arn);
  item.set("status", status_name(execution.status));
  if (execution.stop_time) item.set("stopDate", timestamp(*execution.stop_time));
  return std::move(item).build();
}

// Of arn:…:mapRun:MACHINE/LABEL:ID.
std::string machine_arn_of_run(std::string_view map_run_arn) {
  constexpr std::string_view kType = ":mapRun:";
  std::string arn(map_run_arn.substr(0, map_run_arn.rfind(':')));
  const std::size_t at = arn.find(kType);
  return at == std::string::npos ? arn : arn.replace(at, kType.size(), ":stateMachine:");
}

}  // namespace

Answer list_executions(const Operations& operations, const wire::Call& call) {
  const json::Value& input = call.input;
  const std::string_view machine_arn = member_text(input, "stateMachineArn");
  engine::ListQuery query;
  query.map_run_arn = member_text(input, "mapRunArn");
  if (machine_arn.empty() == query.map_run_arn.empty())
    return validation("Exactly one of stateMachineArn and mapRunArn must be specified");

  Filter filter;
  filter.redriven = member_text(input, "redriveFilter");
  std::string shown_machine_arn;
  if (!machine_arn.empty()) {
    ESC_TRY(filter.arn, parse_machine_arn(machine_arn));
    ESC_CHECK(operations.authorise_machine(call, "states:ListExecutions", filter.arn));
    ESC_TRY(const MachinePtr machine, operations.machine(filter.arn));
    if (machine->express) return machine_type_not_supported();
    query.machine_id = machine->id;
    shown_machine_arn = machine->arn;
  } else {
    ESC_CHECK(operations.authorise(call, "states:ListExecutions", query.map_run_arn));
    shown_machine_arn = machine_arn_of_run(query.map_run_arn);
  }
  query.status = status_from_name(member_text(input, "statusFilter"));

  const std::string listing = fmt::format("executions {} {} {} {}", machine_arn, query.map_run_arn,
                                          member_text(input, "statusFilter"), filter.redriven);
  if (const std::string_view token = member_text(input, "nextToken"); !token.empty()) {
    ESC_TRY(query.cursor, operations.page_tokens.parse(listing, token));
  }

  std::vector<json::Value> items;
  const std::size_t count = page_size(input);
  std::size_t looked_at = 0;
  do {
    query.count_max = static_cast<std::uint32_t>(count - items.size());
    ESC_TRY(const engine::ListPage page, operations.engine.reader().list(query));
    looked_at += page.executions.size();
    for (const engine::ExecutionSummary& execution : page.executions) {
      if (filter.shows(execution)) items.push_back(item_of(execution, shown_machine_arn, query.map_run_arn));
    }
    query.cursor = page.cursor;
  } while (!query.cursor.empty() && items.size() < count && looked_at < operations.quotas.listed_per_call_max);

  json::ObjectBuilder answer;
  answer.set("executions", json::Value::array(std::move(items)));
  if (!query.cursor.empty()) answer.set("nextToken", operations.page_tokens.make(listing, query.cursor));
  return std::move(answer).build();
}

}  // namespace escapement::services::states
