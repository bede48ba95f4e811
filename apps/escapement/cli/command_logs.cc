#include <chrono>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/clock.h"
#include "escapement/cli/commands.h"
#include "escapement/cli/history_view.h"
#include "escapement/cli/when.h"
#include "escapement/client/resources.h"
#include "json/print.h"

namespace escapement::cli {
namespace {

using client::text_of;
using json::Value;

constexpr std::chrono::milliseconds kPollInterval{500};
constexpr std::int64_t kOverlapMs = 5'000;  // lines may be stored a little out of order

std::string log_group(const std::string& function) {
  if (function.starts_with('/')) return function;
  std::string name = function;
  if (const auto at = name.find(":function:"); at != name.npos) name = name.substr(at + 10);
  return "/aws/lambda/" + name.substr(0, name.find(':'));
}

std::string log_line(const Value& event, bool json, const Terminal& terminal) {
  if (json) return json::print(event) + '\n';
  const Value* time = event.find("timestamp");
  const std::int64_t ms = time != nullptr && time->is_int64() ? time->as_int64() : 0;
  std::string message = text_of(event, "message");
  while (message.ends_with('\n')) message.pop_back();
  const bool is_frame = message.starts_with("START RequestId") || message.starts_with("END RequestId") ||
                        message.starts_with("REPORT RequestId") || message.starts_with("INIT_START");
  return terminal.styled(Style::dim, format_local(base::Timestamp::from_ms(ms))) + "  " +
         terminal.styled(is_frame ? Style::dim : Style::plain, printable(message, false)) + '\n';
}

// Reads a log group forward; remembers the events of the last seconds, so that none is shown twice.
class LogReader {
 public:
  LogReader(client::Api& api, const LogsOptions& options, std::int64_t start_ms)
      : api_(api), options_(options), group_(log_group(options.function)), start_ms_(start_ms) {}

  base::Result<std::vector<Value>> next() {
    std::vector<Value> fresh;
    std::string token;
    do {
      json::ObjectBuilder input;
      input.set("logGroupName", group_).set("startTime", start_ms_);
      input.set_if(!token.empty(), "nextToken", token);
      if (const std::string pattern = filter_pattern(); !pattern.empty()) input.set("filterPattern", pattern);
      ESC_TRY(const Value answer, api_.logs("FilterLogEvents", std::move(input).build()));
      const Value* events = answer.find("events");
      if (events != nullptr && events->is_array()) take(*events, fresh);
      token = text_of(answer, "nextToken");
    } while (!token.empty());
    forget_old();
    return fresh;
  }

 private:
  std::string filter_pattern() const {
    if (!options_.request.empty()) return '"' + options_.request + '"';
    return options_.filter;
  }

  void take(const Value& events, std::vector<Value>& fresh) {
    for (const Value& event : events.items()) {
      const Value* time = event.find("timestamp");
      const std::int64_t ms = time != nullptr && time->is_int64() ? time->as_int64() : 0;
      newest_ms_ = std::max(newest_ms_, ms);
      if (seen_.emplace(ms, text_of(event, "eventId")).second) fresh.push_back(event);
    }
  }

  void forget_old() {
    start_ms_ = std::max(start_ms_, newest_ms_ - kOverlapMs);
    seen_.erase(seen_.begin(), seen_.lower_bound({start_ms_, std::string{}}));
  }

  client::Api& api_;
  const LogsOptions& options_;
  std::string group_;
  std::int64_t start_ms_;
  std::int64_t newest_ms_ = 0;
  std::set<std::pair<std::int64_t, std::string>> seen_;
};

base::Result<int> read_logs(client::Api& api, const LogsOptions& options, bool json) {
  ESC_TRY(const base::Duration since, parse_duration(options.since));
  const Terminal terminal = Terminal::of(1);
  LogReader reader(api, options, (base::SystemClock().now() - since).ms());
  bool any = false;
  while (true) {
    auto events = reader.next();
    const bool is_empty_group = !events && events.error().name == "ResourceNotFoundException";
    if (!events && !(is_empty_group && options.follow)) {
      if (is_empty_group) events.error().message += "; a function has no log group before it first runs";
      return std::move(events).error();
    }
    if (events) {
      for (const Value& event : *events) print(log_line(event, json, terminal));
      any = any || !events->empty();
    }
    if (!options.follow) break;
    std::this_thread::sleep_for(kPollInterval);
  }
  if (!any && !json) fmt::print(stderr, "no log lines in the last {}; look further back with --since\n", options.since);
  return kExitOk;
}

}  // namespace

int logs(const CommonOptions& common, const LogsOptions& options) {
  auto api = connect(common);
  if (!api) return report(api.error());
  const auto outcome = read_logs(**api, options, common.json);
  return outcome ? *outcome : report(outcome.error());
}

}  // namespace escapement::cli
