// What the handlers of the CloudWatch Logs API share, and the handlers themselves.
//
// Streams and events lie in the LogStore, which functions write to; what else is known of a group (retention, tags)
// lies in the catalog under "logs/group/REGION/NAME". A group exists where the store has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "functions/log_store.h"
#include "identity/authoriser.h"
#include "json/value.h"
#include "store/catalog.h"
#include "wire/service.h"

namespace escapement::services::logs {

struct LogsOptions {
  std::size_t page_events_max = 10'000;
  std::size_t page_bytes_max = 1u << 20;
  std::size_t tags_max = 50;
};

struct Operations {
  store::Catalog& catalog;
  functions::LogStore& store;
  const identity::Authoriser& authoriser;
  const base::Clock& clock;
  LogsOptions options;

  // Errors: AccessDeniedException. The resource is the group's ARN, or "*" where it is empty.
  base::Result<void> authorise(const wire::Call& call, std::string_view action, std::string_view group) const;
};

using Answer = base::Result<json::Value>;

std::optional<std::int64_t> number(const json::Value& input, std::string_view member);
bool flag(const json::Value& input, std::string_view member);

base::Error invalid_parameter(std::string message);
base::Error group_absent();
base::Error stream_absent();

std::string group_arn(const wire::Call& call, std::string_view group);  // without ":*"
// From logGroupName, or the name in logGroupIdentifier (a name or an ARN). Errors: ResourceNotFoundException,
// InvalidParameterException.
base::Result<std::string> existing_group(const Operations& operations, const wire::Call& call);
std::string group_key(const wire::Call& call, std::string_view group);
// The catalog's record; an empty object where there is none.
json::Value group_record(const store::Catalog::View& view, const std::string& key);
// Events from before then are past the group's retention; nullopt: they are kept. `key` as group_key() gives it.
std::optional<base::Timestamp> retention_start(const store::Catalog::View& view, const std::string& key,
                                               base::Timestamp now);
// Removes the files that hold nothing but such events, of all groups.
void expire_groups(const Operations& operations);

Answer create_log_group(const Operations&, const wire::Call&);
Answer delete_log_group(const Operations&, const wire::Call&);
Answer describe_log_groups(const Operations&, const wire::Call&);
Answer list_log_groups(const Operations&, const wire::Call&);
Answer put_retention_policy(const Operations&, const wire::Call&);
Answer delete_retention_policy(const Operations&, const wire::Call&);
Answer tag_log_group(const Operations&, const wire::Call&);
Answer untag_log_group(const Operations&, const wire::Call&);
Answer list_tags_log_group(const Operations&, const wire::Call&);
Answer tag_resource(const Operations&, const wire::Call&);
Answer untag_resource(const Operations&, const wire::Call&);
Answer list_tags_for_resource(const Operations&, const wire::Call&);
Answer create_log_stream(const Operations&, const wire::Call&);
Answer delete_log_stream(const Operations&, const wire::Call&);
Answer describe_log_streams(const Operations&, const wire::Call&);
Answer put_log_events(const Operations&, const wire::Call&);
Answer get_log_events(const Operations&, const wire::Call&);
Answer filter_log_events(const Operations&, const wire::Call&);

}  // namespace escapement::services::logs
