#include "services/states/errors.h"
#include "services/states/executions.h"
#include "services/states/starting.h"
#include "services/states/states_service.h"

namespace escapement::services::states {
namespace {

// An execution that an earlier dispatch of the same task started.
base::Result<engine::Started> find_started(const engine::Engine& engine, const std::string& arn) {
  ESC_TRY(const engine::ExecutionId id, engine.reader().find(arn));
  ESC_TRY(const engine::ExecutionDescription execution, engine.reader().describe(id));
  return engine::Started{id, execution.facts.arn, execution.facts.start_time, true};
}

}  // namespace

void StatesService::start_child(connectors::ChildStart child,
                                std::move_only_function<void(base::Result<engine::Started>)> done) {
  auto target = find_start_target(operations_, child.machine_arn);
  if (!target) return done(std::move(target).error());
  wire::Call call;
  call.principal = child.principal;
  if (auto allowed = operations_.authorise_machine(call, "states:StartExecution", target->arn); !allowed)
    return done(std::move(allowed).error());
  const bool waits = child.link != engine::ParentLink::none;
  if (waits && target->machine->express) return done(machine_type_not_supported());
  auto request = start_request(operations_, *target, child.name, std::move(child.input), std::move(child.trace_header));
  if (!request) return done(std::move(request).error());
  request->parent_link = child.link;
  if (waits) request->parent = child.parent;

  engine::ExecutionArn arn{
      target->machine->region, target->machine->account, target->machine->name, child.name.value_or(""), {}, false};
  operations_.engine.start_execution(std::move(*request),
                                     [this, again = child.again, arn = arn.to_string(),
                                      done = std::move(done)](base::Result<engine::Started> started) mutable {
                                       // Whatever refused this try, an earlier one may have gone through.
                                       if (!started && again) {
                                         if (auto earlier = find_started(operations_.engine, arn))
                                           return done(std::move(earlier));
                                       }
                                       done(std::move(started));
                                     });
}

void StatesService::stop_child(std::string execution_arn, std::shared_ptr<const identity::Principal> principal,
                               std::move_only_function<void(base::Result<void>)> done) {
  wire::Call call;
  call.principal = std::move(principal);
  const auto id = find_execution(operations_, call, "states:StopExecution", execution_arn);
  if (!id) return done(id.error());
  operations_.engine.deliver(*id, interpreter::Stop{}, std::move(done));
}

}  // namespace escapement::services::states
