#include <fmt/format.h>

#include "json/parse.h"
#include "services/states/errors.h"
#include "services/states/operations.h"

namespace escapement::services::states {
namespace {

// The task that a token stands for, once `action` is allowed. Permission is asked for all resources first, as most
// policies give it, and then for the state machine that the task belongs to. Errors: InvalidToken,
// AccessDeniedException, TaskDoesNotExist.
base::Result<engine::TaskKey> find_task(const Operations& operations, const wire::Call& call, std::string_view action) {
  ESC_TRY(const engine::TaskKey task, operations.engine.task_tokens().parse(member_text(call.input, "taskToken")));
  auto allowed = operations.authorise(call, action, "*");
  if (allowed) return task;
  const auto execution = operations.engine.reader().describe(task.execution);
  if (!execution) return std::move(allowed).error();
  ESC_CHECK(operations.authorise(call, action, execution->facts.state_machine_arn));
  return task;
}

void settle(const Operations& operations, const engine::TaskKey& task, interpreter::Command command,
            wire::Respond respond) {
  operations.engine.submit(task.execution, std::move(command),
                           [respond = std::move(respond)](base::Result<void> done) mutable {
                             if (done) return respond(json::Value::object({}));
                             base::Error error = std::move(done).error();
                             if (error.code == base::ErrorCode::not_found) {
                               error = base::make_error(base::ErrorCode::not_found, "TaskDoesNotExist",
                                                        "Task Does Not Exist: 'Provided task does not exist'");
                             }
                             respond(std::move(error));
                           });
}

}  // namespace

void send_task_success(const Operations& operations, wire::Call call, wire::Respond respond) {
  auto task = find_task(operations, call, "states:SendTaskSuccess");
  if (!task) return respond(std::move(task).error());
  std::string output(member_text(call.input, "output"));
  if (const auto value = json::parse(output); !value) {
    return respond(base::make_error(base::ErrorCode::invalid, "InvalidOutput",
                                    fmt::format("Invalid Output: '{}'", value.error().message)));
  }
  settle(operations, *task, interpreter::TaskSucceeded{task->task, json::Payload::from_text(std::move(output))},
         std::move(respond));
}

void send_task_failure(const Operations& operations, wire::Call call, wire::Respond respond) {
  auto task = find_task(operations, call, "states:SendTaskFailure");
  if (!task) return respond(std::move(task).error());
  settle(operations, *task,
         interpreter::TaskFailed{task->task, optional_text(call.input, "error"), optional_text(call.input, "cause")},
         std::move(respond));
}

void send_task_heartbeat(const Operations& operations, wire::Call call, wire::Respond respond) {
  auto task = find_task(operations, call, "states:SendTaskHeartbeat");
  if (!task) return respond(std::move(task).error());
  settle(operations, *task, interpreter::TaskHeartbeat{task->task}, std::move(respond));
}

}  // namespace escapement::services::states
