// The records of functions in the catalog, beyond the keys of functions/function_record.h, and how they are read and
// written.
//
//   lambda/function/REGION/NAME                 FunctionRecord
//   lambda/version/REGION/NAME/VERSION          VersionRecord
//   lambda/alias/REGION/NAME/ALIAS              AliasConfiguration
//   lambda/policy/REGION/NAME/QUALIFIER         {"Statement": [...]}; "-" stands for no qualifier
//   lambda/url/REGION/NAME/QUALIFIER            FunctionUrlConfig; the same
//   lambda/layer/REGION/NAME/VERSION            layer versions (ten digits); lambda/layer-count/REGION/NAME their
//   counter lambda/mapping/REGION/UUID                  event source mappings lambda/signing/REGION/ID code signing
//   configurations lambda/tags/ARN                             {"key": "value"} of what is no function
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "services/lambda/operations.h"
#include "store/catalog.h"

namespace escapement::services::lambda {

// What belongs to a function as a whole. Members that are not named here (ReservedConcurrency, RecursiveLoop,
// CodeSigningConfigArn, Tags) are kept as they are.
struct FunctionRecord {
  json::Value members;

  std::int64_t next_version() const;
  std::int64_t last_published() const;  // 0: none
  json::Value tags() const;             // an object, perhaps empty
  FunctionRecord with(std::string_view member, json::Value value) const;
  FunctionRecord without(std::string_view member) const;
};

// A version and its state. Making and updating take a while on AWS; here the record says from when on they are over,
// and which revision id it then has, so that no background work is needed.
struct VersionRecord {
  json::Value configuration;  // FunctionConfiguration without what depends on time
  std::string code;           // sha256 hex
  json::Value layers;         // array of sha256 hex
  std::string pending;        // "create", "update" or empty
  base::Timestamp settles;
  std::string settled_revision;

  bool is_settled(base::Timestamp now) const { return pending.empty() || now >= settles; }
  std::string revision(base::Timestamp now) const;
};

std::optional<FunctionRecord> find_function(const store::Catalog::View& view, const FunctionName& name);
std::optional<FunctionRecord> find_function(const store::CatalogTransaction& transaction, const FunctionName& name);
std::optional<VersionRecord> find_version(const store::Catalog::View& view, const FunctionName& name,
                                          std::string_view version);
std::optional<VersionRecord> find_version(const store::CatalogTransaction& transaction, const FunctionName& name,
                                          std::string_view version);
void put_function(store::CatalogTransaction& transaction, const FunctionName& name, const FunctionRecord& record);
void put_version(store::CatalogTransaction& transaction, const FunctionName& name, std::string_view version,
                 const VersionRecord& record);
void put_json(store::CatalogTransaction& transaction, const std::string& key, const json::Value& value);
std::optional<json::Value> get_json(const store::Catalog::View& view, const std::string& key);
std::optional<json::Value> get_json(const store::CatalogTransaction& transaction, const std::string& key);

std::string policy_key(const FunctionName& name);
std::string url_key(const FunctionName& name);
std::string folder_key(std::string_view folder, std::string_view region,
                       std::string_view name);  // "lambda/FOLDER/REGION/NAME/"

// Which version a qualifier leads to, and under which ARN it is shown.
struct ResolvedVersion {
  VersionRecord record;
  std::string version;
  std::string shown_arn;
};
// Errors: ResourceNotFoundException, in the words of GetFunction.
base::Result<ResolvedVersion> resolve_version(const store::Catalog::View& view, const FunctionName& name);

// Errors: ResourceNotFoundException "Function not found: ARN".
base::Result<void> require_function(const store::Catalog::View& view, const FunctionName& name);
// The same for the qualifier: "Cannot find alias arn: …" or "Function not found: …:42".
base::Result<void> require_qualifier(const store::Catalog::View& view, const FunctionName& name);
bool is_alias_name(std::string_view qualifier);
bool is_version_number(std::string_view qualifier);

// The FunctionConfiguration as the API shows it now.
json::Value shown_configuration(const VersionRecord& record, std::string_view arn, base::Timestamp now);
// The same in listings, which leave the state out.
json::Value listed_configuration(const VersionRecord& record, std::string_view arn, base::Timestamp now);

// "2024-05-01T12:00:00.000+0000", the form of LastModified.
std::string last_modified(base::Timestamp time);

// A page of a listing whose markers are plain positions.
struct Page {
  std::vector<json::Value> items;
  std::string next_marker;
};
json::Value page_answer(std::string_view member, Page page);

}  // namespace escapement::services::lambda
