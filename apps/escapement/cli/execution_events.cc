#include "escapement/cli/execution_events.h"

#include "escapement/client/resources.h"

namespace escapement::cli {
namespace {

constexpr int kPageSize = 1'000;

}  // namespace

base::Result<std::vector<json::Value>> ExecutionEvents::next() {
  std::vector<json::Value> fresh;
  while (true) {
    json::ObjectBuilder input;
    input.set("executionArn", arn_).set("maxResults", kPageSize).set_if(!page_token_.empty(), "nextToken", page_token_);
    ESC_TRY(const json::Value answer, api_.states("GetExecutionHistory", std::move(input).build()));
    const json::Value* events = answer.find("events");
    if (events == nullptr || !events->is_array())
      return base::make_error(base::ErrorCode::corrupt, "the history has no events");
    for (const json::Value& event : events->items()) {
      const json::Value* id = event.find("id");
      if (id == nullptr || !id->is_int64())
        return base::make_error(base::ErrorCode::corrupt, "an event of the history has no id");
      if (id->as_int64() <= last_id_) continue;
      last_id_ = id->as_int64();
      fresh.push_back(event);
    }
    std::string token = client::text_of(answer, "nextToken");
    if (token.empty()) return fresh;
    page_token_ = std::move(token);
  }
}

}  // namespace escapement::cli
