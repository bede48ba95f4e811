#include "wire/validate.h"

#include <fmt/format.h>

#include <algorithm>

#include "json/print.h"

namespace escapement::wire {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t kViolationsMax = 64;
constexpr std::size_t kEchoBytesMax = 64 * 1024;
constexpr std::string_view kNotNull = "Member must not be null";

bool is_leaf(const Shape& shape) {
  return shape.type != ShapeType::structure && shape.type != ShapeType::list && shape.type != ShapeType::map;
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string at_most(double max) {
  return fmt::format("Member must have length less than or equal to {}", static_cast<std::int64_t>(max));
}
std::string at_least(double min) {
  return fmt::format("Member must have length greater than or equal to {}", static_cast<std::int64_t>(min));
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += ", ";
    out += part;
  }
  return out;
}

std::string enumeration(const Shape& shape, const Model& model) {
  if (model.hides_values) return "Member must satisfy enum value set";
  return "Member must satisfy enum value set: [" + joined(shape.enumeration_message) + "]";
}

// A value as Java prints it.
void echo(std::string& out, const Value& value, const Shape& shape) {
  if (out.size() > kEchoBytesMax) return;
  if (shape.type == ShapeType::blob && value.is_string()) {
    out += fmt::format("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", value.as_string().size());
  } else if (value.is_string()) {
    out += value.as_string();
  } else if (value.is_array() && shape.type == ShapeType::list) {
    out.push_back('[');
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ", ";
      echo(out, value[i], *shape.element.shape);
    }
    out.push_back(']');
  } else if (value.is_object() && shape.type == ShapeType::map) {
    out.push_back('{');
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ", ";
      out.append(value.members()[i].key).push_back('=');
      echo(out, value.members()[i].value, *shape.element.shape);
    }
    out.push_back('}');
  } else if (value.is_object() && shape.type == ShapeType::structure) {
    out.append(shape.name).push_back('(');
    for (std::size_t i = 0; i < shape.members.size(); ++i) {
      if (i > 0) out += ", ";
      out.append(shape.members[i].path_name).push_back('=');
      const Value* member = value.find(shape.members[i].name);
      if (member == nullptr) {
        out += "null";
      } else {
        echo(out, *member, *shape.members[i].shape);
      }
    }
    out.push_back(')');
  } else {
    json::print_to(out, value);
  }
}

class Validator {
 public:
  explicit Validator(const Model& model) : model_(model) {}

  void check_structure(const Value& value, const Shape& shape, std::string& path) {
    if (!value.is_object()) return;
    for (const MemberShape& member : shape.members) {
      if (!member.required && !member.shape->has_constraints) continue;
      const Value* found = value.find(member.name);
      if (found == nullptr && !member.required) continue;
      const std::size_t length = path.size();
      if (!path.empty()) path.push_back('.');
      path += member.path_name;
      if (found == nullptr) {
        violate_null(path);
      } else {
        check(*found, *member.shape, path);
      }
      path.resize(length);
    }
  }

  base::Result<void> result() && {
    if (violations_.empty()) return {};
    std::string message = violations_.size() == 1 ? "1 validation error detected: "
                                                  : fmt::format("{} validation errors detected: ", violations_.size());
    for (std::size_t i = 0; i < violations_.size(); ++i) {
      if (i > 0) message += "; ";
      message += violations_[i];
    }
    return base::make_error(base::ErrorCode::invalid, model_.validation_error, std::move(message));
  }

 private:
  void check(const Value& value, const Shape& shape, std::string& path) {
    if (!shape.has_constraints) return;
    switch (shape.type) {
      case ShapeType::structure:
        return check_structure(value, shape, path);
      case ShapeType::list:
        return check_list(value, shape, path);
      case ShapeType::map:
        return check_map(value, shape, path);
      default:
        for (const std::string& constraint : broken(value, shape)) violate(value, shape, path, constraint);
    }
  }

  void check_size(const Value& value, const Shape& shape, const std::string& path) {
    const auto size = static_cast<double>(value.size());
    if (shape.max && size > *shape.max) violate(value, shape, path, at_most(*shape.max));
    if (shape.min && size < *shape.min) violate(value, shape, path, at_least(*shape.min));
  }

  // Elements that are leaves are complained of together, at the list; structures each at their own place.
  void check_list(const Value& value, const Shape& shape, std::string& path) {
    if (!value.is_array()) return;
    check_size(value, shape, path);
    const Shape& element = *shape.element.shape;
    if (is_leaf(element)) {
      for (const Value& item : value.items()) {
        if (!item.is_null() && broken(item, element).empty()) continue;
        if (!shape.enumeration_message.empty()) {
          return violate(value, shape, path,
                         "Member must satisfy enum value set: [" + joined(shape.enumeration_message) + "]");
        }
        auto constraints = all_constraints(element);
        constraints.emplace_back(kNotNull);
        return violate(value, shape, path, "Member must satisfy constraint: [" + joined(constraints) + "]");
      }
      return;
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::size_t length = path.size();
      path += fmt::format(".{}.member", i + 1);
      check(value[i], element, path);
      path.resize(length);
    }
  }

  void check_map(const Value& value, const Shape& shape, std::string& path) {
    if (!value.is_object()) return;
    check_size(value, shape, path);
    const Shape& key = *shape.key.shape;
    const Shape& element = *shape.element.shape;
    for (const auto& [name, item] : value.members()) {
      if (broken(Value(name), key).empty()) continue;
      violate(value, shape, path, "Map keys must satisfy constraint: [" + joined(all_constraints(key)) + "]");
      break;
    }
    if (!element.has_constraints) return;
    for (const auto& [name, item] : value.members()) {
      if (is_leaf(element)) {
        if (broken(item, element).empty()) continue;
        return violate(value, shape, path,
                       "Map value must satisfy constraint: [" + joined(all_constraints(element)) + "]");
      }
      const std::size_t length = path.size();
      path.append(".").append(name).append(".member");
      check(item, element, path);
      path.resize(length);
    }
  }

  // The constraints of a leaf that `value` breaks, in the order in which AWS lists them.
  std::vector<std::string> broken(const Value& value, const Shape& shape) const {
    std::vector<std::string> out;
    if (value.is_number()) {
      const double number = value.as_double();
      if (shape.max && number > *shape.max) out.push_back(range("less", *shape.max));
      if (shape.min && number < *shape.min) out.push_back(range("greater", *shape.min));
      return out;
    }
    if (!value.is_string()) return out;
    const std::string& text = value.as_string();
    if (!shape.enumeration.empty() &&
        std::find(shape.enumeration.begin(), shape.enumeration.end(), text) == shape.enumeration.end()) {
      out.push_back(enumeration(shape, model_));
    }
    if (shape.pattern && !shape.pattern->matches(text))
      out.push_back("Member must satisfy regular expression pattern: " + shape.pattern->text());
    if (!shape.max && !shape.min) return out;
    const auto length = static_cast<double>(shape.type == ShapeType::blob ? text.size() : code_points(text));
    if (shape.max && length > *shape.max) out.push_back(at_most(*shape.max));
    if (shape.min && length < *shape.min) out.push_back(at_least(*shape.min));
    return out;
  }

  std::vector<std::string> all_constraints(const Shape& shape) const {
    std::vector<std::string> out;
    if (!shape.enumeration.empty()) out.push_back(enumeration(shape, model_));
    const bool number = shape.type == ShapeType::integer || shape.type == ShapeType::real;
    if (shape.max) out.push_back(number ? range("less", *shape.max) : at_most(*shape.max));
    if (shape.min) out.push_back(number ? range("greater", *shape.min) : at_least(*shape.min));
    if (shape.pattern) out.push_back("Member must satisfy regular expression pattern: " + shape.pattern->text());
    return out;
  }

  static std::string range(std::string_view than, double bound) {
    const Value number = bound == static_cast<double>(static_cast<std::int64_t>(bound))
                             ? Value(static_cast<std::int64_t>(bound))
                             : Value(bound);
    return fmt::format("Member must have value {} than or equal to {}", than, json::print_number(number));
  }

  void violate_null(std::string_view path) {
    add(fmt::format("Value {}at '{}' failed to satisfy constraint: {}", model_.hides_values ? "" : "null ", path,
                    kNotNull));
  }

  void violate(const Value& value, const Shape& shape, std::string_view path, std::string_view constraint) {
    const bool hidden =
        model_.hides_values || shape.sensitive || (shape.element.shape != nullptr && shape.element.shape->sensitive);
    if (hidden) return add(fmt::format("Value at '{}' failed to satisfy constraint: {}", path, constraint));
    std::string shown;
    echo(shown, value, shape);
    add(fmt::format("Value '{}' at '{}' failed to satisfy constraint: {}", shown, path, constraint));
  }

  void add(std::string violation) {
    if (violations_.size() < kViolationsMax) violations_.push_back(std::move(violation));
  }

  const Model& model_;
  std::vector<std::string> violations_;
};

}  // namespace

base::Result<void> validate(const Value& input, const Shape& shape, const Model& model) {
  Validator validator(model);
  std::string path;
  validator.check_structure(input, shape, path);
  return std::move(validator).result();
}

}  // namespace escapement::wire
