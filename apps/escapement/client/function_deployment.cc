#include "escapement/client/function_deployment.h"

#include <chrono>
#include <thread>

#include "base/codec.h"
#include "base/digest.h"
#include "escapement/client/resources.h"

namespace escapement::client {
namespace {

using json::Value;

constexpr std::chrono::seconds kActiveWaitMax{60};
constexpr std::chrono::milliseconds kPollInterval{50};

std::string function_target(const std::string& name, std::string_view rest) {
  return "/2015-03-31/functions/" + base::percent_encode(name) + std::string(rest);
}

Value environment_of(const FunctionSpec& spec) {
  json::ObjectBuilder variables;
  for (const auto& [name, value] : spec.environment) variables.set(name, value);
  return Value::object({{"Variables", std::move(variables).build()}});
}

void set_configuration(json::ObjectBuilder& body, const FunctionSpec& spec) {
  body.set("Runtime", spec.runtime).set("Handler", spec.handler).set("Role", spec.role_arn);
  if (spec.timeout_s) body.set("Timeout", *spec.timeout_s);
  if (spec.memory_mb) body.set("MemorySize", *spec.memory_mb);
  if (!spec.environment.empty()) body.set("Environment", environment_of(spec));
}

base::Result<Value> await_active(Api& api, const std::string& name) {
  const auto deadline = std::chrono::steady_clock::now() + kActiveWaitMax;
  while (true) {
    ESC_TRY(Value answer, api.lambda("GET", function_target(name, "/configuration")));
    const std::string state = text_of(answer, "State");
    const std::string update = text_of(answer, "LastUpdateStatus");
    if (state == "Failed" || update == "Failed") {
      const std::string reason = text_of(answer, state == "Failed" ? "StateReason" : "LastUpdateStatusReason");
      return base::make_error(base::ErrorCode::invalid, "the function " + name + " cannot run: " + reason);
    }
    if (state != "Pending" && update != "InProgress") return answer;
    if (std::chrono::steady_clock::now() > deadline) {
      return base::make_error(base::ErrorCode::unavailable, "Pending",
                              "the function " + name + " did not become active within a minute");
    }
    std::this_thread::sleep_for(kPollInterval);
  }
}

base::Result<FunctionDeployment> create(Api& api, const FunctionSpec& spec) {
  json::ObjectBuilder body;
  body.set("FunctionName", spec.name).set("Code", Value::object({{"ZipFile", base::to_base64(spec.archive)}}));
  set_configuration(body, spec);
  ESC_CHECK(api.lambda("POST", "/2015-03-31/functions", std::move(body).build()));
  ESC_TRY(const Value active, await_active(api, spec.name));
  return FunctionDeployment{text_of(active, "FunctionArn"), FunctionDeployment::Outcome::created};
}

bool has_number(const Value& configuration, std::string_view key, const std::optional<int>& wanted) {
  const Value* value = configuration.find(key);
  return !wanted || (value != nullptr && *value == Value(*wanted));
}

bool is_configured(const Value& configuration, const FunctionSpec& spec) {
  if (text_of(configuration, "Runtime") != spec.runtime || text_of(configuration, "Handler") != spec.handler)
    return false;
  if (text_of(configuration, "Role") != spec.role_arn) return false;
  if (!has_number(configuration, "Timeout", spec.timeout_s) || !has_number(configuration, "MemorySize", spec.memory_mb))
    return false;
  if (spec.environment.empty()) return true;
  const Value* environment = configuration.find("Environment");
  const Value wanted = environment_of(spec);
  return environment != nullptr && environment->find("Variables") != nullptr &&
         *environment->find("Variables") == *wanted.find("Variables");
}

}  // namespace

base::Result<FunctionDeployment> put_function(Api& api, const FunctionSpec& spec) {
  auto found = api.lambda("GET", function_target(spec.name, "/configuration"));
  if (!found) {
    if (found.error().code == base::ErrorCode::not_found) return create(api, spec);
    return std::move(found).error();
  }
  bool changed = false;
  if (text_of(*found, "CodeSha256") != base::to_base64(base::as_bytes(base::sha256(spec.archive)))) {
    ESC_CHECK(api.lambda("PUT", function_target(spec.name, "/code"),
                         Value::object({{"ZipFile", base::to_base64(spec.archive)}})));
    ESC_CHECK(await_active(api, spec.name));
    changed = true;
  }
  if (!is_configured(*found, spec)) {
    json::ObjectBuilder body;
    set_configuration(body, spec);
    ESC_CHECK(api.lambda("PUT", function_target(spec.name, "/configuration"), std::move(body).build()));
    changed = true;
  }
  ESC_TRY(const Value active, await_active(api, spec.name));
  return FunctionDeployment{text_of(active, "FunctionArn"),
                            changed ? FunctionDeployment::Outcome::updated : FunctionDeployment::Outcome::unchanged};
}

}  // namespace escapement::client
