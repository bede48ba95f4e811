#include "services/states/errors.h"
#include "services/states/operations.h"
#include "services/states/settings.h"

namespace escapement::services::states {
namespace {

void add_variable_references(json::ObjectBuilder& answer, const asl::Program& program) {
  if (program.variable_references.empty()) return;
  std::vector<json::Member> states;
  for (const auto& [state, names] : program.variable_references) {
    states.push_back({state, json::Value::array({names.begin(), names.end()})});
  }
  answer.set("variableReferences", json::Value::object(std::move(states)));
}

void add_revision(json::ObjectBuilder& answer, const engine::MachineRevision& revision, bool with_data) {
  answer.set("name", revision.name);
  answer.set("definition", with_data ? revision.definition : std::string());
  answer.set("roleArn", revision.role_arn);
  if (!revision.revision_id.empty()) answer.set("revisionId", revision.revision_id);
  add_settings(answer, revision.settings);
  if (with_data) add_variable_references(answer, *revision.program);
}

bool wants_data(const json::Value& input) { return member_text(input, "includedData") != "METADATA_ONLY"; }

}  // namespace

Answer describe_state_machine(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const MachineArn arn, parse_machine_arn(member_text(call.input, "stateMachineArn")));
  ESC_CHECK(operations.authorise_machine(call, "states:DescribeStateMachine", arn));
  ESC_TRY(const MachinePtr machine, operations.machine(arn));

  std::uint32_t number = machine->revision;
  const Version* version = nullptr;
  if (!arn.qualifier.empty()) {
    auto wanted = arn.version();
    if (const auto alias = machine->aliases.find(arn.qualifier); alias != machine->aliases.end())
      wanted = alias->second.routes.front().version;
    const auto found = wanted ? machine->versions.find(*wanted) : machine->versions.end();
    if (found == machine->versions.end()) return machine_does_not_exist(arn.to_string());
    version = &found->second;
    number = version->revision;
  }
  ESC_TRY(const RevisionPtr revision,
          version ? operations.directory.find_revision(number) : operations.directory.current_revision(*machine));

  json::ObjectBuilder answer;
  answer.set("stateMachineArn", arn.to_string());
  answer.set("status", machine->deleting ? "DELETING" : "ACTIVE");
  answer.set("type", machine->express ? "EXPRESS" : "STANDARD");
  answer.set("creationDate", timestamp(version ? version->created : machine->created));
  if (version && !version->description.empty()) answer.set("description", version->description);
  add_revision(answer, *revision, wants_data(call.input));
  return std::move(answer).build();
}

Answer describe_state_machine_for_execution(const Operations& operations, const wire::Call& call) {
  const std::string_view execution_arn = member_text(call.input, "executionArn");
  ESC_CHECK(parse_execution_arn(execution_arn));
  ESC_CHECK(operations.authorise(call, "states:DescribeStateMachineForExecution", execution_arn));
  const auto id = operations.engine.reader().find(execution_arn);
  if (!id) return id.error().code == base::ErrorCode::not_found ? execution_does_not_exist(execution_arn) : id.error();
  ESC_TRY(const engine::ExecutionDescription execution, operations.engine.reader().describe(*id));
  ESC_TRY(const base::Timestamp updated, operations.directory.revision_created(execution.machine->revision));

  json::ObjectBuilder answer;
  answer.set("stateMachineArn", execution.facts.state_machine_arn);
  answer.set("updateDate", timestamp(updated));
  if (!execution.facts.map_run_arn.empty()) answer.set("mapRunArn", execution.facts.map_run_arn);
  add_revision(answer, *execution.machine, wants_data(call.input));
  return std::move(answer).build();
}

Answer list_state_machines(const Operations& operations, const wire::Call& call) {
  const MachineArn any{call.region, call.account, "*", {}};
  ESC_CHECK(operations.authorise(call, "states:ListStateMachines", any.to_string()));
  const std::string listing = "machines " + call.region;
  std::string after;
  if (const std::string_view token = member_text(call.input, "nextToken"); !token.empty()) {
    ESC_TRY(after, operations.page_tokens.parse(listing, token));
  }
  const std::size_t count = page_size(call.input);
  std::vector<MachinePtr> machines = operations.directory.list(call.region, after, count + 1);
  json::ObjectBuilder answer;
  if (machines.size() > count) {
    machines.pop_back();
    answer.set("nextToken", operations.page_tokens.make(listing, machines.back()->name));
  }
  std::vector<json::Value> items;
  for (const MachinePtr& machine : machines) {
    if (machine->deleting) {
      const auto there = operations.machine({machine->region, machine->account, machine->name, {}});
      if (!there && there.error().code == base::ErrorCode::not_found) continue;
    }
    items.push_back(json::Value::object({{"creationDate", timestamp(machine->created)},
                                         {"name", machine->name},
                                         {"stateMachineArn", machine->arn},
                                         {"type", machine->express ? "EXPRESS" : "STANDARD"}}));
  }
  answer.set("stateMachines", json::Value::array(std::move(items)));
  return std::move(answer).build();
}

}  // namespace escapement::services::states
