// The compiler of one definition: states of all scopes into one table. Internal to this room.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "asl/checker.h"
#include "asl/compile.h"

namespace escapement::asl {

// What the states of a scope inherit.
struct ScopeRules {
  MachineType type = MachineType::standard;  // whose restrictions hold: EXPRESS inside an express distributed map
  std::size_t depth = 0;
};

class Compiler {
 public:
  Compiler(const CompileOptions& options, Checker& checker, Program& program)
      : options_(options), checker_(checker), program_(program) {}

  void machine(const json::Value& definition);
  void single_state(const json::Value& definition);

 private:
  // Reads StartAt and States; the new graph's index.
  GraphIndex graph(const Reader& scope, const ScopeRules& rules, StateIndex owner);
  void state(const json::Member& member, const Place& states, GraphIndex graph, const ScopeRules& rules);
  QueryLanguage state_language(const json::Value& definition, const Place& place);
  void common_fields(const Reader& reader, State& state);
  void references(const State& state);
  bool add_name(const std::string& name, const Place& place);

  StateBody body(const Reader& reader, StateType type, State& state, const ScopeRules& rules);
  PassState pass(const Reader& reader);
  TaskState task(const Reader& reader, const ScopeRules& rules);
  WaitState wait(const Reader& reader);
  FailState fail(const Reader& reader);
  ParallelState parallel(const Reader& reader, StateIndex index, const ScopeRules& rules);
  MapState map(const Reader& reader, StateIndex index, const ScopeRules& rules);

  const CompileOptions& options_;
  Checker& checker_;
  Program& program_;
  std::unordered_set<std::string> names_;   // of the states of all scopes
  std::unordered_set<std::string> labels_;  // of the Map states
};

std::vector<Retrier> compile_retriers(const Reader& reader);
std::vector<Catcher> compile_catchers(const Reader& reader);
ChoiceState compile_choice(const Reader& reader);
void compile_map_fields(const Reader& reader, MachineType type, MapState& map);

// Reports fields that states of this type, or this query language, do not have.
void check_supported_fields(const Reader& reader, StateType type);
// Reports what an optimised integration or Credentials lacks.
void check_task_payload(const Reader& reader, const TaskState& task);

// Gives every transition its target and reports those without one, scopes without an end, and states that nothing leads
// to.
// `state_alone`: the first graph is a state without the machine around it, whose targets may be missing.
void link(Program& program, Checker& checker, bool state_alone);

}  // namespace escapement::asl
