// The answers that connectors give to the engine for a task.
#pragma once

#include <string>
#include <string_view>

#include "engine/effect_sink.h"
#include "engine/engine.h"

namespace escapement::connectors {

class TaskAnswers {
 public:
  // `engine` is borrowed.
  explicit TaskAnswers(engine::Engine& engine) : engine_(engine) {}

  void succeeded(const engine::TaskKey& task, std::string output) const;
  void submitted(const engine::TaskKey& task, std::string output) const;
  void failed(const engine::TaskKey& task, std::string error, std::string cause) const;

 private:
  engine::Engine& engine_;
};

// A request id that is the same each time for the same task, in the form of a UUID: what callees see as an idempotency token.
std::string request_id_of(const engine::TaskKey& task);

}  // namespace escapement::connectors
