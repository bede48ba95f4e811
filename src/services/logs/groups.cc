#include <algorithm>

#include "base/codec.h"
#include "json/print.h"
#include "services/logs/operations.h"

namespace escapement::services::logs {
namespace {

constexpr std::int64_t kRetentions[] = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                        365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

json::Value nothing() { return json::Value::object(std::vector<json::Member>{}); }

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto lower = [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : static_cast<char>(c);
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), [&](char a, char b) {
           return lower(static_cast<unsigned char>(a)) == lower(static_cast<unsigned char>(b));
         }) != text.end();
}

// A search by pattern does not tell the size and the protection, on AWS either.
json::Value shown(const wire::Call& call, const functions::LogGroupInfo& group, const json::Value& record,
                  bool by_pattern) {
  json::ObjectBuilder builder;
  builder.set("logGroupName", group.name).set("creationTime", group.created.ms()).set("metricFilterCount", 0);
  builder.set("arn", group_arn(call, group.name) + ":*");
  if (!by_pattern)
    builder.set("storedBytes", static_cast<std::int64_t>(group.bytes)).set("deletionProtectionEnabled", false);
  const std::string_view log_class = member_text(record, "logGroupClass");
  builder.set("logGroupClass", log_class.empty() ? "STANDARD" : log_class)
      .set("logGroupArn", group_arn(call, group.name));
  if (const auto days = number(record, "retentionInDays")) builder.set("retentionInDays", *days);
  return std::move(builder).build();
}

base::Result<void> change_record(const Operations& operations, const wire::Call& call, const std::string& group,
                                 const std::function<base::Result<json::Value>(const json::Value&)>& change) {
  const std::string key = group_key(call, group);
  return operations.catalog.update([&](store::CatalogTransaction& transaction) -> base::Result<void> {
    ESC_TRY(const json::Value changed, change(group_record(operations.catalog.view(), key)));
    transaction.put(key, json::print(changed));
    return {};
  });
}

json::Value tags_of(const json::Value& record) {
  const json::Value* const tags = record.find("tags");
  return tags == nullptr ? nothing() : *tags;
}

base::Result<std::string> group_of_arn(const Operations& operations, const wire::Call& call) {
  constexpr std::string_view kMark = ":log-group:";
  const std::string_view arn = member_text(call.input, "resourceArn");
  const std::size_t mark = arn.find(kMark);
  if (mark == std::string_view::npos) return invalid_parameter("The resource is not a log group: " + std::string(arn));
  std::string group(arn.substr(mark + kMark.size()));
  if (group.ends_with(":*")) group.resize(group.size() - 2);
  if (!operations.store.has_group(call.region, group)) return group_absent();
  return group;
}

Answer add_tags(const Operations& operations, const wire::Call& call, const std::string& group) {
  const auto change = [&](const json::Value& record) -> base::Result<json::Value> {
    json::ObjectBuilder tags(tags_of(record));
    for (const json::Member& member : call.input.find("tags")->members()) tags.set(member.key, member.value);
    json::Value merged = std::move(tags).build();
    if (merged.size() > operations.options.tags_max)
      return base::make_error(base::ErrorCode::limit_exceeded, "TooManyTagsException",
                              "A resource can have no more than 50 tags.");
    return std::move(json::ObjectBuilder(record).set("tags", std::move(merged))).build();
  };
  ESC_CHECK(change_record(operations, call, group, change));
  return nothing();
}

Answer remove_tags(const Operations& operations, const wire::Call& call, const std::string& group,
                   const json::Value& keys) {
  const auto change = [&](const json::Value& record) -> base::Result<json::Value> {
    json::ObjectBuilder tags(tags_of(record));
    for (const json::Value& key : keys.items()) tags.erase(key.as_string());
    return std::move(json::ObjectBuilder(record).set("tags", std::move(tags).build())).build();
  };
  ESC_CHECK(change_record(operations, call, group, change));
  return nothing();
}

Answer show_tags(const Operations& operations, const wire::Call& call, const std::string& group) {
  return json::Value::object({{"tags", tags_of(group_record(operations.catalog.view(), group_key(call, group)))}});
}

}  // namespace

Answer create_log_group(const Operations& operations, const wire::Call& call) {
  const std::string group(member_text(call.input, "logGroupName"));
  if (group.size() > 512)
    return invalid_parameter("Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
  ESC_CHECK(operations.authorise(call, "CreateLogGroup", group));
  const auto created = operations.store.create_group(call.region, group);
  if (!created && created.error().code == base::ErrorCode::already_exists) {
    return base::make_error(base::ErrorCode::already_exists, "ResourceAlreadyExistsException",
                            "The specified log group already exists");
  }
  ESC_CHECK(created);
  json::ObjectBuilder record;
  for (const char* const member : {"tags", "kmsKeyId", "logGroupClass"}) {
    if (call.input.find(member) != nullptr) record.set(member, *call.input.find(member));
  }
  const std::string printed = json::print(std::move(record).build());
  const auto write = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    transaction.put(group_key(call, group), printed);
    return {};
  };
  ESC_CHECK(operations.catalog.update(write));
  return nothing();
}

Answer delete_log_group(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  ESC_CHECK(operations.authorise(call, "DeleteLogGroup", group));
  ESC_CHECK(operations.store.delete_group(call.region, group));
  const auto erase = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    transaction.erase(group_key(call, group));
    return {};
  };
  ESC_CHECK(operations.catalog.update(erase));
  return nothing();
}

Answer describe_log_groups(const Operations& operations, const wire::Call& call) {
  const std::string_view prefix = member_text(call.input, "logGroupNamePrefix");
  const std::string_view pattern = member_text(call.input, "logGroupNamePattern");
  if (!prefix.empty() && !pattern.empty())
    return invalid_parameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  ESC_CHECK(operations.authorise(call, "DescribeLogGroups", {}));
  const auto limit =
      static_cast<std::size_t>(std::clamp<std::int64_t>(number(call.input, "limit").value_or(50), 1, 50));
  const std::string after = base::from_base64(member_text(call.input, "nextToken")).value_or(std::string());
  const store::Catalog::View view = operations.catalog.view();
  std::vector<json::Value> items;
  std::string last;
  std::string next;
  for (const functions::LogGroupInfo& group : operations.store.groups(call.region)) {
    if (!group.name.starts_with(prefix) || !contains_ignoring_case(group.name, pattern) || group.name <= after)
      continue;
    if (items.size() == limit) {
      next = base::to_base64(last);
      break;
    }
    items.push_back(shown(call, group, group_record(view, group_key(call, group.name)), !pattern.empty()));
    last = group.name;
  }
  // And it gives a token for one more page, which is then empty.
  if (!pattern.empty() && !items.empty() && next.empty()) next = base::to_base64(last);
  json::ObjectBuilder answer;
  answer.set("logGroups", json::Value::array(std::move(items)));
  if (!next.empty()) answer.set("nextToken", next);
  return std::move(answer).build();
}

Answer list_log_groups(const Operations& operations, const wire::Call& call) {
  ESC_CHECK(operations.authorise(call, "ListLogGroups", {}));
  const std::string_view pattern = member_text(call.input, "logGroupNamePattern");
  const store::Catalog::View view = operations.catalog.view();
  std::vector<json::Value> items;
  for (const functions::LogGroupInfo& group : operations.store.groups(call.region)) {
    if (!contains_ignoring_case(group.name, pattern)) continue;
    const std::string_view log_class = member_text(group_record(view, group_key(call, group.name)), "logGroupClass");
    items.push_back(json::Value::object({{"logGroupName", group.name},
                                         {"logGroupArn", group_arn(call, group.name)},
                                         {"logGroupClass", log_class.empty() ? "STANDARD" : log_class}}));
  }
  return json::Value::object({{"logGroups", json::Value::array(std::move(items))}});
}

Answer put_retention_policy(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  ESC_CHECK(operations.authorise(call, "PutRetentionPolicy", group));
  const std::int64_t days = number(call.input, "retentionInDays").value_or(0);
  if (std::ranges::find(kRetentions, days) == std::end(kRetentions)) {
    std::string allowed;
    for (const std::int64_t value : kRetentions) allowed += (allowed.empty() ? "" : ", ") + std::to_string(value);
    return base::make_error(
        base::ErrorCode::invalid, "ValidationException",
        "1 validation error detected: Value '" + std::to_string(days) +
            "' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [" + allowed +
            "]");
  }
  ESC_CHECK(change_record(operations, call, group, [&](const json::Value& record) -> base::Result<json::Value> {
    return std::move(json::ObjectBuilder(record).set("retentionInDays", days)).build();
  }));
  operations.store.expire(call.region, group, operations.clock.now() - base::Duration::seconds(days * 86'400));
  return nothing();
}

Answer delete_retention_policy(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  ESC_CHECK(operations.authorise(call, "DeleteRetentionPolicy", group));
  ESC_CHECK(change_record(operations, call, group, [&](const json::Value& record) -> base::Result<json::Value> {
    json::ObjectBuilder builder(record);
    builder.erase("retentionInDays");
    return std::move(builder).build();
  }));
  return nothing();
}

Answer tag_log_group(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  ESC_CHECK(operations.authorise(call, "TagLogGroup", group));
  return add_tags(operations, call, group);
}

Answer untag_log_group(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  ESC_CHECK(operations.authorise(call, "UntagLogGroup", group));
  return remove_tags(operations, call, group, *call.input.find("tags"));
}

Answer list_tags_log_group(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  ESC_CHECK(operations.authorise(call, "ListTagsLogGroup", group));
  return show_tags(operations, call, group);
}

Answer tag_resource(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, group_of_arn(operations, call));
  ESC_CHECK(operations.authorise(call, "TagResource", group));
  return add_tags(operations, call, group);
}

Answer untag_resource(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, group_of_arn(operations, call));
  ESC_CHECK(operations.authorise(call, "UntagResource", group));
  return remove_tags(operations, call, group, *call.input.find("tagKeys"));
}

Answer list_tags_for_resource(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, group_of_arn(operations, call));
  ESC_CHECK(operations.authorise(call, "ListTagsForResource", group));
  return show_tags(operations, call, group);
}

}  // namespace escapement::services::logs
