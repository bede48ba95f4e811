#include "services/states/states_service.h"

#include <algorithm>
#include <array>

#include "base/log.h"

namespace escapement::services::states {
namespace {

using Handler = void (*)(const Operations&, wire::Call, wire::Respond);

// A handler that has its answer when it returns.
template <Answer (*Operation)(const Operations&, const wire::Call&)>
void answer(const Operations& operations, wire::Call call, wire::Respond respond) {
  respond(Operation(operations, call));
}

enum class Runs { inline_, blocking };

struct Entry {
  std::string_view operation;
  Runs runs;
  Handler handler;
};

constexpr std::array kOperations = {
    Entry{"CreateActivity", Runs::blocking, answer<create_activity>},
    Entry{"CreateStateMachine", Runs::blocking, answer<create_state_machine>},
    Entry{"CreateStateMachineAlias", Runs::blocking, answer<create_state_machine_alias>},
    Entry{"DeleteActivity", Runs::blocking, answer<delete_activity>},
    Entry{"DeleteStateMachine", Runs::blocking, answer<delete_state_machine>},
    Entry{"DeleteStateMachineAlias", Runs::blocking, answer<delete_state_machine_alias>},
    Entry{"DeleteStateMachineVersion", Runs::blocking, answer<delete_state_machine_version>},
    Entry{"DescribeActivity", Runs::inline_, answer<describe_activity>},
    Entry{"DescribeExecution", Runs::blocking, answer<describe_execution>},
    Entry{"DescribeMapRun", Runs::blocking, answer<describe_map_run>},
    Entry{"DescribeStateMachine", Runs::blocking, answer<describe_state_machine>},
    Entry{"DescribeStateMachineAlias", Runs::inline_, answer<describe_state_machine_alias>},
    Entry{"DescribeStateMachineForExecution", Runs::blocking, answer<describe_state_machine_for_execution>},
    Entry{"GetActivityTask", Runs::inline_, get_activity_task},
    Entry{"GetExecutionHistory", Runs::blocking, answer<get_execution_history>},
    Entry{"ListActivities", Runs::blocking, answer<list_activities>},
    Entry{"ListExecutions", Runs::blocking, answer<list_executions>},
    Entry{"ListMapRuns", Runs::blocking, answer<list_map_runs>},
    Entry{"ListStateMachineAliases", Runs::blocking, answer<list_state_machine_aliases>},
    Entry{"ListStateMachines", Runs::blocking, answer<list_state_machines>},
    Entry{"ListStateMachineVersions", Runs::inline_, answer<list_state_machine_versions>},
    Entry{"ListTagsForResource", Runs::inline_, answer<list_tags_for_resource>},
    Entry{"PublishStateMachineVersion", Runs::blocking, answer<publish_state_machine_version>},
    Entry{"RedriveExecution", Runs::blocking, redrive_execution},
    Entry{"SendTaskFailure", Runs::inline_, send_task_failure},
    Entry{"SendTaskHeartbeat", Runs::inline_, send_task_heartbeat},
    Entry{"SendTaskSuccess", Runs::inline_, send_task_success},
    Entry{"StartExecution", Runs::inline_, start_execution},
    Entry{"StartSyncExecution", Runs::inline_, start_sync_execution},
    Entry{"StopExecution", Runs::blocking, stop_execution},
    Entry{"TagResource", Runs::blocking, answer<tag_resource>},
    Entry{"TestState", Runs::blocking, test_state},
    Entry{"UntagResource", Runs::blocking, answer<untag_resource>},
    Entry{"UpdateMapRun", Runs::blocking, answer<update_map_run>},
    Entry{"UpdateStateMachine", Runs::blocking, answer<update_state_machine>},
    Entry{"UpdateStateMachineAlias", Runs::blocking, answer<update_state_machine_alias>},
    Entry{"ValidateStateMachineDefinition", Runs::blocking, answer<validate_state_machine_definition>},
};

const Entry* find_entry(std::string_view operation) {
  const auto found = std::find_if(kOperations.begin(), kOperations.end(),
                                  [&](const Entry& entry) { return entry.operation == operation; });
  return found == kOperations.end() ? nullptr : &*found;
}

}  // namespace

StatesService::StatesService(const Dependencies& dependencies, Quotas quotas)
    : operations_{dependencies.directory,
                  dependencies.engine,
                  dependencies.authoriser,
                  dependencies.connectors,
                  dependencies.clock,
                  dependencies.has_log_group,
                  PageTokens(dependencies.directory.token_key(), dependencies.clock),
                  quotas} {
  // Left for the next start if it fails: nothing depends on it.
  if (const auto swept = dependencies.directory.forget_retired(dependencies.engine.reader()); !swept) {
    base::log(base::LogLevel::warning, "states", "unused revisions were not dropped: " + swept.error().message);
  }
}

bool StatesService::is_inline(std::string_view operation) const {
  const Entry* entry = find_entry(operation);
  return entry && entry->runs == Runs::inline_;
}

bool StatesService::has(std::string_view operation) const { return find_entry(operation) != nullptr; }

void StatesService::handle(wire::Call call, wire::Respond respond) {
  const Entry* entry = find_entry(call.operation);
  if (!entry) {
    return respond(base::make_error(base::ErrorCode::unsupported, "UnsupportedOperation",
                                    std::string(call.operation) + " is not there yet"));
  }
  entry->handler(operations_, std::move(call), std::move(respond));
}

}  // namespace escapement::services::states
