// How a task starts (and stops) an execution of another state machine. The service `states` implements it, so that
// nested executions meet the same checks as those started through the API.
//
// Threading: any thread; `done` runs once, on any thread, possibly before the call returns.
// Errors:    those of StartExecution and StopExecution.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/effect_sink.h"
#include "engine/engine.h"
#include "identity/principal.h"

namespace escapement::connectors {

struct ChildStart {
  std::string machine_arn;  // of a state machine, a version or an alias
  std::optional<std::string> name;
  std::string input;  // JSON text
  std::string trace_header;
  engine::ParentLink link = engine::ParentLink::none;
  engine::TaskKey parent;
  // The parent's task was dispatched before: an execution of this name that has ended by now is the one meant.
  bool again = false;
  std::shared_ptr<const identity::Principal> principal;
};

class ExecutionStarter {
 public:
  virtual ~ExecutionStarter() = default;
  virtual void start_child(ChildStart request, std::move_only_function<void(base::Result<engine::Started>)> done) = 0;
  // An execution that has ended is left as it is.
  virtual void stop_child(std::string execution_arn, std::shared_ptr<const identity::Principal> principal,
                          std::move_only_function<void(base::Result<void>)> done) = 0;
};

}  // namespace escapement::connectors
