// What the queries of one state can see besides its data: the context object, and the variables of its frame and of the
// frames around it.
//
// The context object is built when first asked for. Values that were handed out stay as long as the scope, which is a
// local variable of the code that runs the state. Internal to this room.
#pragma once

#include <forward_list>
#include <functional>
#include <optional>

#include "asl/program.h"
#include "interpreter/execution.h"
#include "interpreter/step.h"
#include "query/jsonpath/scope.h"

namespace escapement::interpreter {

// The payload's value; a text that is not JSON (which the callers of the engine refuse) stands for itself.
json::Value value_of(const json::Payload& payload);

// One item of a Map as the context object shows it.
struct MapItem {
  std::size_t index = 0;
  json::Value value;
};

class StateScope final : public jsonpath::Scope {
 public:
  // All are borrowed and must outlive the scope.
  StateScope(const asl::Program& program, ExecutionState& state, const Frame& frame, const StepContext& context)
      : program_(program), state_(state), frame_(frame), step_(context) {}

  // The task whose token `$$.Task.Token` is.
  void set_task(TaskId task) { task_ = task; }
  // The item that ItemSelector is evaluated for.
  void set_item(MapItem item) {
    item_ = std::move(item);
    built_ = false;
  }

  const json::Value& context() const override;
  const json::Value* variable(std::string_view name) const override;

  // A frame around this one could not be loaded; the outcome of the step is void.
  const std::optional<base::Error>& load_error() const { return load_error_; }

 private:
  json::Value build() const;
  json::Value execution_value() const;
  json::Value state_value() const;
  std::optional<MapItem> map_item() const;
  const Frame* parent_of(const Frame& frame) const;

  const asl::Program& program_;
  ExecutionState& state_;
  const Frame& frame_;
  const StepContext& step_;
  std::optional<TaskId> task_;
  std::optional<MapItem> item_;
  mutable bool built_ = false;
  mutable std::forward_list<json::Value> contexts_;  // the first one is current; a list keeps the others where they are
  mutable std::forward_list<json::Value> variables_;
  mutable std::optional<base::Error> load_error_;
};

}  // namespace escapement::interpreter
