#include "load/preparation.h"

#include <filesystem>
#include <fstream>

#include "escapement/client/archive.h"
#include "escapement/client/function_deployment.h"
#include "escapement/client/resources.h"
#include "json/parse.h"

namespace escapement::load {
namespace {

using json::Value;

constexpr const char* kHandler = "exports.handler = async (event) => ({ n: event.n });\n";
constexpr int kWarmUpInvocations = 20;

// The handler as a zip archive, by way of a temporary folder.
base::Result<std::string> handler_archive() {
  std::string folder = (std::filesystem::temp_directory_path() / "escapement-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return base::make_error(base::ErrorCode::io, "cannot make a temporary folder");
  std::ofstream(folder + "/index.js") << kHandler;
  auto entries = client::list_entries(folder);
  base::Result<std::string> archive = entries ? client::pack(*entries) : base::Result<std::string>(entries.error());
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  return archive;
}

}  // namespace

base::Result<std::string> prepare_machine(client::Api& api, const std::string& name, const std::string& definition) {
  ESC_TRY(const Value parsed, json::parse(definition));
  ESC_TRY(const std::string account, api.account());
  ESC_TRY(const std::string role, client::ensure_role(api, "bench-" + name, "states.amazonaws.com",
                                                      client::permissions_of(parsed, account, api.access().region)));
  ESC_TRY(client::MachineDeployment machine, client::put_machine(api, {"bench-" + name, definition, role, "STANDARD"}));
  return std::move(machine.arn);
}

base::Result<std::string> prepare_function(client::Api& api) {
  ESC_TRY(const std::string role,
          client::ensure_role(api, "bench-function", "lambda.amazonaws.com", {{"logs:*", {"*"}}}));
  client::FunctionSpec spec{"bench-echo", "nodejs20.x", "index.handler", role, {}, 30, 128, {}};
  ESC_TRY(spec.archive, handler_archive());
  ESC_TRY(client::FunctionDeployment function, client::put_function(api, spec));
  for (int i = 0; i < kWarmUpInvocations; ++i) {
    ESC_CHECK(api.lambda("POST", "/2015-03-31/functions/bench-echo/invocations", Value::object({{"n", i}})));
  }
  return std::move(function.arn);
}

base::Result<std::string> prepare_activity(client::Api& api) {
  ESC_TRY(const Value answer, api.states("CreateActivity", Value::object({{"name", "bench-activity"}})));
  return client::text_of(answer, "activityArn");
}

base::Result<Address> address_of(const client::Api& api) {
  const http::Origin& origin = api.origin();
  if (origin.scheme != "http")
    return base::make_error(base::ErrorCode::unsupported, "the load generator speaks plain http only");
  return Address{origin.host, origin.port};
}

SignedRequest states_request(const client::Api& api, const std::string& operation) {
  OperationAddress address;
  address.host = api.origin().authority();
  address.region = api.access().region;
  address.target = "AWSStepFunctions." + operation;
  return SignedRequest(api.access().credentials, std::move(address));
}

std::string wait_seconds_definition() {
  return R"({"StartAt":"Wait","States":{"Wait":{"Type":"Wait","SecondsPath":"$.waitSeconds","End":true}}})";
}

std::string wait_until_definition() {
  return R"({"StartAt":"Wait","States":{"Wait":{"Type":"Wait","TimestampPath":"$.at","End":true}}})";
}

std::string wait_function_definition(const std::string& function_arn) {
  return R"({"StartAt":"Wait","States":{"Wait":{"Type":"Wait","SecondsPath":"$.waitSeconds","Next":"Lambda Invoke"},)"
         R"("Lambda Invoke":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","OutputPath":"$.Payload",)"
         R"("Parameters":{"Payload.$":"$","FunctionName":")" +
         function_arn +
         R"(:$LATEST"},"Retry":[{"ErrorEquals":["Lambda.ServiceException","Lambda.AWSLambdaException","Lambda.SdkClientException"],)"
         R"("IntervalSeconds":2,"MaxAttempts":6,"BackoffRate":2}],"End":true}}})";
}

std::string pass_choice_pass_definition() {
  return R"({"StartAt":"First","States":{"First":{"Type":"Pass","Result":{"kind":"a"},"ResultPath":"$.set","Next":"Choose"},)"
         R"("Choose":{"Type":"Choice","Choices":[{"Variable":"$.set.kind","StringEquals":"a","Next":"Last"}],"Default":"Other"},)"
         R"("Last":{"Type":"Pass","End":true},"Other":{"Type":"Fail"}}})";
}

std::string activity_definition(const std::string& activity_arn) {
  return R"({"StartAt":"Task","States":{"Task":{"Type":"Task","Resource":")" + activity_arn + R"(","End":true}}})";
}

}  // namespace escapement::load
