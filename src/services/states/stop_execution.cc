#include "services/states/errors.h"
#include "services/states/executions.h"

namespace escapement::services::states {
namespace {

// When a closed execution stopped; `fallback` if that cannot be read.
base::Timestamp stop_time_of(const engine::Engine& engine, engine::ExecutionId id, base::Timestamp fallback) {
  const auto execution = engine.reader().describe(id);
  return execution && execution->head.stop_time ? *execution->head.stop_time : fallback;
}

}  // namespace

void stop_execution(const Operations& operations, wire::Call call, wire::Respond respond) {
  auto id = find_execution(operations, call, "states:StopExecution", member_text(call.input, "executionArn"));
  if (!id) return respond(std::move(id).error());
  // Stopping what has ended changes nothing and is answered with the time of its end.
  const auto execution = operations.engine.reader().describe(*id);
  if (!execution) return respond(execution.error());
  if (execution->head.stop_time)
    return respond(json::Value::object({{"stopDate", timestamp(*execution->head.stop_time)}}));

  interpreter::Stop stop{optional_text(call.input, "error"), optional_text(call.input, "cause")};
  operations.engine.submit(
      *id, std::move(stop),
      [&engine = operations.engine, &clock = operations.clock, id = *id,
       respond = std::move(respond)](base::Result<void> done) mutable {
        if (!done) return respond(std::move(done).error());
        respond(json::Value::object({{"stopDate", timestamp(stop_time_of(engine, id, clock.now()))}}));
      });
}

void redrive_execution(const Operations& operations, wire::Call call, wire::Respond respond) {
  const std::string arn(member_text(call.input, "executionArn"));
  auto id = find_execution(operations, call, "states:RedriveExecution", arn);
  if (!id) return respond(std::move(id).error());
  std::string token(member_text(call.input, "clientToken"));
  if (const auto redriven = operations.redrive_tokens->find(arn, token, operations.clock.now()))
    return respond(json::Value::object({{"redriveDate", timestamp(*redriven)}}));
  const auto execution = operations.engine.reader().describe(*id);
  if (!execution) return respond(execution.error());
  if (const auto reason = not_redrivable_reason(*execution, operations.clock.now(), operations.quotas.redrive_period)) {
    return respond(base::make_error(base::ErrorCode::conflict, "ExecutionNotRedrivable", *reason));
  }
  operations.engine.submit(
      *id, interpreter::Redrive{},
      [&operations, arn, token = std::move(token), respond = std::move(respond)](base::Result<void> done) mutable {
        if (!done) return respond(std::move(done).error());
        const base::Timestamp now = operations.clock.now();
        if (!token.empty()) operations.redrive_tokens->add(arn, std::move(token), now);
        respond(json::Value::object({{"redriveDate", timestamp(now)}}));
      });
}

}  // namespace escapement::services::states
