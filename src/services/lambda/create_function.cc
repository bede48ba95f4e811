#include "base/random.h"
#include "services/lambda/code_signing.h"
#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/records.h"
#include "services/lambda/tags.h"

namespace escapement::services::lambda {
namespace {

base::Result<void> check_request(const wire::Call& call, const FunctionName& name) {
  if (name.name.size() > 64) {
    return validation(
        "1 validation error detected: Value '" + name.name +
        "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64");
  }
  const bool image = member_text(call.input, "PackageType") == "Image";
  if (image && (has(call.input, "Runtime") || has(call.input, "Handler") || has(call.input, "Layers"))) {
    return invalid_parameter(
        "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.");
  }
  if (image && !has(*call.input.find("Code"), "ImageUri"))
    return invalid_parameter("Please provide ImageUri when creating a function with packageType Image.");
  if (!image && (!has(call.input, "Runtime") || !has(call.input, "Handler"))) {
    return invalid_parameter(
        "Runtime and Handler are mandatory parameters for functions created with deployment packages.");
  }
  if (has(call.input, "Architectures") && call.input.find("Architectures")->size() != 1) {
    return validation(
        "1 validation error detected: Value '" + std::to_string(call.input.find("Architectures")->size()) +
        "' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1");
  }
  return {};
}

VersionRecord published_copy(const VersionRecord& latest, std::int64_t version, const FunctionName& name) {
  VersionRecord copy = latest;
  const std::string number = std::to_string(version);
  copy.configuration = std::move(json::ObjectBuilder(latest.configuration)
                                     .set("Version", number)
                                     .set("FunctionArn", name.arn() + ":" + number)
                                     .set("RevisionId", base::random_uuid()))
                           .build();
  copy.settled_revision = base::random_uuid();
  return copy;
}

}  // namespace

Answer create_function(const Operations& operations, const wire::Call& call) {
  ESC_TRY(FunctionName name, function_name(call));
  name.qualifier.clear();
  ESC_CHECK(check_request(call, name));
  const json::Value tags =
      has(call.input, "Tags") ? *call.input.find("Tags") : json::Value::object(std::vector<json::Member>{});
  ESC_CHECK(operations.authorise(call, "CreateFunction", name.arn(), request_tags(tags)));
  if (tags.size() > operations.options.tags_max) return invalid_parameter("Number of tags exceeds resource tag limit.");
  if (find_function(operations.catalog.view(), name)) return conflict("Function already exist: " + name.name);
  ESC_TRY(json::Value configuration,
          apply_configuration(operations, call, name, json::Value::object(std::vector<json::Member>{})));
  ESC_TRY(const ResolvedLayers layers,
          resolve_layers(operations, call,
                         has(call.input, "Layers") ? *call.input.find("Layers") : json::Value::array({})));
  ESC_CHECK(check_role(operations, call, name, member_text(call.input, "Role")));
  ESC_TRY(const functions::StoredCode code, store_code(operations, *call.input.find("Code")));

  const base::Timestamp now = operations.clock.now();
  json::ObjectBuilder builder(configuration);
  builder.set("FunctionName", name.name).set("FunctionArn", name.arn()).set("Version", "$LATEST");
  builder.set("CodeSha256", code.sha256_base64).set("CodeSize", static_cast<std::int64_t>(code.packed_bytes));
  builder.set("LastModified", last_modified(now)).set("RevisionId", base::random_uuid());
  if (has(call.input, "Architectures")) builder.set("Architectures", *call.input.find("Architectures"));
  if (layers.shown.size() > 0) builder.set("Layers", layers.shown);
  const VersionRecord latest{.configuration = std::move(builder).build(),
                             .code = code.sha256_hex,
                             .layers = layers.archives,
                             .pending = "create",
                             .settles = now + operations.options.settle_time,
                             .settled_revision = base::random_uuid()};
  FunctionRecord function{json::Value::object({{"NextVersion", 1}, {"Created", now.us}})};
  if (tags.size() > 0) function = function.with("Tags", tags);
  if (has(call.input, "CodeSigningConfigArn"))
    function = function.with("CodeSigningConfigArn", *call.input.find("CodeSigningConfigArn"));
  VersionRecord answered = latest;
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    if (find_function(transaction, name)) return conflict("Function already exist: " + name.name);
    if (has(call.input, "CodeSigningConfigArn"))
      ESC_CHECK(require_code_signing_config(transaction, call, member_text(call.input, "CodeSigningConfigArn")));
    if (flag(call.input, "Publish")) {
      answered = published_copy(latest, 1, name);
      put_version(transaction, name, "1", answered);
      function = function.with("NextVersion", 2).with("LastPublished", 1);
    }
    put_function(transaction, name, function);
    put_version(transaction, name, "$LATEST", latest);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  operations.functions.function_changed(name.region, name.name);
  return shown_configuration(answered, name.arn(), now);
}

}  // namespace escapement::services::lambda
