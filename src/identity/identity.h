// Who may do what: the users, roles and policies of one account, in force.
//
// The facade of the room. It owns the snapshot that every question is answered from (the committed records, and what
// was compiled from them so far), and the temporary credentials. The records live in the catalog, sessions in the
// store; both are borrowed and must outlive this object.
//
// Threading: any thread. Questions take a shared lock at most; update(), issue() and bootstrap() block for a commit.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "identity/authoriser.h"
#include "identity/directory.h"
#include "identity/evaluate.h"
#include "identity/last_used.h"
#include "identity/sessions.h"
#include "store/catalog.h"
#include "store/store.h"

namespace escapement::identity {

class Snapshot;
class PolicyCache;

// What a client needs to sign.
struct TemporaryCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  base::Timestamp expiration{};
};

class Identity final : public CredentialSource, public Authoriser {
 public:
  struct Options {
    std::string account = "000000000000";
    std::string admin = "admin";  // the user that bootstrap() makes
  };

  // Errors: io, corrupt.
  static base::Result<std::unique_ptr<Identity>> open(store::Store& store, store::Catalog& catalog,
                                                      const base::Clock& clock, Options options);
  ~Identity() override;

  const std::string& account() const { return options_.account; }
  const base::Clock& clock() const { return clock_; }

  // At the first start: makes the user `admin` with the policy AdministratorAccess and an access key. If any user has
  // an access key already, nothing is made and the admin's key is answered (nullopt if it was deleted). Errors: io.
  base::Result<std::optional<AccessKey>> bootstrap();

  // CredentialSource
  std::shared_ptr<const Credentials> find_credentials(std::string_view access_key_id) const override;
  void note_use(std::string_view access_key_id, std::string_view service, std::string_view region,
                base::Timestamp now) override;

  // Authoriser
  base::Result<void> authorise(const Principal& principal, std::string_view action, std::string_view resource,
                               const RequestContext& context = {}) const override;
  base::Result<void> authorise_pass_role(const Principal& principal, std::string_view role_arn,
                                         std::string_view service, const RequestContext& context = {}) const override;
  base::Result<std::shared_ptr<const Principal>> assume_for_service(std::string_view role_arn, std::string_view service,
                                                                    std::string_view session_name,
                                                                    const RequestContext& context = {}) const override;

  // What the identity-based policies, the boundary and the session of `principal` say. Root may do everything, services
  // nothing.
  Decision decide_for(const Principal& principal, std::string_view action, std::string_view resource,
                      const RequestContext& context) const;

  // Credentials for a process that runs as `service` under a role (a function). They are shared: a call within the
  // first half of their twelve hours gets those of the call before. Errors: as assume_for_service, io.
  base::Result<TemporaryCredentials> credentials_for_service(std::string_view role_arn, std::string_view service,
                                                             std::string_view session_name,
                                                             const RequestContext& context = {});

  // For the services iam and sts.
  Directory read() const;
  // Durable and in force when it returns. Errors: those of `change`, io.
  base::Result<void> update(const std::function<base::Result<void>(Directory&)>& change);
  base::Result<std::shared_ptr<const Session>> issue(Session session);
  std::shared_ptr<const Session> find_session(std::string_view access_key_id) const {
    return sessions_->find(access_key_id);
  }
  // Of an access key's or a role's id.
  std::optional<LastUsed> last_used(std::string_view id) const;
  // Writes the last uses that are only in memory. Called by update(); call it before closing.
  base::Result<void> flush_last_used();
  // A document compiled, from the cache. Errors: invalid.
  base::Result<std::shared_ptr<const Policy>> compile(std::string_view document) const;

 private:
  Identity(store::Catalog& catalog, const base::Clock& clock, Options options, std::unique_ptr<Sessions> sessions);
  std::shared_ptr<const Snapshot> snapshot() const;
  void publish();

  store::Catalog& catalog_;
  const base::Clock& clock_;
  Options options_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<PolicyCache> policies_;
  LastUses last_uses_;
  std::mutex publish_mutex_;  // taken before snapshot_mutex_
  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const Snapshot> snapshot_;  // guarded by snapshot_mutex_
  std::mutex service_mutex_;
  std::map<std::string, std::shared_ptr<const Session>, std::less<>> service_sessions_;  // guarded by service_mutex_
};

// The ARN of a role's session: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION.
std::string assumed_role_arn(std::string_view account, std::string_view role, std::string_view session);

}  // namespace escapement::identity
