#include <fmt/format.h>

#include "history/render.h"
#include "services/states/executions.h"

namespace escapement::services::states {

Answer get_execution_history(const Operations& operations, const wire::Call& call) {
  const std::string_view arn = member_text(call.input, "executionArn");
  ESC_TRY(const engine::ExecutionId id, find_execution(operations, call, "states:GetExecutionHistory", arn));
  engine::HistoryQuery query;
  query.reverse = flag(call.input, "reverseOrder");
  const std::size_t count = page_size(call.input);
  query.count_max = static_cast<std::uint32_t>(count + 1);
  const std::string listing = fmt::format("history {} {}", arn, query.reverse);
  if (const std::string_view token = member_text(call.input, "nextToken"); !token.empty()) {
    ESC_TRY(const std::string position, operations.page_tokens.parse(listing, token));
    query.from_event = std::stoull(position);
  }
  ESC_TRY(std::vector<history::Event> events, operations.engine.reader().history(id, query));

  const bool with_data = flag(call.input, "includeExecutionData", true);
  json::ObjectBuilder answer;
  if (events.size() > count) {
    answer.set("nextToken", operations.page_tokens.make(listing, std::to_string(events.back().id)));
    events.pop_back();
  }
  std::vector<json::Value> rendered;
  rendered.reserve(events.size());
  for (const history::Event& event : events) rendered.push_back(history::render(event, with_data));
  answer.set("events", json::Value::array(std::move(rendered)));
  return std::move(answer).build();
}

}  // namespace escapement::services::states
