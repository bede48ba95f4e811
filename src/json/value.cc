#include "json/value.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <numeric>

#include "base/assert.h"

namespace escapement::json {

struct Value::Node {
  std::atomic<std::uint32_t> references{1};
};

struct Value::StringNode : Node {
  explicit StringNode(std::string t) : text(std::move(t)) {}
  std::string text;
};

struct Value::BigIntegerNode : Node {
  explicit BigIntegerNode(std::string d) : digits(std::move(d)) {}
  std::string digits;
};

struct Value::ArrayNode : Node {
  explicit ArrayNode(std::vector<Value> i) : items(std::move(i)) {}
  std::vector<Value> items;
};

struct Value::ObjectNode : Node {
  explicit ObjectNode(std::vector<Member> m) : members(std::move(m)) {}
  std::vector<Member> members;
  std::vector<std::uint32_t> by_key;  // positions in key order; only of objects too large for a linear search
};

namespace {

constexpr std::size_t kLinearSearchMax = 16;

const std::string& key_at(const std::vector<Member>& members, std::uint32_t position) { return members[position].key; }

std::vector<std::uint32_t> sorted_positions(const std::vector<Member>& members) {
  std::vector<std::uint32_t> positions(members.size());
  std::iota(positions.begin(), positions.end(), 0u);
  std::stable_sort(positions.begin(), positions.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return key_at(members, a) < key_at(members, b); });
  return positions;
}

// A repeated key keeps the first one's place and the last one's value.
void merge_repeated_keys(std::vector<Member>& members) {
  std::vector<bool> drop(members.size());
  bool any = false;
  const auto merge = [&](std::size_t first, std::size_t later) {
    members[first].value = std::move(members[later].value);
    drop[later] = true;
    any = true;
  };
  if (members.size() <= kLinearSearchMax) {
    for (std::size_t later = 1; later < members.size(); ++later) {
      for (std::size_t first = 0; first < later; ++first) {
        if (!drop[first] && members[first].key == members[later].key) {
          merge(first, later);
          break;
        }
      }
    }
  } else {
    const auto positions = sorted_positions(members);
    std::size_t first = 0;
    for (std::size_t i = 1; i < positions.size(); ++i) {
      if (key_at(members, positions[i]) == key_at(members, positions[first])) {
        merge(positions[first], positions[i]);
      } else {
        first = i;
      }
    }
  }
  if (!any) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (drop[i]) continue;
    if (kept != i) members[kept] = std::move(members[i]);
    ++kept;
  }
  members.resize(kept);
}

}  // namespace

Value::Value(bool b) : rep_(Rep::boolean), bits_{.boolean = b} {}
Value::Value(std::int64_t n) : rep_(Rep::int64), bits_{.int64 = n} {}
Value::Value(double n) : rep_(Rep::real), bits_{.real = n} {}
Value::Value(std::string text) : rep_(Rep::string), bits_{.node = new StringNode(std::move(text))} {}

Value::Value(const Value& other) noexcept : rep_(other.rep_), bits_(other.bits_) {
  if (is_shared()) bits_.node->references.fetch_add(1, std::memory_order_relaxed);
}

Value& Value::operator=(const Value& other) noexcept {
  Value copy(other);
  return *this = std::move(copy);
}

Value& Value::operator=(Value&& other) noexcept {
  std::swap(rep_, other.rep_);
  std::swap(bits_, other.bits_);
  return *this;
}

void Value::release() noexcept {
  if (!is_shared() || bits_.node->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  switch (rep_) {
    case Rep::big_integer:
      delete static_cast<BigIntegerNode*>(bits_.node);
      break;
    case Rep::string:
      delete static_cast<StringNode*>(bits_.node);
      break;
    case Rep::array:
      delete static_cast<ArrayNode*>(bits_.node);
      break;
    case Rep::object:
      delete static_cast<ObjectNode*>(bits_.node);
      break;
    default:
      break;
  }
}

template <typename T>
const T& Value::node_as() const {
  return static_cast<const T&>(*bits_.node);
}

Value Value::array(std::vector<Value> items) {
  Value v;
  v.bits_.node = new ArrayNode(std::move(items));
  v.rep_ = Rep::array;
  return v;
}

Value Value::object(std::vector<Member> members) {
  merge_repeated_keys(members);
  auto* node = new ObjectNode(std::move(members));
  if (node->members.size() > kLinearSearchMax) node->by_key = sorted_positions(node->members);
  Value v;
  v.bits_.node = node;
  v.rep_ = Rep::object;
  return v;
}

Value Value::object(std::initializer_list<std::pair<std::string_view, Value>> members) {
  std::vector<Member> list;
  list.reserve(members.size());
  for (const auto& [key, value] : members) list.push_back({std::string(key), value});
  return object(std::move(list));
}

Value Value::integer_from_digits(std::string_view digits) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (error == std::errc{} && end == digits.data() + digits.size()) return Value(n);
  Value v;
  v.bits_.node = new BigIntegerNode(std::string(digits));
  v.rep_ = Rep::big_integer;
  return v;
}

Kind Value::kind() const {
  switch (rep_) {
    case Rep::null:
      return Kind::null;
    case Rep::boolean:
      return Kind::boolean;
    case Rep::int64:
    case Rep::real:
    case Rep::big_integer:
      return Kind::number;
    case Rep::string:
      return Kind::string;
    case Rep::array:
      return Kind::array;
    case Rep::object:
      return Kind::object;
  }
  return Kind::null;
}

bool Value::as_bool() const {
  ESC_ASSERT(is_bool());
  return bits_.boolean;
}

std::int64_t Value::as_int64() const {
  ESC_ASSERT(is_int64());
  return bits_.int64;
}

double Value::as_double() const {
  if (rep_ == Rep::real) return bits_.real;
  if (rep_ == Rep::int64) return static_cast<double>(bits_.int64);
  ESC_ASSERT(rep_ == Rep::big_integer);
  return std::strtod(node_as<BigIntegerNode>().digits.c_str(), nullptr);
}

const std::string& Value::as_string() const {
  ESC_ASSERT(is_string());
  return node_as<StringNode>().text;
}

std::span<const Value> Value::items() const {
  ESC_ASSERT(is_array());
  return node_as<ArrayNode>().items;
}

std::span<const Member> Value::members() const {
  ESC_ASSERT(is_object());
  return node_as<ObjectNode>().members;
}

std::string_view Value::digits() const {
  ESC_ASSERT(rep_ == Rep::big_integer);
  return node_as<BigIntegerNode>().digits;
}

std::size_t Value::size() const {
  if (is_array()) return node_as<ArrayNode>().items.size();
  if (is_object()) return node_as<ObjectNode>().members.size();
  return 0;
}

const Value* Value::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  const auto& node = node_as<ObjectNode>();
  if (node.by_key.empty()) {
    for (const Member& member : node.members) {
      if (member.key == key) return &member.value;
    }
    return nullptr;
  }
  const auto at =
      std::lower_bound(node.by_key.begin(), node.by_key.end(), key,
                       [&](std::uint32_t position, std::string_view k) { return node.members[position].key < k; });
  return at != node.by_key.end() && node.members[*at].key == key ? &node.members[*at].value : nullptr;
}

bool operator==(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_int64() && b.is_int64()) return a.as_int64() == b.as_int64();
    if (a.is_integer() && b.is_integer()) return !a.is_int64() && !b.is_int64() && a.digits() == b.digits();
    return a.as_double() == b.as_double();
  }
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return a.as_bool() == b.as_bool();
    case Kind::number:
      return false;
    case Kind::string:
      return a.as_string() == b.as_string();
    case Kind::array:
      return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end());
    case Kind::object:
      return a.size() == b.size() && std::all_of(a.members().begin(), a.members().end(), [&](const Member& member) {
               const Value* other = b.find(member.key);
               return other != nullptr && member.value == *other;
             });
  }
  return false;
}

std::size_t Value::depth() const {
  std::size_t deepest = 0;
  if (is_array()) {
    for (const Value& item : items()) deepest = std::max(deepest, item.depth());
    return deepest + 1;
  }
  if (is_object()) {
    for (const Member& member : members()) deepest = std::max(deepest, member.value.depth());
    return deepest + 1;
  }
  return 0;
}

ObjectBuilder::ObjectBuilder(const Value& object) {
  const auto members = object.members();
  members_.assign(members.begin(), members.end());
}

ObjectBuilder& ObjectBuilder::set(std::string_view key, Value value) {
  if (members_.size() <= kLinearSearchMax) {
    for (Member& member : members_) {
      if (member.key == key) {
        member.value = std::move(value);
        return *this;
      }
    }
  }
  members_.push_back({std::string(key), std::move(value)});  // Value::object() merges what repeats.
  return *this;
}

ObjectBuilder& ObjectBuilder::set_if(bool condition, std::string_view key, Value value) {
  return condition ? set(key, std::move(value)) : *this;
}

void ObjectBuilder::erase(std::string_view key) {
  std::erase_if(members_, [&](const Member& member) { return member.key == key; });
}

std::string_view member_text(const Value& object, std::string_view member) {
  const Value* const found = object.find(member);
  return found != nullptr && found->is_string() ? std::string_view(found->as_string()) : std::string_view();
}

}  // namespace escapement::json
