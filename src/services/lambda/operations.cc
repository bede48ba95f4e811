#include "services/lambda/operations.h"

#include "functions/function_reference.h"
#include "services/lambda/errors.h"

namespace escapement::services::lambda {

base::Result<void> Operations::authorise(const wire::Call& call, std::string_view action, std::string_view resource,
                                         const identity::RequestContext& context) const {
  return authoriser.authorise(*call.principal, "lambda:" + std::string(action), resource, context);
}

std::string FunctionName::arn() const { return "arn:aws:lambda:" + region + ":" + account + ":function:" + name; }

std::string FunctionName::qualified_arn() const { return qualifier.empty() ? arn() : arn() + ":" + qualifier; }

base::Result<FunctionName> parse_function_name(const wire::Call& call, std::string_view given,
                                               std::string_view qualifier) {
  ESC_TRY(functions::FunctionReference reference, functions::parse_function_reference(given));
  if (!qualifier.empty() && !reference.qualifier.empty() && reference.qualifier != qualifier) {
    return invalid_parameter("The derived qualifier from the function name does not match the specified qualifier.");
  }
  if (!reference.account.empty() && reference.account != call.account) {
    return base::make_error(base::ErrorCode::denied, "AccessDeniedException", "");
  }
  if (!reference.region.empty() && reference.region != call.region) {
    return not_found("Functions from '" + reference.region + "' are not reachable in this region ('" + call.region +
                     "')");
  }
  return FunctionName{call.region, call.account, std::move(reference.name),
                      qualifier.empty() ? std::move(reference.qualifier) : std::string(qualifier)};
}

base::Result<FunctionName> function_name(const wire::Call& call, std::string_view member) {
  return parse_function_name(call, member_text(call.input, member), member_text(call.input, "Qualifier"));
}

std::optional<std::int64_t> number(const json::Value& input, std::string_view member) {
  const json::Value* const value = input.find(member);
  return value != nullptr && value->is_int64() ? std::optional(value->as_int64()) : std::nullopt;
}

bool flag(const json::Value& input, std::string_view member, bool absent) {
  const json::Value* const value = input.find(member);
  return value != nullptr && value->is_bool() ? value->as_bool() : absent;
}

bool has(const json::Value& input, std::string_view member) {
  const json::Value* const value = input.find(member);
  return value != nullptr && !value->is_null();
}

}  // namespace escapement::services::lambda
