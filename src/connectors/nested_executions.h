// Tasks that start executions of other state machines: states:startExecution, plain, `.sync`, `.sync:2` and
// `.waitForTaskToken`.
//
// A child that its parent waits for is tied to the parent's task in the store (engine::ParentLink), so its end reaches
// the parent whatever happens in between. A child without a name gets one made from the task's key: a task that is
// dispatched twice starts one execution.
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
  NestedExecutions(ExecutionStarter& starter, RoleSessions& roles, const base::Clock& clock, TaskAnswers& answers)
      : starter_(starter), roles_(roles), clock_(clock), answers_(answers) {}

  void start(engine::TaskDispatch task);
  // Stops the child, if this process started it and the parent waited for it.
  void cancel(const engine::TaskKey& task);
  // Words the end of a `.sync` child as the parent task's answer.
  void child_ended(engine::ChildEnded child, std::move_only_function<void()> settled);

 private:
  struct Child {
    std::string arn;
    RoleSessions::PrincipalPtr principal;
  };

  void started(const engine::TaskDispatch& task, const engine::Started& child);

  ExecutionStarter& starter_;
  RoleSessions& roles_;
  const base::Clock& clock_;
  TaskAnswers& answers_;
  std::mutex mutex_;
  std::map<engine::TaskKey, Child> children_;  // guarded by mutex_
};

// The description of a finished child as `.sync` shows it: texts as texts, or parsed for `.sync:2`.
std::string sync_output(const engine::ExecutionDescription& child, bool parsed);

}  // namespace escapement::connectors
