#include "connectors/connectors.h"

#include <fmt/format.h>

#include "services/states/errors.h"
#include "services/states/executions.h"

namespace escapement::services::states {
namespace {

using connectors::MapRunCounts;
using connectors::MapRunRecord;

json::Value to_json(const MapRunCounts& counts) {
  const auto number = [](std::uint64_t n) { return json::Value(static_cast<std::int64_t>(n)); };
  return json::Value::object({{"aborted", number(counts.aborted)},
                              {"failed", number(counts.failed)},
                              {"pending", number(counts.pending)},
                              {"resultsWritten", number(counts.results_written)},
                              {"running", number(counts.running)},
                              {"succeeded", number(counts.succeeded)},
                              {"timedOut", number(counts.timed_out)},
                              {"total", number(counts.total)}});
}

// Errors: InvalidArn.
base::Result<void> check_map_run_arn(std::string_view arn) {
  if (!arn.starts_with("arn:")) return invalid_arn(fmt::format("Invalid ARN prefix: {}", arn));
  if (arn.find(":mapRun:") == std::string_view::npos) return invalid_arn(fmt::format("Invalid ARN: {}", arn));
  return {};
}

base::Error map_run_not_found(std::string_view arn) { return resource_not_found(arn); }

std::string shown_machine_arn(const MapRunRecord& record) {
  const std::size_t name = record.arn.find(":mapRun:");
  const std::size_t end = record.arn.rfind(':');
  return record.arn.substr(0, name) + ":stateMachine:" + record.arn.substr(name + 8, end - name - 8);
}

std::optional<std::int64_t> optional_number(const json::Value& input, std::string_view member) {
  const json::Value* found = input.find(member);
  return found && found->is_int64() ? std::optional(found->as_int64()) : std::nullopt;
}

}  // namespace

Answer describe_map_run(const Operations& operations, const wire::Call& call) {
  const std::string arn(member_text(call.input, "mapRunArn"));
  ESC_CHECK(check_map_run_arn(arn));
  ESC_CHECK(operations.authorise(call, "states:DescribeMapRun", arn));
  const auto record = operations.connectors.map_runs().describe(arn);
  if (!record) return record.error().code == base::ErrorCode::not_found ? map_run_not_found(arn) : record.error();
  json::ObjectBuilder answer;
  answer.set("executionArn", record->execution_arn);
  answer.set("executionCounts", to_json(record->executions));
  answer.set("itemCounts", to_json(record->items));
  answer.set("mapRunArn", record->arn);
  answer.set("maxConcurrency", std::int64_t{record->concurrency_max});
  answer.set("redriveCount", std::int64_t{record->redrive_count});
  if (record->redriven) answer.set("redriveDate", timestamp(*record->redriven));
  answer.set("startDate", timestamp(record->started));
  answer.set("status", connectors::to_string(record->status));
  if (record->stopped) answer.set("stopDate", timestamp(*record->stopped));
  answer.set("toleratedFailureCount", record->tolerated_failure_count);
  answer.set("toleratedFailurePercentage", record->tolerated_failure_percentage);
  return std::move(answer).build();
}

Answer list_map_runs(const Operations& operations, const wire::Call& call) {
  const std::string arn(member_text(call.input, "executionArn"));
  ESC_CHECK(find_execution(operations, call, "states:ListMapRuns", arn));
  const std::string listing = "map runs " + arn;
  std::string after;
  if (const std::string_view token = member_text(call.input, "nextToken"); !token.empty()) {
    ESC_TRY(after, operations.page_tokens.parse(listing, token));
  }
  const std::size_t count = page_size(call.input);
  ESC_TRY(std::vector<MapRunRecord> records, operations.connectors.map_runs().list(arn, after, count + 1));
  json::ObjectBuilder answer;
  if (records.size() > count) {
    records.pop_back();
    answer.set("nextToken", operations.page_tokens.make(listing, records.back().arn));
  }
  std::vector<json::Value> items;
  for (const MapRunRecord& record : records) {
    json::ObjectBuilder item;
    item.set("executionArn", record.execution_arn);
    item.set("mapRunArn", record.arn);
    item.set("startDate", timestamp(record.started));
    item.set("stateMachineArn", shown_machine_arn(record));
    if (record.stopped) item.set("stopDate", timestamp(*record.stopped));
    items.push_back(std::move(item).build());
  }
  answer.set("mapRuns", json::Value::array(std::move(items)));
  return std::move(answer).build();
}

Answer update_map_run(const Operations& operations, const wire::Call& call) {
  const std::string arn(member_text(call.input, "mapRunArn"));
  ESC_CHECK(check_map_run_arn(arn));
  ESC_CHECK(operations.authorise(call, "states:UpdateMapRun", arn));
  connectors::MapRunChanges changes;
  if (const auto concurrency = optional_number(call.input, "maxConcurrency"))
    changes.concurrency_max = static_cast<std::uint32_t>(*concurrency);
  changes.tolerated_failure_count = optional_number(call.input, "toleratedFailureCount");
  if (const json::Value* share = call.input.find("toleratedFailurePercentage"); share && share->is_number()) {
    changes.tolerated_failure_percentage = share->as_double();
  }
  const auto updated = operations.connectors.map_runs().update(arn, changes);
  if (updated) return json::Value::object({});
  if (updated.error().code == base::ErrorCode::not_found) return map_run_not_found(arn);
  if (updated.error().code != base::ErrorCode::conflict) return updated.error();
  base::Error error = validation("The map run has ended and cannot be updated");
  error.members.emplace_back("reason", "CANNOT_UPDATE_COMPLETED_MAP_RUN");
  return error;
}

}  // namespace escapement::services::states
