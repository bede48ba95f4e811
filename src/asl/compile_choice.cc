// Choice rules of both languages.
#include <fmt/format.h>

#include "asl/choice_node.h"
#include "asl/compiler.h"

namespace escapement::asl {
namespace {

using json::Value;

bool is_logic(std::string_view name) { return name == "And" || name == "Or" || name == "Not"; }

std::string_view expected_type(const Operator& op) {
  if (op.path || op.subject == Subject::string || op.subject == Subject::timestamp) return "String";
  return op.subject == Subject::numeric ? "Number" : "Boolean";
}

bool has_type(const Value& value, std::string_view type) {
  return type == "String" ? value.is_string() : type == "Number" ? value.is_number() : value.is_bool();
}

void compile_comparison(const Reader& rule, const json::Member& member, ConditionNode& node) {
  const Place place = rule.at(member.key);
  if (!has_type(member.value, expected_type(*node.op))) {
    rule.checker.schema(fmt::format("Expected value of type {}", expected_type(*node.op)), place);
    return;
  }
  rule.require({"Variable"});
  if (const auto variable = rule.text("Variable")) {
    if (auto path = compile_path(*variable, "Variable", rule.at("Variable"), rule.checker))
      node.variable.push_back(*std::move(path));
  }
  node.literal = member.value;
  if (node.op->path) {
    if (auto path = compile_path(member.value.as_string(), member.key, place, rule.checker))
      node.other.push_back(*std::move(path));
  } else if (node.op->subject == Subject::timestamp) {
    const auto timestamp = base::parse_rfc3339(member.value.as_string());
    if (timestamp)
      node.timestamp = *timestamp;
    else
      rule.checker.schema("String does not match RFC3339 timestamp", place);
  }
}

ConditionNode compile_condition(const Reader& rule, bool top_level);

void compile_logic(const Reader& rule, const json::Member& member, ConditionNode& node) {
  const Place place = rule.at(member.key);
  const auto child = [&](const Value& value, const Place& at) {
    if (value.is_object())
      node.children.push_back(compile_condition({value, at, rule.language, rule.checker}, false));
    else
      rule.checker.schema("Expected value of type Object", at);
  };
  node.kind = member.key == "And"  ? ConditionNode::Kind::all_of
              : member.key == "Or" ? ConditionNode::Kind::any_of
                                   : ConditionNode::Kind::negation;
  if (node.kind == ConditionNode::Kind::negation) {
    child(member.value, place);
    return;
  }
  if (!member.value.is_array()) {
    rule.checker.schema("Expected value of type Array", place);
    return;
  }
  if (member.value.size() == 0)
    rule.checker.schema(fmt::format("The field '{}' should be non-empty", member.key), place);
  for (std::size_t i = 0; i < member.value.size(); ++i) {
    child(member.value[i], Place{&place, {}, static_cast<std::int64_t>(i)});
  }
}

// A rule has one operator; `top_level` ones have Next and may have Assign as well.
ConditionNode compile_condition(const Reader& rule, bool top_level) {
  ConditionNode node;
  int operators = 0;
  bool logic = false;
  for (const json::Member& member : rule.object.members()) {
    if (member.key == "Comment" || member.key == "Variable") continue;
    if (top_level && (member.key == "Next" || member.key == "Assign")) continue;
    if (is_logic(member.key)) {
      logic = true;
      if (++operators == 1) compile_logic(rule, member, node);
    } else if (const Operator* op = find_operator(member.key)) {
      if (++operators > 1) continue;
      node.op = op;
      compile_comparison(rule, member, node);
    } else {
      rule.checker.schema_rule(fmt::format("Field '{}' is not supported", member.key), rule.place);
    }
  }
  if (operators > 1) rule.checker.schema("A choice rule must have exactly one comparison operator", rule.place);
  if (operators == 0) rule.checker.schema("A choice rule must have a comparison operator", rule.place);
  if (logic && rule.find("Variable") != nullptr)
    rule.checker.schema_rule("Field 'Variable' is not supported", rule.place);
  return node;
}

Condition compile_jsonata_condition(const Reader& rule) {
  rule.allow_only({"Condition", "Next", "Assign", "Output", "Comment"});
  rule.require({"Condition"});
  const Value* condition = rule.find("Condition");
  if (condition == nullptr) return Condition(false);
  if (condition->is_bool()) return Condition(condition->as_bool());
  if (condition->is_string() && JsonataExpression::is_expression(condition->as_string())) {
    auto expression = compile_jsonata(condition->as_string(), rule.at("Condition"), false, rule.checker);
    return expression ? Condition(*std::move(expression)) : Condition(false);
  }
  rule.checker.schema("The value for the field 'Condition' must be a boolean or a JSONata expression",
                      rule.at("Condition"));
  return Condition(false);
}

ChoiceRule compile_rule(const Reader& rule) {
  rule.require({"Next"});
  ChoiceRule out{rule.jsonata() ? compile_jsonata_condition(rule)
                                : Condition(std::make_shared<const ConditionNode>(compile_condition(rule, true))),
                 {},
                 rule.assign(),
                 {}};
  out.next.name = rule.text("Next").value_or("");
  if (rule.jsonata()) out.output = rule.payload("Output");
  return out;
}

}  // namespace

ChoiceState compile_choice(const Reader& reader) {
  ChoiceState out;
  reader.require({"Choices"});
  if (const auto otherwise = reader.text("Default")) out.otherwise = Transition{kNoState, *otherwise};
  const Value* rules = reader.array("Choices");
  if (rules == nullptr) return out;
  const Place list = reader.at("Choices");
  if (rules->size() == 0) reader.checker.schema("The field 'Choices' should be non-empty", list);
  for (std::size_t i = 0; i < rules->size(); ++i) {
    const Place place{&list, {}, static_cast<std::int64_t>(i)};
    if ((*rules)[i].is_object()) {
      out.rules.push_back(compile_rule({(*rules)[i], place, reader.language, reader.checker}));
    } else {
      reader.checker.schema("Expected value of type Object", place);
    }
  }
  return out;
}

}  // namespace escapement::asl
