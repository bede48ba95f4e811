#include "wire/xml.h"

#include "base/codec.h"
#include "json/print.h"
#include "wire/timestamps.h"

namespace escapement::wire {
namespace {

using json::Value;

void append_value(std::string& out, const Value& value, const Shape& shape, std::string_view name, bool flattened);

void open(std::string& out, std::string_view name) { out.append("<").append(name).append(">"); }
void close(std::string& out, std::string_view name) { out.append("</").append(name).append(">"); }

void append_leaf(std::string& out, const Value& value, const Shape& shape) {
  if (shape.type == ShapeType::timestamp && value.is_number()) {
    out += to_iso8601_seconds(value);
  } else if (shape.type == ShapeType::blob && value.is_string()) {
    out += base::to_base64(value.as_string());
  } else if (value.is_string()) {
    append_xml_text(out, value.as_string());
  } else if (value.is_bool()) {
    out += value.as_bool() ? "true" : "false";
  } else if (value.is_number()) {
    out += json::print_number(value);
  }
}

void append_list(std::string& out, const Value& value, const Shape& shape, std::string_view name, bool flattened) {
  if (!flattened) open(out, name);
  for (const Value& item : value.items()) {
    append_value(out, item, *shape.element.shape, flattened ? name : std::string_view(shape.element.wire_name), false);
  }
  if (!flattened) close(out, name);
}

void append_map(std::string& out, const Value& value, const Shape& shape, std::string_view name, bool flattened) {
  const std::string_view entry = flattened ? name : "entry";
  if (!flattened) open(out, name);
  for (const auto& [key, item] : value.members()) {
    open(out, entry);
    append_xml_element(out, shape.key.wire_name, key);
    append_value(out, item, *shape.element.shape, shape.element.wire_name, false);
    close(out, entry);
  }
  if (!flattened) close(out, name);
}

void append_value(std::string& out, const Value& value, const Shape& shape, std::string_view name, bool flattened) {
  if (shape.type == ShapeType::list && value.is_array())
    return append_list(out, value, shape, name, flattened || shape.flattened);
  if (shape.type == ShapeType::map && value.is_object())
    return append_map(out, value, shape, name, flattened || shape.flattened);
  open(out, name);
  if (shape.type == ShapeType::structure && value.is_object()) {
    append_xml_members(out, value, shape);
  } else {
    append_leaf(out, value, shape);
  }
  close(out, name);
}

}  // namespace

void append_xml_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#xD;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n') out.push_back(c);
    }
  }
}

void append_xml_element(std::string& out, std::string_view name, std::string_view text) {
  open(out, name);
  append_xml_text(out, text);
  close(out, name);
}

void append_xml_members(std::string& out, const Value& value, const Shape& shape) {
  if (!value.is_object()) return;
  for (const MemberShape& member : shape.members) {
    const Value* found = value.find(member.name);
    if (found == nullptr || found->is_null()) continue;
    append_value(out, *found, *member.shape, member.wire_name, member.flattened);
  }
}

}  // namespace escapement::wire
