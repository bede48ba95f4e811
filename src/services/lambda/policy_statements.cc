#include "services/lambda/policy_statements.h"

#include <algorithm>
#include <vector>

#include "services/lambda/errors.h"
#include "services/lambda/operations.h"

namespace escapement::services::lambda {
namespace {

base::Result<json::Value> principal_of(std::string_view principal) {
  if (principal == "*") return json::Value("*");
  const bool is_account = principal.size() == 12 && principal.find_first_not_of("0123456789") == std::string_view::npos;
  if (is_account) return json::Value::object({{"AWS", "arn:aws:iam::" + std::string(principal) + ":root"}});
  if (principal.starts_with("arn:")) return json::Value::object({{"AWS", principal}});
  for (const std::string_view suffix : {".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"}) {
    if (principal.ends_with(suffix) && principal.size() > suffix.size())
      return json::Value::object({{"Service", principal}});
  }
  return invalid_parameter("The provided principal was invalid. Please check the principal and try again.");
}

json::Value statement_of(std::string_view id, json::Value principal, std::string_view action, std::string_view resource,
                         json::Value condition) {
  json::ObjectBuilder statement;
  statement.set("Sid", id)
      .set("Effect", "Allow")
      .set("Principal", std::move(principal))
      .set("Action", action)
      .set("Resource", resource);
  if (condition.size() > 0) statement.set("Condition", std::move(condition));
  return std::move(statement).build();
}

}  // namespace

base::Result<json::Value> function_statement(const wire::Call& call, std::string_view resource) {
  const json::Value& input = call.input;
  ESC_TRY(json::Value principal, principal_of(member_text(input, "Principal")));
  struct Key {
    const char* member;
    const char* name;
  };
  json::ObjectBuilder equals;
  for (const Key key :
       {Key{"SourceAccount", "AWS:SourceAccount"}, Key{"EventSourceToken", "lambda:EventSourceToken"},
        Key{"FunctionUrlAuthType", "lambda:FunctionUrlAuthType"}, Key{"PrincipalOrgID", "aws:PrincipalOrgID"}}) {
    if (has(input, key.member)) equals.set(key.name, *input.find(key.member));
  }
  json::ObjectBuilder condition;
  if (!equals.empty()) condition.set("StringEquals", std::move(equals).build());
  if (has(input, "InvokedViaFunctionUrl")) {
    condition.set("Bool", json::Value::object({{"lambda:InvokedViaFunctionUrl",
                                                flag(input, "InvokedViaFunctionUrl") ? "true" : "false"}}));
  }
  if (has(input, "SourceArn"))
    condition.set("ArnLike", json::Value::object({{"AWS:SourceArn", *input.find("SourceArn")}}));
  return statement_of(member_text(input, "StatementId"), std::move(principal), member_text(input, "Action"), resource,
                      std::move(condition).build());
}

base::Result<json::Value> layer_statement(const wire::Call& call, std::string_view resource) {
  const json::Value& input = call.input;
  ESC_TRY(json::Value principal, principal_of(member_text(input, "Principal")));
  json::ObjectBuilder condition;
  if (has(input, "OrganizationId"))
    condition.set("StringEquals", json::Value::object({{"aws:PrincipalOrgID", *input.find("OrganizationId")}}));
  return statement_of(member_text(input, "StatementId"), std::move(principal), member_text(input, "Action"), resource,
                      std::move(condition).build());
}

base::Result<json::Value> with_statement(const std::optional<json::Value>& policy, const json::Value& statement) {
  std::vector<json::Value> statements;
  if (policy) statements.assign(policy->find("Statement")->items().begin(), policy->find("Statement")->items().end());
  const std::string_view id = member_text(statement, "Sid");
  if (std::ranges::any_of(statements, [&](const json::Value& present) { return member_text(present, "Sid") == id; })) {
    return conflict("The statement id (" + std::string(id) +
                    ") provided already exists. Please provide a new statement id, or remove the existing statement.");
  }
  statements.push_back(statement);
  return json::Value::object(
      {{"Version", "2012-10-17"}, {"Id", "default"}, {"Statement", json::Value::array(std::move(statements))}});
}

base::Result<json::Value> without_statement(const json::Value& policy, std::string_view statement_id) {
  std::vector<json::Value> statements;
  for (const json::Value& statement : policy.find("Statement")->items()) {
    if (member_text(statement, "Sid") != statement_id) statements.push_back(statement);
  }
  if (statements.size() == policy.find("Statement")->size()) {
    return not_found("Statement " + std::string(statement_id) + " is not found in resource policy.");
  }
  return std::move(json::ObjectBuilder(policy).set("Statement", json::Value::array(std::move(statements)))).build();
}

}  // namespace escapement::services::lambda
