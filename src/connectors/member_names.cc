#include "connectors/member_names.h"

#include <cmath>

#include "base/time.h"
#include "json/print.h"

namespace escapement::connectors {
namespace {

using wire::MemberShape;
using wire::Shape;
using wire::ShapeType;

std::string capitalised(std::string_view name) {
  std::string out(name);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

const MemberShape* find_by_task_name(const Shape& structure, std::string_view name) {
  for (const MemberShape& member : structure.members) {
    if (member.name == name || capitalised(member.name) == name) return &member;
  }
  return nullptr;
}

template <typename Convert>
json::Value map_items(const json::Value& list, Convert convert) {
  std::vector<json::Value> items;
  items.reserve(list.size());
  for (const json::Value& item : list.items()) items.push_back(convert(item));
  return json::Value::array(std::move(items));
}

}  // namespace

json::Value to_model(const json::Value& value, const Shape& shape) {
  switch (shape.type) {
    case ShapeType::structure: {
      if (!value.is_object()) return value;
      std::vector<json::Member> members;
      for (const json::Member& member : value.members()) {
        const MemberShape* known = find_by_task_name(shape, member.key);
        members.push_back(known ? json::Member{known->name, to_model(member.value, *known->shape)} : member);
      }
      return json::Value::object(std::move(members));
    }
    case ShapeType::list:
      if (!value.is_array()) return value;
      return map_items(value, [&](const json::Value& item) { return to_model(item, *shape.element.shape); });
    case ShapeType::map: {
      if (!value.is_object()) return value;
      std::vector<json::Member> members;
      for (const json::Member& member : value.members())
        members.push_back({member.key, to_model(member.value, *shape.element.shape)});
      return json::Value::object(std::move(members));
    }
    case ShapeType::string:
    case ShapeType::blob:
      return value.is_object() || value.is_array() ? json::Value(json::print(value)) : value;
    case ShapeType::timestamp:
      if (value.is_string()) {
        if (const auto time = base::parse_rfc3339(value.as_string())) return time->as_seconds();
      }
      return value;
    default:
      return value;
  }
}

json::Value from_model(const json::Value& value, const Shape& shape) {
  switch (shape.type) {
    case ShapeType::structure: {
      if (!value.is_object()) return value;
      std::vector<json::Member> members;
      for (const json::Member& member : value.members()) {
        if (member.value.is_null()) continue;
        const MemberShape* known = shape.find_member(member.key);
        members.push_back({capitalised(member.key), known ? from_model(member.value, *known->shape) : member.value});
      }
      return json::Value::object(std::move(members));
    }
    case ShapeType::list:
      if (!value.is_array()) return value;
      return map_items(value, [&](const json::Value& item) { return from_model(item, *shape.element.shape); });
    case ShapeType::map: {
      if (!value.is_object()) return value;
      std::vector<json::Member> members;
      for (const json::Member& member : value.members())
        members.push_back({member.key, from_model(member.value, *shape.element.shape)});
      return json::Value::object(std::move(members));
    }
    case ShapeType::timestamp:
      if (value.is_number()) return base::to_iso8601(base::Timestamp::from_ms(std::llround(value.as_double() * 1'000)));
      return value;
    default:
      return value;
  }
}

}  // namespace escapement::connectors
