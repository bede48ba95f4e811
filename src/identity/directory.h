// The records of IAM in the catalog, read and changed by name.
//
// Keys (below "iam/"; names in lower case, since IAM's are unique without regard to case):
//   user/NAME group/NAME role/NAME         entities
//   policy/NAME                            customer managed policies
//   key/ID  service-credential/ID          access keys and passwords; each also under of-user/NAME/KIND/ID
//   instance-profile/NAME                  also under of-role/ROLE/NAME
//   member/GROUP/USER                      who is in a group
//   attached/POLICY-ID/KIND/NAME, boundary/POLICY-ID/KIND/NAME   where a policy is used
//   used/ID                                when a key or role was last used
//   alias, password-policy                 of the account
// The second entries hold nothing; put() and erase() keep them in step with the records.
//
// A directory is a short-lived view: of the committed state, or of a transaction with its own writes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/records.h"
#include "store/catalog.h"

namespace escapement::identity {

class Directory {
 public:
  Directory(store::Catalog::View view, std::string account);
  // `transaction` is borrowed for the directory's life.
  Directory(store::CatalogTransaction& transaction, std::string account);

  const std::string& account() const { return account_; }
  // arn:aws:iam::ACCOUNT:KIND/PATH/NAME
  std::string arn(std::string_view kind, std::string_view path, std::string_view name) const;
  std::string arn(const Entity& entity) const { return arn(to_text(entity.kind), entity.path, entity.name); }

  // Lookups by name. Errors: not_found (NoSuchEntity, in IAM's words), corrupt.
  base::Result<Entity> entity(EntityKind kind, std::string_view name) const;
  base::Result<ManagedPolicy> policy(std::string_view arn) const;  // AWS's own too; invalid for what is no policy's ARN
  base::Result<AccessKey> access_key(std::string_view id) const;
  base::Result<InstanceProfile> profile(std::string_view name) const;
  base::Result<ServiceCredential> service_credential(std::string_view id) const;
  std::optional<LastUsed> last_used(std::string_view id) const;
  // The entity that an ARN names (of this account, path and case exact); nullopt: none.
  std::optional<Entity> find_entity(std::string_view arn) const;

  bool has(EntityKind kind, std::string_view name) const;
  bool has_policy_named(std::string_view name) const;
  bool has_profile(std::string_view name) const;

  // Listings in the order of names. `after` is a name as last_name() gave it; `visit` returns false to stop.
  using VisitEntity = std::function<bool(const Entity&)>;
  base::Result<void> each_entity(EntityKind kind, std::string_view after, const VisitEntity& visit) const;
  base::Result<void> each_policy(std::string_view after, const std::function<bool(const ManagedPolicy&)>& visit) const;
  base::Result<void> each_profile(std::string_view after,
                                  const std::function<bool(const InstanceProfile&)>& visit) const;
  std::vector<std::string> access_keys_of(std::string_view user) const;
  std::vector<std::string> service_credentials_of(std::string_view user) const;
  std::vector<std::string> profiles_of(std::string_view role) const;  // names in lower case
  std::vector<std::string> members_of(std::string_view group) const;  // likewise

  struct Use {
    EntityKind kind;
    std::string name;  // in lower case
  };
  std::vector<Use> attachments_of(const ManagedPolicy& policy) const;
  std::vector<Use> boundary_uses_of(const ManagedPolicy& policy) const;
  std::size_t count(std::string_view prefix) const;  // "user/", "policy/"

  // Changes; only on a transaction. `before` is the record as it was, for the entries beside it.
  void put(const Entity& entity, const Entity* before);
  void erase(const Entity& entity);
  void put(const ManagedPolicy& policy);
  void erase(const ManagedPolicy& policy);
  void put(const AccessKey& key);
  void erase(const AccessKey& key);
  void put(const InstanceProfile& profile, const InstanceProfile* before);
  void erase(const InstanceProfile& profile);
  void put(const ServiceCredential& credential);
  void erase(const ServiceCredential& credential);
  void put_last_used(std::string_view id, const LastUsed& used);

  // Plain texts of the account: "alias", "password-policy".
  std::optional<std::string> setting(std::string_view name) const;
  void put_setting(std::string_view name, std::string_view value);
  void erase_setting(std::string_view name);

 private:
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  std::optional<std::string> get(const std::string& key) const;
  void scan(const std::string& prefix, std::string_view after, const Visit& visit) const;
  std::vector<std::string> names_below(const std::string& prefix) const;
  std::vector<Use> uses_below(const std::string& prefix) const;
  void put_raw(const std::string& key, std::string_view value);
  void erase_raw(const std::string& key);
  void set_uses(const Entity& entity, bool present);

  store::Catalog::View view_;
  store::CatalogTransaction* transaction_ = nullptr;
  std::string account_;
};

base::Error no_such_entity(std::string message);
base::Error no_such_entity(std::string_view kind, std::string_view name);  // "The user with name X cannot be found."

}  // namespace escapement::identity
