#include "connectors/role_sessions.h"

#include "base/random.h"

namespace escapement::connectors {
namespace {

constexpr std::string_view kService = "states.amazonaws.com";

// AWS names the sessions of a state machine's role with 32 random letters.
std::string new_session_name() { return base::random_text(32, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"); }

}  // namespace

RoleSessions::PrincipalPtr RoleSessions::find(const std::string& key) const {
  const base::Timestamp now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  return found != sessions_.end() && now < found->second.until ? found->second.principal : nullptr;
}

void RoleSessions::keep(const std::string& key, PrincipalPtr principal) {
  const base::Timestamp until = clock_.now() + options_.lifetime;
  const std::lock_guard lock(mutex_);
  if (sessions_.size() >= options_.sessions_max) sessions_.clear();
  sessions_.insert_or_assign(key, Session{std::move(principal), until});
}

base::Result<RoleSessions::PrincipalPtr> RoleSessions::machine_role(const engine::MachineRevision& machine) {
  const std::string key = machine.arn + ' ' + machine.role_arn;
  if (PrincipalPtr principal = find(key)) return principal;
  ESC_TRY(PrincipalPtr principal, authoriser_.assume_for_service(machine.role_arn, kService, new_session_name(),
                                                                 {{"aws:SourceArn", machine.arn}}));
  keep(key, principal);
  return principal;
}

void RoleSessions::task_role(const engine::MachineRevision& machine, const std::string& task_role, Done done) {
  auto own = machine_role(machine);
  if (!own || task_role.empty()) return done(std::move(own));
  std::string key = machine.arn + ' ' + machine.role_arn + ' ' + task_role;
  if (PrincipalPtr principal = find(key)) return done(std::move(principal));

  ServiceCall call;
  call.service = "sts";
  call.operation = "AssumeRole";
  call.region = machine.region;
  call.principal = *own;
  call.input = json::Value::object({{"RoleArn", task_role}, {"RoleSessionName", new_session_name()}});
  caller_.call(std::move(call), [this, key = std::move(key),
                                 done = std::move(done)](base::Result<json::Value> answer) mutable {
    if (!answer) return done(std::move(answer).error());
    const json::Value* credentials = answer->find("Credentials");
    const json::Value* id = credentials ? credentials->find("AccessKeyId") : nullptr;
    const auto found = id && id->is_string() ? credentials_.find_credentials(id->as_string()) : nullptr;
    if (!found)
      return done(base::make_error(base::ErrorCode::internal, "AssumeRole gave credentials that are not known here"));
    keep(key, found->principal);
    done(found->principal);
  });
}

}  // namespace escapement::connectors
