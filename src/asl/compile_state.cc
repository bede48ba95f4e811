// The fields of each type of state.
#include <fmt/format.h>

#include "asl/compiler.h"
#include "base/time.h"

namespace escapement::asl {
namespace {

using json::Value;

constexpr std::int64_t kSecondsMax = 99'999'999;

bool looks_like_path(const Value& value) {
  if (value.is_string())
    return value.as_string() == "$" || value.as_string().starts_with("$.") || value.as_string().starts_with("$[");
  if (!value.is_object()) return false;
  for (const json::Member& member : value.members()) {
    if (member.key.ends_with(".$")) return true;
  }
  return false;
}

Transition transition(const Reader& reader) {
  reader.exactly_one({"Next", "End"});
  if (const auto next = reader.text("Next")) return {kNoState, *next};
  const auto end = reader.boolean("End");
  if (end == false) reader.checker.schema("The value for the field 'End' must be true", reader.at("End"));
  return {};
}

}  // namespace

StateBody Compiler::body(const Reader& reader, StateType type, State& state, const ScopeRules& rules) {
  if (type != StateType::choice && type != StateType::succeed && type != StateType::fail)
    state.next = transition(reader);
  // A Map's Parameters are its ItemSelector of old.
  if (type != StateType::map && !reader.jsonata()) state.parameters = reader.payload("Parameters");
  switch (type) {
    case StateType::pass:
      return pass(reader);
    case StateType::task:
      return task(reader, rules);
    case StateType::choice:
      return compile_choice(reader);
    case StateType::wait:
      return wait(reader);
    case StateType::succeed:
      return SucceedState{};
    case StateType::fail:
      return fail(reader);
    case StateType::parallel:
      return parallel(reader, state.index, rules);
    case StateType::map:
      return map(reader, state.index, rules);
  }
  return PassState{};
}

PassState Compiler::pass(const Reader& reader) {
  PassState out;
  const Value* result = reader.find("Result");
  if (result == nullptr || reader.jsonata()) return out;
  out.result = *result;
  if (looks_like_path(*result)) {
    checker_.warning("PASS_RESULT_IS_STATIC",
                     "The Result of a Pass state is static: paths and intrinsic functions in it have no effect",
                     reader.at("Result"));
  }
  return out;
}

TaskState Compiler::task(const Reader& reader, const ScopeRules& rules) {
  TaskState out;
  reader.require({"Resource"});
  const auto resource = reader.resource(rules.type);
  if (resource) out.resource = *resource;
  out.timeout_seconds = reader.integer_field("TimeoutSeconds", "TimeoutSecondsPath", 1, kSecondsMax);
  out.heartbeat_seconds = reader.integer_field("HeartbeatSeconds", "HeartbeatSecondsPath", 1, kSecondsMax);
  const auto* timeout = std::get_if<std::int64_t>(&out.timeout_seconds.value);
  const auto* heartbeat = std::get_if<std::int64_t>(&out.heartbeat_seconds.value);
  if (timeout != nullptr && heartbeat != nullptr && *heartbeat >= *timeout) {
    checker_.schema_rule("The value for the field 'HeartbeatSeconds' must be smaller than that of 'TimeoutSeconds'",
                         reader.place);
  }
  if (reader.find("Credentials") != nullptr) out.credentials = reader.payload("Credentials");
  if (resource) check_task_payload(reader, out);
  return out;
}

WaitState Compiler::wait(const Reader& reader) {
  WaitState out;
  reader.exactly_one({"Seconds", "SecondsPath", "Timestamp", "TimestampPath"});
  if (reader.find("Seconds") != nullptr || reader.find("SecondsPath") != nullptr) {
    out.seconds = reader.integer_field("Seconds", "SecondsPath", 0, kSecondsMax);
    return out;
  }
  out.timestamp = reader.text_field("Timestamp", "TimestampPath");
  const auto* literal = std::get_if<std::string>(&out.timestamp.value);
  if (literal != nullptr && !base::parse_rfc3339(*literal)) {
    checker_.schema("String does not match RFC3339 timestamp", reader.at("Timestamp"));
  }
  return out;
}

FailState Compiler::fail(const Reader& reader) {
  return {reader.text_field("Error", "ErrorPath"), reader.text_field("Cause", "CausePath")};
}

ParallelState Compiler::parallel(const Reader& reader, StateIndex index, const ScopeRules& rules) {
  ParallelState out;
  reader.require({"Branches"});
  const Value* branches = reader.array("Branches");
  if (branches == nullptr) return out;
  const Place list = reader.at("Branches");
  if (branches->size() == 0) checker_.schema("The field 'Branches' should be non-empty", list);
  for (std::size_t i = 0; i < branches->size(); ++i) {
    const Place place{&list, {}, static_cast<std::int64_t>(i)};
    const Value& branch = (*branches)[i];
    if (!branch.is_object()) {
      checker_.schema("Expected value of type Object", place);
      continue;
    }
    const Reader scope{branch, place, program_.language, checker_};
    scope.allow_only({"StartAt", "States", "Comment"});
    out.branches.push_back(graph(scope, {rules.type, rules.depth + 1}, index));
  }
  return out;
}

MapState Compiler::map(const Reader& reader, StateIndex index, const ScopeRules& rules) {
  MapState out;
  compile_map_fields(reader, rules.type, out);
  reader.at_most_one({"ItemProcessor", "Iterator"});
  out.legacy_iterator = reader.find("ItemProcessor") == nullptr && reader.find("Iterator") != nullptr;
  const std::string_view name = out.legacy_iterator ? "Iterator" : "ItemProcessor";
  reader.require({name});
  const Value* processor = reader.child(name);
  if (processor == nullptr) return out;
  const Place place = reader.at(name);
  const Reader scope{*processor, place, program_.language, checker_};
  scope.allow_only({"ProcessorConfig", "StartAt", "States", "Comment"});
  MachineType type = rules.type;
  if (const Value* config = scope.child("ProcessorConfig")) {
    const Place config_place = scope.at("ProcessorConfig");
    const Reader settings{*config, config_place, program_.language, checker_};
    settings.allow_only({"Mode", "ExecutionType"});
    out.distributed = settings.one_of("Mode", {"INLINE", "DISTRIBUTED"}) == "DISTRIBUTED";
    if (out.distributed) settings.require({"ExecutionType"});
    const auto execution = settings.one_of("ExecutionType", {"STANDARD", "EXPRESS"});
    out.execution_type = execution == "EXPRESS" ? MachineType::express : MachineType::standard;
    if (out.distributed) type = out.execution_type;
  }
  if (out.distributed && rules.type == MachineType::express) {
    checker_.schema_rule("Express state machine does not support Map state with 'DISTRIBUTED' mode", place);
  }
  if (!out.label.empty() && !labels_.insert(out.label).second) {
    checker_.rule("DUPLICATE_LABEL_NAME", fmt::format("Duplicate label name: {}", out.label),
                  reader.at("Label").text());
  }
  out.processor = graph(scope, {type, rules.depth + 1}, index);
  return out;
}

}  // namespace escapement::asl
