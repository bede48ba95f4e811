// TestState: one state alone, run through the same step function as an execution, with or without mocks.
//
//   StateTest::begin checks the request and runs the state. If it is a Task without a mock, task() says what to carry
//   out, and answer() takes the outcome. response() is then the API's answer.
//
// Threading: one thread. Pure but for the ids that begin() is given.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "interpreter/step.h"
#include "json/value.h"

namespace escapement::interpreter {

// AWS Step Functions API, TestStateInput; absent members are nullopt.
struct TestStateRequest {
  std::string definition;
  std::optional<std::string> input;
  std::optional<std::string> inspection_level;  // INFO (the default), DEBUG, TRACE
  std::optional<std::string> role_arn;
  std::optional<std::string> variables;  // a JSON object
  std::optional<std::string> state_name;
  std::optional<std::string> context;  // a JSON object
  std::optional<std::string> mock_result;
  bool has_mock_error = false;
  std::optional<std::string> mock_error;
  std::optional<std::string> mock_cause;
  std::uint32_t retrier_retry_count = 0;
  std::optional<std::string> error_caused_by_state;
  std::optional<std::int64_t> map_iteration_failure_count;
  std::optional<std::string> map_item_reader_data;
  // Of the server, for the context object and for tasks.
  std::string region;
  std::string account;
  std::uint64_t seed = 0;  // of everything random, the made-up execution's name included
};

class StateTest {
 public:
  // Errors: invalid ("ValidationException", "InvalidDefinition").
  static base::Result<StateTest> begin(TestStateRequest request, base::Timestamp now);
  StateTest(StateTest&&) noexcept;
  StateTest& operator=(StateTest&&) noexcept;
  ~StateTest();

  // The resource that a mocked result must fit (MockInput's fieldValidationMode); empty unless a Task's result is
  // mocked.
  const std::string& mocked_resource() const;
  // What to carry out before there is a response.
  std::optional<TaskRequest> task();
  // TaskSucceeded, TaskFailed, TaskStartFailed or TaskSubmitted for that task; anything else is ignored.
  base::Result<void> answer(const Command& command, base::Timestamp now);
  // TestStateOutput. Only when task() is empty.
  json::Value response() const;

 private:
  struct Parts;
  explicit StateTest(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace escapement::interpreter
