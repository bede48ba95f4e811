// Tasks that call an operation of an AWS service: `aws-sdk:SERVICE:ACTION` for any, and the optimised integrations
// other than lambda:invoke and states:startExecution.
//
// What this server offers is called in the process, as the state machine's role. Anything else needs an endpoint of its
// own in the configuration; without one the task fails with the error that AWS's SDK gives when it cannot reach a
// service ("SQS.SdkClientException"), and the cause says what to configure.
//
// Threading: any thread; nothing blocks.
#pragma once

#include <string>

#include "base/clock.h"
#include "connectors/endpoints.h"
#include "connectors/role_sessions.h"
#include "connectors/sdk_result.h"
#include "connectors/service_caller.h"
#include "connectors/task_answer.h"
#include "engine/effect_sink.h"

namespace escapement::connectors {

class ServiceConnector {
 public:
  ServiceConnector(ServiceCaller& caller, RoleSessions& roles, const Endpoints& endpoints, const base::Clock& clock,
                   TaskAnswers& answers)
      : caller_(caller), roles_(roles), endpoints_(endpoints), clock_(clock), answers_(answers) {}

  void call(engine::TaskDispatch task);

 private:
  // A task whose service and operation were found.
  struct Target {
    engine::TaskKey key;
    std::string service;    // as the task names it, without "aws-sdk:"
    std::string model;      // "stepfunctions"
    std::string operation;  // "SendTaskSuccess"
    bool optimised = false;
    bool waits_for_token = false;
  };

  void call_here(const Target& target, const RoleSessions::PrincipalPtr& principal, const std::string& region,
                 const json::Value& parameters);
  void call_endpoint(const Target& target, const std::string& region, const json::Value& parameters);
  void answer(const Target& target, const json::Value& result);
  void fail(const Target& target, const base::Error& error, bool modelled);

  ServiceCaller& caller_;
  RoleSessions& roles_;
  const Endpoints& endpoints_;
  const base::Clock& clock_;
  TaskAnswers& answers_;
};

}  // namespace escapement::connectors
