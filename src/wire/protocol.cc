#include "wire/protocol.h"

#include "json/parse.h"
#include "wire/json_form.h"
#include "wire/xml.h"

namespace escapement::wire {
namespace {

using base::ErrorCode;
using base::make_error;
using base::Result;
using json::Value;

const Model* model_with_prefix(std::string_view prefix) {
  for (const Model& model : models()) {
    if (model.protocol == Protocol::json && model.target_prefix == prefix) return &model;
  }
  return nullptr;
}

const Model* model_signed_as(std::string_view signing_name, Protocol protocol) {
  for (const Model& model : models()) {
    if (model.protocol == protocol && model.signing_name == signing_name) return &model;
  }
  return nullptr;
}

const Model* query_model_of_version(std::string_view version) {
  for (const Model& model : models()) {
    if (model.protocol == Protocol::query && model.version == version) return &model;
  }
  return nullptr;
}

Recognised recognise_json(std::string_view target) {
  Recognised found;
  const std::size_t dot = std::min(target.rfind('.'), target.size());
  found.model = model_with_prefix(target.substr(0, dot));
  if (found.model != nullptr && dot < target.size())
    found.operation = found.model->find_operation(target.substr(dot + 1));
  // AWS has nothing to add to the name.
  if (found.operation == nullptr) found.error = make_error(ErrorCode::unsupported, "UnknownOperationException", "");
  return found;
}

bool is_form(const http::Request& request) {
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  const std::string_view type = request.get("content-type");
  return request.method == "POST" && type.size() >= kForm.size() &&
         http::equals_ignoring_case(type.substr(0, kForm.size()), kForm);
}

bool asks_by_query(const http::Request& request) {
  if (request.path() != "/") return false;
  if (is_form(request)) return true;
  const std::string_view query = request.query();
  return query.starts_with("Action=") || query.find("&Action=") != std::string_view::npos;
}

Recognised recognise_query(const http::Request& request, const CredentialScope& scope) {
  Recognised found;
  std::string text(request.query());
  if (is_form(request)) text.append("&").append(request.body);
  auto form = Form::parse(text);
  found.model = model_signed_as(scope.service, Protocol::query);
  if (found.model == nullptr && form) found.model = query_model_of_version(form->get("Version"));
  if (!form) {
    found.error = form.error();
    return found;
  }
  const std::string_view action = form->get("Action");
  if (found.model != nullptr && !action.empty()) {
    const std::string_view version = form->get("Version");
    if (version.empty() || version == found.model->version) found.operation = found.model->find_operation(action);
    if (found.operation == nullptr) {
      found.error = make_error(ErrorCode::unsupported, "InvalidAction",
                               "Could not find operation " + std::string(action.substr(0, 128)) + " for version " +
                                   std::string(version.empty() ? "NO_VERSION_SPECIFIED" : version.substr(0, 32)));
    }
  } else if (action.empty()) {
    found.error = make_error(ErrorCode::invalid, "MissingAction", "The request must contain the parameter Action");
  }
  found.form = std::move(*form);
  return found;
}

Recognised recognise_rest(const http::Request& request, const CredentialScope& scope) {
  Recognised found;
  for (const Model& model : models()) {
    if (model.protocol != Protocol::rest_json) continue;
    if (!scope.service.empty() && model.signing_name != scope.service) continue;
    found.rest = match_rest(model, request);
    found.operation = found.rest.operation;
    if (found.operation != nullptr || !scope.service.empty()) found.model = &model;
    if (found.operation != nullptr) break;
  }
  if (found.operation == nullptr) found.error = make_error(ErrorCode::unsupported, "UnknownOperationException", "");
  return found;
}

Result<Value> read_json(const Operation& operation, const std::string& body, std::size_t json_depth_max) {
  if (body.empty() || operation.input == nullptr) return Value::object(std::vector<json::Member>{});
  auto parsed = json::parse(body, {.depth_max = json_depth_max});
  if (!parsed) return make_error(ErrorCode::invalid, "SerializationException", parsed.error().message);
  return from_json(*parsed, *operation.input);
}

http::Response render_json(const Model& model, const Operation& operation, const Value& output,
                           std::string_view request_id) {
  http::Response response;
  response.content_type = "application/x-amz-json-" + model.json_version;
  response.fields.emplace_back("x-amzn-RequestId", request_id);
  if (operation.output != nullptr) append_json(response.body, output, *operation.output);
  if (operation.output != nullptr && !output.is_object()) response.body = "{}";
  return response;
}

http::Response render_query(const Model& model, const Operation& operation, const Value& output,
                            std::string_view request_id) {
  http::Response response;
  response.content_type = "text/xml";
  response.fields.emplace_back("x-amzn-RequestId", request_id);
  std::string& body = response.body;
  body.append("<").append(operation.name).append("Response xmlns=\"").append(model.xml_namespace).append("\">");
  if (operation.output != nullptr) {
    const std::string wrapper = operation.result_wrapper.empty() ? operation.name + "Result" : operation.result_wrapper;
    body.append("<").append(wrapper).append(">");
    append_xml_members(body, output, *operation.output);
    body.append("</").append(wrapper).append(">");
  }
  body.append("<ResponseMetadata>");
  append_xml_element(body, "RequestId", request_id);
  body.append("</ResponseMetadata></").append(operation.name).append("Response>");
  return response;
}

}  // namespace

Recognised recognise(const http::Request& request, const CredentialScope& scope) {
  if (const auto target = request.find("x-amz-target")) return recognise_json(*target);
  if (asks_by_query(request)) return recognise_query(request, scope);
  return recognise_rest(request, scope);
}

Result<Value> read_input(const Recognised& recognised, const http::Request& request, std::size_t json_depth_max) {
  switch (recognised.model->protocol) {
    case Protocol::json:
      return read_json(*recognised.operation, request.body, json_depth_max);
    case Protocol::rest_json:
      return read_rest(recognised.rest, request, json_depth_max);
    case Protocol::query:
      if (recognised.operation->input == nullptr) return Value::object(std::vector<json::Member>{});
      return recognised.form->to_value(*recognised.operation->input);
  }
  return make_error(ErrorCode::internal, "unknown protocol");
}

http::Response render_output(const Model& model, const Operation& operation, const Value& output,
                             std::string_view request_id) {
  switch (model.protocol) {
    case Protocol::json:
      return render_json(model, operation, output, request_id);
    case Protocol::rest_json:
      return render_rest(operation, output, request_id);
    case Protocol::query:
      return render_query(model, operation, output, request_id);
  }
  return {};
}

}  // namespace escapement::wire
