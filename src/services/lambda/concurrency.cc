#include "functions/function_record.h"
#include "services/lambda/errors.h"
#include "services/lambda/provisioned.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

std::int64_t reserved_by_others(const store::CatalogTransaction& transaction, const FunctionName& name) {
  std::int64_t total = 0;
  const std::string folder = "lambda/function/" + name.region + "/";
  transaction.scan(folder, [&](std::string_view key, std::string_view) {
    if (key.substr(folder.size()) == name.name) return true;
    if (const auto record = get_json(transaction, std::string(key)))
      total += number(*record, "ReservedConcurrency").value_or(0);
    return true;
  });
  return total;
}

}  // namespace

Answer put_function_concurrency(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, parse_function_name(call, member_text(call.input, "FunctionName")));
  if (!name.qualifier.empty())
    return invalid_parameter(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN.");
  ESC_CHECK(operations.authorise(call, "PutFunctionConcurrency", name.arn()));
  const std::int64_t wanted = number(call.input, "ReservedConcurrentExecutions").value_or(0);
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto function = find_function(transaction, name);
    if (!function) return not_found("Function not found: " + name.arn());
    const std::int64_t left = operations.options.concurrency_max - reserved_by_others(transaction, name) - wanted;
    if (left < operations.options.unreserved_concurrency_min && wanted > 0) {
      return invalid_parameter(
          "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
          "its minimum value of [" +
          std::to_string(operations.options.unreserved_concurrency_min) + "].");
    }
    const std::int64_t provisioned = provisioned_total(transaction, name);
    if (provisioned > 0 && wanted < provisioned) {
      base::Error error = invalid_parameter(" ReservedConcurrentExecutions  " + std::to_string(wanted) +
                                            " should not be lower than function's total provisioned concurrency [" +
                                            std::to_string(provisioned) + "].");
      error.members.emplace_back("Type", "");
      return error;
    }
    put_function(transaction, name, function->with("ReservedConcurrency", wanted));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  operations.functions.function_changed(name.region, name.name);
  return json::Value::object({{"ReservedConcurrentExecutions", wanted}});
}

Answer get_function_concurrency(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, parse_function_name(call, member_text(call.input, "FunctionName")));
  ESC_CHECK(operations.authorise(call, "GetFunctionConcurrency", name.arn()));
  const auto function = find_function(operations.catalog.view(), name);
  if (!function) return not_found("Function not found: " + name.arn());
  json::ObjectBuilder answer;
  if (has(function->members, "ReservedConcurrency"))
    answer.set("ReservedConcurrentExecutions", *function->members.find("ReservedConcurrency"));
  return std::move(answer).build();
}

Answer delete_function_concurrency(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, parse_function_name(call, member_text(call.input, "FunctionName")));
  ESC_CHECK(operations.authorise(call, "DeleteFunctionConcurrency", name.arn()));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto function = find_function(transaction, name);
    if (!function) return not_found("Function not found: " + name.arn());
    put_function(transaction, name, function->without("ReservedConcurrency"));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  operations.functions.function_changed(name.region, name.name);
  return json::Value::object(std::vector<json::Member>{});
}

}  // namespace escapement::services::lambda
