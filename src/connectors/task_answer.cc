#include "connectors/task_answer.h"

#include <fmt/format.h>

#include "base/random.h"

namespace escapement::connectors {

void TaskAnswers::succeeded(const engine::TaskKey& task, std::string output) const {
  engine_.submit(task.execution, interpreter::TaskSucceeded{task.task, json::Payload::from_text(std::move(output))}, nullptr);
}

void TaskAnswers::submitted(const engine::TaskKey& task, std::string output) const {
  engine_.submit(task.execution, interpreter::TaskSubmitted{task.task, json::Payload::from_text(std::move(output))}, nullptr);
}

void TaskAnswers::failed(const engine::TaskKey& task, std::string error, std::string cause) const {
  engine_.submit(task.execution, interpreter::TaskFailed{task.task, std::move(error), std::move(cause)}, nullptr);
}

std::string request_id_of(const engine::TaskKey& task) {
  base::SplitMix generator(task.execution.bits ^ (std::uint64_t{task.task.frame} << 32 | task.task.attempt) * 0x9e3779b97f4a7c15ull);
  return base::seeded_uuid(generator);
}

}  // namespace escapement::connectors
