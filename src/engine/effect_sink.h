// Where effects go after their batch has committed. Connectors in production, a scripted world in simulation.
//
// Calls come from engine threads, in commit order for one execution, and must not block. A task may be dispatched again
// after a crash, with the same TaskKey: callees see it as an idempotency token. The answer goes to Engine::submit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/execution_reader.h"
#include "engine/ids.h"
#include "engine/machine.h"
#include "history/event.h"
#include "interpreter/step.h"

namespace escapement::engine {

// How the end of an execution is told to the task that started it. Numbers are stored.
enum class ParentLink : std::uint8_t {
  none = 0,
  sync = 1 /* output as text */,
  sync2 = 2 /* output as JSON */,
  map_run = 3
};

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

// An execution that a task started and waits for (StartRequest::parent_link) has ended.
struct ChildEnded {
  TaskKey parent;
  ParentLink link = ParentLink::none;
  ExecutionDescription child;
};

// The task that started `child` and waited for it is cancelled.
struct ChildToStop {
  ExecutionId child;
  TaskKey parent;
};

// What one committed command added to an execution's history. Texts are made: text() of every payload, and value() of
// the assigned variables, may be called on another thread.
struct RecordedEvents {
  std::string execution_arn;
  std::shared_ptr<const MachineRevision> machine;
  std::uint32_t redrive_count = 0;
  std::vector<history::Event> events;
};

class EffectSink {
 public:
  virtual ~EffectSink() = default;
  virtual void dispatch(TaskDispatch task) = 0;
  virtual void cancel(const TaskKey& task) = 0;
  // Words the child's end as the parent task's answer, submits that, and then calls `settled` (also when the parent no
  // longer waits). Until then the end is told again after a crash.
  virtual void child_ended(ChildEnded child, std::move_only_function<void()> settled) = 0;
  // Stops the child, and then calls `settled` (also when it may not or need not be stopped). Until then it is asked
  // again after a crash.
  virtual void stop_child(ChildToStop child, std::move_only_function<void()> settled) = 0;
  // For logging destinations and notifications; best effort, not repeated after a crash.
  virtual void ended(const ExecutionEnded& execution) { (void)execution; }
  // Only for machines with MachineRevision::tells_events; in order, before ended(). Best effort, not repeated after a
  // crash.
  virtual void recorded(RecordedEvents events) { (void)events; }
};

}  // namespace escapement::engine
