#include <fmt/format.h>

#include "asl/compile.h"
#include "services/states/definitions.h"
#include "services/states/deletion.h"
#include "services/states/errors.h"
#include "services/states/operations.h"
#include "services/states/settings.h"
#include "services/states/tags.h"
#include "services/states/versions.h"

namespace escapement::services::states {
namespace {

struct Creation {
  engine::MachineRevision revision;  // without numbers
  CreationRequest request;
  Tags tags;
};

base::Result<Creation> creation_of(const Operations& operations, const wire::Call& call) {
  const json::Value& input = call.input;
  Creation creation;
  creation.request = {flag(input, "publish"), std::string(member_text(input, "versionDescription"))};
  if (!creation.request.publish && input.find("versionDescription")) {
    return validation("Version description can only be set when publish is true");
  }
  engine::MachineRevision& revision = creation.revision;
  revision.name = member_text(input, "name");
  revision.region = call.region;
  revision.account = call.account;
  revision.arn = MachineArn{revision.region, revision.account, revision.name, {}}.to_string();
  revision.role_arn = member_text(input, "roleArn");
  revision.definition = member_text(input, "definition");
  revision.express = member_text(input, "type") == "EXPRESS";
  ESC_TRY(revision.program, compile_definition(revision.definition, revision.express));
  ESC_TRY(revision.settings, settings_of(input, {}));
  ESC_TRY(creation.tags, merged_tags({}, tags_from_json(input.find("tags")), operations.quotas.tags_max));
  return creation;
}

// Asking for what is there already is no error; a different role and different tags are overlooked, as on AWS.
base::Result<void> check_same(const Machine& machine, const engine::MachineRevision& current,
                              const Creation& creation) {
  if (machine.deleting) return machine_deleting(machine.arn);
  const bool same = current.definition == creation.revision.definition &&
                    current.express == creation.revision.express && current.settings == creation.revision.settings &&
                    machine.creation.publish == creation.request.publish &&
                    machine.creation.version_description == creation.request.version_description;
  if (same) return {};
  return base::make_error(base::ErrorCode::already_exists, "StateMachineAlreadyExists",
                          fmt::format("State Machine Already Exists: '{}'", machine.arn));
}

base::Result<void> create(MachineChange& change, const Creation& creation, const Operations& operations) {
  if (change.other_machines() >= operations.quotas.machines_max) {
    return base::make_error(
        base::ErrorCode::limit_exceeded, "StateMachineLimitExceeded",
        fmt::format("The limit of {} state machines has been reached", operations.quotas.machines_max));
  }
  const base::Timestamp now = operations.clock.now();
  Machine machine;
  machine.id = change.new_machine_id();
  machine.arn = creation.revision.arn;
  machine.name = creation.revision.name;
  machine.region = creation.revision.region;
  machine.account = creation.revision.account;
  machine.express = creation.revision.express;
  machine.created = now;
  machine.creation = creation.request;
  machine.tags = creation.tags;
  change.machine = std::move(machine);
  engine::MachineRevision revision = creation.revision;
  revision.machine_id = change.machine->id;
  change.add_revision(std::move(revision), now);
  if (creation.request.publish) {
    ESC_CHECK(
        publish_current(*change.machine, creation.request.version_description, now, operations.quotas.versions_max));
  }
  return {};
}

}  // namespace

Answer create_state_machine(const Operations& operations, const wire::Call& call) {
  const std::string name(member_text(call.input, "name"));
  ESC_CHECK(check_name(name));
  const MachineArn arn{call.region, call.account, name, {}};
  ESC_CHECK(operations.authorise(call, "states:CreateStateMachine", arn.to_string(),
                                 request_tags(tags_from_json(call.input.find("tags")))));
  ESC_TRY(const Creation creation, creation_of(operations, call));
  ESC_CHECK(operations.authoriser.authorise_pass_role(
      *call.principal, creation.revision.role_arn, "states.amazonaws.com", {{"aws:SourceArn", creation.revision.arn}}));
  ESC_CHECK(operations.check_log_access(creation.revision));

  const MachinePtr known = operations.directory.find(creation.revision.arn);
  if (known && known->deleting) {
    ESC_CHECK(finish_deletion(operations.directory, operations.engine, *known));
  }
  const auto apply = [&](MachineChange& change) -> base::Result<void> {
    if (!change.machine) return create(change, creation, operations);
    ESC_TRY(const RevisionPtr current, operations.directory.find_revision(change.machine->revision));
    return check_same(*change.machine, *current, creation);
  };
  ESC_TRY(const MachinePtr machine, operations.directory.change(call.region, name, apply));

  json::ObjectBuilder answer;
  answer.set("creationDate", timestamp(machine->created));
  answer.set("stateMachineArn", machine->arn);
  if (creation.request.publish && !machine->versions.empty()) {
    answer.set("stateMachineVersionArn",
               machine->version_arn(machine->version_of_current().value_or(machine->versions.rbegin()->first)));
  }
  return std::move(answer).build();
}

}  // namespace escapement::services::states
