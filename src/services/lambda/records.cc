#include "services/lambda/records.h"

#include "functions/function_record.h"
#include "json/parse.h"
#include "json/print.h"
#include "services/lambda/errors.h"

namespace escapement::services::lambda {
namespace {

template <typename Reader>
std::optional<json::Value> read(const Reader& reader, const std::string& key) {
  const auto found = reader.get(key);
  if (!found) return std::nullopt;
  auto value = json::parse(*found);
  return value ? std::optional(std::move(*value)) : std::nullopt;
}

template <typename Reader>
std::optional<FunctionRecord> read_function(const Reader& reader, const FunctionName& name) {
  auto value = read(reader, functions::function_key(name.region, name.name));
  return value ? std::optional(FunctionRecord{std::move(*value)}) : std::nullopt;
}

template <typename Reader>
std::optional<VersionRecord> read_version(const Reader& reader, const FunctionName& name, std::string_view version) {
  const auto value = read(reader, functions::version_key(name.region, name.name, version));
  if (!value || !has(*value, "Configuration")) return std::nullopt;
  VersionRecord record;
  record.configuration = *value->find("Configuration");
  record.code = member_text(*value, "Code");
  record.layers = has(*value, "Layers") ? *value->find("Layers") : json::Value::array({});
  record.pending = member_text(*value, "Pending");
  record.settles = base::Timestamp{number(*value, "Settles").value_or(0)};
  record.settled_revision = member_text(*value, "SettledRevision");
  return record;
}

}  // namespace

std::int64_t FunctionRecord::next_version() const { return number(members, "NextVersion").value_or(1); }
std::int64_t FunctionRecord::last_published() const { return number(members, "LastPublished").value_or(0); }

json::Value FunctionRecord::tags() const {
  const json::Value* const tags = members.find("Tags");
  return tags == nullptr ? json::Value::object(std::vector<json::Member>{}) : *tags;
}

FunctionRecord FunctionRecord::with(std::string_view member, json::Value value) const {
  json::ObjectBuilder builder(members);
  builder.set(member, std::move(value));
  return {std::move(builder).build()};
}

FunctionRecord FunctionRecord::without(std::string_view member) const {
  json::ObjectBuilder builder(members);
  builder.erase(member);
  return {std::move(builder).build()};
}

std::string VersionRecord::revision(base::Timestamp now) const {
  if (!pending.empty() && is_settled(now)) return settled_revision;
  return std::string(member_text(configuration, "RevisionId"));
}

std::optional<FunctionRecord> find_function(const store::Catalog::View& view, const FunctionName& name) {
  return read_function(view, name);
}
std::optional<FunctionRecord> find_function(const store::CatalogTransaction& transaction, const FunctionName& name) {
  return read_function(transaction, name);
}
std::optional<VersionRecord> find_version(const store::Catalog::View& view, const FunctionName& name,
                                          std::string_view version) {
  return read_version(view, name, version);
}
std::optional<VersionRecord> find_version(const store::CatalogTransaction& transaction, const FunctionName& name,
                                          std::string_view version) {
  return read_version(transaction, name, version);
}

std::optional<json::Value> get_json(const store::Catalog::View& view, const std::string& key) {
  return read(view, key);
}
std::optional<json::Value> get_json(const store::CatalogTransaction& transaction, const std::string& key) {
  return read(transaction, key);
}

void put_json(store::CatalogTransaction& transaction, const std::string& key, const json::Value& value) {
  transaction.put(key, json::print(value));
}

void put_function(store::CatalogTransaction& transaction, const FunctionName& name, const FunctionRecord& record) {
  put_json(transaction, functions::function_key(name.region, name.name), record.members);
}

void put_version(store::CatalogTransaction& transaction, const FunctionName& name, std::string_view version,
                 const VersionRecord& record) {
  json::ObjectBuilder builder;
  builder.set("Configuration", record.configuration).set("Code", record.code).set("Layers", record.layers);
  if (!record.pending.empty())
    builder.set("Pending", record.pending)
        .set("Settles", record.settles.us)
        .set("SettledRevision", record.settled_revision);
  put_json(transaction, functions::version_key(name.region, name.name, version), std::move(builder).build());
}

std::string folder_key(std::string_view folder, std::string_view region, std::string_view name) {
  std::string key = "lambda/";
  key.append(folder).append("/").append(region).append("/").append(name).append("/");
  return key;
}

std::string policy_key(const FunctionName& name) {
  return folder_key("policy", name.region, name.name) + (name.qualifier.empty() ? "-" : name.qualifier);
}
std::string url_key(const FunctionName& name) {
  return folder_key("url", name.region, name.name) + (name.qualifier.empty() ? "-" : name.qualifier);
}

bool is_version_number(std::string_view qualifier) {
  return !qualifier.empty() && qualifier.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_alias_name(std::string_view qualifier) {
  return !qualifier.empty() && qualifier.find('$') == std::string_view::npos && !is_version_number(qualifier);
}

base::Result<ResolvedVersion> resolve_version(const store::Catalog::View& view, const FunctionName& name) {
  ResolvedVersion resolved;
  resolved.version = name.qualifier.empty() ? "$LATEST" : name.qualifier;
  resolved.shown_arn = name.qualified_arn();
  if (is_alias_name(name.qualifier)) {
    const auto alias = get_json(view, functions::alias_key(name.region, name.name, name.qualifier));
    if (!alias) return not_found("Function not found: " + name.qualified_arn());
    resolved.version = member_text(*alias, "FunctionVersion");
  }
  auto record = find_version(view, name, resolved.version);
  if (!record) return not_found("Function not found: " + name.qualified_arn());
  resolved.record = std::move(*record);
  return resolved;
}

base::Result<void> require_function(const store::Catalog::View& view, const FunctionName& name) {
  if (!find_function(view, name)) return not_found("Function not found: " + name.arn());
  return {};
}

base::Result<void> require_qualifier(const store::Catalog::View& view, const FunctionName& name) {
  if (name.qualifier.empty()) return require_function(view, name);
  if (is_alias_name(name.qualifier)) {
    if (!get_json(view, functions::alias_key(name.region, name.name, name.qualifier)))
      return not_found("Cannot find alias arn: " + name.qualified_arn());
    return {};
  }
  if (!find_version(view, name, name.qualifier)) return not_found("Function not found: " + name.qualified_arn());
  return {};
}

std::string last_modified(base::Timestamp time) {
  std::string form = base::to_iso8601(time);
  form.pop_back();
  return form + "+0000";
}

json::Value listed_configuration(const VersionRecord& record, std::string_view arn, base::Timestamp now) {
  json::ObjectBuilder builder(record.configuration);
  builder.set("FunctionArn", arn).set("RevisionId", record.revision(now));
  builder.erase("RuntimeVersionConfig");
  return std::move(builder).build();
}

json::Value shown_configuration(const VersionRecord& record, std::string_view arn, base::Timestamp now) {
  json::ObjectBuilder builder(record.configuration);
  builder.set("FunctionArn", arn).set("RevisionId", record.revision(now));
  if (!record.is_settled(now) && record.pending == "create") {
    builder.set("State", "Pending")
        .set("StateReason", "The function is being created.")
        .set("StateReasonCode", "Creating");
    return std::move(builder).build();
  }
  builder.set("State", "Active");
  if (record.is_settled(now)) {
    builder.set("LastUpdateStatus", "Successful");
  } else {
    builder.set("LastUpdateStatus", "InProgress")
        .set("LastUpdateStatusReason", "The function is being created.")
        .set("LastUpdateStatusReasonCode", "Creating");
  }
  return std::move(builder).build();
}

json::Value page_answer(std::string_view member, Page page) {
  json::ObjectBuilder builder;
  builder.set(member, json::Value::array(std::move(page.items)));
  if (!page.next_marker.empty()) builder.set("NextMarker", page.next_marker);
  return std::move(builder).build();
}

}  // namespace escapement::services::lambda
