#include "identity/policy.h"

#include "identity/arn.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::identity {
namespace {

using base::ErrorCode;
using base::make_error;
using base::Result;

constexpr std::size_t kDepthMax = 16;

// A string or a list of strings; numbers and booleans count as their texts, as AWS takes them in conditions.
Result<std::vector<std::string>> read_texts(const json::Value& value) {
  std::vector<std::string> texts;
  const auto add = [&](const json::Value& item) -> Result<void> {
    if (item.is_string()) {
      texts.push_back(item.as_string());
    } else if (item.is_bool() || item.is_number()) {
      texts.push_back(json::print(item));
    } else {
      return make_error(ErrorCode::invalid, "a value must be a string or a list of strings");
    }
    return {};
  };
  if (!value.is_array()) {
    ESC_CHECK(add(value));
    return texts;
  }
  for (const json::Value& item : value.items()) ESC_CHECK(add(item));
  return texts;
}

ResourcePattern compile_resource(std::string_view text, bool variables) {
  ResourcePattern resource;
  resource.any = text == "*";
  if (resource.any) return resource;
  for (const std::string_view field : Pattern::split_fields(text, 6)) {
    resource.fields.emplace_back(field, Pattern::Options{.variables = variables});
  }
  while (resource.fields.size() < 6) resource.fields.emplace_back("*", Pattern::Options{});
  return resource;
}

Result<PrincipalPattern> compile_principal(const json::Value& value) {
  PrincipalPattern principal;
  if (value.is_string()) {
    if (value.as_string() != "*") return make_error(ErrorCode::invalid, "Principal must be \"*\" or an object");
    principal.any = true;
    return principal;
  }
  if (!value.is_object()) return make_error(ErrorCode::invalid, "Principal must be \"*\" or an object");
  for (const auto& [kind, names] : value.members()) {
    ESC_TRY(auto texts, read_texts(names));
    if (kind == "AWS") {
      for (auto& text : texts) {
        if (text == "*")
          principal.any = true;
        else
          principal.aws.push_back(std::move(text));
      }
    } else if (kind == "Service") {
      principal.services = std::move(texts);
    } else if (kind == "Federated") {
      principal.federated = std::move(texts);
    } else if (kind != "CanonicalUser") {
      return make_error(ErrorCode::invalid, "Principal has no kind " + kind);
    }
  }
  return principal;
}

Result<std::vector<Condition>> compile_conditions(const json::Value& value, bool variables) {
  if (!value.is_object()) return make_error(ErrorCode::invalid, "Condition must be an object");
  std::vector<Condition> conditions;
  for (const auto& [name, keys] : value.members()) {
    const auto op = parse_condition_operator(name);
    if (!op) return make_error(ErrorCode::invalid, "Condition has no operator " + name);
    if (!keys.is_object()) return make_error(ErrorCode::invalid, "Condition " + name + " must be an object");
    for (const auto& [key, values] : keys.members()) {
      ESC_TRY(auto texts, read_texts(values));
      conditions.emplace_back(*op, key, std::move(texts), variables);
    }
  }
  return conditions;
}

// One of `name` and "Not" + `name`; both is an error.
Result<const json::Value*> find_either(const json::Value& statement, std::string_view name, bool& negated) {
  const json::Value* plain = statement.find(name);
  const json::Value* inverse = statement.find("Not" + std::string(name));
  if (plain != nullptr && inverse != nullptr) {
    return make_error(ErrorCode::invalid,
                      "a statement has either " + std::string(name) + " or Not" + std::string(name));
  }
  negated = inverse != nullptr;
  return plain != nullptr ? plain : inverse;
}

Result<Statement> compile_statement(const json::Value& value, bool variables) {
  if (!value.is_object()) return make_error(ErrorCode::invalid, "a statement must be an object");
  Statement statement;
  if (const json::Value* sid = value.find("Sid"); sid != nullptr && sid->is_string()) statement.sid = sid->as_string();

  const json::Value* effect = value.find("Effect");
  if (effect == nullptr || !effect->is_string())
    return make_error(ErrorCode::invalid, "a statement must have an Effect");
  if (effect->as_string() != "Allow" && effect->as_string() != "Deny")
    return make_error(ErrorCode::invalid, "Effect must be Allow or Deny");
  statement.effect = effect->as_string() == "Allow" ? Effect::allow : Effect::deny;

  ESC_TRY(const json::Value* actions, find_either(value, "Action", statement.not_action));
  if (actions == nullptr) return make_error(ErrorCode::invalid, "a statement must have an Action");
  ESC_TRY(const auto action_texts, read_texts(*actions));
  for (const std::string& action : action_texts) {
    statement.actions.emplace_back(to_lower(action), Pattern::Options{.variables = false});
  }

  ESC_TRY(const json::Value* resources, find_either(value, "Resource", statement.not_resource));
  if (resources != nullptr) {
    statement.has_resource = true;
    ESC_TRY(const auto resource_texts, read_texts(*resources));
    for (const std::string& resource : resource_texts)
      statement.resources.push_back(compile_resource(resource, variables));
  }

  ESC_TRY(const json::Value* principal, find_either(value, "Principal", statement.not_principal));
  if (principal != nullptr) {
    statement.has_principal = true;
    ESC_TRY(statement.principal, compile_principal(*principal));
  }

  if (const json::Value* condition = value.find("Condition")) {
    ESC_TRY(statement.conditions, compile_conditions(*condition, variables));
  }
  return statement;
}

}  // namespace

Result<std::shared_ptr<const Policy>> compile_policy(std::string_view text) {
  ESC_TRY(const json::Value document, json::parse(text, {.depth_max = kDepthMax}));
  const json::Value* statements = document.find("Statement");
  if (statements == nullptr) return make_error(ErrorCode::invalid, "a policy must have a Statement");
  auto policy = std::make_shared<Policy>();
  const json::Value* version = document.find("Version");
  policy->variables = version != nullptr && version->is_string() && version->as_string() == "2012-10-17";
  if (!statements->is_array()) {
    ESC_TRY(auto statement, compile_statement(*statements, policy->variables));
    policy->statements.push_back(std::move(statement));
  } else {
    for (const json::Value& item : statements->items()) {
      ESC_TRY(auto statement, compile_statement(item, policy->variables));
      policy->statements.push_back(std::move(statement));
    }
  }
  return std::shared_ptr<const Policy>(std::move(policy));
}

}  // namespace escapement::identity
