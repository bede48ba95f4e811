#include <fmt/format.h>

#include "json/print.h"
#include "services/states/errors.h"
#include "services/states/operations.h"

namespace escapement::services::states {
namespace {

constexpr std::string_view kDifferentAlias =
    "Failed to create alias because an alias with the same name and a different routing configuration already exists.";

base::Error invalid_routing(std::string message) {
  base::Error error = validation(std::move(message));
  error.members.emplace_back("reason", "INVALID_ROUTING_CONFIGURATION");
  return error;
}

struct Routing {
  MachineArn machine;  // unqualified
  std::vector<Route> routes;
};

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

// Errors: InvalidArn, ValidationException.
base::Result<Routing> routing_of(const json::Value& list) {
  Routing routing;
  std::vector<std::string> arns;
  std::vector<std::string> weights;
  std::int64_t sum = 0;
  bool are_versions = true;
  bool are_of_one_machine = true;
  for (const json::Value& item : list.items()) {
    const std::string_view arn_text = member_text(item, "stateMachineVersionArn");
    ESC_TRY(const MachineArn arn, parse_machine_arn(arn_text));
    const json::Value* weight = item.find("weight");
    const std::int64_t share = weight && weight->is_int64() ? weight->as_int64() : 0;
    arns.emplace_back(arn_text);
    weights.push_back(std::to_string(share));
    sum += share;
    are_versions = are_versions && arn.version();
    const MachineArn machine{arn.region, arn.account, arn.name, {}};
    are_of_one_machine =
        are_of_one_machine && (routing.routes.empty() || machine.to_string() == routing.machine.to_string());
    routing.machine = machine;
    routing.routes.push_back({arn.version().value_or(0), static_cast<std::uint32_t>(share)});
  }
  if (!are_versions)
    return invalid_routing(
        fmt::format("Routing configuration must contain state machine version ARNs. Received: [{}]", joined(arns)));
  if (!are_of_one_machine) {
    return invalid_routing(fmt::format(
        "Routing configuration must contain versions of the same state machine. Received: [{}]", joined(arns)));
  }
  if (arns.size() == 2 && arns[0] == arns[1]) {
    return invalid_routing(fmt::format(
        "Routing configuration must contain distinct state machine version ARNs. Received: [{}]", joined(arns)));
  }
  if (sum != 100)
    return invalid_routing(
        fmt::format("Sum of routing configuration weights must equal 100. Received: [{}]", joined(weights)));
  return routing;
}

base::Result<void> check_versions(const Machine& machine, const std::vector<Route>& routes) {
  for (const Route& route : routes) {
    if (!machine.versions.contains(route.version)) return referenced_resource_not_found();
  }
  return {};
}

// The alias that an ARN names. Errors: InvalidArn, ValidationException.
base::Result<MachineArn> parse_alias_arn(std::string_view alias_arn) {
  ESC_TRY(MachineArn arn, parse_machine_arn(alias_arn));
  if (arn.qualifier.empty() || arn.version()) return invalid_arn(fmt::format("Invalid ARN: {}", alias_arn));
  return arn;
}

}  // namespace

Answer create_state_machine_alias(const Operations& operations, const wire::Call& call) {
  const json::Value* list = call.input.find("routingConfiguration");
  ESC_TRY(const Routing routing, routing_of(*list));
  const std::string name(member_text(call.input, "name"));
  MachineArn arn = routing.machine;
  arn.qualifier = name;
  ESC_CHECK(operations.authorise_machine(call, "states:CreateStateMachineAlias", arn));

  const base::Timestamp now = operations.clock.now();
  const std::string description(member_text(call.input, "description"));
  const auto create = [&](MachineChange& change) -> base::Result<void> {
    if (!change.machine) return referenced_resource_not_found();
    if (change.machine->deleting) return machine_deleting(change.machine->arn);
    ESC_CHECK(check_versions(*change.machine, routing.routes));
    auto& aliases = change.machine->aliases;
    if (const auto known = aliases.find(name); known != aliases.end()) {
      if (known->second.description == description && known->second.routes == routing.routes) return {};
      return conflict(std::string(kDifferentAlias));
    }
    if (aliases.size() >= operations.quotas.aliases_max) {
      return base::make_error(
          base::ErrorCode::limit_exceeded, "ServiceQuotaExceededException",
          fmt::format("The state machine has reached its limit of {} aliases", operations.quotas.aliases_max));
    }
    aliases.emplace(name, Alias{description, routing.routes, now, now});
    return {};
  };
  ESC_TRY(const MachinePtr machine, operations.directory.change(arn.region, arn.name, create));
  return json::Value::object({{"creationDate", timestamp(machine->aliases.at(name).created)},
                              {"stateMachineAliasArn", machine->alias_arn(name)}});
}

Answer update_state_machine_alias(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const MachineArn arn, parse_alias_arn(member_text(call.input, "stateMachineAliasArn")));
  ESC_CHECK(operations.authorise_machine(call, "states:UpdateStateMachineAlias", arn));
  const auto description = optional_text(call.input, "description");
  std::optional<Routing> routing;
  if (const json::Value* list = call.input.find("routingConfiguration")) {
    ESC_TRY(routing, routing_of(*list));
    if (routing->machine.to_string() != arn.unqualified()) return referenced_resource_not_found();
  }
  if (!description && !routing) {
    base::Error error = validation("Either the description or the routing configuration must be specified");
    error.members.emplace_back("reason", "MISSING_REQUIRED_PARAMETER");
    return error;
  }
  const base::Timestamp now = operations.clock.now();
  const auto update = [&](MachineChange& change) -> base::Result<void> {
    if (!change.machine) return referenced_resource_not_found();
    const auto alias = change.machine->aliases.find(arn.qualifier);
    if (alias == change.machine->aliases.end()) return referenced_resource_not_found();
    if (change.machine->deleting) return machine_deleting(change.machine->arn);
    if (description) alias->second.description = *description;
    if (routing) {
      ESC_CHECK(check_versions(*change.machine, routing->routes));
      alias->second.routes = routing->routes;
    }
    alias->second.updated = now;
    return {};
  };
  ESC_CHECK(operations.directory.change(arn.region, arn.name, update));
  return json::Value::object({{"updateDate", timestamp(now)}});
}

Answer describe_state_machine_alias(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const MachineArn arn, parse_alias_arn(member_text(call.input, "stateMachineAliasArn")));
  ESC_CHECK(operations.authorise_machine(call, "states:DescribeStateMachineAlias", arn));
  const MachinePtr machine = operations.directory.find(arn.unqualified());
  const auto alias = machine ? machine->aliases.find(arn.qualifier) : decltype(machine->aliases)::const_iterator();
  if (!machine || alias == machine->aliases.end()) return referenced_resource_not_found();
  std::vector<json::Value> routes;
  for (const Route& route : alias->second.routes) {
    routes.push_back(json::Value::object(
        {{"stateMachineVersionArn", machine->version_arn(route.version)}, {"weight", std::int64_t{route.weight}}}));
  }
  json::ObjectBuilder answer;
  answer.set("creationDate", timestamp(alias->second.created));
  if (!alias->second.description.empty()) answer.set("description", alias->second.description);
  answer.set("name", alias->first);
  answer.set("routingConfiguration", json::Value::array(std::move(routes)));
  answer.set("stateMachineAliasArn", machine->alias_arn(alias->first));
  answer.set("updateDate", timestamp(alias->second.updated));
  return std::move(answer).build();
}

Answer delete_state_machine_alias(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const MachineArn arn, parse_alias_arn(member_text(call.input, "stateMachineAliasArn")));
  ESC_CHECK(operations.authorise_machine(call, "states:DeleteStateMachineAlias", arn));
  if (operations.directory.find(arn.unqualified())) {
    ESC_CHECK(operations.directory.change(arn.region, arn.name, [&](MachineChange& change) -> base::Result<void> {
      if (change.machine) change.machine->aliases.erase(arn.qualifier);
      return {};
    }));
  }
  return json::Value::object({});
}

Answer list_state_machine_aliases(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const MachineArn arn, parse_machine_arn(member_text(call.input, "stateMachineArn")));
  ESC_CHECK(operations.authorise_machine(call, "states:ListStateMachineAliases", arn));
  ESC_TRY(const MachinePtr machine, operations.machine(arn));
  const std::string listing = "aliases " + arn.to_string();
  std::string after;
  if (const std::string_view token = member_text(call.input, "nextToken"); !token.empty()) {
    ESC_TRY(after, operations.page_tokens.parse(listing, token));
  }
  json::ObjectBuilder answer;
  std::vector<json::Value> items;
  for (auto alias = machine->aliases.upper_bound(after); alias != machine->aliases.end(); ++alias) {
    // A listing by version shows the aliases that route to it.
    if (const auto version = arn.version()) {
      bool routes_there = false;
      for (const Route& route : alias->second.routes) routes_there = routes_there || route.version == *version;
      if (!routes_there) continue;
    }
    if (items.size() == page_size(call.input)) {
      answer.set("nextToken", operations.page_tokens.make(listing, after));
      break;
    }
    after = alias->first;
    items.push_back(json::Value::object({{"creationDate", timestamp(alias->second.created)},
                                         {"stateMachineAliasArn", machine->alias_arn(alias->first)}}));
  }
  answer.set("stateMachineAliases", json::Value::array(std::move(items)));
  return std::move(answer).build();
}

}  // namespace escapement::services::states
