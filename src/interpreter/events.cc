#include <iterator>

#include "base/assert.h"
#include "interpreter/stepper.h"
#include "json/print.h"

namespace escapement::interpreter {

using history::EventType;
using history::FieldId;

const StateEvents& events_of(asl::StateType type) {
  // In the order of asl::StateType.
  static constexpr StateEvents kEvents[] = {
      {EventType::PassStateEntered, EventType::PassStateExited, {}},
      {EventType::TaskStateEntered, EventType::TaskStateExited, EventType::TaskStateAborted},
      {EventType::ChoiceStateEntered, EventType::ChoiceStateExited, {}},
      {EventType::WaitStateEntered, EventType::WaitStateExited, EventType::WaitStateAborted},
      {EventType::SucceedStateEntered, EventType::SucceedStateExited, {}},
      {EventType::FailStateEntered, EventType::FailStateEntered, {}},  // a Fail state is never left
      {EventType::ParallelStateEntered, EventType::ParallelStateExited, EventType::ParallelStateAborted},
      {EventType::MapStateEntered, EventType::MapStateExited, EventType::MapStateAborted},
  };
  const auto index = static_cast<std::size_t>(type);
  ESC_ASSERT(index < std::size(kEvents));
  return kEvents[index];
}

// The last event that fits is kept for the one that ends the execution; what would follow is dropped, and the run loop
// sees `history_full_`.
history::Event& Stepper::emit(EventType type, std::uint64_t previous) {
  const bool last_one = !state_.facts.express && state_.head.next_event_id >= limits_.history_events_max;
  if (last_one && type != EventType::ExecutionFailed && type != EventType::ExecutionAborted &&
      type != EventType::ExecutionTimedOut) {
    history_full_ = true;
    dropped_ = Event{};
    return dropped_;
  }
  Event& event = out_.events.emplace_back();
  event.id = state_.head.next_event_id++;
  event.previous_id = previous;
  event.type = type;
  event.timestamp = context_.now;
  event.fields.reserve(3);
  return event;
}

history::Event& Stepper::emit(EventType type, Frame& frame) {
  Event& event = emit(type, frame.last_event);
  frame.last_event = event.id;
  return event;
}

void Stepper::add(Event& event, FieldId id, std::string_view text) { event.fields.push_back({id, std::string(text)}); }

void Stepper::add(Event& event, FieldId id, std::int64_t number) { event.fields.push_back({id, number}); }

void Stepper::add(Event& event, FieldId id, const json::Payload& payload) { event.fields.push_back({id, payload}); }

void Stepper::add_error(Event& event, const StateError& error) {
  if (error.error) add(event, FieldId::error, *error.error);
  if (error.cause && !error.cause->empty()) add(event, FieldId::cause, *error.cause);
}

void Stepper::add_resource(Event& event, const asl::Resource& resource) {
  add(event, FieldId::resource_type, resource.event_resource_type());
  add(event, FieldId::resource, resource.event_resource());
}

void Stepper::emit_entered(Frame& frame, const asl::State& state) {
  frame.before_entered = frame.last_event;
  Event& event = emit(events_of(state.type()).entered, frame);
  add(event, FieldId::name, state.name);
  add(event, FieldId::input, frame.input);
  frame.entered_event = event.id;
  frame.entered = context_.now;
}

void Stepper::emit_exited(Frame& frame, const asl::State& state, const json::Payload& output,
                          const json::Value* assigned) {
  Event& event = emit(events_of(state.type()).exited, frame);
  add(event, FieldId::name, state.name);
  add(event, FieldId::output, output);
  if (assigned == nullptr || assigned->size() == 0) return;
  std::vector<json::Member> texts;
  texts.reserve(assigned->size());
  for (const json::Member& member : assigned->members()) texts.push_back({member.key, json::print(member.value)});
  add(event, FieldId::assigned_variables, json::Payload::from_value(json::Value::object(std::move(texts))));
}

}  // namespace escapement::interpreter
