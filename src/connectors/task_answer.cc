#include "connectors/task_answer.h"

#include <variant>

#include "base/random.h"

namespace escapement::connectors {

engine::TaskKey TaskAnswers::add_lone_task(interpreter::TaskId id, Answered answered) {
  const std::lock_guard lock(mutex_);
  lone_.insert_or_assign(++last_lone_, LoneTask{id, std::move(answered)});
  return {kNoExecution, {0, last_lone_}};
}

void TaskAnswers::succeeded(const engine::TaskKey& task, std::string output) {
  give(task, interpreter::TaskSucceeded{task.task, json::Payload::from_text(std::move(output))});
}

void TaskAnswers::submitted(const engine::TaskKey& task, std::string output) {
  give(task, interpreter::TaskSubmitted{task.task, json::Payload::from_text(std::move(output))});
}

void TaskAnswers::failed(const engine::TaskKey& task, std::string error, std::string cause) {
  give(task, interpreter::TaskFailed{task.task, std::move(error), std::move(cause)});
}

void TaskAnswers::give(const engine::TaskKey& task, interpreter::Command command, Done done) {
  if (task.execution != kNoExecution) return engine_.deliver(task.execution, std::move(command), std::move(done));
  give_lone(task, std::move(command));
  if (done) done({});
}

void TaskAnswers::give_lone(const engine::TaskKey& task, interpreter::Command command) {
  LoneTask lone;
  {
    const std::lock_guard lock(mutex_);
    const auto found = lone_.find(task.task.attempt);
    if (found == lone_.end()) return;
    lone = std::move(found->second);
    lone_.erase(found);
  }
  std::visit(
      [&](auto& one) {
        if constexpr (requires { one.task; }) one.task = lone.id;
      },
      command);
  lone.answered(std::move(command));
}

std::string request_id_of(const engine::TaskKey& task) {
  base::SplitMix generator(task.execution.bits ^
                           (std::uint64_t{task.task.frame} << 32 | task.task.attempt) * 0x9e3779b97f4a7c15ull);
  return base::seeded_uuid(generator);
}

}  // namespace escapement::connectors
