// Reads the items of a distributed Map from objects: JSON arrays, JSON lines, CSV, what a manifest leads to, the list
// of the objects themselves or what the listed objects hold.
//
// Threading: any thread; blocks as its objects do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "asl/program.h"
#include "base/result.h"
#include "connectors/objects.h"
#include "interpreter/map_run.h"
#include "json/value.h"

namespace escapement::connectors {

struct ReadLimits {
  std::size_t items_max = 10'000'000;
};

// Errors: the message is the cause of States.ItemReaderFailed.
base::Result<std::vector<json::Value>> read_items(const Objects& objects, const asl::ItemReader& reader,
                                                  const interpreter::MapRunPlan& plan, const ReadLimits& limits);

// The rows of a CSV text (RFC 4180) as objects of texts; what a row lacks is empty, what it has beyond the headers is
// dropped. With `headers` empty the first row has them. Errors: invalid.
base::Result<std::vector<json::Value>> read_csv(std::string_view text, char delimiter, std::vector<std::string> headers,
                                                std::size_t items_max);

}  // namespace escapement::connectors
