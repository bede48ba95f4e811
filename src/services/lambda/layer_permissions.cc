#include "base/random.h"
#include "json/print.h"
#include "services/lambda/errors.h"
#include "services/lambda/layer_versions.h"
#include "services/lambda/policy_statements.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

// {"Policy": {...}, "RevisionId": "…"}
std::string key_of(const LayerVersionName& name) { return "lambda/layer-policy/" + name.arn(); }

base::Result<LayerVersionName> layer_of(const Operations& operations, const wire::Call& call, std::string_view action) {
  ESC_TRY(const LayerVersionName name,
          layer_name(call, member_text(call.input, "LayerName"), number(call.input, "VersionNumber").value_or(0)));
  ESC_CHECK(operations.authorise(call, action, name.arn()));
  if (!operations.catalog.view().get(layer_version_key(name)))
    return not_found("Layer version " + name.arn() + " does not exist.");
  return name;
}

base::Result<void> check_revision(const wire::Call& call, const std::optional<json::Value>& stored) {
  if (!has(call.input, "RevisionId")) return {};
  if (stored && member_text(*stored, "RevisionId") == member_text(call.input, "RevisionId")) return {};
  return precondition("GetLayerPolicy");
}

}  // namespace

Answer add_layer_version_permission(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const LayerVersionName name, layer_of(operations, call, "AddLayerVersionPermission"));
  ESC_TRY(const json::Value statement, layer_statement(call, name.arn()));
  const std::string revision = base::random_uuid();
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto stored = get_json(transaction, key_of(name));
    const std::optional<json::Value> policy = stored ? std::optional(*stored->find("Policy")) : std::nullopt;
    ESC_TRY(const json::Value changed, with_statement(policy, statement));
    ESC_CHECK(check_revision(call, stored));
    put_json(transaction, key_of(name), json::Value::object({{"Policy", changed}, {"RevisionId", revision}}));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object({{"Statement", json::print(statement)}, {"RevisionId", revision}});
}

Answer remove_layer_version_permission(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const LayerVersionName name, layer_of(operations, call, "RemoveLayerVersionPermission"));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto stored = get_json(transaction, key_of(name));
    if (!stored)
      return not_found("Statement " + std::string(member_text(call.input, "StatementId")) +
                       " is not found in resource policy.");
    ESC_CHECK(check_revision(call, stored));
    ESC_TRY(const json::Value changed,
            without_statement(*stored->find("Policy"), member_text(call.input, "StatementId")));
    if (changed.find("Statement")->size() == 0) {
      transaction.erase(key_of(name));
    } else {
      put_json(transaction, key_of(name),
               json::Value::object({{"Policy", changed}, {"RevisionId", base::random_uuid()}}));
    }
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object(std::vector<json::Member>{});
}

Answer get_layer_version_policy(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const LayerVersionName name, layer_of(operations, call, "GetLayerVersionPolicy"));
  const auto stored = get_json(operations.catalog.view(), key_of(name));
  if (!stored) return not_found("No policy is associated with the given resource.");
  return json::Value::object(
      {{"Policy", json::print(*stored->find("Policy"))}, {"RevisionId", member_text(*stored, "RevisionId")}});
}

}  // namespace escapement::services::lambda
