#include <algorithm>

#include "services/lambda/code_links.h"
#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/layer_versions.h"
#include "services/lambda/listing.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

// What is shown of a version in listings; with its content where `content` is wanted.
json::Value shown(const Operations& operations, const LayerVersionName& name, const json::Value& record, bool content) {
  json::ObjectBuilder builder;
  if (content) {
    builder.set("Content", json::Value::object({{"Location", code_location(operations, member_text(record, "Code"))},
                                                {"CodeSha256", member_text(record, "CodeSha256")},
                                                {"CodeSize", number(record, "CodeSize").value_or(0)}}));
    builder.set("LayerArn", name.layer_arn());
  }
  builder.set("LayerVersionArn", name.arn())
      .set("Version", name.version)
      .set("Description", member_text(record, "Description"));
  builder.set("CreatedDate", member_text(record, "CreatedDate"));
  for (const char* const member : {"CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo"}) {
    if (has(record, member)) builder.set(member, *record.find(member));
  }
  return std::move(builder).build();
}

bool fits(const json::Value& record, const json::Value& input) {
  const auto contains = [&](std::string_view list, std::string_view wanted) {
    if (!has(input, wanted)) return true;
    const json::Value* const items = record.find(list);
    return items != nullptr && std::ranges::any_of(items->items(), [&](const json::Value& item) {
             return item.as_string() == member_text(input, wanted);
           });
  };
  return contains("CompatibleRuntimes", "CompatibleRuntime") &&
         contains("CompatibleArchitectures", "CompatibleArchitecture");
}

base::Result<LayerVersionName> version_name(const wire::Call& call) {
  const std::int64_t version = number(call.input, "VersionNumber").value_or(0);
  if (version < 1) return invalid_parameter("Layer Version Cannot be less than 1");
  return layer_name(call, member_text(call.input, "LayerName"), version);
}

Answer read(const Operations& operations, const wire::Call& call, const LayerVersionName& name) {
  ESC_CHECK(operations.authorise(call, "GetLayerVersion", name.arn()));
  const auto record = get_json(operations.catalog.view(), layer_version_key(name));
  if (!record) return not_found("The resource you requested does not exist.");
  return shown(operations, name, *record, true);
}

// The number at the end of a layer version's key.
std::int64_t version_of_key(std::string_view key) { return std::stoll(std::string(key.substr(key.rfind('/') + 1))); }

}  // namespace

Answer publish_layer_version(const Operations& operations, const wire::Call& call) {
  ESC_TRY(LayerVersionName name, layer_name(call, member_text(call.input, "LayerName"), 0));
  ESC_CHECK(operations.authorise(call, "PublishLayerVersion", name.layer_arn()));
  ESC_TRY(const functions::StoredCode code, store_code(operations, *call.input.find("Content")));
  json::ObjectBuilder builder;
  builder.set("Code", code.sha256_hex)
      .set("CodeSha256", code.sha256_base64)
      .set("CodeSize", static_cast<std::int64_t>(code.packed_bytes));
  builder.set("Description", member_text(call.input, "Description"))
      .set("CreatedDate", last_modified(operations.clock.now()));
  for (const char* const member : {"CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo"}) {
    if (has(call.input, member)) builder.set(member, *call.input.find(member));
  }
  const json::Value record = std::move(builder).build();
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    // Numbers are never used again, even when all versions were deleted.
    const std::string counter = "lambda/layer-count/" + name.region + "/" + name.layer;
    const auto count = get_json(transaction, counter);
    name.version = (count ? number(*count, "Last").value_or(0) : 0) + 1;
    put_json(transaction, counter, json::Value::object({{"Last", name.version}}));
    put_json(transaction, layer_version_key(name), record);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return shown(operations, name, record, true);
}

Answer get_layer_version(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const LayerVersionName name, version_name(call));
  return read(operations, call, name);
}

Answer get_layer_version_by_arn(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const LayerVersionName name, parse_layer_version_arn(member_text(call.input, "Arn")));
  return read(operations, call, name);
}

Answer delete_layer_version(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const LayerVersionName name, version_name(call));
  ESC_CHECK(operations.authorise(call, "DeleteLayerVersion", name.arn()));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    transaction.erase(layer_version_key(name));
    transaction.erase("lambda/layer-policy/" + name.arn());
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object(std::vector<json::Member>{});
}

Answer list_layer_versions(const Operations& operations, const wire::Call& call) {
  ESC_TRY(LayerVersionName name, layer_name(call, member_text(call.input, "LayerName"), 0));
  ESC_CHECK(operations.authorise(call, "ListLayerVersions", name.layer_arn()));
  const store::Catalog::View view = operations.catalog.view();
  std::vector<ListedItem> items;
  view.scan(layer_folder(name.region, name.layer), [&](std::string_view key, std::string_view) {
    const auto record = get_json(view, std::string(key));
    name.version = version_of_key(key);
    if (record && fits(*record, call.input))
      items.push_back({std::string(key), shown(operations, name, *record, false)});
    return true;
  });
  std::ranges::reverse(items);
  return page_of(call, "LayerVersions", std::move(items));
}

Answer list_layers(const Operations& operations, const wire::Call& call) {
  ESC_CHECK(operations.authorise(call, "ListLayers", "*"));
  const store::Catalog::View view = operations.catalog.view();
  const std::string folder = "lambda/layer/" + call.region + "/";
  std::vector<ListedItem> items;
  view.scan(folder, [&](std::string_view key, std::string_view) {
    const auto record = get_json(view, std::string(key));
    if (!record || !fits(*record, call.input)) return true;
    const std::string_view rest = key.substr(folder.size());
    const LayerVersionName name{call.region, call.account, std::string(rest.substr(0, rest.find('/'))),
                                version_of_key(key)};
    json::Value item = json::Value::object({{"LayerName", name.layer},
                                            {"LayerArn", name.layer_arn()},
                                            {"LatestMatchingVersion", shown(operations, name, *record, false)}});
    if (!items.empty() && items.back().key == name.layer) {
      items.back().item = std::move(item);
    } else {
      items.push_back({name.layer, std::move(item)});
    }
    return true;
  });
  return page_of(call, "Layers", std::move(items));
}

}  // namespace escapement::services::lambda
