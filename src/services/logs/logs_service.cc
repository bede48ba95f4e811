#include "services/logs/logs_service.h"

#include <algorithm>

namespace escapement::services::logs {
namespace {

struct Entry {
  std::string_view operation;
  Answer (*handler)(const Operations&, const wire::Call&);
};

constexpr Entry kHandlers[] = {
    {"CreateLogGroup", create_log_group},
    {"CreateLogStream", create_log_stream},
    {"DeleteLogGroup", delete_log_group},
    {"DeleteLogStream", delete_log_stream},
    {"DeleteRetentionPolicy", delete_retention_policy},
    {"DescribeLogGroups", describe_log_groups},
    {"DescribeLogStreams", describe_log_streams},
    {"FilterLogEvents", filter_log_events},
    {"GetLogEvents", get_log_events},
    {"ListLogGroups", list_log_groups},
    {"ListTagsForResource", list_tags_for_resource},
    {"ListTagsLogGroup", list_tags_log_group},
    {"PutLogEvents", put_log_events},
    {"PutRetentionPolicy", put_retention_policy},
    {"TagLogGroup", tag_log_group},
    {"TagResource", tag_resource},
    {"UntagLogGroup", untag_log_group},
    {"UntagResource", untag_resource},
};
static_assert(std::ranges::is_sorted(kHandlers, {}, &Entry::operation));

const Entry* find(std::string_view operation) {
  const auto found = std::ranges::lower_bound(kHandlers, operation, {}, &Entry::operation);
  return found != std::end(kHandlers) && found->operation == operation ? found : nullptr;
}

constexpr base::Duration kExpiryInterval = base::Duration::seconds(3'600);

}  // namespace

// By the hour, along with a call: files that nobody looks at are bounded by the store.
void LogsService::expire_sometimes() {
  const base::Timestamp now = operations_.clock.now();
  std::int64_t due = next_expiry_us_.load(std::memory_order_relaxed);
  if (now.us < due || !next_expiry_us_.compare_exchange_strong(due, (now + kExpiryInterval).us)) return;
  expire_groups(operations_);
}

bool LogsService::has(std::string_view operation) const { return find(operation) != nullptr; }

void LogsService::handle(wire::Call call, wire::Respond respond) {
  const Entry* const entry = find(call.operation);
  if (entry == nullptr)
    return respond(
        base::make_error(base::ErrorCode::unsupported, std::string(call.operation) + " is not offered by this server"));
  expire_sometimes();
  respond(entry->handler(operations_, call));
}

}  // namespace escapement::services::logs
