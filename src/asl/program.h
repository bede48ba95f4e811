// A state machine definition, compiled.
//
// All states of a definition, those of nested scopes included, stand in one table, so a state is named by an index.
// A Graph is one scope: the machine itself, a branch of a Parallel, the processor of a Map. Graph 0 is the machine.
//
// Everything that can be decided from the text is decided when it is compiled: names are indices, paths, templates and
// expressions are compiled, literals are checked.
//
// Ownership: compile() (compile.h) hands out a shared_ptr<const Program>, since many executions and threads share one.
// Threading: immutable; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "asl/choice.h"
#include "asl/fields.h"
#include "asl/resource.h"
#include "asl/retry.h"
#include "asl/template.h"
#include "asl/transition.h"
#include "base/time.h"
#include "json/value.h"

namespace escapement::asl {

enum class QueryLanguage : std::uint8_t { jsonpath, jsonata };
enum class MachineType : std::uint8_t { standard, express };

// The order is that of State::body.
enum class StateType : std::uint8_t { pass, task, choice, wait, succeed, fail, parallel, map };

std::string_view to_string(StateType type);  // "Pass", "Task", ...

struct PassState {
  std::optional<json::Value> result;  // Result (JSONPath)
};

struct TaskState {
  Resource resource;
  IntegerField timeout_seconds;         // TimeoutSeconds(Path)
  IntegerField heartbeat_seconds;       // HeartbeatSeconds(Path)
  std::optional<Template> credentials;  // an object with RoleArn
};

struct WaitState {
  // Exactly one is present.
  IntegerField seconds;  // Seconds, SecondsPath
  TextField timestamp;   // Timestamp, TimestampPath

  // When to go on: so many seconds from `environment.now`, or the timestamp, which may be past.
  // Failures: States.Runtime or States.QueryEvaluationError, with AWS's words for each of the four forms.
  Evaluated<base::Timestamp> evaluate(const Environment& environment) const;
};

struct SucceedState {};

struct FailState {
  TextField error;  // Error, ErrorPath
  TextField cause;  // Cause, CausePath
};

struct ParallelState {
  std::vector<GraphIndex> branches;
};

enum class InputType : std::uint8_t { json, jsonl, csv, manifest, parquet, unspecified };

struct ItemReader {
  Resource resource;
  std::optional<Template> parameters;  // Parameters or Arguments
  InputType input_type = InputType::unspecified;
  bool csv_headers_given = false;  // CSVHeaderLocation: GIVEN; otherwise the first row
  std::vector<std::string> csv_headers;
  char csv_delimiter = ',';
  std::string transformation;                            // "", "NONE", "LOAD_AND_FLATTEN"
  std::string manifest_type;                             // "", "ATHENA_DATA", "S3_INVENTORY"
  IntegerField items_max;                                // MaxItems(Path)
  std::optional<jsonpath::ReferencePath> items_pointer;  // ItemsPointer, as a path
};

struct ItemBatcher {
  std::optional<Template> batch_input;
  IntegerField items_per_batch_max;        // MaxItemsPerBatch(Path)
  IntegerField input_bytes_per_batch_max;  // MaxInputBytesPerBatch(Path)
};

struct ResultWriter {
  std::optional<Resource> resource;     // absent: the results are the state's, in the form that WriterConfig names
  std::optional<Template> parameters;   // Parameters or Arguments
  std::string transformation = "NONE";  // NONE, COMPACT, FLATTEN
  std::string output_type = "JSON";     // JSON, JSONL
};

struct MapState {
  GraphIndex processor = 0;
  bool distributed = false;                            // ProcessorConfig.Mode
  MachineType execution_type = MachineType::standard;  // of the children of a distributed map
  bool legacy_iterator = false;                        // written with Iterator, not ItemProcessor
  bool jsonata = false;                                // the state's query language

  SelectPath items_path;                                      // JSONPath
  std::optional<std::string> items_path_text;                 // as written, for messages
  std::variant<std::monostate, json::Value, Template> items;  // JSONata Items: absent, a literal array, an expression
  std::optional<Template> item_selector;                      // ItemSelector, or the legacy Parameters
  IntegerField concurrency_max;                               // MaxConcurrency(Path); 0 or absent: no bound
  std::optional<ItemReader> item_reader;
  std::optional<ItemBatcher> item_batcher;
  std::optional<ResultWriter> result_writer;
  IntegerField tolerated_failure_count;
  NumberField tolerated_failure_percentage;
  std::string label;

  // The array to iterate over (without an ItemReader). `environment.input` is the state's effective input.
  // Failures: States.Runtime, States.QueryEvaluationError, with AWS's words when it is not an array.
  Evaluated<json::Value> evaluate_items(const Environment& environment) const;
};

using StateBody =
    std::variant<PassState, TaskState, ChoiceState, WaitState, SucceedState, FailState, ParallelState, MapState>;

struct State {
  std::string name;
  StateIndex index = 0;
  GraphIndex graph = 0;  // the scope that it stands in
  QueryLanguage language = QueryLanguage::jsonpath;
  Transition next;  // unused by Choice, Succeed and Fail

  // JSONPath. A Map's Parameters are in MapState::item_selector.
  SelectPath input_path;
  SelectPath output_path;
  ResultPath result_path;
  std::optional<Template> parameters;  // Parameters; in JSONata: Arguments
  std::optional<Template> result_selector;
  // JSONata
  std::optional<Template> output;
  // Both
  std::optional<Template> assign;
  std::vector<Retrier> retry;
  std::vector<Catcher> catchers;

  StateBody body;
  json::Value source;  // the state as written

  StateType type() const { return static_cast<StateType>(body.index()); }
  template <typename T>
  const T& as() const {
    return std::get<T>(body);
  }
};

struct Graph {
  StateIndex start_at = kNoState;
  std::string start_name;          // StartAt as written
  StateIndex owner = kNoState;     // the Parallel or Map state that it belongs to; kNoState for the machine
  std::vector<StateIndex> states;  // in the order of the definition
};

struct Program {
  std::string comment;
  std::string version;  // "1.0" unless written
  QueryLanguage language = QueryLanguage::jsonpath;
  std::optional<std::int64_t> timeout_seconds;
  std::vector<State> states;
  std::vector<Graph> graphs;
  // What DescribeStateMachine calls variableReferences: for each state that mentions variables, by name in the order of
  // the definition, the names of the variables, sorted.
  std::vector<std::pair<std::string, std::vector<std::string>>> variable_references;

  const State& at(StateIndex index) const { return states[index]; }
  const Graph& machine() const { return graphs.front(); }
  // nullptr: no such state in any scope.
  const State* find(std::string_view name) const;
};

}  // namespace escapement::asl
