#include "services/iam/policy_keys.h"

#include "json/parse.h"

namespace escapement::services::iam {
namespace {

void add_variables(const std::string& text, std::set<std::string>& keys) {
  for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at + 2)) {
    const auto end = text.find_first_of("},", at);
    if (end == std::string::npos) return;
    const std::string name = text.substr(at + 2, end - at - 2);
    if (name.find(':') != std::string::npos) keys.insert(name);
  }
}

// Depth is bounded by the parser.
void add_variables_of(const json::Value& value, std::set<std::string>& keys) {
  if (value.is_string()) return add_variables(value.as_string(), keys);
  if (value.is_array()) {
    for (const json::Value& item : value.items()) add_variables_of(item, keys);
  } else if (value.is_object()) {
    for (const auto& member : value.members()) add_variables_of(member.value, keys);
  }
}

void add_statement(const json::Value& statement, std::set<std::string>& keys) {
  add_variables_of(statement, keys);
  const json::Value* condition = statement.find("Condition");
  if (condition == nullptr || !condition->is_object()) return;
  for (const auto& [operator_name, operands] : condition->members()) {
    if (!operands.is_object()) continue;
    for (const auto& member : operands.members()) keys.insert(member.key);
  }
}

}  // namespace

void add_condition_keys(std::string_view document, std::set<std::string>& keys) {
  const auto policy = json::parse(document, {.depth_max = 16});
  const json::Value* statements = policy ? policy->find("Statement") : nullptr;
  if (statements == nullptr) return;
  if (!statements->is_array()) return add_statement(*statements, keys);
  for (const json::Value& statement : statements->items()) add_statement(statement, keys);
}

}  // namespace escapement::services::iam
