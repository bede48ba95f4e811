#include "connectors/lambda_connector.h"

#include <fmt/format.h>

#include "base/codec.h"
#include "connectors/sdk_result.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::connectors {
namespace {

using base::ErrorCode;
using base::make_error;

// AWS passes a text on as it is, and leaves a null out.
std::string payload_of(const json::Value& parameters) {
  const json::Value* payload = parameters.find("Payload");
  if (!payload || payload->is_null()) return "{}";
  return payload->is_string() ? payload->as_string() : json::print(*payload);
}

base::Result<functions::InvokeRequest> request_of(const engine::TaskDispatch& task) {
  functions::InvokeRequest request;
  request.region = task.machine->region;
  request.account = task.machine->account;
  request.queue_when_busy = true;
  if (task.request.kind == interpreter::TaskRequest::Kind::lambda_function) {
    request.function = task.request.resource;
    request.payload = task.request.parameters.text();
    return request;
  }
  ESC_TRY(const json::Value parameters, task.request.parameters.value());
  request.function = member_text(parameters, "FunctionName");
  if (request.function.empty()) {
    return make_error(ErrorCode::invalid, "ValidationException",
                      "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member "
                      "must not be null");
  }
  request.qualifier = member_text(parameters, "Qualifier");
  request.client_context = member_text(parameters, "ClientContext");
  request.payload = payload_of(parameters);
  request.wants_log_tail = member_text(parameters, "LogType") == "Tail";
  const std::string_view kind = member_text(parameters, "InvocationType");
  if (kind == "Event") request.kind = functions::InvocationKind::event;
  if (kind == "DryRun") request.kind = functions::InvocationKind::dry_run;
  return request;
}

// The optimised integration shows the function's JSON as it prints JSON itself: without blanks.
std::string compact(std::string payload) {
  // Escapes may be written in ways of their own; a text without them only has blanks to lose.
  if (payload.find('\\') != std::string::npos) {
    const auto value = json::parse(payload);
    return value ? json::print(*value) : payload;
  }
  bool in_text = false;
  std::erase_if(payload, [&](char c) {
    if (c == '"') in_text = !in_text;
    return !in_text && (c == ' ' || c == '\n' || c == '\t' || c == '\r');
  });
  return payload;
}

// The error's name is what the function reported; a runtime that reported none has left AWS with this sentence.
TaskError function_error(std::string payload) {
  const auto object = json::parse(payload);
  const std::string_view type = object ? member_text(*object, "errorType") : std::string_view();
  if (!type.empty()) return {std::string(type), std::move(payload)};
  return {
      "Lambda.Unknown",
      "The cause could not be determined because Lambda did not return an error type. Returned payload: " + payload};
}

}  // namespace

std::string function_arn(std::string_view function, std::string_view qualifier, std::string_view region,
                         std::string_view account) {
  std::string arn;
  if (function.starts_with("arn:")) {
    arn = function;
  } else if (function.find(":function:") != std::string_view::npos) {
    arn = fmt::format("arn:aws:lambda:{}:{}", region, function);
  } else {
    arn = fmt::format("arn:aws:lambda:{}:{}:function:{}", region, account, function);
  }
  if (!qualifier.empty()) arn.append(":").append(qualifier);
  return arn;
}

void LambdaConnector::invoke(engine::TaskDispatch task) {
  Pending pending;
  pending.key = task.key;
  pending.request_id = request_id_of(task.key);
  pending.optimised = task.request.kind == interpreter::TaskRequest::Kind::integration;
  pending.waits_for_token = task.request.pattern == interpreter::TaskPattern::wait_for_task_token;

  auto request = request_of(task);
  if (!request) return fail(pending, request.error());
  request->request_id = pending.request_id;
  pending.wants_log = request->wants_log_tail;
  pending.asynchronous = request->kind == functions::InvocationKind::event;

  roles_.task_role(*task.machine, task.request.role_arn,
                   [this, pending = std::move(pending),
                    request = std::move(*request)](base::Result<RoleSessions::PrincipalPtr> principal) mutable {
                     if (!principal) return fail(pending, principal.error());
                     invoke_as(*principal, std::move(pending), std::move(request));
                   });
}

void LambdaConnector::invoke_as(const RoleSessions::PrincipalPtr& principal, Pending pending,
                                functions::InvokeRequest request) {
  const std::string arn = function_arn(request.function, request.qualifier, request.region, request.account);
  if (auto allowed = authoriser_.authorise(*principal, "lambda:InvokeFunction", arn); !allowed)
    return fail(pending, allowed.error());
  functions_.invoke(std::move(request),
                    [this, pending = std::move(pending)](base::Result<functions::InvokeResult> result) {
                      answer(pending, std::move(result));
                    });
}

void LambdaConnector::cancel(const engine::TaskKey& task) { functions_.cancel(request_id_of(task)); }

void LambdaConnector::answer(const Pending& pending, base::Result<functions::InvokeResult> result) {
  if (!result) return fail(pending, result.error());
  if (pending.optimised) result->payload = compact(std::move(result->payload));
  if (!result->function_error.empty()) {
    TaskError error = function_error(std::move(result->payload));
    return answers_.failed(pending.key, std::move(error.error), std::move(error.cause));
  }
  if (!pending.optimised) return answers_.succeeded(pending.key, std::move(result->payload));
  std::string output = optimised_output(pending, *result);
  if (pending.waits_for_token) return answers_.submitted(pending.key, std::move(output));
  answers_.succeeded(pending.key, std::move(output));
}

void LambdaConnector::fail(const Pending& pending, const base::Error& error) {
  // A cancelled invocation's task waits for nothing any more.
  if (error.code == ErrorCode::conflict && error.name.empty()) return;
  TaskError words = optimised_error("lambda", error, pending.request_id);
  answers_.failed(pending.key, std::move(words.error), std::move(words.cause));
}

std::string LambdaConnector::optimised_output(const Pending& pending, const functions::InvokeResult& result) const {
  const std::string payload = pending.asynchronous || result.payload.empty() ? std::string("\"\"") : result.payload;
  const int status = pending.asynchronous ? 202 : 200;
  std::string log;
  if (pending.wants_log) log = base::to_base64(result.log_tail);

  std::vector<std::pair<std::string_view, std::string>> fields;
  fields.reserve(9);
  if (pending.wants_log) fields.emplace_back("X-Amz-Log-Result", log);
  if (!result.executed_version.empty()) fields.emplace_back("X-Amz-Executed-Version", result.executed_version);
  fields.emplace_back("x-amzn-Remapped-Content-Length", "0");
  fields.emplace_back("Connection", "keep-alive");
  fields.emplace_back("x-amzn-RequestId", pending.request_id);
  fields.emplace_back("Content-Length", std::to_string(pending.asynchronous ? 0 : payload.size()));
  fields.emplace_back("Date", http_date(clock_.now()));
  const auto seconds = static_cast<std::uint32_t>(clock_.now().us / 1'000'000);
  const std::string& id = pending.request_id;
  fields.emplace_back("X-Amzn-Trace-Id", fmt::format("root=1-{:08x}-{}{}{};sampled=0", seconds, id.substr(0, 8),
                                                     id.substr(9, 4), id.substr(24, 12)));
  if (!pending.asynchronous) fields.emplace_back("Content-Type", "application/json");

  std::string out;
  out.reserve(payload.size() + 2 * log.size() + 900);
  out += '{';
  if (!result.executed_version.empty()) {
    out += "\"ExecutedVersion\":";
    json::print_string_to(out, result.executed_version);
    out += ',';
  }
  if (pending.wants_log) out.append("\"LogResult\":\"").append(log).append("\",");
  out.append("\"Payload\":").append(payload).append(",");
  append_sdk_metadata(out, fields, pending.request_id, status);
  out += fmt::format(",\"StatusCode\":{}}}", status);
  return out;
}

}  // namespace escapement::connectors
