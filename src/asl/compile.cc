#include "asl/compile.h"

#include <algorithm>

#include <fmt/format.h>

#include "asl/compiler.h"
#include "json/parse.h"

namespace escapement::asl {
namespace {

using json::Value;

constexpr std::size_t kScopeDepthMax = 64;
constexpr std::size_t kJsonDepthMax = 400;
constexpr std::int64_t kTimeoutSecondsMax = 99'999'999;

// As AWS takes it: whatever is written and is not "JSONPath" is JSONata, also where it is refused.
QueryLanguage language_of(const Value* text) {
  return text == nullptr || (text->is_string() && text->as_string() == "JSONPath") ? QueryLanguage::jsonpath
                                                                                   : QueryLanguage::jsonata;
}

// AWS's parser quotes the beginning of the text where it says where an error is: [Source: (String)"{...}"; line: 1,
// ...].
std::string quote_source(std::string message, std::string_view text) {
  constexpr std::string_view kMark = "[Source: (String);";
  constexpr std::size_t kQuotedMax = 500;
  const std::size_t at = message.find(kMark);
  if (at == std::string::npos) return message;
  std::size_t end = std::min(text.size(), kQuotedMax);
  while (end < text.size() && end > 0 && (text[end] & 0xC0) == 0x80) --end;
  std::string quoted = fmt::format("\"{}\"", text.substr(0, end));
  if (end < text.size()) quoted += fmt::format("[truncated {} chars]", text.size() - end);
  return message.insert(at + kMark.size() - 1, quoted);
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

void Compiler::machine(const Value& definition) {
  const Place root;
  program_.language = language_of(definition.find("QueryLanguage"));
  const Reader reader{definition, root, program_.language, checker_};
  reader.allow_only({"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"});
  reader.one_of("QueryLanguage", {"JSONPath", "JSONata"});
  program_.comment = reader.text("Comment").value_or("");
  program_.version = reader.one_of("Version", {"1.0"}).value_or("1.0");
  program_.timeout_seconds = reader.integer("TimeoutSeconds", 1, kTimeoutSecondsMax);
  graph(reader, {options_.type, 0}, kNoState);
}

void Compiler::single_state(const Value& definition) {
  const Place root;
  const Value* language = definition.find("QueryLanguage");
  program_.language = language_of(language);
  program_.version = "1.0";
  program_.graphs.push_back({0, {}, kNoState, {}});
  state({"TestState", definition}, root, 0, {options_.type, 0});
}

GraphIndex Compiler::graph(const Reader& scope, const ScopeRules& rules, StateIndex owner) {
  const auto index = static_cast<GraphIndex>(program_.graphs.size());
  program_.graphs.push_back({kNoState, {}, owner, {}});
  scope.require({"StartAt", "States"});
  scope.text("StartAt");
  if (rules.depth > kScopeDepthMax) {
    checker_.error("TOO_DEEPLY_NESTED", "The states are too deeply nested", scope.place);
    return index;
  }
  const Value* states = scope.child("States");
  if (states == nullptr) return index;
  const Place place = scope.at("States");
  if (states->size() == 0) checker_.schema("The field 'States' should be non-empty", place);
  for (const json::Member& member : states->members()) {
    if (checker_.gives_up()) break;
    state(member, place, index, rules);
  }
  if (const Value* start = scope.find("StartAt"); start != nullptr && start->is_string()) {
    const auto& members = program_.graphs[index].states;
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](StateIndex at) { return program_.states[at].name == start->as_string(); });
    if (found != members.end()) program_.graphs[index].start_at = *found;
    program_.graphs[index].start_name = start->as_string();
  }
  return index;
}

QueryLanguage Compiler::state_language(const Value& definition, const Place& place) {
  const Value* text = definition.find("QueryLanguage");
  if (text == nullptr) return program_.language;
  const Reader reader{definition, place, program_.language, checker_};
  reader.one_of("QueryLanguage", {"JSONPath", "JSONata"});
  const QueryLanguage own = language_of(text);
  if (own == QueryLanguage::jsonpath && program_.language == QueryLanguage::jsonata) {
    checker_.schema_rule("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", place);
  }
  return own;
}

bool Compiler::add_name(const std::string& name, const Place& place) {
  constexpr std::size_t kNameMax = 80;
  if (name.empty() || character_count(name) > kNameMax) {
    checker_.rule("INVALID_STATE_NAME",
                  fmt::format("The length of the state name must be between 1 and {}: {}", kNameMax, name),
                  place.text());
  }
  return names_.insert(name).second;
}

void Compiler::state(const json::Member& member, const Place& states, GraphIndex graph, const ScopeRules& rules) {
  const bool alone = options_.single_state && states.parent == nullptr && program_.states.empty();
  const Place named{&states, member.key};
  const Place& place = alone ? states : named;
  if (!member.value.is_object()) {
    checker_.schema("Expected value of type Object", place);
    return;
  }
  if (!alone && !add_name(member.key, place)) {
    checker_.error("DUPLICATE_STATE_NAME", fmt::format("Duplicate State name: {}", member.key), place);
    return;
  }
  const auto index = static_cast<StateIndex>(program_.states.size());
  program_.states.emplace_back();
  program_.graphs[graph].states.push_back(index);

  State out;
  out.name = member.key;
  out.index = index;
  out.graph = graph;
  out.source = member.value;
  out.language = state_language(member.value, place);
  const Reader reader{member.value, place, out.language, checker_};
  reader.require({"Type"});
  const auto type_text =
      reader.one_of("Type", {"Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"});
  if (!type_text) return;
  StateType type = StateType::pass;
  for (const StateType candidate : {StateType::pass, StateType::task, StateType::choice, StateType::wait,
                                    StateType::succeed, StateType::fail, StateType::parallel, StateType::map}) {
    if (to_string(candidate) == *type_text) type = candidate;
  }
  check_supported_fields(reader, type);
  // The nested scopes of this state follow it in the table, so its slot is filled last.
  common_fields(reader, out);
  out.body = body(reader, type, out, rules);
  references(out);
  program_.states[index] = std::move(out);
}

void Compiler::common_fields(const Reader& reader, State& state) {
  reader.text("Comment");
  state.assign = reader.assign();
  if (reader.jsonata()) {
    state.output = reader.payload("Output");
    state.parameters = reader.payload("Arguments");
  } else {
    state.input_path = reader.select_path("InputPath");
    state.output_path = reader.select_path("OutputPath");
    state.result_path = reader.result_path("ResultPath");
    state.result_selector = reader.payload("ResultSelector");
  }
  state.retry = compile_retriers(reader);
  state.catchers = compile_catchers(reader);
}

void Compiler::references(const State& state) {
  std::vector<std::string> names;
  const auto of_template = [&](const std::optional<Template>& value) {
    if (value) value->collect_variables(names);
  };
  const auto of_path = [&](const jsonpath::Path& path) {
    if (path.root() == jsonpath::Root::variable) names.push_back(path.variable());
  };
  const auto of_select = [&](const SelectPath& select) {
    if (select.path()) of_path(*select.path());
  };
  const auto of_field = [&](const auto& field) {
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, jsonpath::Path>) of_path(value);
          if constexpr (std::is_same_v<T, JsonataExpression> || std::is_same_v<T, intrinsics::Expression>) {
            value.collect_variables(names);
          }
        },
        field.value);
  };
  of_select(state.input_path);
  of_select(state.output_path);
  for (const auto* value : {&state.parameters, &state.result_selector, &state.output, &state.assign})
    of_template(*value);
  for (const Catcher& catcher : state.catchers) {
    of_template(catcher.assign);
    of_template(catcher.output);
  }
  if (const auto* task = std::get_if<TaskState>(&state.body)) {
    of_field(task->timeout_seconds);
    of_field(task->heartbeat_seconds);
    of_template(task->credentials);
  } else if (const auto* choice = std::get_if<ChoiceState>(&state.body)) {
    for (const ChoiceRule& rule : choice->rules) {
      rule.condition.collect_variables(names);
      of_template(rule.assign);
      of_template(rule.output);
    }
  } else if (const auto* wait = std::get_if<WaitState>(&state.body)) {
    of_field(wait->seconds);
    of_field(wait->timestamp);
  } else if (const auto* fail = std::get_if<FailState>(&state.body)) {
    of_field(fail->error);
    of_field(fail->cause);
  } else if (const auto* map = std::get_if<MapState>(&state.body)) {
    of_select(map->items_path);
    if (const auto* items = std::get_if<Template>(&map->items)) items->collect_variables(names);
    of_template(map->item_selector);
    of_field(map->concurrency_max);
    of_field(map->tolerated_failure_count);
    of_field(map->tolerated_failure_percentage);
    if (map->item_reader) {
      of_template(map->item_reader->parameters);
      of_field(map->item_reader->items_max);
    }
    if (map->item_batcher) {
      of_template(map->item_batcher->batch_input);
      of_field(map->item_batcher->items_per_batch_max);
      of_field(map->item_batcher->input_bytes_per_batch_max);
    }
    if (map->result_writer) of_template(map->result_writer->parameters);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (!names.empty()) program_.variable_references.emplace_back(state.name, std::move(names));
}

Compilation compile(std::string_view text, const CompileOptions& options) {
  Compilation out;
  Checker checker(options);
  const Place root;
  if (text.size() > options.text_bytes_max) {
    checker.schema(fmt::format("The definition is longer than {} bytes", options.text_bytes_max), root);
    out.diagnostics = checker.take();
    return out;
  }
  const auto definition = json::parse(text, {kJsonDepthMax});
  if (!definition) {
    checker.nowhere(text.empty() ? "MISSING_DESCRIPTION" : "INVALID_JSON_DESCRIPTION",
                    quote_source(definition.error().message, text));
    out.diagnostics = checker.take();
    return out;
  }
  if (!definition->is_object()) {
    checker.schema("Expected value of type Object", root);
    out.diagnostics = checker.take();
    return out;
  }
  auto program = std::make_shared<Program>();
  Compiler compiler(options, checker, *program);
  const bool alone = options.single_state && definition->find("States") == nullptr;
  if (alone) {
    compiler.single_state(*definition);
  } else {
    compiler.machine(*definition);
  }
  link(*program, checker, alone);
  if (!checker.has_error()) out.program = std::move(program);
  out.diagnostics = checker.take();
  return out;
}

}  // namespace escapement::asl
