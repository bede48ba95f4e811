#include "base/codec.h"
#include "functions/function_record.h"
#include "services/lambda/code_links.h"
#include "services/lambda/errors.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

constexpr std::int64_t kPageSize = 50;  // the most that AWS gives, whatever is asked for

std::size_t page_size(const wire::Call& call) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(number(call.input, "MaxItems").value_or(kPageSize), 1, kPageSize));
}

std::string marker_position(const wire::Call& call) {
  return base::from_base64(member_text(call.input, "Marker")).value_or(std::string());
}

base::Result<ResolvedVersion> resolve(const Operations& operations, const wire::Call& call, std::string_view action) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, action, name.arn()));
  return resolve_version(operations.catalog.view(), name);
}

// "lambda/version/REGION/NAME/VERSION" → name and version.
struct VersionKey {
  std::string name;
  std::string version;
};
VersionKey split_version_key(std::string_view key, std::size_t folder_size) {
  key.remove_prefix(folder_size);
  const std::size_t slash = key.find('/');
  return {std::string(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}

}  // namespace

Answer get_function_configuration(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const ResolvedVersion resolved, resolve(operations, call, "GetFunctionConfiguration"));
  return shown_configuration(resolved.record, resolved.shown_arn, operations.clock.now());
}

Answer get_function(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const ResolvedVersion resolved, resolve(operations, call, "GetFunction"));
  ESC_TRY(const FunctionName name, function_name(call));
  const auto function = find_function(operations.catalog.view(), name);
  json::ObjectBuilder answer;
  answer.set("Configuration", shown_configuration(resolved.record, resolved.shown_arn, operations.clock.now()));
  answer.set("Code", json::Value::object(
                         {{"RepositoryType", "S3"}, {"Location", code_location(operations, resolved.record.code)}}));
  if (function && function->tags().size() > 0) answer.set("Tags", function->tags());
  if (function && has(function->members, "ReservedConcurrency")) {
    answer.set("Concurrency",
               json::Value::object({{"ReservedConcurrentExecutions", *function->members.find("ReservedConcurrency")}}));
  }
  return std::move(answer).build();
}

Answer list_functions(const Operations& operations, const wire::Call& call) {
  ESC_CHECK(operations.authorise(call, "ListFunctions", "*"));
  const bool all = member_text(call.input, "FunctionVersion") == "ALL";
  const std::string folder = "lambda/version/" + call.region + "/";
  const std::size_t size = page_size(call);
  const base::Timestamp now = operations.clock.now();
  const store::Catalog::View view = operations.catalog.view();
  Page page;
  std::string last;
  view.scan(
      folder,
      [&](std::string_view key, std::string_view) {
        const VersionKey parts = split_version_key(key, folder.size());
        if (!all && parts.version != "$LATEST") return true;
        if (page.items.size() == size) {
          page.next_marker = base::to_base64(last);
          return false;
        }
        const FunctionName name{call.region, call.account, parts.name, all ? parts.version : ""};
        if (const auto record = find_version(view, name, parts.version))
          page.items.push_back(listed_configuration(*record, name.qualified_arn(), now));
        last = key;
        return true;
      },
      marker_position(call));
  return page_answer("Functions", std::move(page));
}

Answer list_versions_by_function(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const FunctionName name, function_name(call));
  ESC_CHECK(operations.authorise(call, "ListVersionsByFunction", name.arn()));
  const store::Catalog::View view = operations.catalog.view();
  ESC_CHECK(require_function(view, name));
  const auto function = find_function(view, name);
  const base::Timestamp now = operations.clock.now();
  Page page;
  // $LATEST first, then by number; markers are the number to go on with.
  std::int64_t from = 0;
  if (const std::string marker = marker_position(call); is_version_number(marker))
    from = std::stoll(marker.substr(0, 18));
  for (std::int64_t version = from; version < function->next_version(); ++version) {
    const std::string label = version == 0 ? "$LATEST" : std::to_string(version);
    const auto record = find_version(view, name, label);
    if (!record) continue;
    if (page.items.size() == page_size(call)) {
      page.next_marker = base::to_base64(std::to_string(version));
      break;
    }
    page.items.push_back(listed_configuration(*record, name.arn() + ":" + label, now));
  }
  return page_answer("Versions", std::move(page));
}

}  // namespace escapement::services::lambda
