#include "escapement/client/definition_policy.h"

#include <algorithm>
#include <cctype>

#include "json/print.h"

namespace escapement::client {
namespace {

struct Reader {
  std::string account;
  std::string region;
  std::vector<Permission> found;

  void add(std::string action, std::vector<std::string> resources) {
    found.push_back({std::move(action), std::move(resources)});
  }

  static std::string text_member(const json::Value& state, std::string_view key) {
    for (const std::string_view container : {"Parameters", "Arguments"}) {
      const json::Value* arguments = state.find(container);
      const json::Value* value = arguments == nullptr ? nullptr : arguments->find(key);
      if (value != nullptr && value->is_string() && !value->as_string().starts_with("{%")) return value->as_string();
    }
    return {};
  }

  // A function's unqualified ARN and all its qualifiers, from a name, a partial or a full ARN.
  std::vector<std::string> function_resources(std::string name) const {
    if (name.empty()) return {"*"};
    const auto marker = name.find(":function:");
    if (marker != name.npos) {
      const auto qualifier = name.find(':', marker + 10);
      name = name.substr(0, qualifier);
      if (!name.starts_with("arn:")) name = "arn:aws:lambda:" + region + ':' + name;
    } else {
      name = "arn:aws:lambda:" + region + ':' + account + ":function:" + name.substr(0, name.find(':'));
    }
    return {name, name + ":*"};
  }

  void nested_execution(const json::Value& state, std::string_view resource) {
    const std::string machine = text_member(state, "StateMachineArn");
    add("states:StartExecution", {machine.empty() ? "*" : machine});
    if (resource.find(".sync") != resource.npos) {
      add("states:DescribeExecution", {"*"});
      add("states:StopExecution", {"*"});
    }
  }

  void sdk_call(std::string_view rest) {  // "dynamodb:putItem", perhaps with ".waitForTaskToken"
    const auto colon = rest.find(':');
    if (colon == rest.npos) return;
    std::string service(rest.substr(0, colon));
    std::string action(rest.substr(colon + 1));
    action = action.substr(0, action.find('.'));
    if (action.empty()) return;
    action[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(action[0])));
    if (service == "sfn") service = "states";
    if (service == "lambda" && action == "Invoke") action = "InvokeFunction";
    if (service == "cloudwatchlogs") service = "logs";
    add(service + ':' + action, {"*"});
  }

  void task(const json::Value& state) {
    const json::Value* member = state.find("Resource");
    if (member == nullptr || !member->is_string()) return;
    const std::string& resource = member->as_string();
    constexpr std::string_view kIntegration = ":states:::";
    const auto integration = resource.find(kIntegration);
    if (integration == resource.npos) {
      if (resource.find(":lambda:") != resource.npos) add("lambda:InvokeFunction", function_resources(resource));
      return;
    }
    const std::string_view name = std::string_view(resource).substr(integration + kIntegration.size());
    if (name.starts_with("lambda:invoke")) {
      add("lambda:InvokeFunction", function_resources(text_member(state, "FunctionName")));
    } else if (name.starts_with("states:startExecution")) {
      nested_execution(state, name);
    } else if (name.starts_with("aws-sdk:")) {
      sdk_call(name.substr(8));
    } else {
      sdk_call(name);
    }
  }

  // A distributed map starts its iterations as executions of the machine itself.
  void processor(const json::Value& inner) {
    machine(inner);
    const json::Value* config = inner.find("ProcessorConfig");
    const json::Value* mode = config == nullptr ? nullptr : config->find("Mode");
    if (mode != nullptr && *mode == json::Value("DISTRIBUTED")) add("states:StartExecution", {"*"});
  }

  void machine(const json::Value& definition) {
    const json::Value* states = definition.find("States");
    if (states == nullptr || !states->is_object()) return;
    for (const auto& [name, state] : states->members()) {
      task(state);
      for (const std::string_view nested : {"Iterator", "ItemProcessor"}) {
        if (const json::Value* inner = state.find(nested)) processor(*inner);
      }
      if (const json::Value* branches = state.find("Branches"); branches != nullptr && branches->is_array()) {
        for (const json::Value& branch : branches->items()) machine(branch);
      }
    }
  }
};

}  // namespace

std::vector<Permission> permissions_of(const json::Value& definition, const std::string& account,
                                       const std::string& region) {
  Reader reader{account, region, {}};
  reader.machine(definition);
  std::ranges::sort(reader.found);
  const auto [first, last] = std::ranges::unique(reader.found);
  reader.found.erase(first, last);
  return std::move(reader.found);
}

std::string policy_document(const std::vector<Permission>& permissions) {
  std::vector<json::Value> statements;
  for (const Permission& permission : permissions) {
    std::vector<json::Value> resources(permission.resources.begin(), permission.resources.end());
    statements.push_back(json::Value::object(
        {{"Effect", "Allow"}, {"Action", permission.action}, {"Resource", json::Value::array(std::move(resources))}}));
  }
  return json::print(
      json::Value::object({{"Version", "2012-10-17"}, {"Statement", json::Value::array(std::move(statements))}}));
}

std::string trust_document(const std::string& service) {
  json::Value statement = json::Value::object(
      {{"Effect", "Allow"}, {"Principal", json::Value::object({{"Service", service}})}, {"Action", "sts:AssumeRole"}});
  return json::print(
      json::Value::object({{"Version", "2012-10-17"}, {"Statement", json::Value::array({std::move(statement)})}}));
}

}  // namespace escapement::client
