#include "escapement/client/api.h"

#include <chrono>

#include "base/clock.h"
#include "base/codec.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::client {
namespace {

// A call may wait for a function (15 minutes at most) or a synchronous execution.
constexpr std::chrono::milliseconds kTimeout{16 * 60 * 1'000};

// "com.amazonaws.states#StateMachineDoesNotExist:http://…" -> "StateMachineDoesNotExist"
std::string bare_error_name(std::string_view name) {
  if (const auto hash = name.find('#'); hash != name.npos) name.remove_prefix(hash + 1);
  return std::string(name.substr(0, name.find(':')));
}

base::ErrorCode code_of(int status, std::string_view name) {
  if (status == 404 || name.ends_with("DoesNotExist") || name.ends_with("NotFoundException") ||
      name == "NoSuchEntity") {
    return base::ErrorCode::not_found;
  }
  if (status == 403 || name.starts_with("AccessDenied")) return base::ErrorCode::denied;
  if (status == 409 || name.ends_with("AlreadyExists")) return base::ErrorCode::already_exists;
  if (status >= 500) return base::ErrorCode::unavailable;
  return base::ErrorCode::invalid;
}

std::string member_text(const json::Value& object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const json::Value* value = object.find(key); value && value->is_string()) return value->as_string();
  }
  return {};
}

base::Error json_error(const http::ClientResponse& response) {
  std::string name(response.fields.get("x-amzn-errortype"));
  std::string message;
  if (auto body = json::parse(response.body)) {
    if (name.empty()) name = member_text(*body, {"__type", "code", "Code"});
    message = member_text(*body, {"message", "Message", "errorMessage"});
  }
  name = bare_error_name(name);
  if (name.empty()) name = "HTTP " + std::to_string(response.status);
  const base::ErrorCode code = code_of(response.status, name);
  return base::make_error(code, std::move(name), std::move(message));
}

base::Result<json::Value> json_answer(base::Result<http::ClientResponse> response) {
  if (!response) return std::move(response).error();
  if (response->status >= 300) return json_error(*response);
  if (response->body.empty())
    return json::Value::object(std::initializer_list<std::pair<std::string_view, json::Value>>{});
  auto parsed = json::parse(response->body);
  if (!parsed) return base::with_context("the server's answer is not JSON", std::move(parsed).error());
  return std::move(*parsed);
}

std::string form_encode(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += base::percent_encode(name) + '=' + base::percent_encode(value);
  }
  return out;
}

std::string resolve_entities(std::string_view text) {
  static constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}};
  std::string out;
  while (!text.empty()) {
    bool found = false;
    for (const auto& [entity, character] : kEntities) {
      if (!text.starts_with(entity)) continue;
      out += character;
      text.remove_prefix(entity.size());
      found = true;
      break;
    }
    if (found) continue;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace

base::Result<std::unique_ptr<Api>> Api::open(const Access& access) {
  auto url = http::parse_url(access.url);
  if (!url) return base::with_context("the endpoint " + access.url, std::move(url).error());
  return std::unique_ptr<Api>(new Api(access, url->origin));
}

Api::Api(Access access, http::Origin origin)
    : access_(std::move(access)),
      origin_(std::move(origin)),
      client_(loop_, http::ClientOptions{.timeout = kTimeout}) {}

base::Result<http::ClientResponse> Api::send(http::ClientRequest request, const std::string& service) {
  request.origin = origin_;
  if (!service.empty()) {
    auto signer = signers_.find(service);
    if (signer == signers_.end()) {
      signer = signers_.emplace(service, wire::Signer(access_.credentials, access_.region, service)).first;
    }
    signer->second.sign(request, base::SystemClock().now());
  }
  auto response = client_.send_and_wait(std::move(request));
  if (!response) return unreachable(std::move(response).error());
  return response;
}

base::Error Api::unreachable(base::Error error) const {
  error.message = "cannot reach the server at " + access_.url + " (" + error.message +
                  "); is it running? Start one with `escapement serve`";
  error.name.clear();
  error.code = base::ErrorCode::unavailable;
  return error;
}

base::Result<json::Value> Api::json_call(const std::string& service, std::string_view prefix, std::string_view version,
                                         std::string_view operation, const json::Value& input) {
  http::ClientRequest request;
  request.method = "POST";
  request.fields = {{"Content-Type", "application/x-amz-json-" + std::string(version)},
                    {"X-Amz-Target", std::string(prefix) + '.' + std::string(operation)}};
  request.body = json::print(input);
  return json_answer(send(std::move(request), service));
}

base::Result<json::Value> Api::states(std::string_view operation, const json::Value& input) {
  return json_call("states", "AWSStepFunctions", "1.0", operation, input);
}

base::Result<json::Value> Api::logs(std::string_view operation, const json::Value& input) {
  return json_call("logs", "Logs_20140328", "1.1", operation, input);
}

base::Result<json::Value> Api::lambda(std::string_view method, std::string target, const json::Value& body) {
  http::ClientRequest request;
  request.method = method;
  request.target = std::move(target);
  if (!body.is_null()) {
    request.fields = {{"Content-Type", "application/json"}};
    request.body = json::print(body);
  }
  return json_answer(send(std::move(request), "lambda"));
}

base::Result<std::string> Api::query_call(const std::string& service, std::string_view version, std::string_view action,
                                          std::vector<std::pair<std::string, std::string>> parameters) {
  parameters.insert(parameters.begin(), {{"Action", std::string(action)}, {"Version", std::string(version)}});
  http::ClientRequest request;
  request.method = "POST";
  request.fields = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body = form_encode(parameters);
  auto response = send(std::move(request), service);
  if (!response) return std::move(response).error();
  if (response->status < 300) return std::move(response->body);
  std::string name = xml_text(response->body, "Code");
  if (name.empty()) name = "HTTP " + std::to_string(response->status);
  const base::ErrorCode code = code_of(response->status, name);
  return base::make_error(code, std::move(name), xml_text(response->body, "Message"));
}

base::Result<std::string> Api::iam(std::string_view action,
                                   std::vector<std::pair<std::string, std::string>> parameters) {
  return query_call("iam", "2010-05-08", action, std::move(parameters));
}

base::Result<std::string> Api::sts(std::string_view action) { return query_call("sts", "2011-06-15", action, {}); }

base::Result<std::string> Api::page(std::string target) {
  http::ClientRequest request;
  request.target = std::move(target);
  auto response = send(std::move(request), {});
  if (!response) return std::move(response).error();
  if (response->status != 200) {
    return base::make_error(base::ErrorCode::unavailable, "HTTP " + std::to_string(response->status),
                            "the page is not there");
  }
  return std::move(response->body);
}

base::Result<std::string> Api::account() {
  if (account_.empty()) {
    ESC_TRY(const std::string answer, sts("GetCallerIdentity"));
    account_ = xml_text(answer, "Account");
    if (account_.empty()) return base::make_error(base::ErrorCode::corrupt, "GetCallerIdentity named no account");
  }
  return account_;
}

std::string xml_text(std::string_view xml, std::string_view element) {
  const std::string opening = '<' + std::string(element) + '>';
  const auto begin = xml.find(opening);
  if (begin == xml.npos) return {};
  const auto end = xml.find("</" + std::string(element) + '>', begin);
  if (end == xml.npos) return {};
  return resolve_entities(xml.substr(begin + opening.size(), end - begin - opening.size()));
}

bool is_unreachable(const base::Error& error) {
  return error.name.empty() && error.code == base::ErrorCode::unavailable;
}

}  // namespace escapement::client
