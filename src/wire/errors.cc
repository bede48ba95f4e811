#include "wire/errors.h"

#include "json/print.h"
#include "wire/xml.h"

namespace escapement::wire {
namespace {

using base::Error;
using base::ErrorCode;

// AWS's errors that every service has, by their name in the JSON protocols.
struct CommonError {
  std::string_view name;
  std::string_view query_code;  // in the query protocol
  int json_status;
  int other_status;  // rest-json and query
  std::string_view message_name;
};

constexpr CommonError kCommonErrors[] = {
    {"AccessDeniedException", "AccessDenied", 400, 403, "Message"},
    {"ExpiredTokenException", "ExpiredToken", 400, 403, "message"},
    {"IncompleteSignatureException", "IncompleteSignature", 400, 403, "message"},
    {"InternalFailure", "InternalFailure", 500, 500, "message"},
    {"InvalidAction", "InvalidAction", 400, 400, "message"},
    {"InvalidSignatureException", "SignatureDoesNotMatch", 400, 403, "message"},
    {"MissingAuthenticationTokenException", "MissingAuthenticationToken", 400, 403, "message"},
    {"SerializationException", "MalformedInput", 400, 400, "Message"},
    {"ServiceUnavailable", "ServiceUnavailable", 503, 503, "message"},
    {"ThrottlingException", "Throttling", 400, 429, "message"},
    {"UnknownOperationException", "InvalidAction", 400, 404, "message"},
    {"UnrecognizedClientException", "InvalidClientTokenId", 400, 403, "message"},
    {"UnsupportedOperation", "UnsupportedOperation", 400, 400, "message"},
    {"ValidationException", "ValidationError", 400, 400, "message"},
};

const CommonError* find_common(std::string_view name) {
  for (const CommonError& common : kCommonErrors) {
    if (common.name == name || common.query_code == name) return &common;
  }
  return nullptr;
}

// A name for an error that no API named.
std::string_view name_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return "ValidationException";
    case ErrorCode::denied:
      return "AccessDeniedException";
    case ErrorCode::limit_exceeded:
      return "ThrottlingException";
    case ErrorCode::unavailable:
      return "ServiceUnavailable";
    case ErrorCode::unsupported:
      return "UnsupportedOperation";
    case ErrorCode::not_found:
      return "ResourceNotFoundException";
    case ErrorCode::already_exists:
    case ErrorCode::conflict:
      return "ConflictException";
    default:
      return "InternalFailure";
  }
}

struct Rendering {
  std::string code;
  int status;
  bool sender_fault;
  std::string_view message_name;
  bool has_type;
  const Shape* shape;
};

Rendering rendering_of(const Error& error, const Model& model) {
  const std::string_view name = error.name.empty() ? name_for(error.code) : std::string_view(error.name);
  const bool is_query = model.protocol == Protocol::query;
  if (const Shape* shape = model.find_error(name)) {
    const ErrorTraits& traits = *shape->error;
    return {traits.code, traits.status, traits.sender_fault, traits.message_name, traits.has_type, shape};
  }
  if (const CommonError* common = find_common(name)) {
    const int status = model.protocol == Protocol::json ? common->json_status : common->other_status;
    return {std::string(is_query ? common->query_code : common->name),
            status,
            status < 500,
            common->message_name,
            false,
            nullptr};
  }
  const int status = is_own_fault(error) ? 500 : error.code == ErrorCode::unavailable ? 503 : 400;
  return {std::string(name), status, status < 500, "message", false, nullptr};
}

std::string json_body(const Error& error, const Rendering& rendering, Protocol protocol) {
  std::string body = "{";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (body.size() > 1) body.push_back(',');
    json::print_string_to(body, name);
    body.push_back(':');
    json::print_string_to(body, value);
  };
  if (protocol == Protocol::json) add("__type", rendering.code);
  bool type_given = false;
  for (const auto& [name, value] : error.members) {
    type_given = type_given || name == "Type";
    const MemberShape* member = rendering.shape != nullptr ? rendering.shape->find_member(name) : nullptr;
    if (!value.empty() && (member == nullptr || member->location == Location::body)) add(name, value);
  }
  if (rendering.has_type && !type_given) add("Type", rendering.sender_fault ? "User" : "Service");
  if (!error.message.empty()) {
    add(rendering.message_name, error.message);
  } else if (protocol == Protocol::rest_json) {
    if (body.size() > 1) body.push_back(',');
    json::print_string_to(body, rendering.message_name);
    body += ":null";
  }
  body.push_back('}');
  return body;
}

// Without the service's namespace: the SDK for JavaScript would show it as a member of the error.
std::string xml_body(const Error& error, const Rendering& rendering, std::string_view request_id) {
  std::string body = "<ErrorResponse><Error>";
  append_xml_element(body, "Type", rendering.sender_fault ? "Sender" : "Receiver");
  append_xml_element(body, "Code", rendering.code);
  append_xml_element(body, "Message", error.message);
  for (const auto& [name, value] : error.members) append_xml_element(body, name, value);
  body += "</Error>";
  append_xml_element(body, "RequestId", request_id);
  return body + "</ErrorResponse>";
}

}  // namespace

bool is_own_fault(const Error& error) {
  return error.name.empty() &&
         (error.code == ErrorCode::internal || error.code == ErrorCode::io || error.code == ErrorCode::corrupt);
}

http::Response render_error(const Error& error, const Model& model, std::string_view request_id) {
  const Rendering rendering = rendering_of(error, model);
  http::Response response;
  response.status = rendering.status;
  response.fields.emplace_back("x-amzn-RequestId", request_id);
  switch (model.protocol) {
    case Protocol::json:
      response.content_type = "application/x-amz-json-" + model.json_version;
      response.body = json_body(error, rendering, model.protocol);
      break;
    case Protocol::rest_json:
      response.content_type = "application/json";
      response.fields.emplace_back("x-amzn-ErrorType", rendering.code);
      for (const auto& [name, value] : error.members) {
        const MemberShape* member = rendering.shape != nullptr ? rendering.shape->find_member(name) : nullptr;
        if (member != nullptr && member->location == Location::header)
          response.fields.emplace_back(member->wire_name, value);
      }
      response.body = json_body(error, rendering, model.protocol);
      break;
    case Protocol::query:
      response.content_type = "text/xml";
      response.body = xml_body(error, rendering, request_id);
      break;
  }
  return response;
}

int error_status(const Error& error, const Model& model) { return rendering_of(error, model).status; }

Error auth_error(const SignatureError& fault, Protocol protocol) {
  const bool is_query = protocol == Protocol::query;
  const auto named = [&](std::string_view name, std::string_view message) {
    return base::make_error(ErrorCode::denied, std::string(name), std::string(message));
  };
  switch (fault.fault) {
    case SignatureFault::missing:
      return named("MissingAuthenticationTokenException",
                   is_query ? "Request is missing Authentication Token" : fault.message);
    case SignatureFault::incomplete:
      return named("IncompleteSignatureException", fault.message);
    case SignatureFault::unknown_key:
      return named("UnrecognizedClientException", fault.message);
    case SignatureFault::expired_token:
      // STS's model has an ExpiredTokenException of its own, for the tokens given to it.
      return named(is_query ? "ExpiredToken" : "ExpiredTokenException", fault.message);
    case SignatureFault::stale:
    case SignatureFault::mismatch:
      return named("InvalidSignatureException", fault.message);
  }
  return named("InvalidSignatureException", fault.message);
}

http::Response render_unknown(int status, std::string_view name, std::string_view message,
                              std::string_view request_id) {
  http::Response response;
  response.status = status;
  response.content_type = "application/json";
  response.fields.emplace_back("x-amzn-RequestId", request_id);
  response.fields.emplace_back("x-amzn-ErrorType", name);
  response.body = "{\"__type\":";
  json::print_string_to(response.body, name);
  response.body += ",\"message\":";
  json::print_string_to(response.body, message);
  response.body += "}";
  return response;
}

}  // namespace escapement::wire
