// The fields of the language: paths, templates, expressions, numbers and texts.
#include <algorithm>

#include <fmt/format.h>

#include "asl/checker.h"
#include "asl/template_node.h"
#include "base/time.h"

namespace escapement::asl {
namespace {

using json::Value;

constexpr std::string_view kPathSuffix = ".$";

bool looks_like_query(std::string_view text) {
  return text == "$" || text.starts_with("$.") || text.starts_with("$[") || text.starts_with("$$") ||
         (text.starts_with("States.") && text.ends_with(")"));
}

class TemplateCompiler {
 public:
  TemplateCompiler(QueryLanguage language, const Place& field, bool in_catcher, Checker& checker)
      : jsonata_(language == QueryLanguage::jsonata), field_(field), in_catcher_(in_catcher), checker_(checker) {}

  TemplateNode compile(const Value& value, const Place& place) {
    if (value.is_object()) return compile_object(value, place);
    if (value.is_array()) return compile_array(value, place);
    if (jsonata_ && value.is_string() && JsonataExpression::is_expression(value.as_string())) {
      if (auto expression = compile_jsonata(value.as_string(), place, in_catcher_, checker_))
        return {*std::move(expression)};
    }
    return {value};
  }

 private:
  TemplateNode compile_object(const Value& value, const Place& place) {
    TemplateNode::Object members;
    members.reserve(value.size());
    bool constant = true;
    for (const json::Member& member : value.members()) {
      const Place inner{&place, member.key};
      const bool query = !jsonata_ && member.key.ends_with(kPathSuffix);
      std::string key = query ? member.key.substr(0, member.key.size() - kPathSuffix.size()) : member.key;
      TemplateNode node = query ? compile_query(member) : compile(member.value, inner);
      constant = constant && node.is_constant();
      if (!query && !jsonata_ && member.value.is_string() && looks_like_query(member.value.as_string())) warn(member);
      members.push_back({std::move(key), member.key, std::move(node)});
    }
    if (constant) return {value};
    return {std::move(members)};
  }

  TemplateNode compile_array(const Value& value, const Place& place) {
    TemplateNode::Array items;
    items.reserve(value.size());
    bool constant = true;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const Place inner{&place, {}, static_cast<std::int64_t>(i)};
      items.push_back(compile(value[i], inner));
      constant = constant && items.back().is_constant();
    }
    if (constant) return {value};
    return {std::move(items)};
  }

  TemplateNode compile_query(const json::Member& member) {
    if (member.value.is_string()) {
      const std::string& text = member.value.as_string();
      if (text.starts_with('$')) {
        if (auto path = jsonpath::Path::compile(text)) return {*std::move(path)};
      } else if (auto expression = intrinsics::Expression::compile(text)) {
        return {*std::move(expression)};
      }
    }
    checker_.schema(
        fmt::format("The value for the field '{}' must be a valid JSONPath or a valid intrinsic function call",
                    member.key),
        field_);
    // Counts as a query, so that the object is not taken for a constant.
    return {TemplateNode::Array{}};
  }

  void warn(const json::Member& member) {
    checker_.warning(
        "NO_DOLLAR",
        fmt::format("The value of the field '{}' looks like a JSONPath or an intrinsic function call, but the field's "
                    "name does not end with '.$'",
                    member.key),
        field_);
  }

  bool jsonata_;
  const Place& field_;
  bool in_catcher_;
  Checker& checker_;
};

bool is_variable_name(std::string_view name) {
  constexpr std::size_t kNameMax = 80;
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
  };
  if (name.empty() || name.size() > kNameMax || !letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// What expressions of Step Functions may not mention: a context item, which there is none of, and the error output
// outside a catcher.
void check_references(const JsonataExpression& expression, const Place& place, bool in_catcher, Checker& checker) {
  for (const std::string& name : expression.context_references()) {
    const bool symbol = name.starts_with('$') || name.starts_with('*');
    checker.error("UNSUPPORTED_JSONATA_EXPRESSION",
                  fmt::format("Reference to '{}' {}is not supported.", name, symbol ? "" : "at the top level "), place);
  }
  if (expression.reads_error_output() && !in_catcher) {
    checker.error("UNSUPPORTED_JSONATA_EXPRESSION", "Reference to '$states.errorOutput' is not supported.", place);
  }
}

}  // namespace

std::optional<JsonataExpression> compile_jsonata(std::string_view text, const Place& place, bool in_catcher,
                                                 Checker& checker) {
  auto expression = JsonataExpression::compile(text);
  if (!expression) {
    checker.error("INVALID_JSONATA_EXPRESSION", expression.error().message, place);
    return std::nullopt;
  }
  check_references(*expression, place, in_catcher, checker);
  return *std::move(expression);
}

std::optional<jsonpath::Path> compile_path(std::string_view text, std::string_view field, const Place& place,
                                           Checker& checker) {
  auto path = jsonpath::Path::compile(text);
  if (path) return *std::move(path);
  checker.schema(text.starts_with('$')
                     ? fmt::format("The value for the field '{}' must be a valid JSONPath", field)
                     : std::string("Value is not a Reference Path: Reference path didn't start with '$'"),
                 place);
  return std::nullopt;
}

std::optional<Template> compile_template(const Value& value, QueryLanguage language, const Place& place,
                                         bool in_catcher, Checker& checker) {
  TemplateNode node = TemplateCompiler(language, place, in_catcher, checker).compile(value, place);
  return Template(std::make_shared<const TemplateNode>(std::move(node)));
}

SelectPath Reader::select_path(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return {};
  if (value->is_null()) return SelectPath::none();
  if (!value->is_string()) {
    checker.schema("Expected value of type String", at(name));
    return {};
  }
  auto path = jsonpath::Path::compile(value->as_string());
  if (!path) checker.schema("Value must be a valid JSONPath.", at(name));
  if (!path || (path->is_root_only() && path->root() == jsonpath::Root::input)) return {};
  return SelectPath(*std::move(path));
}

ResultPath Reader::result_path(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return {};
  if (value->is_null()) return ResultPath::discard();
  if (!value->is_string()) {
    checker.schema("Expected value of type String", at(name));
    return {};
  }
  auto path = jsonpath::ReferencePath::compile(value->as_string());
  if (path) return ResultPath(*std::move(path));
  const bool rooted = value->as_string().starts_with('$');
  checker.schema(rooted ? fmt::format("The value for the field '{}' must be a valid Reference Path", name)
                        : std::string("Value is not a Reference Path: Reference path didn't start with '$'"),
                 at(name));
  return {};
}

std::optional<Template> Reader::payload(std::string_view name, bool in_catcher) const {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  return compile_template(*value, language, at(name), in_catcher, checker);
}

std::optional<Template> Reader::assign(bool in_catcher) const {
  const Value* value = child("Assign");
  if (value == nullptr) return std::nullopt;
  for (const json::Member& member : value->members()) {
    std::string_view name = member.key;
    if (!jsonata() && name.ends_with(kPathSuffix)) name.remove_suffix(kPathSuffix.size());
    if (name == "states") {
      checker.schema("'states' is a reserved variable name", at("Assign"));
    } else if (!is_variable_name(name)) {
      checker.schema(fmt::format("'{}' is not a valid variable name", name), at("Assign"));
    }
  }
  return compile_template(*value, language, at("Assign"), in_catcher, checker);
}

IntegerField Reader::integer_field(std::string_view name, std::string_view path_name, std::int64_t min,
                                   std::int64_t max) const {
  IntegerField out;
  at_most_one({name, path_name});
  if (const Value* value = find(name)) {
    out.name = name;
    if (jsonata() && value->is_string() && JsonataExpression::is_expression(value->as_string())) {
      if (auto expression = compile_jsonata(value->as_string(), at(name), false, checker))
        out.value = *std::move(expression);
    } else if (const auto number = integer(name, min, max)) {
      out.value = *number;
    }
  } else if (const auto text_value = text(path_name)) {
    out.name = path_name;
    if (auto path = compile_path(*text_value, path_name, at(path_name), checker)) out.value = *std::move(path);
  }
  return out;
}

NumberField Reader::percentage_field(std::string_view name, std::string_view path_name) const {
  NumberField out;
  at_most_one({name, path_name});
  if (const Value* value = find(name)) {
    out.name = name;
    if (jsonata() && value->is_string() && JsonataExpression::is_expression(value->as_string())) {
      if (auto expression = compile_jsonata(value->as_string(), at(name), false, checker))
        out.value = *std::move(expression);
    } else if (const auto percentage = number(name, 0, 100)) {
      out.value = *percentage;
    }
  } else if (const auto text_value = text(path_name)) {
    out.name = path_name;
    if (auto path = compile_path(*text_value, path_name, at(path_name), checker)) out.value = *std::move(path);
  }
  return out;
}

TextField Reader::text_field(std::string_view name, std::string_view path_name) const {
  TextField out;
  at_most_one({name, path_name});
  if (const auto literal = text(name)) {
    out.name = name;
    if (!jsonata() || !JsonataExpression::is_expression(*literal)) {
      out.value = *literal;
    } else if (auto expression = compile_jsonata(*literal, at(name), false, checker)) {
      out.value = *std::move(expression);
    }
    return out;
  }
  const auto query = text(path_name);
  if (!query) return out;
  out.name = path_name;
  if (query->starts_with('$')) {
    if (auto path = compile_path(*query, path_name, at(path_name), checker)) out.value = *std::move(path);
  } else if (auto call = intrinsics::Expression::compile(*query)) {
    out.value = *std::move(call);
  } else {
    checker.schema(
        fmt::format("The value for the field '{}' must be a valid JSONPath or a valid intrinsic function call",
                    path_name),
        at(path_name));
  }
  return out;
}

std::optional<Resource> Reader::resource(MachineType type) const {
  const auto arn = text("Resource");
  if (!arn) return std::nullopt;
  auto parsed = parse_resource(*arn);
  if (!parsed) {
    checker.schema(parsed.error().message, at("Resource"));
    return std::nullopt;
  }
  if (!checker.is_known(*parsed)) checker.schema_rule(resource_not_recognized(*arn).message, at("Resource"));
  if (type == MachineType::express) {
    // AWS leaves a blank at the end of the second sentence.
    if (parsed->kind == Resource::Kind::activity) {
      checker.schema_rule("Express state machine does not support Activity ARN", at("Resource"));
    } else if (parsed->pattern != Resource::Pattern::request_response) {
      const std::string action = parsed->event_resource();
      checker.schema_rule(fmt::format("Express state machine does not support '{}' service integration ",
                                      action.substr(action.find('.'))),
                          at("Resource"));
    }
  }
  return *std::move(parsed);
}

}  // namespace escapement::asl
