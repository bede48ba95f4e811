#include "base/codec.h"
#include "base/random.h"
#include "functions/function_record.h"
#include "services/lambda/errors.h"
#include "services/lambda/listing.h"
#include "services/lambda/provisioned.h"

namespace escapement::services::lambda {
namespace {

json::Value shown(const json::Value& config, base::Timestamp now) {
  const std::int64_t requested = number(config, "Requested").value_or(0);
  const bool ready = now.us >= number(config, "Settles").value_or(0);
  // While the processes move with an alias, those of the old version still count.
  const std::int64_t there = ready || flag(config, "Moving") ? requested : 0;
  return json::Value::object({{"RequestedProvisionedConcurrentExecutions", requested},
                              {"AvailableProvisionedConcurrentExecutions", there},
                              {"AllocatedProvisionedConcurrentExecutions", there},
                              {"Status", ready ? "READY" : "IN_PROGRESS"},
                              {"LastModified", member_text(config, "LastModified")}});
}

std::string key_of(const FunctionName& name) {
  return functions::provisioned_key(name.region, name.name, name.qualifier);
}

// Errors as require_qualifier(), and for $LATEST.
base::Result<void> check_qualifier(const store::Catalog::View& view, const FunctionName& name,
                                   const char* latest_message) {
  if (name.qualifier == "$LATEST") return invalid_parameter(latest_message);
  return require_qualifier(view, name);
}

constexpr const char* kNotUnpublished =
    "Provisioned Concurrency Configs cannot be applied to unpublished function versions.";
constexpr const char* kNotLatest = "The function resource provided must be an alias or a published version.";

// An alias and the version behind it cannot both be provisioned.
base::Result<void> check_overlap(const store::CatalogTransaction& transaction, const FunctionName& name) {
  if (is_alias_name(name.qualifier)) {
    const auto alias = get_json(transaction, functions::alias_key(name.region, name.name, name.qualifier));
    FunctionName version = name;
    if (alias) version.qualifier = member_text(*alias, "FunctionVersion");
    if (transaction.get(key_of(version)))
      return conflict(
          "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version");
    return {};
  }
  bool pointed_at = false;
  transaction.scan(folder_key("alias", name.region, name.name), [&](std::string_view key, std::string_view) {
    const auto alias = get_json(transaction, std::string(key));
    if (!alias || member_text(*alias, "FunctionVersion") != name.qualifier) return true;
    FunctionName other = name;
    other.qualifier = member_text(*alias, "Name");
    pointed_at = transaction.get(key_of(other)).has_value();
    return !pointed_at;
  });
  if (pointed_at) return conflict("Version is pointed by a Provisioned Concurrency alias");
  return {};
}

void renew_revision(store::CatalogTransaction& transaction, const FunctionName& name) {
  std::string version = name.qualifier;
  if (is_alias_name(version)) {
    const auto alias = get_json(transaction, functions::alias_key(name.region, name.name, version));
    if (!alias) return;
    version = member_text(*alias, "FunctionVersion");
  }
  auto record = find_version(transaction, name, version);
  if (!record) return;
  record->pending.clear();
  record->configuration =
      std::move(json::ObjectBuilder(record->configuration).set("RevisionId", base::random_uuid())).build();
  put_version(transaction, name, version, *record);
}

}  // namespace

std::int64_t provisioned_total(const store::CatalogTransaction& transaction, const FunctionName& name,
                               std::string_view except) {
  std::int64_t total = 0;
  const std::string folder = folder_key("provisioned", name.region, name.name);
  transaction.scan(folder, [&](std::string_view key, std::string_view) {
    if (key.substr(folder.size()) == except) return true;
    if (const auto config = get_json(transaction, std::string(key))) total += number(*config, "Requested").value_or(0);
    return true;
  });
  return total;
}

Answer put_provisioned_concurrency_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "PutProvisionedConcurrencyConfig", name.arn()));
  ESC_CHECK(check_qualifier(operations.catalog.view(), name, kNotUnpublished));
  const std::int64_t wanted = number(call.input, "ProvisionedConcurrentExecutions").value_or(0);
  const base::Timestamp now = operations.clock.now();
  const json::Value config = json::Value::object({{"Requested", wanted},
                                                  {"LastModified", last_modified(now)},
                                                  {"Settles", (now + operations.options.settle_time * 2).us}});
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    ESC_CHECK(check_overlap(transaction, name));
    const auto function = find_function(transaction, name);
    if (!function) return not_found("Function not found: " + name.arn());
    const std::int64_t others = provisioned_total(transaction, name, name.qualifier);
    if (const auto reserved = number(function->members, "ReservedConcurrency");
        reserved && others + wanted > *reserved) {
      return invalid_parameter(
          "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function");
    }
    if (others + wanted > operations.options.concurrency_max - operations.options.unreserved_concurrency_min) {
      return invalid_parameter(
          "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [" +
          std::to_string(operations.options.concurrency_max - others) + "].");
    }
    put_json(transaction, key_of(name), config);
    renew_revision(transaction, name);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  operations.functions.function_changed(name.region, name.name);
  return shown(config, base::Timestamp{});
}

Answer get_provisioned_concurrency_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "GetProvisionedConcurrencyConfig", name.arn()));
  const store::Catalog::View view = operations.catalog.view();
  ESC_CHECK(check_qualifier(view, name, kNotLatest));
  const auto config = get_json(view, key_of(name));
  if (!config) {
    return base::make_error(base::ErrorCode::not_found, "ProvisionedConcurrencyConfigNotFoundException",
                            "No Provisioned Concurrency Config found for this function");
  }
  return shown(*config, operations.clock.now());
}

Answer delete_provisioned_concurrency_config(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "DeleteProvisionedConcurrencyConfig", name.arn()));
  ESC_CHECK(check_qualifier(operations.catalog.view(), name, kNotLatest));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    transaction.erase(key_of(name));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  operations.functions.function_changed(name.region, name.name);
  return json::Value::object(std::vector<json::Member>{});
}

Answer list_provisioned_concurrency_configs(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, parse_function_name(call, member_text(call.input, "FunctionName")));
  ESC_CHECK(operations.authorise(call, "ListProvisionedConcurrencyConfigs", name.arn()));
  const store::Catalog::View view = operations.catalog.view();
  ESC_CHECK(require_function(view, name));
  const std::string folder = folder_key("provisioned", name.region, name.name);
  std::vector<ListedItem> items;
  view.scan(folder, [&](std::string_view key, std::string_view) {
    if (const auto config = get_json(view, std::string(key))) {
      json::ObjectBuilder item(shown(*config, operations.clock.now()));
      item.set("FunctionArn", name.arn() + ":" + std::string(key.substr(folder.size())));
      items.push_back({std::string(key), std::move(item).build()});
    }
    return true;
  });
  return page_of(call, "ProvisionedConcurrencyConfigs", std::move(items));
}

}  // namespace escapement::services::lambda
