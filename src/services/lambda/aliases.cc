#include "base/codec.h"
#include "base/random.h"
#include "functions/function_record.h"
#include "services/lambda/errors.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

FunctionName alias_name(const FunctionName& function, std::string_view alias) {
  FunctionName name = function;
  name.qualifier = alias;
  return name;
}

std::string key_of(const FunctionName& alias) {
  return functions::alias_key(alias.region, alias.name, alias.qualifier);
}

base::Result<void> check_routing(const store::CatalogTransaction& transaction, const FunctionName& function,
                                 const json::Value& routing, std::string_view version) {
  const json::Value* const weights = routing.find("AdditionalVersionWeights");
  if (weights == nullptr || !weights->is_object() || weights->size() == 0) return {};
  if (weights->size() > 1)
    return invalid_parameter("Number of items in AdditionalVersionWeights cannot be greater than 1");
  if (version == "$LATEST")
    return invalid_parameter("$LATEST is not supported for an alias pointing to more than 1 version");
  for (const json::Member& member : weights->members()) {
    if (!is_version_number(member.key)) {
      return validation("1 validation error detected: Value '{" + member.key + "=" +
                        (member.value.is_number() ? std::to_string(member.value.as_double()).substr(0, 3) : "") +
                        "}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must "
                        "satisfy constraint: [Member must have "
                        "length less than or equal to 1024, Member must have length greater than or equal to 1, Member "
                        "must satisfy regular expression "
                        "pattern: [0-9]+, Member must not be null]");
    }
    if (member.key == version)
      return invalid_parameter("Invalid function version " + member.key + ". Function version " + member.key +
                               " is already included in routing configuration.");
    if (!find_version(transaction, function, member.key))
      return not_found("Function not found: " + function.arn() + ":" + member.key);
  }
  return {};
}

// An alias's answer, without a routing that routes nothing.
json::Value with_routing(json::ObjectBuilder builder, const json::Value* routing) {
  const json::Value* const weights = routing == nullptr ? nullptr : routing->find("AdditionalVersionWeights");
  if (weights != nullptr && weights->size() > 0) {
    builder.set("RoutingConfig", *routing);
  } else if (routing != nullptr) {
    builder.erase("RoutingConfig");
  }
  return std::move(builder).build();
}

}  // namespace

Answer create_alias(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName function, parse_function_name(call, member_text(call.input, "FunctionName")));
  const FunctionName alias = alias_name(function, member_text(call.input, "Name"));
  ESC_CHECK(operations.authorise(call, "CreateAlias", function.arn()));
  const std::string version(member_text(call.input, "FunctionVersion"));
  json::Value answer;
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    if (!find_version(transaction, function, version))
      return not_found("Function not found: " + function.arn() + ":" + version);
    if (transaction.get(key_of(alias))) return conflict("Alias already exists: " + alias.qualified_arn());
    const json::Value* const routing = call.input.find("RoutingConfig");
    if (routing != nullptr) ESC_CHECK(check_routing(transaction, function, *routing, version));
    json::ObjectBuilder builder;
    builder.set("AliasArn", alias.qualified_arn()).set("Name", alias.qualifier).set("FunctionVersion", version);
    builder.set("Description", member_text(call.input, "Description")).set("RevisionId", base::random_uuid());
    answer = with_routing(std::move(builder), routing);
    put_json(transaction, key_of(alias), answer);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  operations.functions.function_changed(function.region, function.name);
  return answer;
}

Answer update_alias(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName function, parse_function_name(call, member_text(call.input, "FunctionName")));
  const FunctionName alias = alias_name(function, member_text(call.input, "Name"));
  ESC_CHECK(operations.authorise(call, "UpdateAlias", function.arn()));
  json::Value answer;
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto present = get_json(transaction, key_of(alias));
    if (!present) return not_found("Alias not found: " + alias.qualified_arn());
    if (has(call.input, "RevisionId") && member_text(call.input, "RevisionId") != member_text(*present, "RevisionId"))
      return precondition("GetFunction/GetAlias");
    json::ObjectBuilder builder(*present);
    const std::string version(has(call.input, "FunctionVersion") ? member_text(call.input, "FunctionVersion")
                                                                 : member_text(*present, "FunctionVersion"));
    if (!find_version(transaction, function, version))
      return not_found("Function not found: " + function.arn() + ":" + version);
    const json::Value* const routing = call.input.find("RoutingConfig");
    if (routing != nullptr) ESC_CHECK(check_routing(transaction, function, *routing, version));
    builder.set("FunctionVersion", version).set("RevisionId", base::random_uuid());
    if (has(call.input, "Description")) builder.set("Description", *call.input.find("Description"));
    answer = with_routing(std::move(builder), routing);
    put_json(transaction, key_of(alias), answer);
    // Provisioned processes move along with the alias, which takes a while.
    const std::string provisioned = functions::provisioned_key(alias.region, alias.name, alias.qualifier);
    if (const auto config = get_json(transaction, provisioned)) {
      put_json(transaction, provisioned,
               std::move(json::ObjectBuilder(*config)
                             .set("Moving", true)
                             .set("Settles", (operations.clock.now() + operations.options.settle_time * 4).us))
                   .build());
    }
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  operations.functions.function_changed(function.region, function.name);
  return answer;
}

Answer get_alias(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName function, parse_function_name(call, member_text(call.input, "FunctionName")));
  const FunctionName alias = alias_name(function, member_text(call.input, "Name"));
  ESC_CHECK(operations.authorise(call, "GetAlias", function.arn()));
  auto found = get_json(operations.catalog.view(), key_of(alias));
  if (!found) return not_found("Cannot find alias arn: " + alias.qualified_arn());
  return std::move(*found);
}

Answer list_aliases(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName function, parse_function_name(call, member_text(call.input, "FunctionName")));
  ESC_CHECK(operations.authorise(call, "ListAliases", function.arn()));
  const store::Catalog::View view = operations.catalog.view();
  ESC_CHECK(require_function(view, function));
  const std::string_view version = member_text(call.input, "FunctionVersion");
  const auto size =
      static_cast<std::size_t>(std::clamp<std::int64_t>(number(call.input, "MaxItems").value_or(50), 1, 50));
  Page page;
  std::string last;
  view.scan(
      folder_key("alias", function.region, function.name),
      [&](std::string_view key, std::string_view) {
        auto alias = get_json(view, std::string(key));
        if (!alias || (!version.empty() && member_text(*alias, "FunctionVersion") != version)) return true;
        if (page.items.size() == size) {
          page.next_marker = base::to_base64(last);
          return false;
        }
        page.items.push_back(std::move(*alias));
        last = key;
        return true;
      },
      base::from_base64(member_text(call.input, "Marker")).value_or(std::string()));
  return page_answer("Aliases", std::move(page));
}

Answer delete_alias(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName function, parse_function_name(call, member_text(call.input, "FunctionName")));
  const FunctionName alias = alias_name(function, member_text(call.input, "Name"));
  ESC_CHECK(operations.authorise(call, "DeleteAlias", function.arn()));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    if (!find_function(transaction, function)) return not_found("Function not found: " + function.arn());
    transaction.erase(key_of(alias));
    transaction.erase(functions::provisioned_key(alias.region, alias.name, alias.qualifier));
    transaction.erase(functions::event_config_key(alias.region, alias.name, alias.qualifier));
    transaction.erase(policy_key(alias));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  operations.functions.function_changed(function.region, function.name);
  return json::Value::object(std::vector<json::Member>{});
}

}  // namespace escapement::services::lambda
