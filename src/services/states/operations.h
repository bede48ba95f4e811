// What the handlers of the Step Functions API share, and the handlers themselves: one file for each operation or small
// family.
//
// A handler validates what the API model cannot say, asks for permission, calls the engine or the directory, and
// answers. Those that only read memory or hand over to the engine run inline on a network thread; the others on the
// blocking pool.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "identity/authoriser.h"
#include "json/value.h"
#include "services/states/machine_directory.h"
#include "services/states/names.h"
#include "services/states/page_tokens.h"
#include "services/states/redrive_tokens.h"
#include "wire/service.h"

namespace escapement::connectors {
class Connectors;
}

namespace escapement::services::states {

// AWS's quotas, as defaults.
struct Quotas {
  std::size_t machines_max = 100'000;    // in a region
  std::size_t activities_max = 100'000;  // in a region
  std::size_t versions_max = 1'000;      // of a machine
  std::size_t aliases_max = 100;         // of a machine
  std::size_t tags_max = 50;             // of a resource
  std::size_t input_bytes_max = 262'144;
  std::size_t listed_per_call_max = 10'000;  // executions looked at to fill one page of a filtered listing
  base::Duration redrive_period = base::Duration::seconds(14 * 86'400);
};

struct Operations {
  MachineDirectory& directory;
  engine::Engine& engine;
  const identity::Authoriser& authoriser;
  connectors::Connectors& connectors;
  const base::Clock& clock;
  std::function<bool(const std::string& region, const std::string& group)> has_log_group;
  PageTokens page_tokens;
  Quotas quotas;
  std::unique_ptr<RedriveTokens> redrive_tokens = std::make_unique<RedriveTokens>();

  // Errors: AccessDeniedException.
  base::Result<void> authorise(const wire::Call& call, std::string_view action, std::string_view resource,
                               const identity::RequestContext& context = {}) const;
  // For an operation on a state machine, a version or an alias: the resource is the state machine, the qualifier a
  // condition key.
  base::Result<void> authorise_machine(const wire::Call& call, std::string_view action, const MachineArn& arn) const;

  // That the log group of the machine's settings, if there is one, exists and that its role may deliver there. Both are
  // AccessDeniedException, as on AWS.
  base::Result<void> check_log_access(const engine::MachineRevision& machine) const;

  // The machine itself; also one that is being deleted. Removes a machine whose deletion has come to its end.
  // Errors: StateMachineDoesNotExist.
  base::Result<MachinePtr> machine(const MachineArn& arn) const;
};

// ---- Members of a call's input

std::optional<std::string> optional_text(const json::Value& input, std::string_view member);
bool flag(const json::Value& input, std::string_view member, bool absent = false);
// maxResults: 100 where it is absent or 0.
std::size_t page_size(const json::Value& input);
json::Value timestamp(base::Timestamp time);

using Answer = base::Result<json::Value>;

// ---- State machines

Answer create_state_machine(const Operations& operations, const wire::Call& call);
Answer update_state_machine(const Operations& operations, const wire::Call& call);
Answer describe_state_machine(const Operations& operations, const wire::Call& call);
Answer describe_state_machine_for_execution(const Operations& operations, const wire::Call& call);
Answer delete_state_machine(const Operations& operations, const wire::Call& call);
Answer list_state_machines(const Operations& operations, const wire::Call& call);
void test_state(const Operations& operations, wire::Call call, wire::Respond respond);
Answer validate_state_machine_definition(const Operations& operations, const wire::Call& call);
Answer publish_state_machine_version(const Operations& operations, const wire::Call& call);
Answer delete_state_machine_version(const Operations& operations, const wire::Call& call);
Answer list_state_machine_versions(const Operations& operations, const wire::Call& call);
Answer create_state_machine_alias(const Operations& operations, const wire::Call& call);
Answer update_state_machine_alias(const Operations& operations, const wire::Call& call);
Answer describe_state_machine_alias(const Operations& operations, const wire::Call& call);
Answer delete_state_machine_alias(const Operations& operations, const wire::Call& call);
Answer list_state_machine_aliases(const Operations& operations, const wire::Call& call);
Answer tag_resource(const Operations& operations, const wire::Call& call);
Answer untag_resource(const Operations& operations, const wire::Call& call);
Answer list_tags_for_resource(const Operations& operations, const wire::Call& call);

// ---- Executions

void start_execution(const Operations& operations, wire::Call call, wire::Respond respond);
void start_sync_execution(const Operations& operations, wire::Call call, wire::Respond respond);
void stop_execution(const Operations& operations, wire::Call call, wire::Respond respond);
void redrive_execution(const Operations& operations, wire::Call call, wire::Respond respond);
Answer describe_execution(const Operations& operations, const wire::Call& call);
Answer list_executions(const Operations& operations, const wire::Call& call);
Answer get_execution_history(const Operations& operations, const wire::Call& call);
Answer describe_map_run(const Operations& operations, const wire::Call& call);
Answer list_map_runs(const Operations& operations, const wire::Call& call);
Answer update_map_run(const Operations& operations, const wire::Call& call);

// ---- Activities and task tokens

Answer create_activity(const Operations& operations, const wire::Call& call);
Answer describe_activity(const Operations& operations, const wire::Call& call);
Answer delete_activity(const Operations& operations, const wire::Call& call);
Answer list_activities(const Operations& operations, const wire::Call& call);
void get_activity_task(const Operations& operations, wire::Call call, wire::Respond respond);
void send_task_success(const Operations& operations, wire::Call call, wire::Respond respond);
void send_task_failure(const Operations& operations, wire::Call call, wire::Respond respond);
void send_task_heartbeat(const Operations& operations, wire::Call call, wire::Respond respond);

}  // namespace escapement::services::states
