#include "functions/function_record.h"
#include "services/lambda/errors.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

void erase_below(store::CatalogTransaction& transaction, const std::string& folder) {
  std::vector<std::string> keys;
  transaction.scan(folder, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  });
  for (const std::string& key : keys) transaction.erase(key);
}

base::Result<void> delete_version(const Operations& operations, const FunctionName& name) {
  if (name.qualifier == "$LATEST")
    return invalid_parameter("$LATEST version cannot be deleted without deleting the function.");
  if (!is_version_number(name.qualifier)) {
    return invalid_parameter("Deletion of aliases is not currently supported.");
  }
  return operations.catalog.update([&](store::CatalogTransaction& transaction) -> base::Result<void> {
    if (!find_function(transaction, name)) return not_found("Function not found: " + name.arn());
    const auto record = find_version(transaction, name, name.qualifier);
    if (!record) return {};
    std::string aliases;
    transaction.scan(folder_key("alias", name.region, name.name), [&](std::string_view key, std::string_view) {
      const auto alias = get_json(transaction, std::string(key));
      if (alias && member_text(*alias, "FunctionVersion") == name.qualifier)
        aliases += (aliases.empty() ? "" : ", ") + std::string(member_text(*alias, "Name"));
      return true;
    });
    if (!aliases.empty()) {
      return conflict("Version " + name.qualifier + " is currently referenced by the following aliases: [" + aliases +
                      "]");
    }
    transaction.erase(functions::version_key(name.region, name.name, name.qualifier));
    transaction.erase(policy_key(name));
    transaction.erase(functions::provisioned_key(name.region, name.name, name.qualifier));
    transaction.erase(functions::event_config_key(name.region, name.name, name.qualifier));
    return {};
  });
}

}  // namespace

Answer delete_function(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "DeleteFunction", name.arn()));
  if (!name.qualifier.empty()) {
    ESC_CHECK(delete_version(operations, name));
  } else {
    const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
      if (!find_function(transaction, name)) return not_found("Function not found: " + name.arn());
      transaction.erase(functions::function_key(name.region, name.name));
      for (const char* const folder : {"version", "alias", "policy", "url", "provisioned", "event-config"}) {
        erase_below(transaction, folder_key(folder, name.region, name.name));
      }
      return {};
    };
    ESC_CHECK(operations.catalog.update(change));
  }
  operations.functions.function_changed(name.region, name.name);
  return json::Value::object({{"StatusCode", 204}});
}

}  // namespace escapement::services::lambda
