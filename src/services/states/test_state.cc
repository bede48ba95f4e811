#include "interpreter/test_state.h"

#include "base/bytes.h"
#include "base/random.h"
#include "connectors/connectors.h"
#include "services/states/errors.h"
#include "services/states/mock_schema.h"
#include "services/states/operations.h"

namespace escapement::services::states {
namespace {

using interpreter::StateTest;
using interpreter::TestStateRequest;

std::optional<std::int64_t> optional_number(const json::Value& input, std::string_view member) {
  const json::Value* found = input.find(member);
  return found && found->is_int64() ? std::optional(found->as_int64()) : std::nullopt;
}

TestStateRequest request_of(const wire::Call& call) {
  const json::Value& input = call.input;
  TestStateRequest request;
  request.definition = member_text(input, "definition");
  request.input = optional_text(input, "input");
  request.inspection_level = optional_text(input, "inspectionLevel");
  request.role_arn = optional_text(input, "roleArn");
  request.variables = optional_text(input, "variables");
  request.state_name = optional_text(input, "stateName");
  request.context = optional_text(input, "context");
  if (const json::Value* mock = input.find("mock"); mock && mock->is_object()) {
    request.mock_result = optional_text(*mock, "result");
    if (const json::Value* error = mock->find("errorOutput"); error && error->is_object()) {
      request.has_mock_error = true;
      request.mock_error = optional_text(*error, "error");
      request.mock_cause = optional_text(*error, "cause");
    }
  }
  if (const json::Value* configuration = input.find("stateConfiguration");
      configuration && configuration->is_object()) {
    request.retrier_retry_count =
        static_cast<std::uint32_t>(optional_number(*configuration, "retrierRetryCount").value_or(0));
    request.error_caused_by_state = optional_text(*configuration, "errorCausedByState");
    request.map_iteration_failure_count = optional_number(*configuration, "mapIterationFailureCount");
    request.map_item_reader_data = optional_text(*configuration, "mapItemReaderData");
  }
  request.region = call.region;
  request.account = call.account;
  unsigned char seed[8];
  base::secure_random(seed);
  request.seed = base::ByteReader({reinterpret_cast<const char*>(seed), sizeof seed}).u64_be();
  return request;
}

base::Result<void> check_mock(const json::Value& input, const StateTest& test) {
  const json::Value* mock = input.find("mock");
  if (!mock || test.mocked_resource().empty()) return {};
  const std::string_view mode = member_text(*mock, "fieldValidationMode");
  const auto result = optional_text(*mock, "result");
  if (!result || mode == "NONE") return {};
  return check_mock_result(test.mocked_resource(), *result, mode == "PRESENT" ? MockCheck::present : MockCheck::strict);
}

base::Result<void> check_permission(const Operations& operations, const wire::Call& call) {
  ESC_CHECK(operations.authorise(call, "states:TestState", "*"));
  if (flag(call.input, "revealSecrets")) {
    if (call.input.find("mock") != nullptr) return validation("revealSecrets cannot be true when a mock is specified");
    ESC_CHECK(operations.authorise(call, "states:RevealSecrets", "*"));
  }
  if (const auto role = optional_text(call.input, "roleArn")) {
    ESC_CHECK(operations.authoriser.authorise_pass_role(*call.principal, *role, "states.amazonaws.com"));
  }
  return {};
}

// The machine that a tested state stands in, as far as a connector asks.
std::shared_ptr<const engine::MachineRevision> stand_in(const wire::Call& call) {
  auto machine = std::make_shared<engine::MachineRevision>();
  machine->name = "TestState";
  machine->region = call.region;
  machine->account = call.account;
  machine->arn = MachineArn{call.region, call.account, machine->name, {}}.to_string();
  machine->role_arn = member_text(call.input, "roleArn");
  return machine;
}

struct Running {
  const Operations& operations;
  wire::Call call;
  wire::Respond respond;
  StateTest test;
};

// Carries out the tasks that the test asks for, one after another, and answers. Shared with the task's callback.
void go_on(std::shared_ptr<Running> running) {
  auto task = running->test.task();
  if (!task) return running->respond(running->test.response());
  engine::TaskDispatch dispatch;
  dispatch.request = std::move(*task);
  dispatch.machine = stand_in(running->call);
  const Operations& operations = running->operations;
  operations.connectors.carry_out(
      std::move(dispatch), [running = std::move(running)](interpreter::Command command) mutable {
        if (auto taken = running->test.answer(command, running->operations.clock.now()); !taken)
          return running->respond(std::move(taken).error());
        go_on(std::move(running));
      });
}

}  // namespace

void test_state(const Operations& operations, wire::Call call, wire::Respond respond) {
  if (auto allowed = check_permission(operations, call); !allowed) return respond(std::move(allowed).error());
  auto test = StateTest::begin(request_of(call), operations.clock.now());
  if (!test) return respond(std::move(test).error());
  if (auto fits = check_mock(call.input, *test); !fits) return respond(std::move(fits).error());
  go_on(std::make_shared<Running>(operations, std::move(call), std::move(respond), std::move(*test)));
}

}  // namespace escapement::services::states
