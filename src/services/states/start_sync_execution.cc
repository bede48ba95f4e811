#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "services/states/errors.h"
#include "services/states/starting.h"

namespace escapement::services::states {
namespace {

// Express executions are billed by the started 100 ms and by memory in steps of 64 MB.
json::Value billing(base::Duration duration) {
  const std::int64_t hundreds = std::max<std::int64_t>(1, (duration.ms() + 99) / 100);
  return json::Value::object(
      {{"billedDurationInMilliseconds", hundreds * 100}, {"billedMemoryUsedInMB", std::int64_t{64}}});
}

std::string_view status_of(interpreter::Status status) {
  if (status == interpreter::Status::succeeded) return "SUCCEEDED";
  return status == interpreter::Status::timed_out ? "TIMED_OUT" : "FAILED";
}

struct Waiting {
  std::string machine_arn;
  std::string name;
  std::string input;
  std::string trace_header;
  bool with_data = true;
};

json::Value answer_of(const Waiting& waiting, engine::Ended& ended) {
  const json::Value details = json::Value::object({{"included", waiting.with_data}});
  json::ObjectBuilder answer;
  answer.set("billingDetails", billing(ended.stop_time - ended.start_time));
  if (ended.cause) answer.set("cause", std::move(*ended.cause));
  if (ended.error) answer.set("error", std::move(*ended.error));
  answer.set("executionArn", ended.arn);
  if (waiting.with_data) answer.set("input", waiting.input);
  answer.set("inputDetails", details);
  answer.set("name", waiting.name);
  if (waiting.with_data && ended.output) answer.set("output", ended.output.text());
  answer.set("outputDetails", details);
  answer.set("startDate", timestamp(ended.start_time));
  answer.set("stateMachineArn", waiting.machine_arn);
  answer.set("status", status_of(ended.status));
  answer.set("stopDate", timestamp(ended.stop_time));
  if (!waiting.trace_header.empty()) answer.set("traceHeader", waiting.trace_header);
  return std::move(answer).build();
}

// Answers once, with the start's error or with the end.
struct OneAnswer {
  std::mutex mutex;
  wire::Respond respond;

  void give(base::Result<json::Value> answer) {
    wire::Respond mine;
    {
      const std::lock_guard lock(mutex);
      mine = std::exchange(respond, nullptr);
    }
    if (mine) mine(std::move(answer));
  }
};

}  // namespace

void start_sync_execution(const Operations& operations, wire::Call call, wire::Respond respond) {
  auto target = find_start_target(operations, member_text(call.input, "stateMachineArn"));
  if (!target) return respond(std::move(target).error());
  if (auto allowed = operations.authorise_machine(call, "states:StartSyncExecution", target->arn); !allowed) {
    return respond(std::move(allowed).error());
  }
  if (!target->machine->express) return respond(machine_type_not_supported());
  Waiting waiting;
  waiting.machine_arn = target->machine->arn;
  waiting.input = optional_text(call.input, "input").value_or("{}");
  waiting.trace_header = member_text(call.input, "traceHeader");
  waiting.with_data = member_text(call.input, "includedData") != "METADATA_ONLY";
  auto request =
      start_request(operations, *target, optional_text(call.input, "name"), waiting.input, waiting.trace_header);
  if (!request) return respond(std::move(request).error());

  // Shared by the two callbacks, one of which answers.
  auto answer = std::make_shared<OneAnswer>();
  answer->respond = std::move(respond);
  operations.engine.start_and_wait(
      std::move(*request),
      [answer](base::Result<engine::Started> started) {
        if (!started) answer->give(std::move(started).error());
      },
      [answer, waiting = std::move(waiting)](engine::Ended ended) mutable {
        if (const auto arn = engine::ExecutionArn::parse(ended.arn)) waiting.name = arn->name;
        answer->give(answer_of(waiting, ended));
      });
}

}  // namespace escapement::services::states
