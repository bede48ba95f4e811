#include "interpreter/map_run.h"

#include <deque>

#include "interpreter/stepper.h"
#include "json/print.h"

namespace escapement::interpreter {

using json::Payload;
using json::Value;

namespace {

// Members of the plan as it is stored. Names are stored: never reuse one.
constexpr std::string_view kItems = "Items";
constexpr std::string_view kReader = "Reader";
constexpr std::string_view kWriter = "Writer";
constexpr std::string_view kItemsMax = "MaxItems";
constexpr std::string_view kConcurrency = "MaxConcurrency";
constexpr std::string_view kFailureCount = "ToleratedFailureCount";
constexpr std::string_view kFailurePercentage = "ToleratedFailurePercentage";
constexpr std::string_view kBatchItems = "MaxItemsPerBatch";
constexpr std::string_view kBatchBytes = "MaxInputBytesPerBatch";
constexpr std::string_view kBatchInput = "BatchInput";
constexpr std::string_view kInput = "Input";
constexpr std::string_view kContext = "Context";
constexpr std::string_view kVariables = "Variables";

std::optional<std::int64_t> integer_in(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  return value != nullptr && value->is_int64() ? std::optional(value->as_int64()) : std::nullopt;
}

Value value_in(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  return value != nullptr ? *value : Value();
}

// What ItemSelector sees while children are being made: the stored context object with the item in it.
class ItemScope final : public jsonpath::Scope {
 public:
  ItemScope(const MapRunPlan& plan, std::uint64_t index, const Value& item) : plan_(plan) {
    json::ObjectBuilder builder(plan.context);
    Value shown = Value::object({{"Index", static_cast<std::int64_t>(index)}, {"Value", item}});
    builder.set("Map", Value::object({{"Item", std::move(shown)}}));
    context_ = std::move(builder).build();
  }
  const Value& context() const override { return context_; }
  const Value* variable(std::string_view name) const override { return plan_.variables.find(name); }

 private:
  const MapRunPlan& plan_;
  Value context_;
};

// Collects items until a bound of the ItemBatcher is reached.
class Batcher {
 public:
  explicit Batcher(const MapRunPlan& plan) : plan_(plan) {
    if (plan.batch_input) envelope_bytes_ = json::print(*plan.batch_input).size();
  }

  void add(Value item, std::uint64_t index, std::vector<ChildInput>& out) {
    const std::size_t bytes = json::print(item).size() + 1;
    const bool full = !items_.empty() && plan_.input_bytes_per_batch_max &&
                      envelope_bytes_ + bytes_ + bytes > static_cast<std::size_t>(*plan_.input_bytes_per_batch_max);
    if (full) flush(out);
    if (items_.empty()) first_ = index;
    bytes_ += bytes;
    items_.push_back(std::move(item));
    if (plan_.items_per_batch_max && items_.size() >= static_cast<std::size_t>(*plan_.items_per_batch_max)) flush(out);
  }

  void flush(std::vector<ChildInput>& out) {
    if (items_.empty()) return;
    const auto count = static_cast<std::uint32_t>(items_.size());
    std::vector<json::Member> members;
    if (plan_.batch_input) members.push_back({std::string(kBatchInput), *plan_.batch_input});
    members.push_back({std::string(kItems), Value::array(std::move(items_))});
    out.push_back({Payload::from_value(Value::object(std::move(members))), first_, count});
    items_.clear();
    bytes_ = 0;
  }

 private:
  const MapRunPlan& plan_;
  std::vector<Value> items_;
  std::size_t envelope_bytes_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t first_ = 0;
};

}  // namespace

namespace {

MapRunPlan read_plan(const asl::Program& program, asl::StateIndex state, const Value& stored) {
  const auto& map = program.at(state).as<asl::MapState>();
  MapRunPlan plan;
  plan.state = state;
  plan.processor = map.processor;
  plan.express = map.execution_type == asl::MachineType::express;
  plan.label = map.label;
  if (const Value* items = stored.find(kItems)) plan.items = *items;
  if (map.item_reader) plan.reader_resource = map.item_reader->resource.arn;
  plan.reader_parameters = value_in(stored, kReader);
  plan.items_max = integer_in(stored, kItemsMax);
  if (map.result_writer && map.result_writer->resource) plan.writer_resource = map.result_writer->resource->arn;
  plan.writer_parameters = value_in(stored, kWriter);
  plan.concurrency_max = static_cast<std::uint32_t>(integer_in(stored, kConcurrency).value_or(0));
  plan.tolerated_failure_count = integer_in(stored, kFailureCount);
  if (const Value* percentage = stored.find(kFailurePercentage))
    plan.tolerated_failure_percentage = percentage->as_double();
  plan.batches = map.item_batcher.has_value();
  plan.items_per_batch_max = integer_in(stored, kBatchItems);
  plan.input_bytes_per_batch_max = integer_in(stored, kBatchBytes);
  if (const Value* batch = stored.find(kBatchInput)) plan.batch_input = *batch;
  plan.input = value_in(stored, kInput);
  plan.context = value_in(stored, kContext);
  plan.variables = value_in(stored, kVariables);
  return plan;
}

Value list_of(const std::vector<ChildInput>& inputs) {
  std::vector<Value> list;
  list.reserve(inputs.size());
  for (const ChildInput& input : inputs) list.push_back(value_of(input.input));
  return Value::array(std::move(list));
}

}  // namespace

base::Result<MapRunPlan> map_run_plan(const asl::Program& program, const TaskRequest& request) {
  const Value stored = value_of(request.parameters);
  const bool readable = request.kind == TaskRequest::Kind::map_run && request.state < program.states.size() &&
                        stored.is_object() && program.at(request.state).type() == asl::StateType::map;
  if (!readable) return base::make_error(base::ErrorCode::corrupt, "the plan of a map run is not readable");
  MapRunPlan plan = read_plan(program, request.state, stored);
  plan.redriven_arn = request.map_run_arn;
  return plan;
}

asl::Evaluated<std::vector<ChildInput>> child_inputs(const asl::Program& program, const MapRunPlan& plan,
                                                     std::span<const Value> items, std::uint64_t first,
                                                     base::SplitMix& generator, base::Timestamp now) {
  const auto& map = program.at(plan.state).as<asl::MapState>();
  std::vector<ChildInput> out;
  Batcher batcher(plan);
  for (std::size_t i = 0; i < items.size(); ++i) {
    Value input = items[i];
    if (map.item_selector) {
      const ItemScope scope(plan, first + i, items[i]);
      auto selected =
          map.item_selector->evaluate("ItemSelector", {plan.input, scope, generator, nullptr, nullptr, now});
      if (!selected) return std::unexpected(std::move(selected).error());
      input = *std::move(selected);
    }
    if (plan.batches) {
      batcher.add(std::move(input), first + i, out);
    } else {
      out.push_back({Payload::from_value(std::move(input)), first + i, 1});
    }
  }
  batcher.flush(out);
  return out;
}

bool exceeds_tolerance(const MapRunPlan& plan, std::uint64_t failed, std::uint64_t total) {
  if (failed == 0) return false;
  const bool by_count =
      plan.tolerated_failure_count && failed > static_cast<std::uint64_t>(*plan.tolerated_failure_count);
  const bool by_share =
      plan.tolerated_failure_percentage &&
      static_cast<double>(failed) * 100.0 > *plan.tolerated_failure_percentage * static_cast<double>(total);
  const bool none_tolerated = !plan.tolerated_failure_count && !plan.tolerated_failure_percentage;
  return by_count || by_share || none_tolerated;
}

// The fields that are evaluated once for the whole run, in AWS's order: the first that fails is the one reported.
asl::Evaluated<Value> Stepper::plan_map_run(Activation& activation, const Value& input, const Value& items,
                                            std::uint32_t concurrency) {
  const auto& map = activation.state.as<asl::MapState>();
  const asl::Environment env = environment(activation, input);
  json::ObjectBuilder plan;
  const auto set_integer = [&](std::string_view key, const asl::IntegerField& field) -> std::optional<asl::Failure> {
    const auto value = field.evaluate(env);
    if (!value) return value.error();
    if (*value) plan.set(key, **value);
    return std::nullopt;
  };
  const auto set_template = [&](std::string_view key, std::string_view field,
                                const std::optional<asl::Template>& content) -> std::optional<asl::Failure> {
    if (!content) return std::nullopt;
    auto value = content->evaluate(field, env);
    if (!value) return value.error();
    plan.set(key, *std::move(value));
    return std::nullopt;
  };
  const bool jsonata = activation.state.language == asl::QueryLanguage::jsonata;
  const std::string parameters_name = jsonata ? "Arguments" : "Parameters";

  if (auto failure = set_integer(kFailureCount, map.tolerated_failure_count))
    return std::unexpected(*std::move(failure));
  const auto percentage = map.tolerated_failure_percentage.evaluate(env);
  if (!percentage) return std::unexpected(percentage.error());
  if (*percentage) plan.set(kFailurePercentage, **percentage);
  if (map.item_reader) {
    if (auto failure = set_integer(kItemsMax, map.item_reader->items_max)) return std::unexpected(*std::move(failure));
    if (auto failure = set_template(kReader, "ItemReader/" + parameters_name, map.item_reader->parameters)) {
      return std::unexpected(*std::move(failure));
    }
  } else {
    plan.set(kItems, items);
  }
  if (map.item_batcher) {
    if (auto failure = set_integer(kBatchItems, map.item_batcher->items_per_batch_max))
      return std::unexpected(*std::move(failure));
    if (auto failure = set_integer(kBatchBytes, map.item_batcher->input_bytes_per_batch_max))
      return std::unexpected(*std::move(failure));
    if (auto failure = set_template(kBatchInput, "ItemBatcher/BatchInput", map.item_batcher->batch_input)) {
      return std::unexpected(*std::move(failure));
    }
  }
  if (map.result_writer) {
    if (auto failure = set_template(kWriter, "ResultWriter/" + parameters_name, map.result_writer->parameters)) {
      return std::unexpected(*std::move(failure));
    }
  }
  plan.set(kConcurrency, static_cast<std::int64_t>(concurrency));
  if (map.item_selector) {
    plan.set(kInput, input);
    plan.set(kContext, activation.scope.context());
    std::vector<std::string> names;
    map.item_selector->collect_variables(names);
    json::ObjectBuilder variables;
    for (const std::string& name : names) {
      if (const Value* value = activation.scope.variable(name)) variables.set(name, *value);
    }
    plan.set(kVariables, std::move(variables).build());
  }
  return std::move(plan).build();
}

// Shows TestState the inputs that the children would get.
std::optional<asl::Failure> Stepper::inspect_inputs(Activation& activation, const Value& stored_plan,
                                                    const Value& items) {
  const auto& map = activation.state.as<asl::MapState>();
  MapRunPlan plan = read_plan(program_, activation.frame.state, stored_plan);
  const bool batches = plan.batches;
  const auto see = [&](bool batched, Stage stage) -> std::optional<asl::Failure> {
    plan.batches = batched;
    const auto inputs = child_inputs(program_, plan, items.items(), 0, generator_, context_.now);
    if (!inputs) return inputs.error();
    inspect(stage, Payload::from_value(list_of(*inputs)));
    return std::nullopt;
  };
  if (map.item_selector) {
    if (auto failure = see(false, Stage::after_item_selector)) return failure;
  }
  return batches ? see(true, Stage::after_item_batcher) : std::nullopt;
}

base::Result<void> Stepper::schedule_map_run(Activation& activation, const Payload& input, const Value& items,
                                             std::uint32_t concurrency) {
  Frame& frame = activation.frame;
  const Value value = value_of(input);
  auto plan = plan_map_run(activation, value, items, concurrency);
  if (activation.scope.load_error()) return *activation.scope.load_error();
  if (!plan) return fail_evaluation(activation, plan.error());
  ++frame.attempt;
  frame.phase = Phase::working;
  TaskInFlight& task = frame.task.emplace();
  task.parameters = Payload::from_value(*std::move(plan));
  task.scheduled = context_.stamp;
  out_.effects.push_back(ScheduleTask{{frame.id, frame.attempt}});
  return {};
}

base::Result<void> Stepper::apply(const MapRunStarted& command) {
  ESC_TRY(Frame* const frame, working_frame(command.task));
  if (frame == nullptr || frame->task->map_run_started || program_.at(frame->state).type() != asl::StateType::map)
    return {};
  const bool again = frame->map_run_arn == command.map_run_arn;
  Event& event = emit(again ? EventType::MapRunRedriven : EventType::MapRunStarted, *frame);
  add(event, FieldId::map_run_arn, command.map_run_arn);
  if (again) add(event, FieldId::redrive_count, static_cast<std::int64_t>(state_.head.redrive_count));
  frame->map_run_arn = command.map_run_arn;
  frame->task->map_run_started = true;
  settle(*frame);
  return {};
}

base::Result<void> Stepper::map_run_failed(Frame& frame, const StateError& error) {
  const bool run_started = frame.task->map_run_started;
  end_task(frame);
  if (run_started) add_error(emit(EventType::MapRunFailed, frame), error);
  return fail_state(frame, program_.at(frame.state), error);
}

base::Result<void> Stepper::apply(const MapRunEnded& command) {
  ESC_TRY(Frame* const frame, working_frame(command.task));
  if (frame == nullptr || program_.at(frame->state).type() != asl::StateType::map) return {};
  const asl::State& state = program_.at(frame->state);
  if (!command.succeeded) return map_run_failed(*frame, {command.error, command.cause});
  const std::uint64_t started_event = frame->last_event;
  end_task(*frame);
  frame->map_run_arn.clear();
  const std::uint64_t succeeded = emit(EventType::MapRunSucceeded, started_event).id;
  emit(EventType::MapStateSucceeded, succeeded);  // a leaf: AWS links …Exited to MapRunStarted
  Activation activation = activate(*frame);
  return complete(activation, {.result = command.output, .next = &state.next, .has_result = true});
}

}  // namespace escapement::interpreter
