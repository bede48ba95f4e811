// An execution's history as rows for people.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "escapement/cli/table.h"
#include "json/value.h"

namespace escapement::cli {

inline const std::vector<std::string> kHistoryHeadings = {"ID", "TIME", "AFTER", "EVENT", "WHAT"};

// One event of GetExecutionHistory. `start` is the first event's time. With `full`, inputs and outputs are shown too.
std::vector<Cell> history_row(const json::Value& event, base::Timestamp start, bool full);

// The member of an AWS JSON answer that holds a time (seconds as a number); the epoch if there is none.
base::Timestamp time_of(const json::Value& object, std::string_view key);

}  // namespace escapement::cli
