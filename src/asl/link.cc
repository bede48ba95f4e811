// Transitions: names to indices, and what is wrong with the graph they make.
#include <algorithm>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "asl/compiler.h"

namespace escapement::asl {
namespace {

std::string state_place(const Program& program, const State& state);

// The place of a scope in the text: "/States/M/ItemProcessor", "" for the machine.
std::string scope_place(const Program& program, GraphIndex graph) {
  const StateIndex owner_index = program.graphs[graph].owner;
  if (owner_index == kNoState) return {};
  const State& owner = program.states[owner_index];
  std::string out = state_place(program, owner);
  if (const auto* map = std::get_if<MapState>(&owner.body))
    return out + (map->legacy_iterator ? "/Iterator" : "/ItemProcessor");
  const auto& branches = std::get<ParallelState>(owner.body).branches;
  const auto at = std::find(branches.begin(), branches.end(), graph) - branches.begin();
  return out + fmt::format("/Branches[{}]", at);
}

// A state without a machine around it, which has no name, is the root of its text.
std::string state_place(const Program& program, const State& state) {
  if (state.graph == 0 && program.graphs[0].start_at == 0 && program.graphs[0].start_name.empty()) return {};
  return scope_place(program, state.graph) + "/States/" + state.name;
}

class Linker {
 public:
  Linker(Program& program, Checker& checker) : program_(program), checker_(checker) {}

  // `alone`: a state without the machine around it, so its targets are missing.
  void link(GraphIndex graph, bool alone) {
    lenient_ = alone;
    by_name_.clear();
    for (const StateIndex index : program_.graphs[graph].states) by_name_.emplace(program_.states[index].name, index);
    const Graph& scope = program_.graphs[graph];
    if (!alone && scope.start_at == kNoState) missing(scope.start_name, scope_place(program_, graph) + "/StartAt");
    bool terminal = false;
    for (const StateIndex index : scope.states) {
      State& state = program_.states[index];
      each_transition(state,
                      [&](Transition& transition, const std::string& place) { resolve(state, transition, place); });
      const StateType type = state.type();
      terminal = terminal || type == StateType::succeed || type == StateType::fail ||
                 (type != StateType::choice && state.next.ends());
    }
    if (alone) return;
    if (!terminal) {
      checker_.rule("MISSING_END_STATE", "Workflow has no terminal state", {});
    } else {
      report_unreachable(scope);
    }
  }

 private:
  template <typename F>
  void each_transition(State& state, F&& visit) {
    if (auto* choice = std::get_if<ChoiceState>(&state.body)) {
      for (std::size_t i = 0; i < choice->rules.size(); ++i)
        visit(choice->rules[i].next, fmt::format("/Choices[{}]/Next", i));
      if (choice->otherwise) visit(*choice->otherwise, "/Default");
    } else if (!state.next.ends()) {
      visit(state.next, "/Next");
    }
    for (std::size_t i = 0; i < state.catchers.size(); ++i)
      visit(state.catchers[i].next, fmt::format("/Catch[{}]/Next", i));
  }

  void resolve(const State& state, Transition& transition, const std::string& place) {
    const auto found = by_name_.find(transition.name);
    if (found != by_name_.end()) {
      transition.target = found->second;
    } else if (!lenient_) {
      missing(transition.name, state_place(program_, state) + place);
    }
  }

  void missing(std::string_view target, const std::string& place) {
    checker_.error_at("MISSING_TRANSITION_TARGET", fmt::format("Missing 'Next' target: {}", target), place);
  }

  // AWS calls a state unreachable that no other leads to; it does not walk the graph from its start.
  void report_unreachable(const Graph& scope) {
    std::vector<bool> reached(program_.states.size(), false);
    if (scope.start_at != kNoState) reached[scope.start_at] = true;
    for (const StateIndex index : scope.states) {
      each_transition(program_.states[index], [&](Transition& transition, const std::string&) {
        if (transition.target != kNoState && transition.target != index) reached[transition.target] = true;
      });
    }
    for (const StateIndex index : scope.states) {
      if (reached[index]) continue;
      const State& state = program_.states[index];
      checker_.rule("MISSING_TRANSITION_TARGET", fmt::format("State \"{}\" is not reachable.", state.name),
                    state_place(program_, state));
    }
  }

  Program& program_;
  Checker& checker_;
  bool lenient_ = false;
  std::unordered_map<std::string_view, StateIndex> by_name_;
};

}  // namespace

void link(Program& program, Checker& checker, bool state_alone) {
  // A definition with other errors has states without a body; its graph says nothing.
  if (checker.has_error()) return;
  Linker linker(program, checker);
  for (GraphIndex graph = 0; graph < program.graphs.size(); ++graph) linker.link(graph, state_alone && graph == 0);
}

}  // namespace escapement::asl
