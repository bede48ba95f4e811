#include "identity/identity.h"

#include "base/log.h"
#include "identity/arn.h"
#include "identity/ids.h"
#include "identity/snapshot.h"

namespace escapement::identity {

using base::ErrorCode;
using base::make_error;
using base::Result;

namespace {

constexpr std::string_view kAdministratorAccess = "arn:aws:iam::aws:policy/AdministratorAccess";

bool is_same_identity(const Principal& principal, const Grants& grants) {
  if (principal.type == Principal::Type::federated_user || principal.user_id.empty()) return true;
  const std::string_view id(principal.user_id);
  return id.substr(0, id.find(':')) == grants.id;
}

// The ARN of the user or role whose policies count.
std::string_view policy_owner(const Principal& principal) {
  return principal.type == Principal::Type::user ? std::string_view(principal.arn)
                                                 : std::string_view(principal.role_arn);
}

}  // namespace

std::string assumed_role_arn(std::string_view account, std::string_view role, std::string_view session) {
  std::string arn = "arn:aws:sts::";
  return arn.append(account).append(":assumed-role/").append(role).append("/").append(session);
}

Identity::Identity(store::Catalog& catalog, const base::Clock& clock, Options options,
                   std::unique_ptr<Sessions> sessions)
    : catalog_(catalog),
      clock_(clock),
      options_(std::move(options)),
      sessions_(std::move(sessions)),
      policies_(std::make_unique<PolicyCache>()) {
  publish();
}

Identity::~Identity() = default;

Result<std::unique_ptr<Identity>> Identity::open(store::Store& store, store::Catalog& catalog, const base::Clock& clock,
                                                 Options options) {
  ESC_TRY(auto sessions, Sessions::open(store));
  return std::unique_ptr<Identity>(new Identity(catalog, clock, std::move(options), std::move(sessions)));
}

std::shared_ptr<const Snapshot> Identity::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

void Identity::publish() {
  const std::lock_guard order(publish_mutex_);
  auto fresh = std::make_shared<const Snapshot>(catalog_.view(), options_.account, *policies_);
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_ = std::move(fresh);
}

Directory Identity::read() const { return snapshot()->directory(); }

Result<void> Identity::update(const std::function<Result<void>(Directory&)>& change) {
  auto uses = last_uses_.take_unwritten();
  auto done = catalog_.update([&](store::CatalogTransaction& transaction) -> Result<void> {
    Directory directory(transaction, options_.account);
    for (const auto& [id, used] : uses) directory.put_last_used(id, used);
    return change(directory);
  });
  if (!done)
    last_uses_.restore(std::move(uses));
  else
    publish();
  return done;
}

Result<void> Identity::flush_last_used() {
  return update([](Directory&) -> Result<void> { return {}; });
}

Result<std::optional<AccessKey>> Identity::bootstrap() {
  std::optional<AccessKey> key;
  const auto admin_key = [&](const Directory& directory) {
    for (const std::string& id : directory.access_keys_of(options_.admin)) {
      auto found = directory.access_key(id);
      if (found && found->active) return key = std::move(*found), true;
    }
    return false;
  };
  if (const Directory directory = read(); admin_key(directory) || directory.count("key/") > 0) return key;
  ESC_CHECK(update([&](Directory& directory) -> Result<void> {
    if (admin_key(directory) || directory.count("key/") > 0) return {};
    const base::Timestamp now = clock_.now();
    if (!directory.has(EntityKind::user, options_.admin)) {
      Entity user{.kind = EntityKind::user,
                  .name = options_.admin,
                  .id = new_entity_id(kUserPrefix),
                  .path = "/",
                  .created = now};
      user.attached.emplace_back(kAdministratorAccess);
      directory.put(user, nullptr);
    }
    key = AccessKey{new_access_key_id(), options_.admin, new_secret_access_key(), true, now};
    directory.put(*key);
    return {};
  }));
  return key;
}

std::shared_ptr<const Credentials> Identity::find_credentials(std::string_view access_key_id) const {
  if (access_key_id.starts_with(kSessionKeyPrefix)) {
    const auto session = sessions_->find(access_key_id);
    return session == nullptr ? nullptr : session->credentials;
  }
  return snapshot()->credentials(access_key_id);
}

void Identity::note_use(std::string_view access_key_id, std::string_view service, std::string_view region,
                        base::Timestamp now) {
  if (!access_key_id.starts_with(kSessionKeyPrefix)) {
    last_uses_.note(access_key_id, service, region, now);
    return;
  }
  const auto session = sessions_->find(access_key_id);
  if (session == nullptr || session->credentials->principal->type != Principal::Type::assumed_role) return;
  const std::string_view id(session->credentials->principal->user_id);
  last_uses_.note(id.substr(0, id.find(':')), service, region, now);
}

std::optional<LastUsed> Identity::last_used(std::string_view id) const {
  auto used = last_uses_.find(id);
  return used ? used : read().last_used(id);
}

Result<std::shared_ptr<const Policy>> Identity::compile(std::string_view document) const {
  return policies_->get(document);
}

Decision Identity::decide_for(const Principal& principal, std::string_view action, std::string_view resource,
                              const RequestContext& context) const {
  if (principal.type == Principal::Type::root) return Decision::allowed;
  if (principal.type == Principal::Type::service) return Decision::not_allowed_by_identity;
  const auto grants = snapshot()->grants(policy_owner(principal));
  if (grants == nullptr || !is_same_identity(principal, *grants)) return Decision::not_allowed_by_identity;

  PolicySet set;
  set.identity = &grants->policies;
  if (grants->has_boundary) set.boundary = grants->boundary.get();
  Policies session;
  for (const std::string& document : principal.session_policies) {
    auto policy = policies_->get(document);
    if (!policy) return Decision::denied_by_session;
    session.push_back(std::move(*policy));
  }
  if (!session.empty() || principal.type == Principal::Type::federated_user) set.session = &session;
  return decide(set, Question{principal, action, resource, context, clock_.now()});
}

Result<void> Identity::authorise(const Principal& principal, std::string_view action, std::string_view resource,
                                 const RequestContext& context) const {
  const Decision decision = decide_for(principal, action, resource, context);
  if (decision == Decision::allowed) return {};
  return make_error(ErrorCode::denied, "AccessDeniedException", denial_message(principal, action, resource, decision));
}

Result<std::shared_ptr<const Session>> Identity::issue(Session session) {
  return sessions_->issue(std::move(session), clock_.now());
}

}  // namespace escapement::identity
