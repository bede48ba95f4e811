#include "interpreter/test_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "asl/compile.h"
#include "interpreter/scope.h"
#include "interpreter/test_state_context.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::interpreter {

using base::ErrorCode;
using json::Payload;
using json::Value;

namespace {

// The name that a state has in the context object when its definition gives none.
constexpr std::string_view kUnnamed = "StateName";

base::Error invalid(std::string message) {
  return base::make_error(ErrorCode::invalid, "ValidationException", std::move(message));
}

base::Error too_many_failures() {
  return invalid("Map iteration failure count must be less than or equal to the number of Map iterations");
}

// With a blank after each comma and colon, as AWS shows items here.
void print_spaced(std::string& out, const Value& value) {
  if (value.is_array()) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ", ";
      print_spaced(out, value[i]);
    }
    out += ']';
  } else if (value.is_object()) {
    out += '{';
    bool first = true;
    for (const json::Member& member : value.members()) {
      if (!first) out += ", ";
      first = false;
      json::print_string_to(out, member.key);
      out += ": ";
      print_spaced(out, member.value);
    }
    out += '}';
  } else {
    json::print_to(out, value);
  }
}

struct StageName {
  Stage stage;
  std::string_view member;
};

constexpr StageName kStages[] = {
    {Stage::after_input_path, "afterInputPath"},
    {Stage::after_parameters, "afterParameters"},
    {Stage::after_arguments, "afterArguments"},
    {Stage::after_items_path, "afterItemsPath"},
    {Stage::after_item_selector, "afterItemSelector"},
    {Stage::after_item_batcher, "afterItemBatcher"},
    {Stage::result, "result"},
    {Stage::after_result_selector, "afterResultSelector"},
    {Stage::after_result_path, "afterResultPath"},
    {Stage::max_concurrency, "maxConcurrency"},
    {Stage::tolerated_failure_count, "toleratedFailureCount"},
    {Stage::tolerated_failure_percentage, "toleratedFailurePercentage"},
};

// Gathers what the step function shows, and stands in for children.
class Recorder final : public Inspector {
 public:
  explicit Recorder(const TestStateRequest& request) : request_(request) {}

  void see(Stage stage, const Payload& data) override {
    const auto* name =
        std::find_if(std::begin(kStages), std::end(kStages), [&](const StageName& s) { return s.stage == stage; });
    if (stage == Stage::max_concurrency || stage == Stage::tolerated_failure_count ||
        stage == Stage::tolerated_failure_percentage) {
      inspection_.set(name->member, value_of(data));
    } else if (stage == Stage::after_items_path) {
      std::string text;
      print_spaced(text, value_of(data));
      inspection_.set(name->member, std::move(text));
    } else {
      inspection_.set(name->member, data.text());
    }
  }

  void leaves(const Payload& output, const std::string& next, const Value* assigned) override {
    output_ = output;
    next_ = next;
    if (assigned != nullptr) assigned_ = *assigned;
  }

  void retries(std::size_t retrier, std::optional<double> delay_seconds) override {
    details_.set("retryIndex", static_cast<std::int64_t>(retrier));
    if (!delay_seconds) return;
    retriable_ = true;
    details_.set("retryBackoffIntervalSeconds", static_cast<std::int64_t>(std::llround(*delay_seconds)));
  }

  void catches(std::size_t catcher) override {
    caught_ = true;
    details_.set("catchIndex", static_cast<std::int64_t>(catcher));
  }

  void fails(const StateError& error) override { error_ = error; }

  Children children(std::size_t items, std::optional<std::int64_t> tolerated_count,
                    std::optional<double> tolerated_percentage) override {
    Children out;
    if (request_.has_mock_error) {
      out.error = StateError{request_.mock_error, request_.mock_cause};
      return out;
    }
    out.results = Payload::from_text(request_.mock_result.value_or("null"));
    const auto failed = static_cast<double>(request_.map_iteration_failure_count.value_or(0));
    more_failures_than_items_ = failed > static_cast<double>(items);
    const bool too_many = tolerated_count && failed > static_cast<double>(*tolerated_count);
    const bool too_large_share =
        tolerated_percentage && failed * 100 > *tolerated_percentage * static_cast<double>(items);
    if (too_many || too_large_share) {
      out.error = StateError{"States.ExceedToleratedFailureThreshold",
                             "The specified tolerated failure threshold was exceeded"};
    }
    return out;
  }

  std::optional<Value> reader_items() override {
    if (!request_.map_item_reader_data) return std::nullopt;
    auto items = json::parse(*request_.map_item_reader_data);
    return items && items->is_array() ? std::optional(*std::move(items)) : std::nullopt;
  }

  bool more_failures_than_items() const { return more_failures_than_items_; }
  bool has_ended() const { return !output_.absent() || error_; }

  Value response(const std::string& input, const Value& variables) const {
    json::ObjectBuilder out;
    if (!output_.absent()) out.set("output", output_.text());
    if (error_ && error_->error) out.set("error", *error_->error);
    if (error_ && error_->cause) out.set("cause", *error_->cause);
    const std::string level = request_.inspection_level.value_or("INFO");
    if (level != "INFO") out.set("inspectionData", inspection(input, variables));
    if (!output_.absent() && !next_.empty()) out.set("nextState", next_);
    out.set("status", status());
    return std::move(out).build();
  }

 private:
  std::string_view status() const {
    if (caught_ && !output_.absent()) return "CAUGHT_ERROR";
    if (!error_) return "SUCCEEDED";
    return retriable_ ? "RETRIABLE" : "FAILED";
  }

  Value inspection(const std::string& input, const Value& variables) const {
    json::ObjectBuilder out;
    out.set("input", input);
    const Value seen = json::ObjectBuilder(inspection_).build();
    for (const json::Member& member : seen.members()) out.set(member.key, member.value);
    json::ObjectBuilder all(variables);
    for (std::size_t i = 0; assigned_.is_object() && i < assigned_.size(); ++i) {
      all.set(assigned_.members()[i].key, assigned_.members()[i].value);
    }
    if (!all.empty()) out.set("variables", json::print(std::move(all).build()));
    if (!details_.empty()) out.set("errorDetails", json::ObjectBuilder(details_).build());
    return std::move(out).build();
  }

  const TestStateRequest& request_;
  json::ObjectBuilder inspection_;
  json::ObjectBuilder details_;
  Payload output_;
  std::string next_;
  Value assigned_;
  std::optional<StateError> error_;
  bool retriable_ = false;
  bool caught_ = false;
  bool more_failures_than_items_ = false;
};

class NoFrames final : public FrameSource {
 public:
  base::Result<Frame> load_frame(FrameId) override { return base::make_error(ErrorCode::not_found, "no such frame"); }
};

bool has_mock(const TestStateRequest& request) { return request.mock_result.has_value() || request.has_mock_error; }

std::size_t item_count(const Value& value) { return value.is_array() ? value.size() : 0; }

// Whether the mock goes with the state. AWS's words.
base::Result<void> check_mock(const TestStateRequest& request, const asl::State& state) {
  const asl::StateType type = state.type();
  const bool has_children = type == asl::StateType::map || type == asl::StateType::parallel;
  if (request.mock_result && request.has_mock_error) {
    return invalid("A test mock should have only one of the following fields: [result, errorOutput].");
  }
  if (!has_mock(request)) {
    if (has_children) {
      return base::make_error(
          ErrorCode::invalid, "InvalidDefinition",
          "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, "
          "Succeed, Fail, Choice]");
    }
    if (type == asl::StateType::task && !request.role_arn)
      return invalid("RoleArn must be specified when testing a Task state");
    return {};
  }
  if (!has_children && type != asl::StateType::task) {
    return invalid(fmt::format("State type '{}' is not supported when a mock is specified", asl::to_string(type)));
  }
  if (!request.mock_result) return {};
  const auto result = json::parse(*request.mock_result);
  if (!result) return invalid("Mocked result must be valid JSON");
  if (type == asl::StateType::parallel) {
    if (!result->is_array()) return invalid("Mocked result must be an array.");
    if (result->size() != state.as<asl::ParallelState>().branches.size()) {
      return invalid("Mocked result must contain the same number of items as number of Parallel branches.");
    }
  }
  if (type == asl::StateType::map) {
    const bool writes_results = state.as<asl::MapState>().result_writer.has_value();
    if (writes_results && !result->is_object()) return invalid("Mocked result must be a JSON object.");
    if (!writes_results && !result->is_array()) return invalid("Mocked result must be an array.");
    if (!writes_results &&
        request.map_iteration_failure_count.value_or(0) > static_cast<std::int64_t>(item_count(*result))) {
      return too_many_failures();
    }
  }
  return {};
}

base::Result<const asl::State*> find_state(const asl::Program& program, const TestStateRequest& request) {
  if (!request.state_name) return &program.at(program.machine().start_at);
  const asl::State* state = program.find(*request.state_name);
  if (state == nullptr) return invalid("State not found in definition");
  return state;
}

base::Result<Value> parse_object(const std::optional<std::string>& text, std::string_view what) {
  if (!text) return Value::object(std::vector<json::Member>{});
  auto value = json::parse(*text);
  if (!value || !value->is_object()) return invalid(fmt::format("{} must be a JSON object", what));
  return *std::move(value);
}

}  // namespace

struct StateTest::Parts {
  explicit Parts(TestStateRequest the_request) : request(std::move(the_request)), recorder(request) {}

  TestStateRequest request;
  Recorder recorder;
  NoFrames frames;
  std::shared_ptr<const asl::Program> program;  // shared with the compiler's other users
  std::unique_ptr<ExecutionState> state;
  Value context;
  Value variables;
  std::string input;
  std::string mocked_resource;

  base::Result<void> step(const Command& command, base::Timestamp now) {
    const Limits limits;
    StepContext step_context{.now = now, .limits = &limits};
    step_context.inspector = &recorder;
    step_context.context_object = &context;
    ESC_TRY(const auto transition, interpreter::step(*program, *state, command, step_context));
    return {};
  }

  base::Result<void> place(const asl::State& at, base::Timestamp now);
};

// Puts the execution where the state is about to be entered.
base::Result<void> StateTest::Parts::place(const asl::State& at, base::Timestamp now) {
  base::SplitMix generator(request.seed);
  ExecutionFacts facts = made_up_execution(request, generator, now);
  facts.input = Payload::from_text(input);
  if (request.context) {
    ESC_TRY(context, parse_context(*request.context));
  } else {
    const std::string_view name = request.state_name ? std::string_view(*request.state_name) : kUnnamed;
    context = made_up_context(facts, name, request.retrier_retry_count, request.role_arn.has_value(), now);
  }
  state = std::make_unique<ExecutionState>(std::move(facts), frames);
  state->head.random_state = generator.state();
  state->head.next_event_id = 2;  // an execution that has started
  Frame& root = state->create(0);
  root.state = at.index;
  root.input = state->facts.input;
  root.retries.assign(at.retry.size(), request.retrier_retry_count);
  root.runnable.push_back(0);
  if (!variables.is_object()) return {};
  for (const json::Member& member : variables.members())
    root.variables.push_back({member.key, Payload::from_value(member.value)});
  return {};
}

StateTest::StateTest(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
StateTest::StateTest(StateTest&&) noexcept = default;
StateTest& StateTest::operator=(StateTest&&) noexcept = default;
StateTest::~StateTest() = default;

base::Result<StateTest> StateTest::begin(TestStateRequest request, base::Timestamp now) {
  auto parts = std::make_unique<Parts>(std::move(request));
  const TestStateRequest& asked = parts->request;
  asl::Compilation compiled = asl::compile(asked.definition, {.single_state = true});
  if (!compiled.program) {
    return base::make_error(ErrorCode::invalid, "InvalidDefinition",
                            asl::invalid_definition_message(compiled.diagnostics));
  }
  parts->program = std::move(compiled.program);
  ESC_TRY(const asl::State* const state, find_state(*parts->program, asked));
  ESC_CHECK(check_mock(asked, *state));
  parts->input = asked.input.value_or("{}");
  if (const auto parsed = json::parse(parts->input); !parsed) {
    return base::make_error(ErrorCode::invalid, "InvalidExecutionInput",
                            "Invalid State Machine Execution Input: '" + parsed.error().message + "'");
  }
  ESC_TRY(parts->variables, parse_object(asked.variables, "Variables"));
  ESC_CHECK(parts->place(*state, now));
  if (state->type() == asl::StateType::task && asked.mock_result)
    parts->mocked_resource = state->as<asl::TaskState>().resource.arn;
  ESC_CHECK(parts->step(Continue{}, now));
  if (parts->recorder.more_failures_than_items()) return too_many_failures();

  if (state->type() == asl::StateType::task && has_mock(asked)) {
    const auto task = task_of(*parts->program, *parts->state, 0);
    if (task && *task) {
      const TaskId id = (*task)->id;
      Command outcome = TaskFailed{id, asked.mock_error, asked.mock_cause};
      if (asked.mock_result) outcome = TaskSucceeded{id, Payload::from_text(*asked.mock_result)};
      ESC_CHECK(parts->step(outcome, now));
    }
  }
  // A Wait state is not waited for.
  if (const auto root = parts->state->find(0); root && (*root)->phase == Phase::waiting) {
    ESC_CHECK(parts->step(TimerFired{{0, TimerKind::wait, (*root)->attempt}}, now));
  }
  return StateTest(std::move(parts));
}

const std::string& StateTest::mocked_resource() const { return parts_->mocked_resource; }

std::optional<TaskRequest> StateTest::task() {
  if (parts_->recorder.has_ended()) return std::nullopt;
  auto request = task_of(*parts_->program, *parts_->state, 0);
  return request ? *std::move(request) : std::nullopt;
}

base::Result<void> StateTest::answer(const Command& command, base::Timestamp now) { return parts_->step(command, now); }

Value StateTest::response() const { return parts_->recorder.response(parts_->input, parts_->variables); }

}  // namespace escapement::interpreter
