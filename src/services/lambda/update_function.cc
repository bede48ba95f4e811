#include "base/random.h"
#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

// What every update of $LATEST checks first.
base::Result<VersionRecord> latest_for_update(const Operations& operations, const wire::Call& call,
                                              const FunctionName& name) {
  auto latest = find_version(operations.catalog.view(), name, "$LATEST");
  if (!latest) return not_found("Function not found: " + name.arn());
  const base::Timestamp now = operations.clock.now();
  if (has(call.input, "RevisionId") && member_text(call.input, "RevisionId") != latest->revision(now))
    return precondition("GetFunction/GetAlias");
  if (!latest->is_settled(now)) {
    if (latest->pending == "create") {
      return conflict(
          "The operation cannot be performed at this time. The function is currently in the following state: Pending");
    }
    return conflict("The operation cannot be performed at this time. An update is in progress for resource: " +
                    name.arn());
  }
  return std::move(*latest);
}

VersionRecord begin_update(const Operations& operations, VersionRecord record, json::Value configuration) {
  const base::Timestamp now = operations.clock.now();
  record.configuration = std::move(json::ObjectBuilder(configuration)
                                       .set("LastModified", last_modified(now))
                                       .set("RevisionId", base::random_uuid()))
                             .build();
  record.pending = "update";
  record.settles = now + operations.options.settle_time;
  record.settled_revision = base::random_uuid();
  return record;
}

// Writes $LATEST unless somebody else changed it since `old_revision` was read.
base::Result<void> write_latest(const Operations& operations, const FunctionName& name, std::string_view old_revision,
                                const VersionRecord& record,
                                const std::function<base::Result<void>(store::CatalogTransaction&)>& more = {}) {
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto present = find_version(transaction, name, "$LATEST");
    if (!present) return not_found("Function not found: " + name.arn());
    if (member_text(present->configuration, "RevisionId") != old_revision) {
      return conflict("The operation cannot be performed at this time. An update is in progress for resource: " +
                      name.arn());
    }
    put_version(transaction, name, "$LATEST", record);
    if (more) return more(transaction);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  operations.functions.function_changed(name.region, name.name);
  return {};
}

}  // namespace

Answer update_function_configuration(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "UpdateFunctionConfiguration", name.arn()));
  ESC_TRY(VersionRecord latest, latest_for_update(operations, call, name));
  const std::string old_revision(member_text(latest.configuration, "RevisionId"));
  ESC_TRY(json::Value configuration, apply_configuration(operations, call, name, latest.configuration));
  if (has(call.input, "Role")) ESC_CHECK(check_role(operations, call, name, member_text(call.input, "Role")));
  if (has(call.input, "Layers")) {
    ESC_TRY(const ResolvedLayers layers, resolve_layers(operations, call, *call.input.find("Layers")));
    latest.layers = layers.archives;
    json::ObjectBuilder builder(configuration);
    if (layers.shown.size() > 0) {
      builder.set("Layers", layers.shown);
    } else {
      builder.erase("Layers");
    }
    configuration = std::move(builder).build();
  }
  const VersionRecord updated = begin_update(operations, std::move(latest), std::move(configuration));
  ESC_CHECK(write_latest(operations, name, old_revision, updated));
  return shown_configuration(updated, name.arn(), operations.clock.now());
}

Answer update_function_code(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "UpdateFunctionCode", name.arn()));
  ESC_TRY(VersionRecord latest, latest_for_update(operations, call, name));
  const std::string old_revision(member_text(latest.configuration, "RevisionId"));
  ESC_TRY(const functions::StoredCode code, store_code(operations, call.input));
  json::ObjectBuilder builder(latest.configuration);
  builder.set("CodeSha256", code.sha256_base64).set("CodeSize", static_cast<std::int64_t>(code.packed_bytes));
  if (has(call.input, "Architectures")) builder.set("Architectures", *call.input.find("Architectures"));
  latest.code = code.sha256_hex;
  const base::Timestamp now = operations.clock.now();
  VersionRecord updated = begin_update(operations, std::move(latest), std::move(builder).build());
  if (flag(call.input, "DryRun")) return shown_configuration(updated, name.arn(), now);
  if (!flag(call.input, "Publish")) {
    ESC_CHECK(write_latest(operations, name, old_revision, updated));
    return shown_configuration(updated, name.arn(), now);
  }
  VersionRecord published = updated;
  const auto publish = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto function = find_function(transaction, name);
    if (!function) return not_found("Function not found: " + name.arn());
    const std::int64_t version = function->next_version();
    published.pending = "create";
    published.configuration = std::move(json::ObjectBuilder(updated.configuration)
                                            .set("Version", std::to_string(version))
                                            .set("FunctionArn", name.arn() + ":" + std::to_string(version))
                                            .set("RevisionId", base::random_uuid()))
                                  .build();
    published.settled_revision = base::random_uuid();
    put_version(transaction, name, std::to_string(version), published);
    put_function(transaction, name, function->with("NextVersion", version + 1).with("LastPublished", version));
    return {};
  };
  ESC_CHECK(write_latest(operations, name, old_revision, updated, publish));
  return shown_configuration(published, member_text(published.configuration, "FunctionArn"), now);
}

}  // namespace escapement::services::lambda
