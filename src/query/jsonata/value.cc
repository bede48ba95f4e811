#include "query/jsonata/value.h"

#include <cmath>

#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

constexpr std::uint32_t kLinearSearchMax = 12;
constexpr std::int64_t kExactIntegerMax = std::int64_t{1} << 53;

}  // namespace

Value Value::wrap(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::null:
      return null();
    case json::Kind::boolean:
      return of(value.as_bool());
    case json::Kind::number:
      if (value.is_int64()) {
        const std::int64_t n = value.as_int64();
        if (n <= kExactIntegerMax && n >= -kExactIntegerMax) return of(static_cast<double>(n));
        return of_json(Kind::exact_number, value);
      }
      return value.is_integer() ? of_json(Kind::exact_number, value) : of(value.as_double());
    case json::Kind::string:
      return of(std::string_view(value.as_string()));
    case json::Kind::array:
      return of_json(Kind::json_array, value);
    case json::Kind::object:
      return of_json(Kind::json_object, value);
  }
  return {};
}

ObjectNode::Member* ObjectNode::find(std::string_view key) const {
  if (slots == nullptr) {
    for (std::uint32_t i = 0; i < size; ++i) {
      if (members[i].key == key) return &members[i];
    }
    return nullptr;
  }
  const std::uint32_t hash = hash_text(key);
  for (std::uint32_t slot = hash & slot_mask; slots[slot] != 0; slot = (slot + 1) & slot_mask) {
    Member& member = members[slots[slot] - 1];
    if (member.hash == hash && member.key == key) return &member;
  }
  return nullptr;
}

void ObjectNode::index(Arena& arena) {
  if (size <= kLinearSearchMax) {
    slots = nullptr;
    return;
  }
  std::uint32_t count = 64;
  while (count < capacity * 2) count *= 2;
  if (slots == nullptr || slot_mask + 1 != count) {
    slots = arena.make_array<std::uint32_t>(count);
    slot_mask = count - 1;
  }
  std::fill(slots, slots + count, 0u);
  for (std::uint32_t i = 0; i < size; ++i) {
    std::uint32_t slot = members[i].hash & slot_mask;
    while (slots[slot] != 0) slot = (slot + 1) & slot_mask;
    slots[slot] = i + 1;
  }
}

void ObjectNode::set(Arena& arena, std::string_view key, Value value) {
  if (Member* existing = find(key)) {
    existing->value = value;
    return;
  }
  bool reindex = size == kLinearSearchMax;
  if (size == capacity) {
    const std::uint32_t grown = capacity == 0 ? 4 : capacity * 2;
    auto* larger = static_cast<Member*>(arena.allocate(grown * sizeof(Member)));
    std::copy(members, members + size, larger);
    members = larger;
    capacity = grown;
    reindex = true;
  }
  const std::uint32_t hash = hash_text(key);
  members[size++] = Member{key, hash, value};
  if (reindex) {
    index(arena);
  } else if (slots != nullptr) {
    std::uint32_t slot = hash & slot_mask;
    while (slots[slot] != 0) slot = (slot + 1) & slot_mask;
    slots[slot] = size;
  }
}

void ObjectNode::erase(std::string_view key) {
  Member* member = find(key);
  if (member == nullptr) return;
  std::copy(member + 1, members + size, member);
  --size;
  if (slots == nullptr) return;
  std::fill(slots, slots + slot_mask + 1, 0u);
  for (std::uint32_t i = 0; i < size; ++i) {
    std::uint32_t slot = members[i].hash & slot_mask;
    while (slots[slot] != 0) slot = (slot + 1) & slot_mask;
    slots[slot] = i + 1;
  }
}

Value find_member(const Value& object, std::string_view key) {
  if (object.kind() == Kind::json_object) {
    const json::Value* value = object.json().find(key);
    return value == nullptr ? Value() : Value::wrap(*value);
  }
  const ObjectNode::Member* member = object.object_node()->find(key);
  return member == nullptr ? Value() : member->value;
}

}  // namespace escapement::query::jsonata
