// The Map state. An inline Map runs its iterations as frames of the same execution; a distributed one hands its items
// to a run of child executions (map_run.cc).
#include <algorithm>

#include "interpreter/stepper.h"

namespace escapement::interpreter {

using json::Payload;
using json::Value;

base::Result<void> Stepper::run_map(Activation& activation) {
  Frame& frame = activation.frame;
  const auto& map = activation.state.as<asl::MapState>();
  auto input = effective_input(activation);
  if (!input) return fail_evaluation(activation, input.error());
  const Value value = value_of(*input);
  auto items = map_items(activation, value);
  if (!items) return fail_evaluation(activation, items.error());
  auto concurrency = map_concurrency(activation, value);
  if (!concurrency) return fail_evaluation(activation, concurrency.error());
  if (activation.scope.load_error()) return *activation.scope.load_error();
  if (context_.inspector != nullptr) return inspect_map(activation, *input, *items);

  add(emit(EventType::MapStateStarted, frame), FieldId::length, static_cast<std::int64_t>(items->size()));
  if (map.distributed) return schedule_map_run(activation, *input, *items, *concurrency);

  // Tolerance has no meaning inside one execution, but its fields must make sense all the same.
  if (auto tolerance = map_tolerance(activation, value); !tolerance)
    return fail_evaluation(activation, tolerance.error());
  const bool items_are_input = map.items_path.is_whole() && std::holds_alternative<std::monostate>(map.items);
  Children children;
  children.first = state_.head.next_frame_id;
  children.count = static_cast<std::uint32_t>(items->size());
  children.concurrency = *concurrency;
  children.items = items_are_input ? *input : Payload::from_value(*std::move(items));
  if (map.item_selector) children.input = *input;
  state_.head.next_frame_id += children.count;
  frame.phase = Phase::joining;
  frame.children = std::move(children);
  if (frame.children->count == 0) return join(frame);
  return start_iterations(frame, frame.last_event);
}

// With an ItemReader the items are found later, by whoever carries the run out.
asl::Evaluated<Value> Stepper::map_items(Activation& activation, const Value& input) {
  const auto& map = activation.state.as<asl::MapState>();
  if (!map.item_reader) {
    auto items = map.evaluate_items(environment(activation, input));
    if (items && map.items_path_text) inspect(Stage::after_items_path, Payload::from_value(*items));
    return items;
  }
  std::optional<Value> given;
  if (context_.inspector != nullptr) given = context_.inspector->reader_items();
  return given ? *std::move(given) : Value::array({});
}

asl::Evaluated<std::uint32_t> Stepper::map_concurrency(Activation& activation, const Value& input) {
  const auto& map = activation.state.as<asl::MapState>();
  auto wanted = map.concurrency_max.evaluate(environment(activation, input));
  if (!wanted) return std::unexpected(std::move(wanted).error());
  const std::int64_t bound = std::clamp<std::int64_t>(wanted->value_or(0), 0, UINT32_MAX);
  if (context_.inspector != nullptr) inspect(Stage::max_concurrency, Payload::from_value(bound));
  return static_cast<std::uint32_t>(bound);
}

asl::Evaluated<Stepper::Tolerance> Stepper::map_tolerance(Activation& activation, const Value& input) {
  const auto& map = activation.state.as<asl::MapState>();
  const asl::Environment env = environment(activation, input);
  auto count = map.tolerated_failure_count.evaluate(env);
  if (!count) return std::unexpected(std::move(count).error());
  auto percentage = map.tolerated_failure_percentage.evaluate(env);
  if (!percentage) return std::unexpected(std::move(percentage).error());
  if (context_.inspector != nullptr && *count) inspect(Stage::tolerated_failure_count, Payload::from_value(**count));
  if (context_.inspector != nullptr && *percentage)
    inspect(Stage::tolerated_failure_percentage, Payload::from_value(**percentage));
  return Tolerance{*count, *percentage};
}

// TestState: shows what the children would be given, and takes their results from the mock.
base::Result<void> Stepper::inspect_map(Activation& activation, const Payload& input, const Value& items) {
  const auto& map = activation.state.as<asl::MapState>();
  const Value value = value_of(input);
  auto tolerance = map_tolerance(activation, value);
  if (!tolerance) return fail_evaluation(activation, tolerance.error());
  if (map.item_selector || map.item_batcher) {
    auto plan = plan_map_run(activation, value, items, 0);
    if (!plan) return fail_evaluation(activation, plan.error());
    if (auto failure = inspect_inputs(activation, *plan, items)) return fail_evaluation(activation, *failure);
  }
  return take_mocked(activation, context_.inspector->children(items.size(), tolerance->count, tolerance->percentage));
}

base::Result<void> Stepper::start_iterations(Frame& map, std::uint64_t previous) {
  const std::uint32_t wanted = map.children->concurrency;
  const std::uint32_t bound =
      wanted == 0 ? limits_.inline_concurrency_max : std::min(wanted, limits_.inline_concurrency_max);
  while (map.phase == Phase::joining && map.children->started < map.children->count &&
         map.children->started - map.children->finished < std::max(bound, 1u)) {
    ESC_CHECK(start_iteration(map, previous));
  }
  return {};
}

base::Result<void> Stepper::start_iteration(Frame& map, std::uint64_t previous) {
  const asl::State& state = program_.at(map.state);
  const auto& map_state = state.as<asl::MapState>();
  const std::uint32_t index = map.children->started;
  const Value items = value_of(map.children->items);
  Payload input = Payload::from_value(items[index]);
  if (map_state.item_selector) {
    Activation activation = activate(map);
    activation.scope.set_item({index, items[index]});
    const Value selector_input = value_of(map.children->input);
    auto selected = map_state.item_selector->evaluate("ItemSelector", environment(activation, selector_input));
    if (activation.scope.load_error()) return *activation.scope.load_error();
    if (!selected) {
      ESC_CHECK(abort_children(map, map.last_event, nullptr));
      return fail_evaluation(activation, selected.error());
    }
    input = Payload::from_value(*std::move(selected));
  }
  Frame& iteration = state_.create(map.children->first + index);
  ++map.children->started;
  iteration.parent = map.id;
  iteration.index = index;
  Event& event = emit(EventType::MapIterationStarted, previous);
  add(event, FieldId::name, state.name);
  add(event, FieldId::index, static_cast<std::int64_t>(index));
  iteration.last_event = event.id;
  enter_next(iteration, program_.graphs[map_state.processor].start_at, std::move(input));
  return {};
}

}  // namespace escapement::interpreter
