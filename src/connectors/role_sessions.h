// The principals that tasks act as: the state machine's role, or the role that the task's Credentials name.
//
// A role's session is made once and kept for `lifetime`, as AWS keeps one; a change of the role's trust policy is seen
// when the session is made anew. Permissions are not kept here: every call asks the authoriser.
//
// Threading: any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "connectors/service_caller.h"
#include "engine/machine.h"
#include "identity/authoriser.h"

namespace escapement::connectors {

class RoleSessions {
 public:
  using PrincipalPtr = std::shared_ptr<const identity::Principal>;
  using Done = std::move_only_function<void(base::Result<PrincipalPtr>)>;

  struct Options {
    base::Duration lifetime = base::Duration::seconds(1);
    std::size_t sessions_max = 10'000;
  };

  // All references are borrowed and must outlive this. `caller` serves sts:AssumeRole for chained roles.
  RoleSessions(const identity::Authoriser& authoriser, const identity::CredentialSource& credentials,
               ServiceCaller& caller, const base::Clock& clock, Options options)
      : authoriser_(authoriser), credentials_(credentials), caller_(caller), clock_(clock), options_(options) {}

  // The session of a state machine's role. Errors: denied.
  base::Result<PrincipalPtr> machine_role(const engine::MachineRevision& machine);
  // The session of `task_role`, assumed by the machine's role; empty: the machine's role itself. `done` may run before
  // the call returns. Errors: denied, and those of AssumeRole.
  void task_role(const engine::MachineRevision& machine, const std::string& task_role, Done done);

 private:
  struct Session {
    PrincipalPtr principal;
    base::Timestamp until;
  };

  PrincipalPtr find(const std::string& key) const;
  void keep(const std::string& key, PrincipalPtr principal);

  const identity::Authoriser& authoriser_;
  const identity::CredentialSource& credentials_;
  ServiceCaller& caller_;
  const base::Clock& clock_;
  Options options_;
  mutable std::mutex mutex_;
  // Guarded by mutex_; under "MACHINE ROLE", chained ones under "MACHINE ROLE TASK_ROLE": a role may trust one machine
  // only.
  std::unordered_map<std::string, Session> sessions_;
};

}  // namespace escapement::connectors
