// The results of a distributed Map as files: what ResultWriter leaves in a bucket.
//
//   PREFIX/RUN/SUCCEEDED_0.json, FAILED_0.json, PENDING_0.json   the children, one entry each
//   PREFIX/RUN/manifest.json                                     which of these there are
//
// Threading: any thread; blocks as its objects do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "asl/program.h"
#include "base/result.h"
#include "connectors/objects.h"
#include "engine/execution_reader.h"
#include "json/value.h"

namespace escapement::connectors {

struct WrittenResults {
  std::string bucket;
  std::string manifest_key;
};

// The JSON texts of the children, by how they ended.
struct ChildResults {
  std::vector<std::string> succeeded;
  std::vector<std::string> failed;
  std::vector<std::string> pending;
};

// What the results show of a child, as JSON texts: NONE its output with all that is known of it, COMPACT the output,
// FLATTEN the elements of an output that is an array. Of a child that failed always as NONE.
std::vector<std::string> result_texts(const engine::ExecutionDescription& child, std::string_view transformation);

// `parameters` are the writer's Bucket and Prefix. Errors: those of `objects`; their message is the cause of
// States.ResultWriterFailed.
base::Result<WrittenResults> write_results(Objects& objects, const asl::ResultWriter& writer,
                                           const json::Value& parameters, std::string_view run_arn,
                                           const ChildResults& results);

}  // namespace escapement::connectors
