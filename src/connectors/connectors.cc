#include "connectors/connectors.h"

#include "base/assert.h"
#include "engine/keys.h"

namespace escapement::connectors {

using Kind = interpreter::TaskRequest::Kind;

struct Connectors::Parts {
  Parts(const Dependencies& from, const base::Clock& clock, const Endpoints& endpoints,
        const Connectors::Options& options)
      : engine(from.engine),
        answers(from.engine),
        roles(from.authoriser, from.credentials, from.caller, clock, options.roles),
        lambda(from.functions, from.authoriser, roles, clock, answers),
        nested(from.engine, from.starter, roles, clock, answers),
        services(from.caller, roles, endpoints, clock, answers),
        map_runs(from.store, std::string(1, engine::keys::kMapRunRecords), from.machines, from.engine, clock,
                 from.objects, answers, options.map_runs) {}

  engine::Engine& engine;
  TaskAnswers answers;
  RoleSessions roles;
  LambdaConnector lambda;
  NestedExecutions nested;
  ServiceConnector services;
  MapRuns map_runs;
};

Connectors::Connectors(http::Loop& timers, const base::Clock& clock, http::Client* client, Options options)
    : clock_(clock), options_(options), activities_(timers, options.activities), endpoints_(client, clock) {}

Connectors::~Connectors() = default;

base::Result<void> Connectors::connect(const Dependencies& dependencies) {
  parts_ = std::make_unique<Parts>(dependencies, clock_, endpoints_, options_);
  return parts_->map_runs.resume();
}

MapRuns& Connectors::map_runs() {
  ESC_ASSERT(parts_ != nullptr);
  return parts_->map_runs;
}

void Connectors::dispatch(engine::TaskDispatch task) {
  ESC_ASSERT(parts_ != nullptr);
  switch (task.request.kind) {
    case Kind::lambda_function:
      return parts_->lambda.invoke(std::move(task));
    case Kind::activity:
      return activities_.add(task.request.resource,
                             {task.key, parts_->engine.task_tokens().token(task.key), task.request.parameters.text()});
    case Kind::integration:
      return dispatch_integration(std::move(task));
    case Kind::map_run:
      return parts_->map_runs.start(std::move(task));
  }
}

void Connectors::carry_out(engine::TaskDispatch task, TaskAnswers::Answered answered) {
  task.key = parts_->answers.add_lone_task(task.request.id, std::move(answered));
  dispatch(std::move(task));
}

void Connectors::dispatch_integration(engine::TaskDispatch task) {
  if (task.request.service == "lambda" && task.request.action == "invoke")
    return parts_->lambda.invoke(std::move(task));
  if (task.request.service == "states" && task.request.action == "startExecution")
    return parts_->nested.start(std::move(task));
  parts_->services.call(std::move(task));
}

void Connectors::cancel(const engine::TaskKey& task) {
  activities_.remove(task);
  parts_->lambda.cancel(task);
  parts_->map_runs.cancel(task);
}

void Connectors::child_ended(engine::ChildEnded child, std::move_only_function<void()> settled) {
  if (child.link == engine::ParentLink::map_run)
    return parts_->map_runs.child_ended(std::move(child), std::move(settled));
  parts_->nested.child_ended(std::move(child), std::move(settled));
}

void Connectors::stop_child(engine::ChildToStop child, std::move_only_function<void()> settled) {
  parts_->nested.stop_child(child, std::move(settled));
}

void Connectors::ended(const engine::ExecutionEnded& execution) {
  for (const auto& observer : observers_) observer(execution);
}

void Connectors::recorded(engine::RecordedEvents events) {
  if (recorded_observer_) recorded_observer_(std::move(events));
}

}  // namespace escapement::connectors
