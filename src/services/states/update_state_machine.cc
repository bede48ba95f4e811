#include "base/random.h"
#include "services/states/definitions.h"
#include "services/states/errors.h"
#include "services/states/operations.h"
#include "services/states/settings.h"
#include "services/states/versions.h"

namespace escapement::services::states {
namespace {

base::Result<void> check_request(const json::Value& input) {
  constexpr std::string_view kChanges[] = {"definition", "roleArn", "loggingConfiguration", "tracingConfiguration",
                                           "encryptionConfiguration"};
  bool changes = false;
  for (const std::string_view member : kChanges) changes = changes || input.find(member);
  if (!changes) {
    return base::make_error(
        base::ErrorCode::invalid, "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified");
  }
  if (!flag(input, "publish") && input.find("versionDescription"))
    return validation("Version description can only be set when publish is true");
  return {};
}

// The revision that the request asks for; its number is given when it is stored.
base::Result<engine::MachineRevision> changed_revision(const engine::MachineRevision& current,
                                                       const json::Value& input) {
  engine::MachineRevision revision = current;
  if (const auto role = optional_text(input, "roleArn")) revision.role_arn = *role;
  if (const auto definition = optional_text(input, "definition"); definition && *definition != revision.definition) {
    ESC_TRY(revision.program, compile_definition(*definition, revision.express));
    revision.definition = *definition;
  }
  ESC_TRY(revision.settings, settings_of(input, current.settings));
  return revision;
}

bool same(const engine::MachineRevision& a, const engine::MachineRevision& b) {
  return a.role_arn == b.role_arn && a.definition == b.definition && a.settings == b.settings;
}

}  // namespace

Answer update_state_machine(const Operations& operations, const wire::Call& call) {
  const json::Value& input = call.input;
  ESC_TRY(const MachineArn arn, parse_machine_arn(member_text(input, "stateMachineArn")));
  ESC_CHECK(operations.authorise_machine(call, "states:UpdateStateMachine", arn));
  if (!arn.qualifier.empty()) return machine_does_not_exist(arn.to_string());
  ESC_CHECK(check_request(input));
  ESC_CHECK(operations.machine(arn));
  if (const auto role = optional_text(input, "roleArn")) {
    ESC_CHECK(operations.authoriser.authorise_pass_role(*call.principal, *role, "states.amazonaws.com",
                                                        {{"aws:SourceArn", arn.unqualified()}}));
  }

  const base::Timestamp now = operations.clock.now();
  std::optional<std::uint32_t> version;
  const auto apply = [&](MachineChange& change) -> base::Result<void> {
    if (!change.machine) return machine_does_not_exist(arn.to_string());
    if (change.machine->deleting) return machine_deleting(arn.to_string());
    ESC_TRY(const RevisionPtr current, operations.directory.find_revision(change.machine->revision));
    ESC_TRY(engine::MachineRevision revision, changed_revision(*current, input));
    if (!same(revision, *current)) {
      ESC_CHECK(operations.check_log_access(revision));
      revision.revision_id = base::random_uuid();
      change.add_revision(std::move(revision), now);
    }
    if (flag(input, "publish")) {
      ESC_TRY(version, publish_current(*change.machine, std::string(member_text(input, "versionDescription")), now,
                                       operations.quotas.versions_max));
    }
    return {};
  };
  ESC_TRY(const MachinePtr machine, operations.directory.change(arn.region, arn.name, apply));
  ESC_TRY(const RevisionPtr current, operations.directory.current_revision(*machine));

  json::ObjectBuilder answer;
  if (!current->revision_id.empty()) answer.set("revisionId", current->revision_id);
  if (version) answer.set("stateMachineVersionArn", machine->version_arn(*version));
  answer.set("updateDate", timestamp(now));
  return std::move(answer).build();
}

}  // namespace escapement::services::states
