#include "interpreter/scope.h"

#include <algorithm>
#include <numeric>

namespace escapement::interpreter {

using json::Value;

Value value_of(const json::Payload& payload) {
  if (payload.absent()) return nullptr;
  auto value = payload.value();
  return value ? *std::move(value) : Value(payload.text());
}

const Value& StateScope::context() const {
  if (!built_) {
    contexts_.push_front(build());
    built_ = true;
  }
  return contexts_.front();
}

const Value* StateScope::variable(std::string_view name) const {
  for (const Frame* frame = &frame_; frame != nullptr; frame = parent_of(*frame)) {
    const auto found = std::find_if(frame->variables.begin(), frame->variables.end(),
                                    [&](const Variable& v) { return v.name == name; });
    if (found == frame->variables.end()) continue;
    return &variables_.emplace_front(value_of(found->value));
  }
  return nullptr;
}

const Frame* StateScope::parent_of(const Frame& frame) const {
  if (frame.id == 0) return nullptr;
  auto parent = state_.find(frame.parent);
  if (parent) return *parent;
  load_error_ = std::move(parent).error();
  return nullptr;
}

Value StateScope::execution_value() const {
  const ExecutionFacts& facts = state_.facts;
  std::vector<json::Member> members;
  members.reserve(7);
  members.push_back({"Id", facts.arn});
  members.push_back({"Input", value_of(facts.input)});
  members.push_back({"StartTime", base::to_iso8601(facts.start_time)});
  members.push_back({"Name", facts.name});
  members.push_back({"RoleArn", facts.role_arn});
  if (!facts.synchronous) members.push_back({"RedriveCount", static_cast<std::int64_t>(state_.head.redrive_count)});
  if (state_.head.redrive_time) members.push_back({"RedriveTime", base::to_iso8601(*state_.head.redrive_time)});
  return Value::object(std::move(members));
}

Value StateScope::state_value() const {
  const asl::State& state = program_.at(frame_.state);
  std::vector<json::Member> members;
  members.reserve(3);
  members.push_back({"Name", state.name});
  members.push_back({"EnteredTime", base::to_iso8601(frame_.entered)});
  const bool can_retry = state.type() == asl::StateType::task || state.type() == asl::StateType::map ||
                         state.type() == asl::StateType::parallel;
  if (can_retry) {
    const auto retries = std::accumulate(frame_.retries.begin(), frame_.retries.end(), std::int64_t{0});
    members.push_back({"RetryCount", retries});
  }
  return Value::object(std::move(members));
}

std::optional<MapItem> StateScope::map_item() const {
  if (item_) return item_;
  for (const Frame* frame = &frame_; frame->id != 0;) {
    const Frame* parent = parent_of(*frame);
    if (parent == nullptr) return std::nullopt;
    if (parent->children && program_.at(parent->state).type() == asl::StateType::map) {
      const Value items = value_of(parent->children->items);
      if (frame->index < items.size()) return MapItem{frame->index, items[frame->index]};
      return std::nullopt;
    }
    frame = parent;
  }
  return std::nullopt;
}

Value StateScope::build() const {
  if (step_.context_object) return *step_.context_object;
  std::vector<json::Member> members;
  members.reserve(5);
  members.push_back({"Execution", execution_value()});
  members.push_back({"StateMachine", Value::object({{"Id", state_.facts.state_machine_arn},
                                                    {"Name", state_.facts.state_machine_name}})});
  members.push_back({"State", state_value()});
  if (task_ && step_.task_token) members.push_back({"Task", Value::object({{"Token", step_.task_token(*task_)}})});
  if (auto item = map_item()) {
    Value shown = Value::object({{"Index", static_cast<std::int64_t>(item->index)}, {"Value", std::move(item->value)}});
    members.push_back({"Map", Value::object({{"Item", std::move(shown)}})});
  }
  return Value::object(std::move(members));
}

}  // namespace escapement::interpreter
