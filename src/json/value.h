// A JSON value: immutable, cheap to copy (16 bytes, shared by reference count), ordered as it was written.
//
// Numbers keep what the Amazon States Language can tell apart: an integer (`1`) and a real (`1.0`) are different texts
// and print as such. Integers beyond 64 bits keep their digits. Objects keep the order of their members; a repeated
// key keeps the first one's place and the last one's value.
//
// Threading: immutable after construction; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace escapement::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

class Value;
struct Member;

class Value {
 public:
  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(bool b);
  Value(int n) : Value(static_cast<std::int64_t>(n)) {}
  Value(std::int64_t n);
  Value(double n);  // prints with a fraction or an exponent; see print.h
  Value(std::string text);
  Value(std::string_view text) : Value(std::string(text)) {}
  Value(const char* text) : Value(std::string(text)) {}
  Value(const Value& other) noexcept;
  Value(Value&& other) noexcept : rep_(other.rep_), bits_(other.bits_) { other.rep_ = Rep::null; }
  Value& operator=(const Value& other) noexcept;
  Value& operator=(Value&& other) noexcept;
  ~Value() { release(); }

  static Value array(std::vector<Value> items);
  static Value object(std::vector<Member> members);
  static Value object(std::initializer_list<std::pair<std::string_view, Value>> members);
  // An integer of any size from its digits (an optional minus, no leading zeros), as a parser found them.
  static Value integer_from_digits(std::string_view digits);

  Kind kind() const;
  bool is_null() const { return rep_ == Rep::null; }
  bool is_bool() const { return rep_ == Rep::boolean; }
  bool is_number() const { return rep_ == Rep::int64 || rep_ == Rep::real || rep_ == Rep::big_integer; }
  bool is_string() const { return rep_ == Rep::string; }
  bool is_array() const { return rep_ == Rep::array; }
  bool is_object() const { return rep_ == Rep::object; }
  // Written without fraction and exponent, of any size.
  bool is_integer() const { return rep_ == Rep::int64 || rep_ == Rep::big_integer; }
  bool is_int64() const { return rep_ == Rep::int64; }

  // Each requires the kind that it names (asserted).
  bool as_bool() const;
  std::int64_t as_int64() const;  // requires is_int64()
  double as_double() const;       // any number
  const std::string& as_string() const;
  std::span<const Value> items() const;     // array
  std::span<const Member> members() const;  // object
  std::string_view digits() const;          // requires is_integer() && !is_int64()

  // Items of an array or members of an object; 0 for anything else.
  std::size_t size() const;
  const Value& operator[](std::size_t index) const { return items()[index]; }
  // The member's value, or nullptr: no such member, or not an object.
  const Value* find(std::string_view key) const;

  // Deep equality; numbers by value (1 equals 1.0), members in any order.
  friend bool operator==(const Value& a, const Value& b);

  // Containers nested in one another, 0 for a scalar. Linear in the value.
  std::size_t depth() const;

 private:
  enum class Rep : std::uint8_t { null, boolean, int64, real, big_integer, string, array, object };
  struct Node;
  struct StringNode;
  struct BigIntegerNode;
  struct ArrayNode;
  struct ObjectNode;

  union Bits {
    bool boolean;
    std::int64_t int64;
    double real;
    Node* node;
  };

  bool is_shared() const { return rep_ >= Rep::big_integer; }
  void release() noexcept;
  template <typename T>
  const T& node_as() const;

  Rep rep_ = Rep::null;
  Bits bits_{.int64 = 0};
};

struct Member {
  std::string key;
  Value value;
};

// Collects members; setting a key again replaces the value in place.
class ObjectBuilder {
 public:
  ObjectBuilder() = default;
  explicit ObjectBuilder(const Value& object);  // starts from an object's members

  ObjectBuilder& set(std::string_view key, Value value);
  // Sets only where `value` has something to say; used for AWS answers, which leave absent members out.
  ObjectBuilder& set_if(bool condition, std::string_view key, Value value);
  void erase(std::string_view key);
  bool empty() const { return members_.empty(); }
  Value build() && { return Value::object(std::move(members_)); }

 private:
  std::vector<Member> members_;
};

// The text of a member; empty where there is none, or it is no text.
std::string_view member_text(const Value& object, std::string_view member);

}  // namespace escapement::json
