#include "connectors/service_connector.h"

#include <fmt/format.h>

#include <array>

#include "connectors/member_names.h"
#include "json/print.h"

namespace escapement::connectors {
namespace {

using base::ErrorCode;
using base::make_error;

// The API models' names of the services whose names in `aws-sdk:` resources differ.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kModels = {
    {{"sfn", "stepfunctions"}, {"cloudwatchlogs", "logs"}}};

std::string model_of(std::string_view service) {
  for (const auto& [name, model] : kModels) {
    if (name == service) return std::string(model);
  }
  return std::string(service);
}

std::string operation_of(std::string_view action) {
  std::string operation(action);
  if (!operation.empty() && operation[0] >= 'a' && operation[0] <= 'z')
    operation[0] = static_cast<char>(operation[0] - 'a' + 'A');
  return operation;
}

}  // namespace

void ServiceConnector::call(engine::TaskDispatch task) {
  constexpr std::string_view kSdk = "aws-sdk:";
  Target target;
  target.key = task.key;
  target.optimised = !task.request.service.starts_with(kSdk);
  target.service = target.optimised ? task.request.service : task.request.service.substr(kSdk.size());
  target.model = model_of(target.service);
  target.operation = operation_of(task.request.action);
  target.waits_for_token = task.request.pattern == interpreter::TaskPattern::wait_for_task_token;

  const auto parameters = task.request.parameters.value();
  if (!parameters) return answers_.failed(task.key, "States.Runtime", parameters.error().message);
  const std::string region = task.machine->region;
  if (endpoints_.has(target.service)) return call_endpoint(target, region, *parameters);
  if (!caller_.offers(target.model, target.operation) || !wire::find_model(target.model)) {
    return fail(target,
                make_error(ErrorCode::unavailable, "SdkClientException",
                           fmt::format("Unable to execute HTTP request: this server does not offer {} of {} itself. To "
                                       "reach a service that does, "
                                       "give its address in the configuration: [endpoints.{}] url = \"https://…\"",
                                       target.operation, target.service, target.service)),
                true);
  }
  if (task.request.pattern == interpreter::TaskPattern::sync) {
    const std::string why = fmt::format("{} cannot be waited for with .sync here", target.operation);
    return fail(target, make_error(ErrorCode::unsupported, "UnsupportedOperation", why), false);
  }
  roles_.task_role(*task.machine, task.request.role_arn,
                   [this, target = std::move(target), region,
                    parameters = *parameters](base::Result<RoleSessions::PrincipalPtr> principal) {
                     if (!principal) return fail(target, principal.error(), false);
                     call_here(target, *principal, region, parameters);
                   });
}

void ServiceConnector::call_here(const Target& target, const RoleSessions::PrincipalPtr& principal,
                                 const std::string& region, const json::Value& parameters) {
  const wire::Model* model = wire::find_model(target.model);
  const wire::Operation* operation = model->find_operation(target.operation);
  ServiceCall call;
  call.service = target.model;
  call.operation = target.operation;
  call.region = region;
  call.principal = principal;
  call.input = operation->input ? to_model(parameters, *operation->input) : json::Value::object({});
  caller_.call(std::move(call), [this, target, model, operation](base::Result<json::Value> result) {
    if (!result) return fail(target, result.error(), model->find_error(result.error().name) != nullptr);
    answer(target, operation->output ? from_model(*result, *operation->output) : json::Value::object({}));
  });
}

void ServiceConnector::call_endpoint(const Target& target, const std::string& region, const json::Value& parameters) {
  endpoints_.call(target.service, target.operation, region, parameters,
                  [this, target](base::Result<json::Value> result) {
                    if (!result) {
                      base::Error error = result.error();
                      if (error.name.empty()) {
                        error.name = "SdkClientException";
                        error.message = "Unable to execute HTTP request: " + error.message;
                      }
                      return fail(target, error, true);
                    }
                    answer(target, *result);
                  });
}

void ServiceConnector::answer(const Target& target, const json::Value& result) {
  std::string output = json::print(result);
  if (target.optimised && result.is_object()) {
    const std::string request_id = request_id_of(target.key);
    const std::string size = std::to_string(output.size());
    output.back() = result.size() == 0 ? ' ' : ',';
    append_sdk_metadata(output,
                        {{"x-amzn-RequestId", request_id},
                         {"Connection", "keep-alive"},
                         {"Content-Length", size},
                         {"Date", http_date(clock_.now())},
                         {"Content-Type", "application/x-amz-json-1.0"}},
                        request_id, 200);
    output += '}';
  }
  if (target.waits_for_token) return answers_.submitted(target.key, std::move(output));
  answers_.succeeded(target.key, std::move(output));
}

void ServiceConnector::fail(const Target& target, const base::Error& error, bool modelled) {
  const std::string request_id = request_id_of(target.key);
  TaskError words = target.optimised ? optimised_error(target.service, error, request_id)
                                     : sdk_error(target.service, error, request_id, modelled);
  // A request that reached nobody has neither a status nor an id.
  if (error.name == "SdkClientException") words.cause = error.message;
  answers_.failed(target.key, std::move(words.error), std::move(words.cause));
}

}  // namespace escapement::connectors
