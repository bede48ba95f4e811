#include <fmt/format.h>

#include "base/random.h"
#include "json/parse.h"
#include "services/states/errors.h"
#include "services/states/starting.h"

namespace escapement::services::states {
namespace {

// Picks a version by the weights.
std::uint32_t route(const std::vector<Route>& routes) {
  if (routes.size() == 1) return routes.front().version;
  unsigned char byte[2];
  base::secure_random(byte);
  std::uint32_t draw = (std::uint32_t{byte[0]} << 8 | byte[1]) * 100 >> 16;
  for (const Route& candidate : routes) {
    if (draw < candidate.weight) return candidate.version;
    draw -= candidate.weight;
  }
  return routes.back().version;
}

// AWS shows Jackson's message without the place.
std::string_view without_place(std::string_view message) { return message.substr(0, message.find("\n at [")); }

}  // namespace

base::Result<StartTarget> find_start_target(const Operations& operations, std::string_view machine_arn) {
  StartTarget target;
  if (MachinePtr known = operations.directory.find(machine_arn)) {
    // The usual case costs no parsing: the ARN is a machine's own.
    if (known->deleting) return machine_deleting(machine_arn);
    ESC_TRY(target.revision, operations.directory.current_revision(*known));
    target.arn = {known->region, known->account, known->name, {}};
    target.machine = std::move(known);
    return target;
  }
  ESC_TRY(target.arn, parse_machine_arn(machine_arn));
  target.machine = operations.directory.find(target.arn.unqualified());
  if (!target.machine || target.arn.qualifier.empty()) return machine_does_not_exist(machine_arn);
  if (target.machine->deleting) return machine_deleting(machine_arn);

  auto version = target.arn.version();
  if (const auto alias = target.machine->aliases.find(target.arn.qualifier); alias != target.machine->aliases.end()) {
    version = route(alias->second.routes);
    target.alias_arn = machine_arn;
  }
  const auto found = version ? target.machine->versions.find(*version) : target.machine->versions.end();
  if (found == target.machine->versions.end()) return machine_does_not_exist(machine_arn);
  target.version_arn = target.machine->version_arn(*version);
  ESC_TRY(target.revision, operations.directory.find_revision(found->second.revision));
  return target;
}

base::Result<void> check_input(std::string_view input, const Quotas& quotas) {
  if (input.empty()) return invalid_execution_input("Invalid execution input.");
  if (input.size() > quotas.input_bytes_max) {
    return invalid_execution_input(fmt::format("The input exceeds the limit of {} bytes", quotas.input_bytes_max));
  }
  if (input == "{}") return {};
  const auto value = json::parse(input);
  if (!value) return invalid_execution_input(without_place(value.error().message));
  return {};
}

base::Result<engine::StartRequest> start_request(const Operations& operations, const StartTarget& target,
                                                 std::optional<std::string> name, std::string input,
                                                 std::string trace_header) {
  if (name) {
    ESC_CHECK(check_name(*name));
  }
  ESC_CHECK(check_input(input, operations.quotas));
  engine::StartRequest request;
  request.machine = target.revision;
  request.name = std::move(name);
  request.input = json::Payload::from_text(std::move(input));
  request.version_arn = target.version_arn;
  request.alias_arn = target.alias_arn;
  request.trace_header = std::move(trace_header);
  return request;
}

void start_execution(const Operations& operations, wire::Call call, wire::Respond respond) {
  auto target = find_start_target(operations, member_text(call.input, "stateMachineArn"));
  if (!target) return respond(std::move(target).error());
  if (auto allowed = operations.authorise_machine(call, "states:StartExecution", target->arn); !allowed)
    return respond(std::move(allowed).error());
  auto request = start_request(operations, *target, optional_text(call.input, "name"),
                               optional_text(call.input, "input").value_or("{}"),
                               std::string(member_text(call.input, "traceHeader")));
  if (!request) return respond(std::move(request).error());
  operations.engine.start_execution(
      std::move(*request), [respond = std::move(respond)](base::Result<engine::Started> started) mutable {
        if (!started) return respond(std::move(started).error());
        respond(json::Value::object(
            {{"executionArn", std::move(started->arn)}, {"startDate", timestamp(started->start_time)}}));
      });
}

}  // namespace escapement::services::states
