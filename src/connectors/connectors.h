// Carries out what committed executions ask of the world: the engine's effect sink in production.
//
//   engine ── dispatch ──> Connectors ──> functions, activities, nested executions, services here or elsewhere
//      ^                                        │
//      └───────────── deliver(answer) ───────────┘
//
// Order of life: make it, make the engine with it as sink, make the services, connect(), start the engine. Destroy it
// after the engine has stopped. Threading: the sink's methods come from engine threads and do not block.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "connectors/activity_queues.h"
#include "connectors/endpoints.h"
#include "connectors/execution_starter.h"
#include "connectors/lambda_connector.h"
#include "connectors/map_runs.h"
#include "connectors/nested_executions.h"
#include "connectors/role_sessions.h"
#include "connectors/service_caller.h"
#include "connectors/service_connector.h"
#include "engine/effect_sink.h"
#include "engine/engine.h"
#include "functions/function_service.h"
#include "http/loop.h"
#include "identity/authoriser.h"

namespace escapement::connectors {

// All borrowed; they must outlive the engine that uses the connectors.
struct Dependencies {
  engine::Engine& engine;
  functions::FunctionService& functions;
  const identity::Authoriser& authoriser;
  const identity::CredentialSource& credentials;
  ServiceCaller& caller;
  ExecutionStarter& starter;
  store::Store& store;
  const engine::MachineSource& machines;
  Objects* objects = nullptr;  // nullptr: no buckets
};

class Connectors final : public engine::EffectSink {
 public:
  struct Options {
    ActivityQueues::Options activities;
    RoleSessions::Options roles;
    MapRuns::Options map_runs;
  };

  // `timers`, `clock` and `client` are borrowed; `client` may be nullptr (no calls to other endpoints). `timers` must
  // not have been stopped when this is destroyed.
  Connectors(http::Loop& timers, const base::Clock& clock, http::Client* client, Options options);
  ~Connectors() override;

  // Once, before the engine starts. Map runs that were open when the last process ended go on. Errors: io, corrupt.
  base::Result<void> connect(const Dependencies& dependencies);

  ActivityQueues& activities() { return activities_; }
  Endpoints& endpoints() { return endpoints_; }
  MapRuns& map_runs();  // from connect() on
  // Called with every execution that ends, after those added before. Before the engine starts.
  void on_ended(std::function<void(const engine::ExecutionEnded&)> observer) {
    observers_.push_back(std::move(observer));
  }
  // Called with the events of executions whose machines ask for it (engine::EffectSink::recorded). Before the engine
  // starts.
  void on_recorded(std::function<void(engine::RecordedEvents)> observer) { recorded_observer_ = std::move(observer); }

  // A task of no execution, for TestState: its answer goes to `answered`. The dispatch's key is given here.
  void carry_out(engine::TaskDispatch task, TaskAnswers::Answered answered);

  void dispatch(engine::TaskDispatch task) override;
  void cancel(const engine::TaskKey& task) override;
  void child_ended(engine::ChildEnded child, std::move_only_function<void()> settled) override;
  void stop_child(engine::ChildToStop child, std::move_only_function<void()> settled) override;
  void ended(const engine::ExecutionEnded& execution) override;
  void recorded(engine::RecordedEvents events) override;

 private:
  struct Parts;

  void dispatch_integration(engine::TaskDispatch task);

  const base::Clock& clock_;
  Options options_;
  ActivityQueues activities_;
  Endpoints endpoints_;
  std::unique_ptr<Parts> parts_;  // from connect() on
  std::vector<std::function<void(const engine::ExecutionEnded&)>> observers_;
  std::function<void(engine::RecordedEvents)> recorded_observer_;
};

}  // namespace escapement::connectors
