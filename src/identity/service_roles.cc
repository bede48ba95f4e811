// Roles that the server's own services work under: passing one on, and acting as one.
#include "identity/arn.h"
#include "identity/identity.h"
#include "identity/snapshot.h"

namespace escapement::identity {

using base::ErrorCode;
using base::make_error;
using base::Result;

namespace {

constexpr base::Duration kLife = base::Duration::seconds(12 * 3'600);
constexpr std::size_t kKeptMax = 10'000;

// What each service says when it cannot assume the role it is given.
base::Error cannot_assume(std::string_view service) {
  if (service == "lambda.amazonaws.com") {
    return make_error(ErrorCode::invalid, "InvalidParameterValueException",
                      "The role defined for the function cannot be assumed by Lambda.");
  }
  if (service == "scheduler.amazonaws.com") {
    return make_error(ErrorCode::invalid, "ValidationException",
                      "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.");
  }
  return make_error(ErrorCode::denied, "AccessDeniedException",
                    "Neither the global service principal " + std::string(service) +
                        ", nor the regional one is authorized to assume the provided role.");
}

Principal service_principal(std::string_view service) {
  Principal principal;
  principal.type = Principal::Type::service;
  principal.service = service;
  principal.arn = service;
  return principal;
}

bool trusts(const Grants& role, std::string_view role_arn, std::string_view service, const RequestContext& given,
            const Identity& identity) {
  if (role.trust == nullptr) return false;
  const Principal principal = service_principal(service);
  RequestContext context = given;
  context.emplace("aws:SourceAccount", identity.account());
  const Question question{principal, "sts:AssumeRole", role_arn, context, identity.clock().now()};
  return evaluate_resource_policy(*role.trust, question).verdict == Verdict::allow;
}

}  // namespace

Result<void> Identity::authorise_pass_role(const Principal& principal, std::string_view role_arn,
                                           std::string_view service, const RequestContext& context) const {
  ESC_CHECK(authorise(principal, "iam:PassRole", role_arn, {{"iam:PassedToService", std::string(service)}}));
  const auto role = snapshot()->grants(role_arn);
  if (role == nullptr || !trusts(*role, role_arn, service, context, *this)) return cannot_assume(service);
  return {};
}

Result<std::shared_ptr<const Principal>> Identity::assume_for_service(std::string_view role_arn,
                                                                      std::string_view service,
                                                                      std::string_view session_name,
                                                                      const RequestContext& context) const {
  const auto role = snapshot()->grants(role_arn);
  if (role == nullptr || !trusts(*role, role_arn, service, context, *this)) return cannot_assume(service);
  auto principal = std::make_shared<Principal>();
  principal->type = Principal::Type::assumed_role;
  principal->account = account();
  principal->arn = assumed_role_arn(account(), role->name, session_name);
  principal->user_id = role->id + ":" + std::string(session_name);
  principal->role_arn = role_arn;
  principal->tags = role->tags;
  return std::shared_ptr<const Principal>(std::move(principal));
}

Result<TemporaryCredentials> Identity::credentials_for_service(std::string_view role_arn, std::string_view service,
                                                               std::string_view session_name,
                                                               const RequestContext& context) {
  ESC_TRY(const auto principal, assume_for_service(role_arn, service, session_name, context));
  const std::string key = std::string(service) + " " + principal->user_id;
  const base::Timestamp now = clock_.now();
  std::shared_ptr<const Session> session;
  {
    const std::lock_guard lock(service_mutex_);
    const auto found = service_sessions_.find(key);
    if (found != service_sessions_.end() && found->second->issued + base::Duration{kLife.us / 2} > now)
      session = found->second;
  }
  if (session == nullptr) {
    auto credentials = std::make_shared<Credentials>();
    credentials->principal = principal;
    credentials->expiration = now + kLife;
    ESC_TRY(session, issue(Session{.credentials = std::move(credentials)}));
    const std::lock_guard lock(service_mutex_);
    if (service_sessions_.size() >= kKeptMax) service_sessions_.clear();
    service_sessions_.insert_or_assign(key, session);
  }
  const Credentials& made = *session->credentials;
  return TemporaryCredentials{made.principal->access_key_id, made.secret_access_key, made.session_token,
                              *made.expiration};
}

}  // namespace escapement::identity
