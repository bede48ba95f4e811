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

// `parameters` are the writer's Bucket and Prefix. Errors: those of `objects`; their message is the cause of
// States.ResultWriterFailed.
base::Result<WrittenResults> write_results(Objects& objects, const asl::ResultWriter& writer,
                                           const json::Value& parameters, std::string_view run_arn,
                                           const ChildResults& results);

}  // namespace escapement::connectors
