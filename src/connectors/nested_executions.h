// Tasks that start executions of other state machines: states:startExecution, plain, `.sync`, `.sync:2` and
// `.waitForTaskToken`.
//
// A child that its parent waits for is tied to the parent's task in the store (engine::ParentLink), so its end reaches
// the parent whatever happens in between. A child without a name gets one made from the task's key: a task that is
// dispatched twice starts one execution. When the parent no longer waits, its child is stopped with the permissions
// that started it, or after a restart with those of the parent's machine.
//
// Threading: any thread; nothing blocks but the rare look at an execution that was there already.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "connectors/execution_starter.h"
#include "connectors/role_sessions.h"
#include "connectors/task_answer.h"
#include "engine/effect_sink.h"

namespace escapement::connectors {

class NestedExecutions {
 public:
  // All borrowed.
  NestedExecutions(const engine::Engine& engine, ExecutionStarter& starter, RoleSessions& roles,
                   const base::Clock& clock, TaskAnswers& answers)
      : engine_(engine), starter_(starter), roles_(roles), clock_(clock), answers_(answers) {}

  void start(engine::TaskDispatch task);
  void stop_child(engine::ChildToStop child, std::move_only_function<void()> settled);
  // Words the end of a `.sync` child as the parent task's answer.
  void child_ended(engine::ChildEnded child, std::move_only_function<void()> settled);

 private:
  // What StartExecution answered, as the task's history shows it.
  std::string start_output(const engine::TaskKey& task, const std::string& arn, base::Timestamp start_time) const;
  void started(const engine::TaskDispatch& task, const engine::Started& child);
  // Whoever the child was started as, if this process did it.
  RoleSessions::PrincipalPtr take_starter(const engine::TaskKey& parent);

  const engine::Engine& engine_;
  ExecutionStarter& starter_;
  RoleSessions& roles_;
  const base::Clock& clock_;
  TaskAnswers& answers_;
  std::mutex mutex_;
  std::map<engine::TaskKey, RoleSessions::PrincipalPtr> started_as_;  // guarded by mutex_; by the task that waits
};

// The description of a finished child as `.sync` shows it: texts as texts, or parsed for `.sync:2`.
std::string sync_output(const engine::ExecutionDescription& child, bool parsed);

}  // namespace escapement::connectors
