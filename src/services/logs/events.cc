#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/codec.h"
#include "services/logs/filter_pattern.h"
#include "services/logs/operations.h"

namespace escapement::services::logs {
namespace {

constexpr std::int64_t kOldestSeconds = 14 * 86'400;
constexpr std::int64_t kNewestSeconds = 2 * 3'600;
constexpr std::size_t kEventOverhead = 26;  // as AWS counts

// Where an event stands among all of a listing.
struct Place {
  std::int64_t time_ms = 0;
  std::string stream;
  std::uint64_t position = 0;
  auto operator<=>(const Place&) const = default;
};

Place place_of(const functions::LogEvent& event) { return {event.time.ms(), event.stream, event.position}; }

std::string make_token(char direction, const Place& place) {
  char head[64];
  std::snprintf(head, sizeof head, "%c/%lld/%llu/", direction, static_cast<long long>(place.time_ms),
                static_cast<unsigned long long>(place.position));
  return base::to_base64url(head + place.stream);
}

struct Token {
  char direction = 'f';
  Place place;
};

std::optional<Token> parse_token(std::string_view text) {
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  const auto decoded = base::from_base64(standard);
  if (!decoded || decoded->size() < 4 || (*decoded)[1] != '/') return std::nullopt;
  Token token{.direction = decoded->front()};
  const char* const end = decoded->data() + decoded->size();
  const auto time = std::from_chars(decoded->data() + 2, end, token.place.time_ms);
  if (time.ec != std::errc() || time.ptr == end || *time.ptr != '/') return std::nullopt;
  const auto position = std::from_chars(time.ptr + 1, end, token.place.position);
  if (position.ec != std::errc() || position.ptr == end || *position.ptr != '/') return std::nullopt;
  token.place.stream.assign(position.ptr + 1, end);
  return token;
}

base::Error bad_token() { return invalid_parameter("The specified nextToken is invalid."); }

struct Range {
  std::int64_t start_ms;
  std::int64_t end_ms;
  bool contains(base::Timestamp time) const { return time.ms() >= start_ms && time.ms() < end_ms; }
};

Range range_of(const json::Value& input, bool end_is_inclusive) {
  const std::int64_t end = number(input, "endTime").value_or(INT64_MAX - 1);
  return {number(input, "startTime").value_or(0), end_is_inclusive ? end + 1 : end};
}

// What the group's retention leaves of a range. Files go by the hour; events are out of sight at once.
Range retained(const Operations& operations, const wire::Call& call, const std::string& group, Range range) {
  const auto start = retention_start(operations.catalog.view(), group_key(call, group), operations.clock.now());
  if (start) range.start_ms = std::max(range.start_ms, start->ms());
  return range;
}

std::string event_id(const functions::LogEvent& event) {
  char id[64];
  std::snprintf(id, sizeof id, "%020llu%036llu", static_cast<unsigned long long>(event.time.ms()),
                static_cast<unsigned long long>(event.position));
  return id;
}

base::Result<std::vector<functions::LogEvent>> collect(const Operations& operations, const std::string& region,
                                                       const std::string& group, const std::string& stream,
                                                       const Range& range, const FilterPattern* pattern) {
  std::vector<functions::LogEvent> events;
  ESC_CHECK(operations.store.read(region, group, stream, 0, [&](functions::LogEvent&& event) {
    if (range.contains(event.time) && (pattern == nullptr || pattern->matches(event.text)))
      events.push_back(std::move(event));
    return true;
  }));
  return events;
}

void sort(std::vector<functions::LogEvent>& events) {
  std::ranges::sort(
      events, [](const functions::LogEvent& a, const functions::LogEvent& b) { return place_of(a) < place_of(b); });
}

}  // namespace

Answer put_log_events(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  const std::string stream(member_text(call.input, "logStreamName"));
  ESC_CHECK(operations.authorise(call, "PutLogEvents", group));
  if (!operations.store.has_stream(call.region, group, stream)) return stream_absent();
  const std::int64_t now_ms = operations.clock.now().ms();
  const auto events = call.input.find("logEvents")->items();
  std::int64_t previous = INT64_MIN;
  std::size_t bytes = 0;
  for (const json::Value& event : events) {
    const std::int64_t time = number(event, "timestamp").value_or(0);
    if (time < previous)
      return invalid_parameter("Log events in a single PutLogEvents request must be in chronological order.");
    previous = time;
    bytes += member_text(event, "message").size() + kEventOverhead;
  }
  if (bytes > operations.options.page_bytes_max)
    return invalid_parameter("Upload too large: " + std::to_string(bytes) + " bytes exceeds limit of " +
                             std::to_string(operations.options.page_bytes_max));
  const std::int64_t oldest_ms =
      retained(operations, call, group, {now_ms - kOldestSeconds * 1'000, INT64_MAX}).start_ms;
  std::int64_t too_old_end = -1;
  std::int64_t too_new_start = -1;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::int64_t time = number(events[i], "timestamp").value_or(0);
    if (time < oldest_ms) {
      too_old_end = static_cast<std::int64_t>(i) + 1;
    } else if (time > now_ms + kNewestSeconds * 1'000) {
      if (too_new_start < 0) too_new_start = static_cast<std::int64_t>(i);
    } else {
      operations.store.append({.region = call.region,
                               .group = group,
                               .stream = stream,
                               .request_id = {},
                               .time = base::Timestamp::from_ms(time),
                               .text = member_text(events[i], "message")});
    }
  }
  json::ObjectBuilder answer;
  // Sequence tokens are no longer looked at, but still answered.
  answer.set("nextSequenceToken", std::to_string(now_ms));
  json::ObjectBuilder rejected;
  if (too_old_end >= 0) rejected.set("tooOldLogEventEndIndex", too_old_end);
  if (too_new_start >= 0) rejected.set("tooNewLogEventStartIndex", too_new_start);
  if (!rejected.empty()) answer.set("rejectedLogEventsInfo", std::move(rejected).build());
  return std::move(answer).build();
}

Answer get_log_events(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  const std::string stream(member_text(call.input, "logStreamName"));
  ESC_CHECK(operations.authorise(call, "GetLogEvents", group));
  if (!operations.store.has_stream(call.region, group, stream)) return stream_absent();
  std::optional<Token> token;
  if (!member_text(call.input, "nextToken").empty()) {
    token = parse_token(member_text(call.input, "nextToken"));
    if (!token) return bad_token();
  }
  const Range range = retained(operations, call, group, range_of(call.input, false));
  ESC_TRY(std::vector<functions::LogEvent> events, collect(operations, call.region, group, stream, range, nullptr));
  sort(events);
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(
      number(call.input, "limit").value_or(static_cast<std::int64_t>(operations.options.page_events_max)), 1,
      static_cast<std::int64_t>(operations.options.page_events_max)));
  std::size_t begin = 0;
  std::size_t end = events.size();
  const auto after = [&](const Place& place) {
    return static_cast<std::size_t>(std::ranges::upper_bound(events, place, {}, place_of) - events.begin());
  };
  const auto before = [&](const Place& place) {
    return static_cast<std::size_t>(std::ranges::lower_bound(events, place, {}, place_of) - events.begin());
  };
  bool forward = flag(call.input, "startFromHead");
  if (token && token->direction == 'f') {
    begin = after(token->place);
    forward = true;
  } else if (token) {
    end = before(token->place);
    forward = false;
  }
  // The page, from the side that is asked for, by count and by bytes.
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < limit && count < end - begin) {
    const functions::LogEvent& event = forward ? events[begin + count] : events[end - 1 - count];
    bytes += event.text.size() + kEventOverhead;
    if (count > 0 && bytes > operations.options.page_bytes_max) break;
    ++count;
  }
  if (forward) {
    end = begin + count;
  } else {
    begin = end - count;
  }
  std::vector<json::Value> items;
  for (std::size_t i = begin; i < end; ++i) {
    items.push_back(json::Value::object(
        {{"timestamp", events[i].time.ms()}, {"message", events[i].text}, {"ingestionTime", events[i].ingested.ms()}}));
  }
  // At an end the token is the one that was given, which tells the caller to stop.
  const Place here = token ? token->place : Place{INT64_MAX, stream, UINT64_MAX};
  const Place first = count > 0 ? place_of(events[begin]) : here;
  const Place last = count > 0 ? place_of(events[end - 1]) : (token ? token->place : Place{0, stream, 0});
  return json::Value::object({{"events", json::Value::array(std::move(items))},
                              {"nextForwardToken", make_token('f', last)},
                              {"nextBackwardToken", make_token('b', first)}});
}

Answer filter_log_events(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string group, existing_group(operations, call));
  ESC_CHECK(operations.authorise(call, "FilterLogEvents", group));
  ESC_TRY(const FilterPattern pattern, FilterPattern::parse(member_text(call.input, "filterPattern")));
  std::optional<Token> token;
  if (!member_text(call.input, "nextToken").empty()) {
    token = parse_token(member_text(call.input, "nextToken"));
    if (!token) return bad_token();
  }
  const json::Value* const names = call.input.find("logStreamNames");
  const std::string_view prefix = member_text(call.input, "logStreamNamePrefix");
  const Range range = retained(operations, call, group, range_of(call.input, true));
  std::vector<functions::LogEvent> events;
  for (const functions::LogStreamInfo& stream : operations.store.streams(call.region, group)) {
    if (!stream.name.starts_with(prefix)) continue;
    if (names != nullptr &&
        std::ranges::none_of(names->items(), [&](const json::Value& name) { return name.as_string() == stream.name; }))
      continue;
    if (stream.last_event && stream.last_event->ms() < range.start_ms) continue;
    ESC_TRY(std::vector<functions::LogEvent> found,
            collect(operations, call.region, group, stream.name, range, &pattern));
    std::ranges::move(found, std::back_inserter(events));
  }
  sort(events);
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(
      number(call.input, "limit").value_or(static_cast<std::int64_t>(operations.options.page_events_max)), 1,
      static_cast<std::int64_t>(operations.options.page_events_max)));
  std::size_t at =
      token ? static_cast<std::size_t>(std::ranges::upper_bound(events, token->place, {}, place_of) - events.begin())
            : 0;
  std::vector<json::Value> items;
  std::size_t bytes = 0;
  for (; at < events.size() && items.size() < limit; ++at) {
    const functions::LogEvent& event = events[at];
    bytes += event.text.size() + kEventOverhead;
    if (!items.empty() && bytes > operations.options.page_bytes_max) break;
    items.push_back(json::Value::object({{"logStreamName", event.stream},
                                         {"timestamp", event.time.ms()},
                                         {"message", event.text},
                                         {"ingestionTime", event.ingested.ms()},
                                         {"eventId", event_id(event)}}));
  }
  json::ObjectBuilder answer;
  answer.set("events", json::Value::array(std::move(items))).set("searchedLogStreams", json::Value::array({}));
  if (at < events.size() && at > 0) answer.set("nextToken", make_token('f', place_of(events[at - 1])));
  return std::move(answer).build();
}

}  // namespace escapement::services::logs
