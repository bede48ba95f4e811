#include "base/codec.h"
#include "base/random.h"
#include "functions/function_record.h"
#include "json/parse.h"
#include "services/lambda/errors.h"
#include "services/lambda/operations.h"

namespace escapement::services::lambda {
namespace {

constexpr std::size_t kSynchronousBytesMax = 6'291'456;
constexpr std::size_t kAsynchronousBytesMax = 1'048'576;

base::Result<void> check_payload(std::string_view payload, bool asynchronous) {
  const std::size_t bytes_max = asynchronous ? kAsynchronousBytesMax : kSynchronousBytesMax;
  if (payload.size() > bytes_max) {
    return base::make_error(base::ErrorCode::limit_exceeded, "RequestTooLargeException",
                            std::to_string(payload.size()) + " byte payload is too large for the " +
                                (asynchronous ? "Event" : "RequestResponse") + " invocation type (limit " +
                                std::to_string(bytes_max) + " bytes)");
  }
  if (payload.empty()) return {};
  if (const auto parsed = json::parse(payload); !parsed) {
    return base::make_error(base::ErrorCode::invalid, "InvalidRequestContentException",
                            "Could not parse request body into json: " + parsed.error().message);
  }
  return {};
}

base::Result<functions::InvokeRequest> make_request(const Operations& operations, const wire::Call& call,
                                                    std::string_view payload, std::string_view type) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "InvokeFunction", name.qualified_arn()));
  ESC_CHECK(check_payload(payload, type == "Event"));
  functions::InvokeRequest request{.function = name.name,
                                   .qualifier = name.qualifier,
                                   .region = name.region,
                                   .account = name.account,
                                   .payload = std::string(payload),
                                   .request_id = call.request_id};
  if (has(call.input, "ClientContext")) {
    const auto context = base::from_base64(member_text(call.input, "ClientContext"));
    if (!context || !json::parse(*context)) {
      return base::make_error(base::ErrorCode::invalid, "InvalidRequestContentException",
                              "Client context must be a valid Base64-encoded JSON object.");
    }
    // One line, since custom runtimes get it as a header field.
    request.client_context = *context;
    std::erase_if(request.client_context, [](char c) { return c == '\r' || c == '\n'; });
  }
  request.kind = type == "Event" ? functions::InvocationKind::event
                                 : (type == "DryRun" ? functions::InvocationKind::dry_run
                                                     : functions::InvocationKind::request_response);
  request.wants_log_tail =
      member_text(call.input, "LogType") == "Tail" && request.kind == functions::InvocationKind::request_response;
  return request;
}

json::Value answer_of(functions::InvocationKind kind, functions::InvokeResult result, bool wants_log) {
  if (kind != functions::InvocationKind::request_response) {
    return json::Value::object({{"StatusCode", kind == functions::InvocationKind::event ? 202 : 204}, {"Payload", ""}});
  }
  json::ObjectBuilder answer;
  answer.set("StatusCode", 200).set("ExecutedVersion", result.executed_version);
  if (!result.function_error.empty()) answer.set("FunctionError", result.function_error);
  if (wants_log) answer.set("LogResult", base::to_base64(result.log_tail));
  answer.set("Payload", std::move(result.payload));
  return std::move(answer).build();
}

json::Value stream_of(functions::InvokeResult result, bool wants_log) {
  constexpr std::size_t kChunkBytes = 1u << 20;
  std::vector<json::Value> events;
  json::ObjectBuilder complete;
  if (!result.function_error.empty()) {
    complete.set("ErrorCode", result.function_error).set("ErrorDetails", std::move(result.payload));
  } else {
    for (std::size_t at = 0; at < result.payload.size(); at += kChunkBytes) {
      json::Value chunk = json::Value::object({{"Payload", result.payload.substr(at, kChunkBytes)}});
      events.push_back(json::Value::object({{"PayloadChunk", std::move(chunk)}}));
    }
  }
  if (wants_log) complete.set("LogResult", base::to_base64(result.log_tail));
  events.push_back(json::Value::object({{"InvokeComplete", std::move(complete).build()}}));
  return json::Value::object({{"StatusCode", 200},
                              {"ExecutedVersion", result.executed_version},
                              {"EventStream", json::Value::array(std::move(events))}});
}

}  // namespace

void invoke(const Operations& operations, wire::Call call, wire::Respond respond) {
  const std::string type(has(call.input, "InvocationType") ? member_text(call.input, "InvocationType")
                                                           : "RequestResponse");
  auto request = make_request(operations, call, member_text(call.input, "Payload"), type);
  if (!request) return respond(std::move(request).error());
  const auto kind = request->kind;
  const bool wants_log = request->wants_log_tail;
  operations.functions.invoke(std::move(*request), [kind, wants_log, respond = std::move(respond)](
                                                       base::Result<functions::InvokeResult> result) mutable {
    if (!result) return respond(std::move(result).error());
    respond(answer_of(kind, std::move(*result), wants_log));
  });
}

// The result as a stream, once it is there: functions answer as a whole here.
void invoke_with_response_stream(const Operations& operations, wire::Call call, wire::Respond respond) {
  const std::string type(has(call.input, "InvocationType") ? member_text(call.input, "InvocationType")
                                                           : "RequestResponse");
  auto request = make_request(operations, call, member_text(call.input, "Payload"), type);
  if (!request) return respond(std::move(request).error());
  const bool dry_run = request->kind == functions::InvocationKind::dry_run;
  const bool wants_log = request->wants_log_tail;
  operations.functions.invoke(std::move(*request), [dry_run, wants_log, respond = std::move(respond)](
                                                       base::Result<functions::InvokeResult> result) mutable {
    if (!result) return respond(std::move(result).error());
    if (dry_run) return respond(json::Value::object({{"StatusCode", 204}}));
    respond(stream_of(std::move(*result), wants_log));
  });
}

void invoke_async(const Operations& operations, wire::Call call, wire::Respond respond) {
  auto request = make_request(operations, call, member_text(call.input, "InvokeArgs"), "Event");
  if (!request) return respond(std::move(request).error());
  operations.functions.invoke(std::move(*request),
                              [respond = std::move(respond)](base::Result<functions::InvokeResult> result) mutable {
                                if (!result) return respond(std::move(result).error());
                                respond(json::Value::object({{"Status", 202}}));
                              });
}

}  // namespace escapement::services::lambda
