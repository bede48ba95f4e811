#include "escapement/client/resources.h"

#include "base/codec.h"

namespace escapement::client {
namespace {

using json::Value;

std::string known_names(const std::vector<MachineSummary>& machines) {
  if (machines.empty()) return "there are no state machines yet; `escapement deploy FILE.asl.json` makes one";
  std::string out = "there are:";
  std::size_t shown = 0;
  for (const MachineSummary& machine : machines) {
    if (++shown > 10) return out + " …";
    out += (shown == 1 ? " " : ", ") + machine.name;
  }
  return out;
}

// arn:aws:states:REGION:ACCOUNT:stateMachine:NAME -> …:execution:NAME:EXECUTION
std::string execution_arn_in(std::string machine, const std::string& execution) {
  constexpr std::string_view kKind = ":stateMachine:";
  const auto at = machine.find(kKind);
  if (at != machine.npos) machine.replace(at, kKind.size(), ":execution:");
  return machine + ':' + execution;
}

base::Result<bool> exists(Api& api, const std::string& execution) {
  const auto answer = api.states("DescribeExecution", Value::object({{"executionArn", execution}}));
  if (answer) return true;
  if (answer.error().name == "ExecutionDoesNotExist" || answer.error().name == "InvalidArn") return false;
  return answer.error();
}

base::Result<Target> function_target(Api& api, const std::string& name) {
  const auto qualifier = name.find(':');
  std::string target = "/2015-03-31/functions/" + base::percent_encode(name.substr(0, qualifier)) + "/configuration";
  if (qualifier != name.npos) target += "?Qualifier=" + base::percent_encode(name.substr(qualifier + 1));
  ESC_TRY(const Value answer, api.lambda("GET", std::move(target)));
  return Target{TargetKind::function, text_of(answer, "FunctionArn"), name};
}

base::Result<Target> target_from_arn(const std::string& arn) {
  if (const auto at = arn.find(":function:"); at != arn.npos)
    return Target{TargetKind::function, arn, arn.substr(at + 10)};
  if (const auto at = arn.find(":stateMachine:"); at != arn.npos)
    return Target{TargetKind::machine, arn, arn.substr(at + 14)};
  return base::make_error(base::ErrorCode::invalid, arn + " names neither a function nor a state machine");
}

}  // namespace

std::string text_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string{};
}

base::Result<std::vector<MachineSummary>> list_machines(Api& api) {
  std::vector<MachineSummary> machines;
  std::string token;
  do {
    json::ObjectBuilder input;
    input.set("maxResults", 1'000).set_if(!token.empty(), "nextToken", token);
    ESC_TRY(const Value answer, api.states("ListStateMachines", std::move(input).build()));
    if (const Value* list = answer.find("stateMachines"); list != nullptr && list->is_array()) {
      for (const Value& machine : list->items()) {
        machines.push_back({text_of(machine, "stateMachineArn"), text_of(machine, "name"), text_of(machine, "type")});
      }
    }
    token = text_of(answer, "nextToken");
  } while (!token.empty());
  return machines;
}

base::Result<std::string> machine_arn(Api& api, const std::string& text) {
  if (text.starts_with("arn:")) return text;
  ESC_TRY(const std::vector<MachineSummary> machines, list_machines(api));
  for (const MachineSummary& machine : machines) {
    if (machine.name == text) return machine.arn;
  }
  return base::make_error(base::ErrorCode::not_found,
                          "there is no state machine " + text + "; " + known_names(machines));
}

base::Result<std::string> execution_arn(Api& api, const std::string& text) {
  if (text.starts_with("arn:")) return text;
  if (const auto separator = text.find_first_of(":/"); separator != text.npos) {
    ESC_TRY(const std::string machine, machine_arn(api, text.substr(0, separator)));
    return execution_arn_in(machine, text.substr(separator + 1));
  }
  ESC_TRY(const std::vector<MachineSummary> machines, list_machines(api));
  std::vector<std::string> found;
  for (const MachineSummary& machine : machines) {
    std::string arn = execution_arn_in(machine.arn, text);
    ESC_TRY(const bool is_there, exists(api, arn));
    if (is_there) found.push_back(std::move(arn));
  }
  if (found.size() == 1) return std::move(found.front());
  if (found.empty()) {
    return base::make_error(base::ErrorCode::not_found,
                            "there is no execution " + text + "; `escapement executions list` shows those there are");
  }
  return base::make_error(base::ErrorCode::invalid,
                          "several state machines have an execution " + text + "; say MACHINE:" + text);
}

base::Result<Target> find_target(Api& api, const std::string& text) {
  if (text.starts_with("arn:")) return target_from_arn(text);
  if (text.starts_with("function:")) return function_target(api, text.substr(9));
  if (text.starts_with("machine:")) {
    ESC_TRY(std::string arn, machine_arn(api, text.substr(8)));
    return Target{TargetKind::machine, std::move(arn), text.substr(8)};
  }
  auto function = function_target(api, text);
  if (!function && function.error().code != base::ErrorCode::not_found) return std::move(function).error();
  auto machine = machine_arn(api, text);
  if (!machine && machine.error().code != base::ErrorCode::not_found) return std::move(machine).error();
  if (function && machine) {
    return base::make_error(base::ErrorCode::invalid, text + " is both a function and a state machine; say function:" +
                                                          text + " or machine:" + text);
  }
  if (function) return std::move(*function);
  if (machine) return Target{TargetKind::machine, std::move(*machine), text};
  return base::make_error(base::ErrorCode::not_found, "there is no function and no state machine " + text +
                                                          "; `escapement deploy PATH` makes either");
}

base::Result<std::string> ensure_role(Api& api, const std::string& name, const std::string& service,
                                      const std::vector<Permission>& permissions) {
  auto answer = api.iam("CreateRole", {{"RoleName", name},
                                       {"AssumeRolePolicyDocument", trust_document(service)},
                                       {"Description", "Made by escapement deploy"}});
  if (!answer && answer.error().name == "EntityAlreadyExists") answer = api.iam("GetRole", {{"RoleName", name}});
  if (!answer) return base::with_context("the role " + name, std::move(answer).error());
  std::string arn = xml_text(*answer, "Arn");
  if (arn.empty())
    return base::make_error(base::ErrorCode::corrupt, "the answer about the role " + name + " has no Arn");
  if (permissions.empty()) return arn;
  const auto put =
      api.iam("PutRolePolicy",
              {{"RoleName", name}, {"PolicyName", "deployment"}, {"PolicyDocument", policy_document(permissions)}});
  if (!put) return base::with_context("the policy of the role " + name, put.error());
  return arn;
}

base::Result<MachineDeployment> put_machine(Api& api, const MachineSpec& spec) {
  ESC_TRY(const std::vector<MachineSummary> machines, list_machines(api));
  for (const MachineSummary& machine : machines) {
    if (machine.name != spec.name) continue;
    if (machine.type != spec.type) {
      return base::make_error(base::ErrorCode::conflict,
                              "the state machine " + spec.name + " is there already as " + machine.type +
                                  "; the type of a state machine cannot change: choose another --name");
    }
    ESC_TRY(const Value answer, api.states("UpdateStateMachine", Value::object({{"stateMachineArn", machine.arn},
                                                                                {"definition", spec.definition},
                                                                                {"roleArn", spec.role_arn}})));
    return MachineDeployment{machine.arn, false, text_of(answer, "revisionId")};
  }
  ESC_TRY(const Value answer, api.states("CreateStateMachine", Value::object({{"name", spec.name},
                                                                              {"definition", spec.definition},
                                                                              {"roleArn", spec.role_arn},
                                                                              {"type", spec.type}})));
  return MachineDeployment{text_of(answer, "stateMachineArn"), true, {}};
}

}  // namespace escapement::client
