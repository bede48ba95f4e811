#include <fmt/format.h>

#include "services/states/errors.h"
#include "services/states/executions.h"

namespace escapement::services::states {
namespace {

using interpreter::Status;

constexpr std::pair<Status, std::string_view> kStatusNames[] = {
    {Status::running, "RUNNING"},     {Status::succeeded, "SUCCEEDED"}, {Status::failed, "FAILED"},
    {Status::timed_out, "TIMED_OUT"}, {Status::aborted, "ABORTED"},     {Status::pending_redrive, "PENDING_REDRIVE"},
};

void add_redrive(json::ObjectBuilder& answer, const engine::ExecutionDescription& execution,
                 const Operations& operations) {
  const interpreter::ExecutionHead& head = execution.head;
  answer.set("redriveCount", std::int64_t{head.redrive_count});
  if (head.redrive_time) answer.set("redriveDate", timestamp(*head.redrive_time));
  if (!execution.facts.map_run_arn.empty()) {
    answer.set("redriveStatus", "REDRIVABLE_BY_MAP_RUN");
    return;
  }
  const auto reason = not_redrivable_reason(execution, operations.clock.now(), operations.quotas.redrive_period);
  answer.set("redriveStatus", reason ? "NOT_REDRIVABLE" : "REDRIVABLE");
  if (reason) answer.set("redriveStatusReason", *reason);
}

}  // namespace

std::string_view status_name(Status status) {
  for (const auto& [known, name] : kStatusNames) {
    if (known == status) return name;
  }
  return "";
}

std::optional<Status> status_from_name(std::string_view name) {
  for (const auto& [status, known] : kStatusNames) {
    if (known == name) return status;
  }
  return std::nullopt;
}

base::Result<engine::ExecutionId> find_execution(const Operations& operations, const wire::Call& call,
                                                 std::string_view action, std::string_view execution_arn) {
  ESC_CHECK(parse_execution_arn(execution_arn));
  ESC_CHECK(operations.authorise(call, action, execution_arn));
  auto id = operations.engine.reader().find(execution_arn);
  if (!id && id.error().code == base::ErrorCode::not_found) return execution_does_not_exist(execution_arn);
  return id;
}

std::optional<std::string> not_redrivable_reason(const engine::ExecutionDescription& execution, base::Timestamp now,
                                                 base::Duration redrive_period) {
  const interpreter::ExecutionHead& head = execution.head;
  if (head.status == Status::running || head.status == Status::succeeded || head.status == Status::pending_redrive) {
    return fmt::format("Execution is {} and cannot be redriven", status_name(head.status));
  }
  if (head.stop_time && now - *head.stop_time > redrive_period)
    return "Execution has exceeded the redrivable period and cannot be redriven";
  return std::nullopt;
}

Answer describe_execution(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const engine::ExecutionId id,
          find_execution(operations, call, "states:DescribeExecution", member_text(call.input, "executionArn")));
  ESC_TRY(const engine::ExecutionDescription execution, operations.engine.reader().describe(id));
  const interpreter::ExecutionFacts& facts = execution.facts;
  const interpreter::ExecutionHead& head = execution.head;
  const bool with_data = member_text(call.input, "includedData") != "METADATA_ONLY";
  const json::Value details = json::Value::object({{"included", with_data}});

  json::ObjectBuilder answer;
  answer.set("executionArn", facts.arn);
  answer.set("stateMachineArn", facts.state_machine_arn);
  answer.set("name", facts.name);
  answer.set("status", status_name(head.status));
  answer.set("startDate", timestamp(facts.start_time));
  if (head.stop_time) answer.set("stopDate", timestamp(*head.stop_time));
  if (with_data) answer.set("input", facts.input.text());
  answer.set("inputDetails", details);
  if (head.output) {
    if (with_data) answer.set("output", head.output.text());
    answer.set("outputDetails", details);
  }
  if (!facts.trace_header.empty()) answer.set("traceHeader", facts.trace_header);
  if (!facts.map_run_arn.empty()) answer.set("mapRunArn", facts.map_run_arn);
  if (head.error) answer.set("error", *head.error);
  if (head.cause) answer.set("cause", *head.cause);
  if (!facts.version_arn.empty()) answer.set("stateMachineVersionArn", facts.version_arn);
  if (!facts.alias_arn.empty()) answer.set("stateMachineAliasArn", facts.alias_arn);
  add_redrive(answer, execution, operations);
  return std::move(answer).build();
}

}  // namespace escapement::services::states
