// The values that an evaluation works with: JSON's, and JavaScript's undefined, functions and annotated arrays, which
// the semantics of JSONata are written in.
//
// A Value is 16 bytes and copied freely. What comes from the input points into it; what the evaluation makes lives in
// its Arena. A Value is therefore good only while both are.
//
// Threading: one thread, that of the evaluation.
#pragma once

#include <cstdint>
#include <string_view>

#include "json/value.h"
#include "query/jsonata/arena.h"

namespace escapement::query::jsonata {

struct ArrayNode;
struct ObjectNode;
struct FunctionNode;
struct TupleNode;
struct ThunkNode;

enum class Kind : std::uint8_t {
  undefined,
  null,
  boolean,
  number,
  exact_number,  // an integer of the input that a double cannot hold; prints with all its digits, computes as a double
  string,
  json_array,
  array,
  json_object,
  object,
  function,
  tuple,  // an item of a tuple stream: a value with the bindings made on the way to it
  thunk,  // a call in tail position, yet to be made
};

class Value {
 public:
  Value() : kind_(Kind::undefined), length_(0), bits_{.number = 0} {}
  static Value null() { return Value(Kind::null); }
  static Value of(bool boolean) {
    Value v(Kind::boolean);
    v.bits_.boolean = boolean;
    return v;
  }
  static Value of(double number) {
    Value v(Kind::number);
    v.bits_.number = number;
    return v;
  }
  // Borrowed. Longer than 4 GiB does not occur (Options bound what is made, callers what is given).
  static Value of(std::string_view text) {
    Value v(Kind::string);
    v.length_ = static_cast<std::uint32_t>(text.size());
    v.bits_.text = text.data();
    return v;
  }
  static Value of(const char* text) { return of(std::string_view(text)); }
  static Value of(ArrayNode* array) {
    Value v(Kind::array);
    v.bits_.array = array;
    return v;
  }
  static Value of(ObjectNode* object) {
    Value v(Kind::object);
    v.bits_.object = object;
    return v;
  }
  static Value of(const FunctionNode* function) {
    Value v(Kind::function);
    v.bits_.function = function;
    return v;
  }
  static Value of(TupleNode* tuple) {
    Value v(Kind::tuple);
    v.bits_.tuple = tuple;
    return v;
  }
  static Value of(const ThunkNode* thunk) {
    Value v(Kind::thunk);
    v.bits_.thunk = thunk;
    return v;
  }
  // A view of `value`, which must outlive the evaluation.
  static Value wrap(const json::Value& value);

  Kind kind() const { return kind_; }
  bool is_undefined() const { return kind_ == Kind::undefined; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_boolean() const { return kind_ == Kind::boolean; }
  bool is_number() const { return kind_ == Kind::number || kind_ == Kind::exact_number; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_array() const { return kind_ == Kind::array || kind_ == Kind::json_array; }
  bool is_object() const { return kind_ == Kind::object || kind_ == Kind::json_object; }
  bool is_function() const { return kind_ == Kind::function; }

  // Each requires the kind that it names.
  bool boolean() const { return bits_.boolean; }
  double number() const { return kind_ == Kind::number ? bits_.number : bits_.json->as_double(); }
  std::string_view text() const { return {bits_.text, length_}; }
  ArrayNode* array_node() const { return bits_.array; }     // array
  ObjectNode* object_node() const { return bits_.object; }  // object
  const json::Value& json() const { return *bits_.json; }   // json_array, json_object, exact_number
  const FunctionNode& function() const { return *bits_.function; }
  TupleNode& tuple() const { return *bits_.tuple; }
  const ThunkNode& thunk() const { return *bits_.thunk; }

  bool has_flag(std::uint8_t flag) const;  // of an array; false for anything else
  bool is_sequence() const;
  bool is_tuple_stream() const;

 private:
  explicit Value(Kind kind) : kind_(kind), length_(0), bits_{.number = 0} {}
  static Value of_json(Kind kind, const json::Value& value) {
    Value v(kind);
    v.bits_.json = &value;
    return v;
  }

  Kind kind_;
  std::uint32_t length_;  // of a string, in bytes
  union {
    bool boolean;
    double number;
    const char* text;
    const json::Value* json;
    ArrayNode* array;
    ObjectNode* object;
    const FunctionNode* function;
    TupleNode* tuple;
    const ThunkNode* thunk;
  } bits_;
};

static_assert(sizeof(Value) == 16);

// An array that the evaluation made. Its flags are the annotations that decide how results are flattened and unwrapped.
struct ArrayNode {
  enum Flag : std::uint8_t {
    sequence = 1,        // the result of a query: unwrapped when it holds one item, nothing when it holds none
    keep_singleton = 2,  // not unwrapped (the `[]` suffix)
    constructed = 4,     // by an array constructor in a path: not flattened into the path's result
    outer_wrapper = 8,   // holds an input that is itself an array
    tuple_stream = 16,   // holds tuples
  };
  enum class Form : std::uint8_t { values, range, json };

  std::uint8_t flags = 0;
  Form form = Form::values;
  std::uint32_t size = 0;
  std::uint32_t capacity = 0;
  union {
    Value* values = nullptr;
    const json::Value* json;
    double first;  // range: the first of consecutive whole numbers
  };

  bool has(Flag flag) const { return (flags & flag) != 0; }
};

// Reads any array, whatever form it has.
class ArrayView {
 public:
  explicit ArrayView(const Value& array) {
    if (array.kind() == Kind::json_array) {
      form_ = ArrayNode::Form::json;
      const auto items = array.json().items();
      json_ = items.data();
      size_ = items.size();
      return;
    }
    const ArrayNode& node = *array.array_node();
    form_ = node.form;
    size_ = node.size;
    if (form_ == ArrayNode::Form::values) {
      values_ = node.values;
    } else if (form_ == ArrayNode::Form::json) {
      json_ = node.json;
    } else {
      first_ = node.first;
    }
  }

  std::size_t size() const { return size_; }
  Value operator[](std::size_t index) const {
    if (form_ == ArrayNode::Form::values) return values_[index];
    if (form_ == ArrayNode::Form::json) return Value::wrap(json_[index]);
    return Value::of(first_ + static_cast<double>(index));
  }
  ArrayNode::Form form() const { return form_; }
  const json::Value* json_items() const { return json_; }
  double first() const { return first_; }

 private:
  ArrayNode::Form form_;
  std::size_t size_;
  union {
    const Value* values_;
    const json::Value* json_;
    double first_;
  };
};

// An object that the evaluation made: members in the order in which they were first set.
struct ObjectNode {
  struct Member {
    std::string_view key;
    std::uint32_t hash;
    Value value;
  };

  std::uint32_t size = 0;
  std::uint32_t capacity = 0;
  Member* members = nullptr;
  std::uint32_t* slots = nullptr;  // positions plus one, by hash; only of objects too large for a linear search
  std::uint32_t slot_mask = 0;

  Member* find(std::string_view key) const;
  void set(Arena& arena, std::string_view key, Value value);  // `key` is borrowed
  void erase(std::string_view key);

 private:
  void index(Arena& arena);
};

// Reads any object.
class ObjectView {
 public:
  explicit ObjectView(const Value& object) {
    if (object.kind() == Kind::json_object) {
      const auto members = object.json().members();
      json_ = members.data();
      size_ = members.size();
    } else {
      node_ = object.object_node();
      size_ = node_->size;
    }
  }
  std::size_t size() const { return size_; }
  std::string_view key(std::size_t index) const {
    return node_ != nullptr ? node_->members[index].key : std::string_view(json_[index].key);
  }
  Value value(std::size_t index) const {
    return node_ != nullptr ? node_->members[index].value : Value::wrap(json_[index].value);
  }

 private:
  const ObjectNode* node_ = nullptr;
  const json::Member* json_ = nullptr;
  std::size_t size_;
};

// The member of an object (of either kind), or undefined.
Value find_member(const Value& object, std::string_view key);

inline bool Value::has_flag(std::uint8_t flag) const {
  return kind_ == Kind::array && (bits_.array->flags & flag) != 0;
}
inline bool Value::is_sequence() const { return has_flag(ArrayNode::sequence); }
inline bool Value::is_tuple_stream() const { return has_flag(ArrayNode::tuple_stream); }

}  // namespace escapement::query::jsonata
