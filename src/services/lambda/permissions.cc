#include "base/random.h"
#include "functions/function_record.h"
#include "json/print.h"
#include "services/lambda/errors.h"
#include "services/lambda/policy_statements.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

// The revision that guards a qualifier's policy is that of the version or alias itself.
template <typename Reader>
std::string revision_of(const Reader& reader, const FunctionName& name, base::Timestamp now) {
  if (is_alias_name(name.qualifier)) {
    const auto alias = get_json(reader, functions::alias_key(name.region, name.name, name.qualifier));
    return alias ? std::string(member_text(*alias, "RevisionId")) : std::string();
  }
  const auto version = find_version(reader, name, name.qualifier.empty() ? "$LATEST" : name.qualifier);
  return version ? version->revision(now) : std::string();
}

void renew_revision(store::CatalogTransaction& transaction, const FunctionName& name, base::Timestamp now) {
  const std::string fresh = base::random_uuid();
  if (is_alias_name(name.qualifier)) {
    const std::string key = functions::alias_key(name.region, name.name, name.qualifier);
    if (const auto alias = get_json(transaction, key))
      put_json(transaction, key, std::move(json::ObjectBuilder(*alias).set("RevisionId", fresh)).build());
    return;
  }
  const std::string version = name.qualifier.empty() ? "$LATEST" : name.qualifier;
  auto record = find_version(transaction, name, version);
  if (!record) return;
  if (record->is_settled(now)) record->pending.clear();
  record->settled_revision = fresh;
  record->configuration = std::move(json::ObjectBuilder(record->configuration).set("RevisionId", fresh)).build();
  put_version(transaction, name, version, *record);
}

}  // namespace

Answer add_permission(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  if (name.qualifier == "$LATEST") return invalid_parameter("We currently do not support adding policies for $LATEST.");
  ESC_CHECK(operations.authorise(call, "AddPermission", name.arn()));
  ESC_TRY(const json::Value statement, function_statement(call, name.qualified_arn()));
  const base::Timestamp now = operations.clock.now();
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    if (!find_function(transaction, name)) return not_found("Function not found: " + name.arn());
    if (is_alias_name(name.qualifier) &&
        !transaction.get(functions::alias_key(name.region, name.name, name.qualifier))) {
      return not_found("Cannot find alias arn: " + name.qualified_arn());
    }
    if (!name.qualifier.empty() && !is_alias_name(name.qualifier) && !find_version(transaction, name, name.qualifier)) {
      return not_found("Function not found: " + name.qualified_arn());
    }
    if (has(call.input, "RevisionId") && member_text(call.input, "RevisionId") != revision_of(transaction, name, now))
      return precondition("GetPolicy");
    const auto policy = get_json(transaction, policy_key(name));
    ESC_TRY(const json::Value changed, with_statement(policy, statement));
    put_json(transaction, policy_key(name), changed);
    renew_revision(transaction, name, now);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object({{"Statement", json::print(statement)}});
}

Answer remove_permission(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "RemovePermission", name.arn()));
  const base::Timestamp now = operations.clock.now();
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    if (!find_function(transaction, name)) return not_found("No policy found for: " + name.arn());
    if (is_alias_name(name.qualifier) &&
        !transaction.get(functions::alias_key(name.region, name.name, name.qualifier))) {
      return not_found("Cannot find alias arn: " + name.qualified_arn());
    }
    const auto policy = get_json(transaction, policy_key(name));
    if (!policy) return not_found("No policy is associated with the given resource.");
    if (has(call.input, "RevisionId") && member_text(call.input, "RevisionId") != revision_of(transaction, name, now))
      return precondition("GetPolicy");
    ESC_TRY(const json::Value changed, without_statement(*policy, member_text(call.input, "StatementId")));
    if (changed.find("Statement")->size() == 0) {
      transaction.erase(policy_key(name));
    } else {
      put_json(transaction, policy_key(name), changed);
    }
    renew_revision(transaction, name, now);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object(std::vector<json::Member>{});
}

Answer get_policy(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "GetPolicy", name.arn()));
  const store::Catalog::View view = operations.catalog.view();
  const auto policy = get_json(view, policy_key(name));
  if (!policy) return not_found("The resource you requested does not exist.");
  return json::Value::object(
      {{"Policy", json::print(*policy)}, {"RevisionId", revision_of(view, name, operations.clock.now())}});
}

}  // namespace escapement::services::lambda
