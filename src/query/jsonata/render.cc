#include "query/jsonata/render.h"

#include <cmath>

#include "json/print.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/stack.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

constexpr double kInt64Limit = 9.2233720368547758e18;
constexpr std::size_t kMessageItemsMax = 1'000;
constexpr std::size_t kDepthMax = 1'000;
constexpr std::size_t kIndent = 2;

json::Value number_to_json(double number, bool name_non_finite) {
  if (!std::isfinite(number)) return name_non_finite ? json::Value(number_text(number)) : json::Value();
  if (number != std::trunc(number)) return json::Value(number);
  if (std::fabs(number) < kInt64Limit) return json::Value(static_cast<std::int64_t>(number));
  if (std::fabs(number) < 1e21) return json::Value::integer_from_digits(number_text(number));
  return json::Value(number);
}

bool is_absent(const Value& value) { return value.is_undefined() || value.is_function(); }

json::Value convert(const Value& value, bool name_non_finite, std::size_t depth, std::size_t& items_left) {
  if (depth > kDepthMax) fail_out_of_stack();
  check_stack();
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::function:
    case Kind::thunk:
    case Kind::null:
      return {};
    case Kind::boolean:
      return json::Value(value.boolean());
    case Kind::number:
      return number_to_json(value.number(), name_non_finite);
    case Kind::string:
      return json::Value(value.text());
    case Kind::exact_number:
    case Kind::json_array:
    case Kind::json_object:
      return value.json();
    case Kind::tuple:
      return {};
    case Kind::array: {
      const ArrayView view(value);
      std::vector<json::Value> items;
      items.reserve(std::min(view.size(), items_left));
      for (std::size_t i = 0; i < view.size() && items_left > 0; ++i, --items_left) {
        if (view.form() == ArrayNode::Form::json) {
          items.push_back(view.json_items()[i]);
        } else {
          items.push_back(convert(view[i], name_non_finite, depth + 1, items_left));
        }
      }
      return json::Value::array(std::move(items));
    }
    case Kind::object: {
      const ObjectView view(value);
      std::vector<json::Member> members;
      members.reserve(std::min(view.size(), items_left));
      for (std::size_t i = 0; i < view.size() && items_left > 0; ++i, --items_left) {
        const Value member = view.value(i);
        if (is_absent(member)) continue;
        members.push_back({std::string(view.key(i)), convert(member, name_non_finite, depth + 1, items_left)});
      }
      return json::Value::object(std::move(members));
    }
  }
  return {};
}

class Stringifier {
 public:
  Stringifier(std::string& out, bool pretty, std::size_t bytes_max)
      : out_(out), pretty_(pretty), bytes_max_(bytes_max) {}

  void any(const Value& value, std::size_t depth) {
    check_stack();
    if (out_.size() > bytes_max_) fail_out_of_memory();
    switch (value.kind()) {
      case Kind::undefined:
      case Kind::thunk:
      case Kind::tuple:
      case Kind::null:
        out_ += "null";
        return;
      case Kind::boolean:
        out_ += value.boolean() ? "true" : "false";
        return;
      case Kind::exact_number:
        exact(value);
        return;
      case Kind::number:
        number(value.number());
        return;
      case Kind::string:
        json::print_string_to(out_, value.text(), json::EscapeDigits::lower);
        return;
      case Kind::function:
        out_ += "\"\"";
        return;
      case Kind::json_array:
      case Kind::array:
        items(value, depth);
        return;
      case Kind::json_object:
      case Kind::object:
        members(value, depth);
        return;
    }
  }

 private:
  void exact(const Value& value) {
    if (value.json().is_int64()) {
      out_ += std::to_string(value.json().as_int64());
    } else {
      number(value.number());
    }
  }

  void number(double number) {
    if (!std::isfinite(number)) {
      if (std::isnan(number)) {
        out_ += "null";
        return;
      }
      throw Failure::of("D1001", json::Value());
    }
    append_number(out_, number == std::trunc(number) ? number : round_to_15_digits(number));
  }

  void new_line(std::size_t depth) {
    if (!pretty_) return;
    out_.push_back('\n');
    out_.append(depth * kIndent, ' ');
  }

  void items(const Value& array, std::size_t depth) {
    const ArrayView view(array);
    out_.push_back('[');
    for (std::size_t i = 0; i < view.size(); ++i) {
      if (i > 0) out_.push_back(',');
      new_line(depth + 1);
      any(view[i], depth + 1);
    }
    if (view.size() > 0) new_line(depth);
    out_.push_back(']');
  }

  void members(const Value& object, std::size_t depth) {
    const ObjectView view(object);
    out_.push_back('{');
    bool first = true;
    for (std::size_t i = 0; i < view.size(); ++i) {
      const Value member = view.value(i);
      if (member.is_undefined()) continue;
      if (!first) out_.push_back(',');
      first = false;
      new_line(depth + 1);
      json::print_string_to(out_, view.key(i), json::EscapeDigits::lower);
      out_ += pretty_ ? ": " : ":";
      any(member, depth + 1);
    }
    if (!first) new_line(depth);
    out_.push_back('}');
  }

  std::string& out_;
  bool pretty_;
  std::size_t bytes_max_;
};

}  // namespace

json::Value to_json(const Value& value, bool name_non_finite) {
  std::size_t items_left = SIZE_MAX;
  return convert(value, name_non_finite, 0, items_left);
}

void stringify(std::string& out, const Value& value, bool pretty, std::size_t bytes_max) {
  Stringifier(out, pretty, bytes_max).any(value, 0);
}

json::Value for_message(const Value& value) {
  std::size_t items_left = kMessageItemsMax;
  return convert(value, true, 0, items_left);
}

}  // namespace escapement::query::jsonata
