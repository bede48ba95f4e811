// Events in the form of the GetExecutionHistory answer: `type`, `id`, `previousEventId`, `timestamp` and one
// `…EventDetails` member named as in the API model.
#pragma once

#include "base/result.h"
#include "history/event.h"
#include "json/value.h"

namespace escapement::history {

// `include_data` false leaves inputs, outputs and parameters out, as the API's includeExecutionData does.
json::Value render(const Event& event, bool include_data);

// The details member alone; an empty object where the type has none.
json::Value render_details(const Event& event, bool include_data);

std::string_view event_type_name(EventType type);

}  // namespace escapement::history
