#include <algorithm>

#include "base/codec.h"
#include "services/logs/operations.h"

namespace escapement::services::logs {
namespace {

json::Value nothing() { return json::Value::object(std::vector<json::Member>{}); }

json::Value shown(const wire::Call& call, std::string_view group, const functions::LogStreamInfo& stream) {
  json::ObjectBuilder builder;
  builder.set("logStreamName", stream.name).set("creationTime", stream.created.ms());
  if (stream.first_event) builder.set("firstEventTimestamp", stream.first_event->ms());
  if (stream.last_event) builder.set("lastEventTimestamp", stream.last_event->ms());
  if (stream.last_ingested)
    builder.set("lastIngestionTime", stream.last_ingested->ms()).set("uploadSequenceToken", "0");
  // storedBytes of a stream is always 0 on AWS.
  builder.set("arn", group_arn(call, group) + ":log-stream:" + stream.name).set("storedBytes", 0);
  return std::move(builder).build();
}

}  // namespace

Answer create_log_stream(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  const std::string stream(member_text(call.input, "logStreamName"));
  if (stream.size() > 512)
    return invalid_parameter("Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
  ESC_CHECK(operations.authorise(call, "CreateLogStream", group));
  const auto created = operations.store.create_stream(call.region, group, stream);
  if (!created && created.error().code == base::ErrorCode::already_exists) {
    return base::make_error(base::ErrorCode::already_exists, "ResourceAlreadyExistsException",
                            "The specified log stream already exists");
  }
  ESC_CHECK(created);
  return nothing();
}

Answer delete_log_stream(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  ESC_CHECK(operations.authorise(call, "DeleteLogStream", group));
  if (!operations.store.delete_stream(call.region, group, std::string(member_text(call.input, "logStreamName"))))
    return stream_absent();
  return nothing();
}

Answer describe_log_streams(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  ESC_CHECK(operations.authorise(call, "DescribeLogStreams", group));
  const std::string_view prefix = member_text(call.input, "logStreamNamePrefix");
  const bool by_time = member_text(call.input, "orderBy") == "LastEventTime";
  if (by_time && !prefix.empty()) return invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  auto streams = operations.store.streams(call.region, group);
  if (by_time) {
    std::ranges::stable_sort(streams, {}, [](const functions::LogStreamInfo& stream) {
      return stream.last_event.value_or(base::Timestamp{});
    });
  }
  if (flag(call.input, "descending")) std::ranges::reverse(streams);
  const auto limit =
      static_cast<std::size_t>(std::clamp<std::int64_t>(number(call.input, "limit").value_or(50), 1, 50));
  const std::string after = base::from_base64(member_text(call.input, "nextToken")).value_or(std::string());
  bool skipping = !after.empty();
  std::vector<json::Value> items;
  std::string last;
  std::string next;
  for (const functions::LogStreamInfo& stream : streams) {
    if (skipping) {
      skipping = stream.name != after;
      continue;
    }
    if (!stream.name.starts_with(prefix)) continue;
    if (items.size() == limit) {
      next = base::to_base64(last);
      break;
    }
    items.push_back(shown(call, group, stream));
    last = stream.name;
  }
  json::ObjectBuilder answer;
  answer.set("logStreams", json::Value::array(std::move(items)));
  if (!next.empty()) answer.set("nextToken", next);
  return std::move(answer).build();
}

}  // namespace escapement::services::logs
