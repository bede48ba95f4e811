#include "services/logs/operations.h"

#include "json/parse.h"

namespace escapement::services::logs {

base::Result<void> Operations::authorise(const wire::Call& call, std::string_view action,
                                         std::string_view group) const {
  return authoriser.authorise(*call.principal, "logs:" + std::string(action),
                              group.empty() ? "*" : group_arn(call, group) + ":*");
}

std::optional<std::int64_t> number(const json::Value& input, std::string_view member) {
  const json::Value* const value = input.find(member);
  return value != nullptr && value->is_int64() ? std::optional(value->as_int64()) : std::nullopt;
}

bool flag(const json::Value& input, std::string_view member) {
  const json::Value* const value = input.find(member);
  return value != nullptr && value->is_bool() && value->as_bool();
}

base::Error invalid_parameter(std::string message) {
  return base::make_error(base::ErrorCode::invalid, "InvalidParameterException", std::move(message));
}
base::Error group_absent() {
  return base::make_error(base::ErrorCode::not_found, "ResourceNotFoundException",
                          "The specified log group does not exist.");
}
base::Error stream_absent() {
  return base::make_error(base::ErrorCode::not_found, "ResourceNotFoundException",
                          "The specified log stream does not exist.");
}

std::string group_arn(const wire::Call& call, std::string_view group) {
  return "arn:aws:logs:" + call.region + ":" + call.account + ":log-group:" + std::string(group);
}

std::string group_key(const wire::Call& call, std::string_view group) {
  return "logs/group/" + call.region + "/" + std::string(group);
}

json::Value group_record(const store::Catalog::View& view, const std::string& key) {
  const auto found = view.get(key);
  auto value = found ? json::parse(*found) : base::Result<json::Value>(json::Value());
  return value && value->is_object() ? std::move(*value) : json::Value::object(std::vector<json::Member>{});
}

std::optional<base::Timestamp> retention_start(const store::Catalog::View& view, const std::string& key,
                                               base::Timestamp now) {
  const auto days = number(group_record(view, key), "retentionInDays");
  return days ? std::optional(now - base::Duration::seconds(*days * 86'400)) : std::nullopt;
}

void expire_groups(const Operations& operations) {
  constexpr std::string_view kFolder = "logs/group/";
  const store::Catalog::View view = operations.catalog.view();
  const base::Timestamp now = operations.clock.now();
  view.scan(kFolder, [&](std::string_view key, std::string_view) {
    const auto start = retention_start(view, std::string(key), now);
    const std::string_view rest = key.substr(kFolder.size());
    const std::size_t slash = rest.find('/');
    if (start && slash != std::string_view::npos)
      operations.store.expire(std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1)), *start);
    return true;
  });
}

base::Result<std::string> existing_group(const Operations& operations, const wire::Call& call) {
  std::string group(member_text(call.input, "logGroupName"));
  const std::string_view identifier = member_text(call.input, "logGroupIdentifier");
  if (!group.empty() && !identifier.empty())
    return invalid_parameter("LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  if (group.empty()) {
    constexpr std::string_view kMark = ":log-group:";
    const std::size_t mark = identifier.find(kMark);
    group = mark == std::string_view::npos ? identifier : identifier.substr(mark + kMark.size());
    if (group.ends_with(":*")) group.resize(group.size() - 2);
  }
  if (!operations.store.has_group(call.region, group)) return group_absent();
  return group;
}

}  // namespace escapement::services::logs
