#include "wire/rest.h"

#include <charconv>
#include <optional>

#include "base/codec.h"
#include "json/parse.h"
#include "json/print.h"
#include "wire/event_stream.h"
#include "wire/json_form.h"
#include "wire/timestamps.h"

namespace escapement::wire {
namespace {

using base::ErrorCode;
using base::make_error;
using base::Result;
using json::Value;

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  // Older SDKs end the path of a collection with a slash.
  if (!segments.empty() && segments.back().empty()) segments.pop_back();
  return segments;
}

Parameters parse_query(std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    auto name = base::percent_decode(part.substr(0, equals), true);
    auto value = base::percent_decode(equals < part.size() ? part.substr(equals + 1) : std::string_view{}, true);
    if (name && value) parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

const std::string* find(const Parameters& parameters, std::string_view name) {
  for (const auto& [known, value] : parameters) {
    if (known == name) return &value;
  }
  return nullptr;
}

// nullopt: it does not fit; else how many segments are literal.
std::optional<int> fit(const Operation& operation, const std::vector<std::string_view>& segments) {
  int literal = 0;
  std::size_t at = 0;
  for (const UriSegment& expected : operation.path) {
    if (at == segments.size()) return std::nullopt;
    if (expected.is_greedy) {
      const std::size_t after = static_cast<std::size_t>(&operation.path.back() - &expected);
      if (segments.size() < at + 1 + after) return std::nullopt;
      at = segments.size() - after;
      continue;
    }
    if (!expected.is_label) {
      if (segments[at] != expected.text) return std::nullopt;
      ++literal;
    } else if (segments[at].empty()) {
      return std::nullopt;
    }
    ++at;
  }
  return at == segments.size() ? std::optional(literal) : std::nullopt;
}

// The labels' values; false where one is not well-formed text.
bool take_labels(RestMatch& match, const std::vector<std::string_view>& segments) {
  std::size_t at = 0;
  for (const UriSegment& expected : match.operation->path) {
    const std::size_t after = static_cast<std::size_t>(&match.operation->path.back() - &expected);
    const std::size_t end = expected.is_greedy ? segments.size() - after : at + 1;
    if (expected.is_label) {
      const std::string_view raw(
          segments[at].data(),
          static_cast<std::size_t>(segments[end - 1].data() + segments[end - 1].size() - segments[at].data()));
      auto decoded = base::percent_decode(raw);
      if (!decoded || !base::is_valid_utf8(*decoded)) return false;
      match.labels.emplace_back(expected.text, std::move(*decoded));
    }
    at = end;
  }
  return true;
}

base::Error serialization_error(std::string message) {
  return make_error(ErrorCode::invalid, "SerializationException", std::move(message));
}

// A member from the text of a label, parameter or header field.
Result<Value> from_text(const std::string& text, const Shape& shape) {
  if (!base::is_valid_utf8(text)) return serialization_error("The request holds text that is not UTF-8.");
  switch (shape.type) {
    case ShapeType::integer: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      const bool fits = shape.wide_integer || (number <= INT32_MAX && number >= INT32_MIN);
      if (error != std::errc{} || end != text.data() + text.size() || !fits)
        return serialization_error("Invalid number: " + text.substr(0, 64));
      return Value(number);
    }
    case ShapeType::real: {
      double number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc{} || end != text.data() + text.size())
        return serialization_error("Invalid number: " + text.substr(0, 64));
      return Value(number);
    }
    case ShapeType::boolean:
      if (text == "true") return Value(true);
      if (text == "false") return Value(false);
      return serialization_error("Invalid boolean: " + text.substr(0, 64));
    case ShapeType::timestamp: {
      auto time = parse_timestamp(text);
      if (!time) return serialization_error("Invalid time: " + text.substr(0, 64));
      return std::move(*time);
    }
    case ShapeType::blob: {
      auto bytes = base::from_base64(text);
      if (!bytes) return serialization_error("Invalid base64");
      return Value(std::move(*bytes));
    }
    default:
      return Value(text);
  }
}

// Query parameters may repeat (lists) or spread over names of their own (maps).
Result<Value> from_query(const MemberShape& member, const Parameters& parameters, const std::string& first) {
  if (member.shape->type != ShapeType::list) return from_text(first, *member.shape);
  std::vector<Value> items;
  for (const auto& [name, text] : parameters) {
    if (name != member.wire_name) continue;
    ESC_TRY(Value item, from_text(text, *member.shape->element.shape));
    items.push_back(std::move(item));
  }
  return Value::array(std::move(items));
}

Result<Value> read_body(const Shape& shape, const std::string& body, std::size_t json_depth_max) {
  if (body.empty()) return Value::object(std::vector<json::Member>{});
  auto parsed = json::parse(body, {.depth_max = json_depth_max});
  if (!parsed) return serialization_error("Could not parse request body into json: " + parsed.error().message);
  return from_json(*parsed, shape);
}

Result<void> read_payload(const MemberShape& member, const std::string& body, std::size_t json_depth_max,
                          json::ObjectBuilder& input) {
  if (member.shape->type == ShapeType::blob || member.shape->type == ShapeType::string) {
    if (!body.empty()) input.set(member.name, Value(body));
    return {};
  }
  if (body.empty()) return {};
  ESC_TRY(Value value, read_body(*member.shape, body, json_depth_max));
  input.set(member.name, std::move(value));
  return {};
}

std::string to_field(const Value& value, const Shape& shape) {
  if (shape.type == ShapeType::timestamp && value.is_number()) return to_http_date(value);
  if (shape.type == ShapeType::blob && value.is_string()) return base::to_base64(value.as_string());
  if (value.is_string()) return value.as_string();
  return json::print(value);
}

void render_payload(const MemberShape& member, const Value& output, http::Response& response) {
  const Value* value = output.find(member.name);
  // The only such answer is a function's result, which AWS calls JSON without looking.
  response.content_type = "application/json";
  if (value == nullptr || value->is_null()) return;
  if (member.shape->is_event_stream) {
    response.content_type = kEventStreamType;
    if (value->is_array()) append_event_stream(response.body, *value, *member.shape);
  } else if (value->is_string() && (member.shape->type == ShapeType::blob || member.shape->type == ShapeType::string)) {
    response.body = value->as_string();
  } else {
    append_json(response.body, *value, *member.shape);
  }
}

}  // namespace

RestMatch match_rest(const Model& model, const http::Request& request) {
  const auto segments = split_path(request.path());
  const Parameters parameters = parse_query(request.query());
  RestMatch best;
  int best_score = -1;
  for (const Operation& operation : model.operations()) {
    if (operation.method != request.method) continue;
    const auto literal = fit(operation, segments);
    if (!literal) continue;
    bool has_fixed = true;
    for (const auto& [name, value] : operation.fixed_query) {
      const std::string* given = find(parameters, name);
      has_fixed = has_fixed && given != nullptr && *given == value;
    }
    const int score = *literal * 2 + static_cast<int>(operation.fixed_query.size());
    if (!has_fixed || score <= best_score) continue;
    best.operation = &operation;
    best_score = score;
  }
  if (best.operation != nullptr && !take_labels(best, segments)) best.operation = nullptr;
  return best;
}

Result<Value> read_rest(const RestMatch& match, const http::Request& request, std::size_t json_depth_max) {
  const Shape* shape = match.operation->input;
  if (shape == nullptr) return Value::object(std::vector<json::Member>{});
  json::ObjectBuilder input;
  if (shape->payload != nullptr) {
    ESC_CHECK(read_payload(*shape->payload, request.body, json_depth_max, input));
  } else {
    ESC_TRY(const Value body, read_body(*shape, request.body, json_depth_max));
    input = json::ObjectBuilder(body);
  }
  const Parameters parameters = parse_query(request.query());
  for (const MemberShape& member : shape->members) {
    const std::string* text = nullptr;
    std::string field;
    if (member.location == Location::uri) {
      for (const auto& [label, value] : match.labels) {
        if (label == member.wire_name) text = &value;
      }
    } else if (member.location == Location::query) {
      text = find(parameters, member.wire_name);
      if (text != nullptr) {
        ESC_TRY(Value value, from_query(member, parameters, *text));
        input.set(member.name, std::move(value));
      }
      continue;
    } else if (member.location == Location::header) {
      if (const auto found = request.find(member.wire_name)) {
        field = *found;
        text = &field;
      }
    }
    if (text == nullptr) continue;
    ESC_TRY(Value value, from_text(*text, *member.shape));
    input.set(member.name, std::move(value));
  }
  return std::move(input).build();
}

http::Response render_rest(const Operation& operation, const Value& output, std::string_view request_id) {
  http::Response response;
  response.status = operation.status;
  response.content_type = "application/json";
  response.fields.emplace_back("x-amzn-RequestId", request_id);
  const Shape* shape = operation.output;
  if (response.status == 204) response.content_type.clear();
  if (shape == nullptr || !output.is_object()) return response;
  for (const MemberShape& member : shape->members) {
    if (member.location == Location::body) continue;
    const Value* value = output.find(member.name);
    if (value == nullptr || value->is_null()) continue;
    if (member.location == Location::status && value->is_int64()) response.status = static_cast<int>(value->as_int64());
    if (member.location == Location::header)
      response.fields.emplace_back(member.wire_name, to_field(*value, *member.shape));
  }
  if (shape->payload != nullptr) {
    render_payload(*shape->payload, output, response);
  } else if (response.status != 204) {
    append_json(response.body, output, *shape);
  }
  if (response.status == 204) response.content_type.clear();
  return response;
}

}  // namespace escapement::wire
