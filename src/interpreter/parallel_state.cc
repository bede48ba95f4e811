// The Parallel state, and what it shares with the inline Map: children that finish, and their results joined in order.
#include "interpreter/stepper.h"

namespace escapement::interpreter {

using json::Payload;

base::Result<void> Stepper::run_parallel(Activation& activation) {
  Frame& frame = activation.frame;
  const auto& parallel = activation.state.as<asl::ParallelState>();
  if (context_.inspector != nullptr) {
    return take_mocked(activation, context_.inspector->children(parallel.branches.size(), std::nullopt, std::nullopt));
  }
  auto input = effective_input(activation);
  if (!input) return fail_evaluation(activation, input.error());
  auto parameters = state_parameters(activation, *input);
  if (activation.scope.load_error()) return *activation.scope.load_error();
  if (!parameters) return fail_evaluation(activation, parameters.error());

  const std::uint64_t started = emit(EventType::ParallelStateStarted, frame).id;
  Children children;
  children.first = state_.head.next_frame_id;
  children.count = static_cast<std::uint32_t>(parallel.branches.size());
  children.started = children.count;
  state_.head.next_frame_id += children.count;
  frame.phase = Phase::joining;
  frame.children = children;
  for (std::uint32_t i = 0; i < children.count; ++i) {
    Frame& branch = state_.create(children.first + i);
    branch.parent = frame.id;
    branch.index = i;
    branch.last_event = started;
    enter_next(branch, program_.graphs[parallel.branches[i]].start_at, *parameters);
    emit_entered(branch, program_.at(branch.state));
  }
  return {};
}

base::Result<void> Stepper::take_mocked(Activation& activation, const Inspector::Children& children) {
  if (children.error) return fail_state(activation.frame, activation.state, *children.error);
  return complete(activation, {.result = children.results, .next = &activation.state.next, .has_result = true});
}

base::Result<void> Stepper::child_finished(Frame& child, const Payload& output) {
  const std::uint64_t last_event = child.last_event;
  const std::uint32_t index = child.index;
  ESC_TRY(Frame* const parent, state_.touch(child.parent));
  const asl::State& around = program_.at(parent->state);
  const bool is_map = around.type() == asl::StateType::map;

  Frame done;  // nothing but the result is needed from here on
  done.id = child.id;
  done.parent = child.parent;
  done.index = index;
  done.attempt = child.attempt;
  done.phase = Phase::succeeded;
  done.state = child.state;
  done.output = output;
  done.written_back = child.written_back;
  child = std::move(done);

  parent->last_event = last_event;
  if (is_map) {
    Event& event = emit(EventType::MapIterationSucceeded, *parent);
    add(event, FieldId::name, around.name);
    add(event, FieldId::index, static_cast<std::int64_t>(index));
  }
  ++parent->children->finished;
  if (parent->children->finished == parent->children->count) return join(*parent);
  if (is_map) return start_iterations(*parent, last_event);
  return {};
}

// `[` and the results' own texts and `]`: AWS does not print results anew. Past the size that a payload may have the
// text is left unfinished, since it will be refused.
base::Result<Payload> Stepper::collect_results(const Frame& parent) {
  const Children& children = *parent.children;
  std::string text = "[";
  for (std::uint32_t i = 0; i < children.count && text.size() <= limits_.payload_bytes_max; ++i) {
    ESC_TRY(const Frame* const child, state_.find(children.first + i));
    if (i > 0) text += ',';
    text += child->output.text();
  }
  text += ']';
  return Payload::from_text(std::move(text));
}

base::Result<void> Stepper::join(Frame& parent) {
  const asl::State& state = program_.at(parent.state);
  ESC_TRY(Payload result, collect_results(parent));
  // A leaf of the history: what follows links to the event before it.
  emit(state.type() == asl::StateType::map ? EventType::MapStateSucceeded : EventType::ParallelStateSucceeded,
       parent.last_event);
  ESC_CHECK(remove_children(parent));
  parent.phase = Phase::ready;
  if (auto too_large = check_size(result, state.name)) return fail_state(parent, state, *too_large);
  Activation activation = activate(parent);
  return complete(activation, {.result = std::move(result), .next = &state.next, .has_result = true});
}

}  // namespace escapement::interpreter
