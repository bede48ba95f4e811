// Tasks that invoke Lambda functions: a function's ARN as the resource, and the optimised integration `lambda:invoke`
// with its `.waitForTaskToken` form.
//
// The call goes straight to the function service; no HTTP is spoken, but the result shows the response header fields
// that AWS's integration shows. The invocation's request id is made from the task's key, so that a task which is
// dispatched again after a crash reaches the handler with the same `awsRequestId`.
//
// Threading: any thread; nothing here blocks. Answers go to the engine from the function service's thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "connectors/role_sessions.h"
#include "connectors/task_answer.h"
#include "engine/effect_sink.h"
#include "functions/function_service.h"
#include "identity/authoriser.h"

namespace escapement::connectors {

// The ARN that permission is asked for. `function` is a name, a partial ARN or an ARN, each perhaps with ":QUALIFIER".
std::string function_arn(std::string_view function, std::string_view qualifier, std::string_view region,
                         std::string_view account);

class LambdaConnector {
 public:
  LambdaConnector(functions::FunctionService& functions, const identity::Authoriser& authoriser, RoleSessions& roles,
                  const base::Clock& clock, TaskAnswers& answers)
      : functions_(functions), authoriser_(authoriser), roles_(roles), clock_(clock), answers_(answers) {}

  void invoke(engine::TaskDispatch task);
  void cancel(const engine::TaskKey& task);

 private:
  // What of a dispatched task is needed once the answer comes.
  struct Pending {
    engine::TaskKey key;
    std::string request_id;
    bool optimised = false;
    bool waits_for_token = false;
    bool wants_log = false;
    bool asynchronous = false;  // InvocationType Event
  };

  void invoke_as(const RoleSessions::PrincipalPtr& principal, Pending pending, functions::InvokeRequest request);
  void answer(const Pending& pending, base::Result<functions::InvokeResult> result);
  void fail(const Pending& pending, const base::Error& error);
  std::string optimised_output(const Pending& pending, const functions::InvokeResult& result) const;

  functions::FunctionService& functions_;
  const identity::Authoriser& authoriser_;
  RoleSessions& roles_;
  const base::Clock& clock_;
  TaskAnswers& answers_;
};

}  // namespace escapement::connectors
