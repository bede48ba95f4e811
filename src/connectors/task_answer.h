// The answers that connectors give for a task: to the engine, or, for a task that belongs to no execution (TestState),
// to whoever asked for it.
//
// Threading: any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/effect_sink.h"
#include "engine/engine.h"

namespace escapement::connectors {

// Whose execution has this id belongs to no execution; the attempt tells such tasks apart.
inline constexpr engine::ExecutionId kNoExecution{0};

class TaskAnswers {
 public:
  using Answered = std::move_only_function<void(interpreter::Command)>;
  using Done = std::move_only_function<void(base::Result<void>)>;

  // `engine` is borrowed.
  explicit TaskAnswers(engine::Engine& engine) : engine_(engine) {}
  TaskAnswers(const TaskAnswers&) = delete;
  TaskAnswers& operator=(const TaskAnswers&) = delete;

  // A key for a task of no execution; `answered` runs once, with the first answer, whose task is `id`.
  engine::TaskKey add_lone_task(interpreter::TaskId id, Answered answered);

  void succeeded(const engine::TaskKey& task, std::string output);
  void submitted(const engine::TaskKey& task, std::string output);
  void failed(const engine::TaskKey& task, std::string error, std::string cause);
  // `command` answers `task`. `done` may be empty. Nothing gets lost over a full queue or a full disk.
  void give(const engine::TaskKey& task, interpreter::Command command, Done done = nullptr);

 private:
  struct LoneTask {
    interpreter::TaskId id;
    Answered answered;
  };
  void give_lone(const engine::TaskKey& task, interpreter::Command command);

  engine::Engine& engine_;
  std::mutex mutex_;
  std::unordered_map<std::uint32_t, LoneTask> lone_;  // guarded by mutex_; by attempt
  std::uint32_t last_lone_ = 0;                       // guarded by mutex_
};

// A request id that is the same each time for the same task, in the form of a UUID: what callees see as an idempotency
// token.
std::string request_id_of(const engine::TaskKey& task);

}  // namespace escapement::connectors
