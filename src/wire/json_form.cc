#include "wire/json_form.h"

#include <cmath>
#include <optional>

#include "base/codec.h"
#include "json/print.h"
#include "wire/timestamps.h"

namespace escapement::wire {
namespace {

using base::Result;
using json::Kind;
using json::Member;
using json::Value;

base::Error serialization_error(std::string message) {
  return base::make_error(base::ErrorCode::invalid, "SerializationException", std::move(message));
}

// What AWS's parser says of a token that cannot become the type that the model wants.
base::Error cannot_convert(const Value& value, std::string_view java_type) {
  switch (value.kind()) {
    case Kind::object:
      return serialization_error("Start of structure or map found where not expected.");
    case Kind::array:
      return serialization_error("Start of list found where not expected");
    case Kind::boolean:
      return serialization_error(std::string(value.as_bool() ? "TRUE_VALUE" : "FALSE_VALUE") +
                                 " can not be converted to a " + std::string(java_type));
    case Kind::number:
      return serialization_error(std::string(value.is_integer() ? "NUMBER_VALUE" : "DECIMAL_VALUE") +
                                 " can not be converted to a " + std::string(java_type));
    case Kind::string:
      return serialization_error("STRING_VALUE can not be converted to a " + std::string(java_type));
    case Kind::null:
      break;
  }
  return serialization_error("Unexpected null");
}

// nullopt: the value is already in its final form.
using Converted = Result<std::optional<Value>>;

Converted convert(const Value& value, const Shape& shape, BlobForm blobs);

// Calls from inside name every member as the model does, wherever it would travel.
bool is_named(const MemberShape& member, std::string_view key, BlobForm blobs) {
  if (blobs == BlobForm::raw) return member.name == key;
  return member.wire_name == key && member.location == Location::body;
}

Converted convert_structure(const Value& value, const Shape& shape, BlobForm blobs) {
  if (!value.is_object()) {
    if (value.is_array()) return serialization_error("Start of list found where not expected");
    return serialization_error("Unexpected value found where a structure was expected");
  }
  const auto members = value.members();
  std::vector<Member> kept;
  bool changed = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const MemberShape* member = nullptr;
    for (const MemberShape& candidate : shape.members) {
      if (is_named(candidate, members[i].key, blobs)) member = &candidate;
    }
    const bool drop = member == nullptr || members[i].value.is_null();
    std::optional<Value> converted;
    if (!drop) {
      ESC_TRY(converted, convert(members[i].value, *member->shape, blobs));
    }
    if (!changed && (drop || converted || member->name != members[i].key)) {
      changed = true;
      kept.assign(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (changed && !drop) kept.push_back({member->name, converted ? std::move(*converted) : members[i].value});
  }
  if (!changed) return std::optional<Value>();
  return std::optional(Value::object(std::move(kept)));
}

Converted convert_list(const Value& value, const Shape& shape, BlobForm blobs) {
  if (!value.is_array()) {
    if (value.is_object()) return serialization_error("Start of structure or map found where not expected.");
    return serialization_error("Expected list or null");
  }
  const auto items = value.items();
  std::vector<Value> made;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].is_null()) continue;
    ESC_TRY(std::optional<Value> converted, convert(items[i], *shape.element.shape, blobs));
    if (!converted) continue;
    if (made.empty()) made.assign(items.begin(), items.end());
    made[i] = std::move(*converted);
  }
  if (made.empty()) return std::optional<Value>();
  return std::optional(Value::array(std::move(made)));
}

Converted convert_map(const Value& value, const Shape& shape, BlobForm blobs) {
  if (!value.is_object()) {
    if (value.is_array()) return serialization_error("Start of list found where not expected");
    return serialization_error("Expected map or null");
  }
  std::vector<Member> made;
  bool changed = false;
  for (const auto& [key, item] : value.members()) {
    std::optional<Value> converted;
    if (!item.is_null()) {
      ESC_TRY(converted, convert(item, *shape.element.shape, blobs));
    }
    changed = changed || converted || item.is_null();
    if (!item.is_null()) made.push_back({key, converted ? std::move(*converted) : item});
  }
  if (!changed) return std::optional<Value>();
  return std::optional(Value::object(std::move(made)));
}

Converted convert_integer(const Value& value, const Shape& shape) {
  if (value.is_int64()) {
    if (!shape.wide_integer && (value.as_int64() > INT32_MAX || value.as_int64() < INT32_MIN)) {
      return serialization_error("Numeric value (" + json::print_number(value) + ") out of range of int");
    }
    return std::optional<Value>();
  }
  if (!value.is_number()) return cannot_convert(value, shape.wide_integer ? "Long" : "Integer");
  const double real = value.as_double();
  if (value.is_integer() || std::fabs(real) > 9e15)
    return serialization_error("Numeric value (" + json::print_number(value) + ") out of range of long");
  if (real != std::floor(real)) return cannot_convert(value, shape.wide_integer ? "Long" : "Integer");
  return std::optional(Value(static_cast<std::int64_t>(real)));
}

Converted convert_blob(const Value& value) {
  if (!value.is_string()) return cannot_convert(value, "Blob");
  auto bytes = base::from_base64(value.as_string());
  if (!bytes) return serialization_error("Failed to decode the base64 of a blob");
  return std::optional(Value(std::move(*bytes)));
}

Converted convert_timestamp(const Value& value) {
  if (value.is_number()) return std::optional<Value>();
  if (!value.is_string()) return cannot_convert(value, "Timestamp");
  auto time = parse_timestamp(value.as_string());
  if (!time) return serialization_error("STRING_VALUE can not be converted to a Timestamp");
  return time;
}

Converted check_kind(const Value& value, bool fits, std::string_view java_type) {
  if (!fits) return cannot_convert(value, java_type);
  return std::optional<Value>();
}

Converted convert(const Value& value, const Shape& shape, BlobForm blobs) {
  switch (shape.type) {
    case ShapeType::structure:
      return convert_structure(value, shape, blobs);
    case ShapeType::list:
      return convert_list(value, shape, blobs);
    case ShapeType::map:
      return convert_map(value, shape, blobs);
    case ShapeType::integer:
      return convert_integer(value, shape);
    case ShapeType::blob:
      return blobs == BlobForm::raw ? check_kind(value, value.is_string(), "Blob") : convert_blob(value);
    case ShapeType::timestamp:
      return convert_timestamp(value);
    case ShapeType::string:
      return check_kind(value, value.is_string(), "String");
    case ShapeType::real:
      return check_kind(value, value.is_number(), "Double");
    case ShapeType::boolean:
      return check_kind(value, value.is_bool(), "Boolean");
  }
  return std::optional<Value>();
}

void append_timestamp(std::string& out, const Value& value, TimestampFormat format) {
  switch (format) {
    case TimestampFormat::iso8601:
      return json::print_string_to(out, to_iso8601_seconds(value));
    case TimestampFormat::rfc822:
      return json::print_string_to(out, to_http_date(value));
    default:
      return append_epoch(out, value);
  }
}

void append_structure(std::string& out, const Value& value, const Shape& shape) {
  out.push_back('{');
  bool first = true;
  for (const auto& [key, item] : value.members()) {
    const MemberShape* member = shape.find_member(key);
    if (member == nullptr || item.is_null() || member->location != Location::body) continue;
    if (!first) out.push_back(',');
    first = false;
    json::print_string_to(out, member->wire_name);
    out.push_back(':');
    append_json(out, item, *member->shape, member->timestamp_format);
  }
  out.push_back('}');
}

void append_map(std::string& out, const Value& value, const Shape& shape) {
  out.push_back('{');
  bool first = true;
  for (const auto& [key, item] : value.members()) {
    if (!first) out.push_back(',');
    first = false;
    json::print_string_to(out, key);
    out.push_back(':');
    append_json(out, item, *shape.element.shape);
  }
  out.push_back('}');
}

void append_list(std::string& out, const Value& value, const Shape& shape) {
  out.push_back('[');
  bool first = true;
  for (const Value& item : value.items()) {
    if (!first) out.push_back(',');
    first = false;
    append_json(out, item, *shape.element.shape, shape.element.timestamp_format);
  }
  out.push_back(']');
}

}  // namespace

Result<Value> from_json(const Value& body, const Shape& shape, BlobForm blobs) {
  ESC_TRY(std::optional<Value> converted, convert(body, shape, blobs));
  return converted ? std::move(*converted) : body;
}

void append_json(std::string& out, const Value& value, const Shape& shape, TimestampFormat timestamps) {
  if (shape.type == ShapeType::structure && value.is_object()) return append_structure(out, value, shape);
  if (shape.type == ShapeType::map && value.is_object()) return append_map(out, value, shape);
  if (shape.type == ShapeType::list && value.is_array()) return append_list(out, value, shape);
  if (shape.type == ShapeType::timestamp && value.is_number()) {
    return append_timestamp(out, value,
                            timestamps != TimestampFormat::by_location ? timestamps : shape.timestamp_format);
  }
  if (shape.type == ShapeType::blob && value.is_string())
    return json::print_string_to(out, base::to_base64(value.as_string()));
  json::print_to(out, value);
}

}  // namespace escapement::wire
