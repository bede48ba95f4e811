#include "services/lambda/tags.h"

#include "functions/function_reference.h"
#include "services/lambda/errors.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

// What a tagged resource is and where its tags are.
struct Tagged {
  std::string arn;
  std::optional<FunctionName> function;  // else lambda/tags/ARN
};

base::Result<Tagged> tagged_resource(const Operations& operations, const wire::Call& call) {
  Tagged tagged{.arn = std::string(member_text(call.input, "Resource"))};
  const store::Catalog::View view = operations.catalog.view();
  if (tagged.arn.find(":function:") != std::string::npos) {
    ESC_TRY(const FunctionName name, parse_function_name(call, tagged.arn));
    if (!name.qualifier.empty())
      return invalid_parameter(
          "Tags on function aliases and versions are not supported. Please specify a function ARN.");
    ESC_CHECK(require_function(view, name));
    tagged.function = name;
    return tagged;
  }
  const std::string id = tagged.arn.substr(tagged.arn.rfind(':') + 1);
  if (tagged.arn.find(":event-source-mapping:") != std::string::npos) {
    if (!view.get("lambda/mapping/" + call.region + "/" + id))
      return not_found("Event source mapping not found: " + tagged.arn);
  } else if (tagged.arn.find(":code-signing-config:") != std::string::npos) {
    if (!view.get("lambda/signing/" + call.region + "/" + id))
      return not_found(
          "The code signing configuration cannot be found. Check that the provided configuration is not deleted: " +
          tagged.arn + ".");
  } else if (tagged.arn.find(":capacity-provider:") != std::string::npos) {
    return not_found("Capacity provider not found: " + tagged.arn);
  } else {
    return not_found("Resource not found: " + tagged.arn);
  }
  return tagged;
}

std::string tags_key(const std::string& arn) { return "lambda/tags/" + arn; }

template <typename Reader>
json::Value read_tags(const Reader& reader, const Tagged& tagged) {
  if (tagged.function) {
    const auto function = find_function(reader, *tagged.function);
    return function ? function->tags() : json::Value::object(std::vector<json::Member>{});
  }
  return get_json(reader, tags_key(tagged.arn)).value_or(json::Value::object(std::vector<json::Member>{}));
}

void write_tags(store::CatalogTransaction& transaction, const Tagged& tagged, json::Value tags) {
  if (!tagged.function) return put_json(transaction, tags_key(tagged.arn), tags);
  if (const auto function = find_function(transaction, *tagged.function))
    put_function(transaction, *tagged.function, function->with("Tags", std::move(tags)));
}

}  // namespace

identity::RequestContext request_tags(const json::Value& tags) {
  identity::RequestContext context;
  if (!tags.is_object()) return context;
  for (const json::Member& member : tags.members()) {
    if (member.value.is_string()) context.emplace("aws:RequestTag/" + member.key, member.value.as_string());
    context.emplace("aws:TagKeys", member.key);
  }
  return context;
}

Answer tag_resource(const Operations& operations, const wire::Call& call) {
  const json::Value& added = *call.input.find("Tags");
  if (added.size() == 0) return invalid_parameter("An error occurred and the request cannot be processed.");
  ESC_TRY(const Tagged tagged, tagged_resource(operations, call));
  ESC_CHECK(operations.authorise(call, "TagResource", tagged.arn, request_tags(added)));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    json::ObjectBuilder builder(read_tags(transaction, tagged));
    for (const json::Member& member : added.members()) builder.set(member.key, member.value);
    json::Value tags = std::move(builder).build();
    if (tags.size() > operations.options.tags_max)
      return invalid_parameter("Number of tags exceeds resource tag limit.");
    write_tags(transaction, tagged, std::move(tags));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object(std::vector<json::Member>{});
}

Answer untag_resource(const Operations& operations, const wire::Call& call) {
  const json::Value* const keys = call.input.find("TagKeys");
  if (keys == nullptr || keys->size() == 0) {
    return validation(
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null");
  }
  ESC_TRY(const Tagged tagged, tagged_resource(operations, call));
  ESC_CHECK(operations.authorise(call, "UntagResource", tagged.arn));
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    json::ObjectBuilder builder(read_tags(transaction, tagged));
    for (const json::Value& key : keys->items()) builder.erase(key.as_string());
    write_tags(transaction, tagged, std::move(builder).build());
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return json::Value::object(std::vector<json::Member>{});
}

Answer list_tags(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const Tagged tagged, tagged_resource(operations, call));
  ESC_CHECK(operations.authorise(call, "ListTags", tagged.arn));
  return json::Value::object({{"Tags", read_tags(operations.catalog.view(), tagged)}});
}

}  // namespace escapement::services::lambda
