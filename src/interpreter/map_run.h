// The run of a distributed Map: what TaskRequest::parameters says for Kind::map_run, and how items become the inputs of
// its child executions.
//
// The interpreter plans the run; whoever carries it out reads the items (from the plan, or through its ItemReader),
// asks here for the children's inputs, starts each as an execution of the scope `processor` (ExecutionFacts::graph),
// and answers with MapRunStarted and MapRunEnded. Pure: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "asl/program.h"
#include "base/random.h"
#include "interpreter/step.h"

namespace escapement::interpreter {

struct MapRunPlan {
  asl::StateIndex state = asl::kNoState;
  asl::GraphIndex processor = 0;
  bool express = false;              // type of the child executions
  std::string label;                 // part of the run's and the children's ARNs; empty: none given
  std::optional<json::Value> items;  // absent: the ItemReader has them
  std::string reader_resource;       // ItemReader
  json::Value reader_parameters;
  std::optional<std::int64_t> items_max;
  std::string writer_resource;  // ResultWriter; empty: none
  json::Value writer_parameters;
  std::uint32_t concurrency_max = 0;  // 0: no bound
  std::optional<std::int64_t> tolerated_failure_count;
  std::optional<double> tolerated_failure_percentage;
  std::optional<std::int64_t> items_per_batch_max;
  std::optional<std::int64_t> input_bytes_per_batch_max;
  std::optional<json::Value> batch_input;
  bool batches = false;
  std::string redriven_arn;  // not empty: go on with the unsuccessful children of this run
  // What ItemSelector sees.
  json::Value input;
  json::Value context;
  json::Value variables;
};

// Errors: corrupt, if the request is none of a map run.
base::Result<MapRunPlan> map_run_plan(const asl::Program& program, const TaskRequest& request);

struct ChildInput {
  json::Payload input;
  std::uint64_t first_item = 0;
  std::uint32_t items = 0;  // more than one only with an ItemBatcher
};

// The inputs of the children for `items`, whose first has the index `first`; with an ItemBatcher, several items share
// one. Failures: of ItemSelector.
asl::Evaluated<std::vector<ChildInput>> child_inputs(const asl::Program& program, const MapRunPlan& plan,
                                                     std::span<const json::Value> items, std::uint64_t first,
                                                     base::SplitMix& generator, base::Timestamp now);

// Whether so many failures of so many items end the run: States.ExceedToleratedFailureThreshold.
bool exceeds_tolerance(const MapRunPlan& plan, std::uint64_t failed, std::uint64_t total);

}  // namespace escapement::interpreter
