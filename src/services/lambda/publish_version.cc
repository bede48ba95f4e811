#include "base/random.h"
#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {

Answer publish_version(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "PublishVersion", name.arn()));
  const base::Timestamp now = operations.clock.now();
  VersionRecord answered;
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto function = find_function(transaction, name);
    auto latest = find_version(transaction, name, "$LATEST");
    if (!function || !latest) return not_found("Function not found: " + name.arn());
    if (!latest->is_settled(now) && latest->pending == "create") {
      return conflict(
          "The operation cannot be performed at this time. The function is currently in the following state: Pending");
    }
    if (has(call.input, "RevisionId") && member_text(call.input, "RevisionId") != latest->revision(now))
      return precondition("GetFunction/GetAlias");
    const std::string_view sha = member_text(latest->configuration, "CodeSha256");
    if (has(call.input, "CodeSha256") && member_text(call.input, "CodeSha256") != sha) {
      return invalid_parameter("CodeSHA256 (" + std::string(member_text(call.input, "CodeSha256")) +
                               ") is different from current CodeSHA256 in $LATEST (" + std::string(sha) +
                               "). Please try again with the CodeSHA256 in $LATEST.");
    }
    if (const auto last = find_version(transaction, name, std::to_string(function->last_published()));
        last && same_content(*last, *latest)) {
      answered = *last;
      return {};
    }
    const std::int64_t version = function->next_version();
    json::ObjectBuilder builder(latest->configuration);
    builder.set("Version", std::to_string(version))
        .set("FunctionArn", name.arn() + ":" + std::to_string(version))
        .set("RevisionId", base::random_uuid());
    if (has(call.input, "Description")) builder.set("Description", *call.input.find("Description"));
    if (const json::Value* const snap = latest->configuration.find("SnapStart");
        snap != nullptr && member_text(*snap, "ApplyOn") == "PublishedVersions") {
      builder.set("SnapStart", json::Value::object({{"ApplyOn", "PublishedVersions"}, {"OptimizationStatus", "On"}}));
    }
    answered = *latest;
    answered.configuration = std::move(builder).build();
    answered.pending.clear();
    put_version(transaction, name, std::to_string(version), answered);
    put_function(transaction, name, function->with("NextVersion", version + 1).with("LastPublished", version));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return shown_configuration(answered, member_text(answered.configuration, "FunctionArn"), now);
}

}  // namespace escapement::services::lambda
