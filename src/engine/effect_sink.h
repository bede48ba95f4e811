// Where effects go after their batch has committed. Connectors in production, a scripted world in simulation.
//
// Calls come from engine threads, in commit order for one execution, and must not block. A task may be dispatched again
// after a crash, with the same TaskKey: callees see it as an idempotency token. The answer goes to Engine::submit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/ids.h"
#include "engine/machine.h"
#include "interpreter/step.h"

namespace escapement::engine {

struct TaskDispatch {
  TaskKey key;
  interpreter::TaskRequest request;
  std::shared_ptr<const MachineRevision> machine;
  std::string execution_arn;
  std::string execution_name;
  base::Timestamp execution_start;
  bool again = false;  // dispatched before, by a process that did not live to see the answer
};

struct ExecutionEnded {
  ExecutionId id;
  std::string arn;
  interpreter::Status status = interpreter::Status::succeeded;
  base::Timestamp start_time;
  base::Timestamp stop_time;
  std::shared_ptr<const MachineRevision> machine;
};

class EffectSink {
 public:
  virtual ~EffectSink() = default;
  virtual void dispatch(TaskDispatch task) = 0;
  virtual void cancel(const TaskKey& task) = 0;
  // For logging destinations and notifications; best effort, not repeated after a crash.
  virtual void ended(const ExecutionEnded& execution) { (void)execution; }
};

}  // namespace escapement::engine
