#include "services/states/versions.h"

#include <fmt/format.h>

#include "services/states/errors.h"
#include "services/states/operations.h"

namespace escapement::services::states {
namespace {

// What PublishStateMachineVersion calls the revision of a machine that was never updated.
constexpr std::string_view kInitialRevision = "INITIAL";

base::Result<void> check_revision(const std::string& expected, const std::string& current) {
  const std::string_view known = current.empty() ? kInitialRevision : std::string_view(current);
  if (expected == known) return {};
  return conflict(fmt::format(
      "Failed to publish the State Machine version for revision {}. The current State Machine revision is {}.",
      expected, known));
}

// The aliases that route to the version.
std::string aliases_of(const Machine& machine, std::uint32_t version) {
  std::string names;
  for (const auto& [name, alias] : machine.aliases) {
    for (const Route& route : alias.routes) {
      if (route.version == version) names += (names.empty() ? "" : ", ") + name;
    }
  }
  return names;
}

}  // namespace

base::Result<std::uint32_t> publish_current(Machine& machine, std::string description, base::Timestamp now,
                                            std::size_t versions_max) {
  if (const auto known = machine.version_of_current()) return *known;
  if (machine.versions.size() >= versions_max) {
    return base::make_error(
        base::ErrorCode::limit_exceeded, "ServiceQuotaExceededException",
        fmt::format("The state machine has reached its limit of {} published versions", versions_max));
  }
  const std::uint32_t number = machine.next_version++;
  machine.versions.emplace(number, Version{machine.revision, std::move(description), now});
  return number;
}

Answer publish_state_machine_version(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const MachineArn arn, parse_machine_arn(member_text(call.input, "stateMachineArn")));
  ESC_CHECK(operations.authorise_machine(call, "states:PublishStateMachineVersion", arn));
  if (!arn.qualifier.empty()) return machine_does_not_exist(arn.to_string());
  ESC_TRY(const MachinePtr known, operations.machine(arn));
  ESC_TRY(const RevisionPtr revision, operations.directory.current_revision(*known));
  const auto expected = optional_text(call.input, "revisionId");

  std::uint32_t number = 0;
  const auto publish = [&](MachineChange& change) -> base::Result<void> {
    if (!change.machine) return machine_does_not_exist(arn.to_string());
    if (change.machine->deleting) return machine_deleting(arn.to_string());
    // The revision may have moved on since it was looked up; then it has an id that nobody expects yet.
    const RevisionPtr& newest = change.machine->current ? change.machine->current : revision;
    if (expected) {
      ESC_CHECK(check_revision(*expected, newest->revision_id));
    }
    ESC_TRY(number, publish_current(*change.machine, std::string(member_text(call.input, "description")),
                                    operations.clock.now(), operations.quotas.versions_max));
    return {};
  };
  ESC_TRY(const MachinePtr machine, operations.directory.change(arn.region, arn.name, publish));
  return json::Value::object({{"creationDate", timestamp(machine->versions.at(number).created)},
                              {"stateMachineVersionArn", machine->version_arn(number)}});
}

Answer delete_state_machine_version(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const MachineArn arn, parse_machine_arn(member_text(call.input, "stateMachineVersionArn")));
  ESC_CHECK(operations.authorise_machine(call, "states:DeleteStateMachineVersion", arn));
  const auto version = arn.version();
  if (!version) return validation("The ARN does not name a version of a state machine: " + arn.to_string());
  const auto erase = [&](MachineChange& change) -> base::Result<void> {
    if (!change.machine) return {};
    if (const std::string aliases = aliases_of(*change.machine, *version); !aliases.empty()) {
      return conflict(
          fmt::format("Version to be deleted must not be referenced by an alias. Current list of aliases referencing "
                      "this version: [{}]",
                      aliases));
    }
    change.machine->versions.erase(*version);
    return {};
  };
  if (operations.directory.find(arn.unqualified())) {
    ESC_CHECK(operations.directory.change(arn.region, arn.name, erase));
  }
  return json::Value::object({});
}

Answer list_state_machine_versions(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const MachineArn arn, parse_machine_arn(member_text(call.input, "stateMachineArn")));
  ESC_CHECK(operations.authorise_machine(call, "states:ListStateMachineVersions", arn));
  const std::string listing = "versions " + arn.to_string();
  std::uint32_t before = UINT32_MAX;
  if (const std::string_view token = member_text(call.input, "nextToken"); !token.empty()) {
    ESC_TRY(const std::string position, operations.page_tokens.parse(listing, token));
    before = static_cast<std::uint32_t>(std::stoul(position));
  }
  const MachinePtr machine = operations.directory.find(arn.unqualified());
  std::vector<json::Value> versions;
  json::ObjectBuilder out;
  if (machine) {
    for (auto version = machine->versions.rbegin(); version != machine->versions.rend(); ++version) {
      if (version->first >= before) continue;
      if (versions.size() == page_size(call.input)) {
        out.set("nextToken", operations.page_tokens.make(listing, std::to_string(before)));
        break;
      }
      before = version->first;
      versions.push_back(json::Value::object({{"creationDate", timestamp(version->second.created)},
                                              {"stateMachineVersionArn", machine->version_arn(version->first)}}));
    }
  }
  out.set("stateMachineVersions", json::Value::array(std::move(versions)));
  return std::move(out).build();
}

}  // namespace escapement::services::states
