#include "identity/directory.h"

#include <algorithm>

#include "base/assert.h"
#include "identity/arn.h"
#include "identity/aws_policies.h"

namespace escapement::identity {
namespace {

using base::ErrorCode;
using base::make_error;
using base::Result;

constexpr std::string_view kRoot = "iam/";

std::string key(std::string_view table, std::string_view name) {
  std::string out(kRoot);
  out.append(table).append("/").append(to_lower(name));
  return out;
}

std::string key(std::string_view table, std::string_view a, std::string_view b) {
  return key(table, a) + "/" + to_lower(b);
}
std::string key(std::string_view table, std::string_view a, std::string_view b, std::string_view c) {
  return key(table, a, b) + "/" + to_lower(c);
}

}  // namespace

base::Error no_such_entity(std::string message) {
  return make_error(ErrorCode::not_found, "NoSuchEntity", std::move(message));
}

base::Error no_such_entity(std::string_view kind, std::string_view name) {
  return no_such_entity("The " + std::string(kind) + " with name " + std::string(name) + " cannot be found.");
}

Directory::Directory(store::Catalog::View view, std::string account)
    : view_(std::move(view)), account_(std::move(account)) {}

Directory::Directory(store::CatalogTransaction& transaction, std::string account)
    : transaction_(&transaction), account_(std::move(account)) {}

std::string Directory::arn(std::string_view kind, std::string_view path, std::string_view name) const {
  std::string out = "arn:aws:iam::" + account_ + ":";
  return out.append(kind).append(path).append(name);
}

std::optional<std::string> Directory::get(const std::string& key_text) const {
  if (transaction_ != nullptr) return transaction_->get(key_text);
  const auto found = view_.get(key_text);
  return found ? std::optional<std::string>(*found) : std::nullopt;
}

void Directory::scan(const std::string& prefix, std::string_view after, const Visit& visit) const {
  const std::string first = after.empty() ? std::string() : prefix + to_lower(after);
  if (transaction_ == nullptr) return view_.scan(prefix, visit, first);
  transaction_->scan(prefix, [&](std::string_view found, std::string_view value) {
    return (!first.empty() && found <= first) || visit(found, value);
  });
}

std::vector<std::string> Directory::names_below(const std::string& prefix) const {
  std::vector<std::string> names;
  scan(prefix, {}, [&](std::string_view found, std::string_view) {
    names.emplace_back(found.substr(prefix.size()));
    return true;
  });
  return names;
}

std::size_t Directory::count(std::string_view prefix) const {
  const std::string full = std::string(kRoot) + std::string(prefix);
  if (transaction_ == nullptr) return view_.count(full);
  std::size_t found = 0;
  transaction_->scan(full, [&](std::string_view, std::string_view) { return ++found, true; });
  return found;
}

Result<Entity> Directory::entity(EntityKind kind, std::string_view name) const {
  const auto text = get(key(to_text(kind), name));
  if (!text) return no_such_entity(to_text(kind), name);
  return decode_entity(*text);
}

std::optional<Entity> Directory::find_entity(std::string_view text) const {
  const auto parsed = parse_arn(text);
  if (!parsed || parsed->service != "iam" || parsed->account != account_) return std::nullopt;
  for (const EntityKind kind : {EntityKind::user, EntityKind::role, EntityKind::group}) {
    if (resource_type(*parsed) != to_text(kind)) continue;
    auto found = entity(kind, resource_name(*parsed));
    if (found && arn(*found) == text) return std::move(*found);
  }
  return std::nullopt;
}

Result<ManagedPolicy> Directory::policy(std::string_view policy_arn) const {
  const auto parsed = parse_arn(policy_arn);
  if (!parsed) return make_error(ErrorCode::invalid, "ValidationError", "Invalid ARN:  Could not be parsed!");
  if (parsed->service != "iam" || resource_type(*parsed) != "policy") {
    return make_error(ErrorCode::invalid, "InvalidInput", "ARN " + std::string(policy_arn) + " is not valid.");
  }
  if (parsed->account == "aws") {
    if (auto found = find_aws_policy(policy_arn)) return std::move(*found);
  } else if (const auto text = get(key("policy", resource_name(*parsed)))) {
    ESC_TRY(auto found, decode_policy(*text));
    if (found.arn == policy_arn) return found;
  }
  return no_such_entity("Policy " + std::string(policy_arn) + " was not found.");
}

Result<AccessKey> Directory::access_key(std::string_view id) const {
  const auto text = get(key("key", id));
  if (text) {
    ESC_TRY(auto found, decode_access_key(*text));
    if (found.id == id) return found;
  }
  return no_such_entity("The Access Key with id " + std::string(id) + " cannot be found.");
}

Result<InstanceProfile> Directory::profile(std::string_view name) const {
  const auto text = get(key("instance-profile", name));
  if (!text) return no_such_entity("Instance Profile " + std::string(name) + " cannot be found.");
  return decode_profile(*text);
}

Result<ServiceCredential> Directory::service_credential(std::string_view id) const {
  const auto text = get(key("service-credential", id));
  if (!text) return no_such_entity("No such credential " + std::string(id) + " exists");
  return decode_service_credential(*text);
}

std::optional<LastUsed> Directory::last_used(std::string_view id) const {
  const auto text = get(key("used", id));
  if (!text) return std::nullopt;
  auto used = decode_last_used(*text);
  return used ? std::optional(std::move(*used)) : std::nullopt;
}

bool Directory::has(EntityKind kind, std::string_view name) const { return get(key(to_text(kind), name)).has_value(); }
bool Directory::has_policy_named(std::string_view name) const { return get(key("policy", name)).has_value(); }
bool Directory::has_profile(std::string_view name) const { return get(key("instance-profile", name)).has_value(); }

Result<void> Directory::each_entity(EntityKind kind, std::string_view after, const VisitEntity& visit) const {
  Result<void> result;
  scan(key(to_text(kind), ""), after, [&](std::string_view, std::string_view text) {
    const auto found = decode_entity(text);
    if (!found) result = found.error();
    return found && visit(*found);
  });
  return result;
}

Result<void> Directory::each_policy(std::string_view after,
                                    const std::function<bool(const ManagedPolicy&)>& visit) const {
  Result<void> result;
  scan(key("policy", ""), after, [&](std::string_view, std::string_view text) {
    const auto found = decode_policy(text);
    if (!found) result = found.error();
    return found && visit(*found);
  });
  return result;
}

Result<void> Directory::each_profile(std::string_view after,
                                     const std::function<bool(const InstanceProfile&)>& visit) const {
  Result<void> result;
  scan(key("instance-profile", ""), after, [&](std::string_view, std::string_view text) {
    const auto found = decode_profile(text);
    if (!found) result = found.error();
    return found && visit(*found);
  });
  return result;
}

std::vector<std::string> Directory::access_keys_of(std::string_view user) const {
  std::vector<std::string> ids;
  scan(key("of-user", user, "key") + "/", {},
       [&](std::string_view, std::string_view value) { return ids.emplace_back(value), true; });
  return ids;
}

std::vector<std::string> Directory::service_credentials_of(std::string_view user) const {
  std::vector<std::string> ids;
  scan(key("of-user", user, "service-credential") + "/", {},
       [&](std::string_view, std::string_view value) { return ids.emplace_back(value), true; });
  return ids;
}

std::vector<std::string> Directory::profiles_of(std::string_view role) const {
  return names_below(key("of-role", role) + "/");
}
std::vector<std::string> Directory::members_of(std::string_view group) const {
  return names_below(key("member", group) + "/");
}

std::vector<Directory::Use> Directory::uses_below(const std::string& prefix) const {
  std::vector<Use> uses;
  for (const std::string& found : names_below(prefix)) {
    const auto slash = found.find('/');
    for (const EntityKind kind : {EntityKind::user, EntityKind::group, EntityKind::role}) {
      if (found.substr(0, slash) == to_text(kind)) uses.push_back({kind, found.substr(slash + 1)});
    }
  }
  return uses;
}

std::vector<Directory::Use> Directory::attachments_of(const ManagedPolicy& policy) const {
  return uses_below(key("attached", policy.id) + "/");
}
std::vector<Directory::Use> Directory::boundary_uses_of(const ManagedPolicy& policy) const {
  return uses_below(key("boundary", policy.id) + "/");
}

void Directory::put_raw(const std::string& key_text, std::string_view value) {
  ESC_ASSERT(transaction_ != nullptr);
  transaction_->put(key_text, value);
}

void Directory::erase_raw(const std::string& key_text) {
  ESC_ASSERT(transaction_ != nullptr);
  transaction_->erase(key_text);
}

void Directory::set_uses(const Entity& entity, bool present) {
  const auto set = [&](const std::string& entry) { present ? put_raw(entry, "") : erase_raw(entry); };
  for (const std::string& attached : entity.attached) {
    if (const auto used = policy(attached)) set(key("attached", used->id, to_text(entity.kind), entity.name));
  }
  if (!entity.boundary.empty()) {
    if (const auto used = policy(entity.boundary)) set(key("boundary", used->id, to_text(entity.kind), entity.name));
  }
  for (const std::string& group : entity.groups) set(key("member", group, entity.name));
}

void Directory::put(const Entity& entity, const Entity* before) {
  if (before != nullptr) set_uses(*before, false);
  put_raw(key(to_text(entity.kind), entity.name), encode(entity));
  set_uses(entity, true);
}

void Directory::erase(const Entity& entity) {
  set_uses(entity, false);
  erase_raw(key(to_text(entity.kind), entity.name));
  erase_raw(key("used", entity.id));
}

void Directory::put(const ManagedPolicy& policy) { put_raw(key("policy", policy.name), encode(policy)); }
void Directory::erase(const ManagedPolicy& policy) { erase_raw(key("policy", policy.name)); }

void Directory::put(const AccessKey& access_key) {
  put_raw(key("key", access_key.id), encode(access_key));
  put_raw(key("of-user", access_key.user, "key", access_key.id), access_key.id);
}

void Directory::erase(const AccessKey& access_key) {
  erase_raw(key("key", access_key.id));
  erase_raw(key("of-user", access_key.user, "key", access_key.id));
  erase_raw(key("used", access_key.id));
}

void Directory::put(const InstanceProfile& profile, const InstanceProfile* before) {
  if (before != nullptr && !before->role.empty()) erase_raw(key("of-role", before->role, before->name));
  put_raw(key("instance-profile", profile.name), encode(profile));
  if (!profile.role.empty()) put_raw(key("of-role", profile.role, profile.name), "");
}

void Directory::erase(const InstanceProfile& profile) {
  if (!profile.role.empty()) erase_raw(key("of-role", profile.role, profile.name));
  erase_raw(key("instance-profile", profile.name));
}

void Directory::put(const ServiceCredential& credential) {
  put_raw(key("service-credential", credential.id), encode(credential));
  put_raw(key("of-user", credential.user, "service-credential", credential.id), credential.id);
}

void Directory::erase(const ServiceCredential& credential) {
  erase_raw(key("service-credential", credential.id));
  erase_raw(key("of-user", credential.user, "service-credential", credential.id));
}

void Directory::put_last_used(std::string_view id, const LastUsed& used) { put_raw(key("used", id), encode(used)); }

std::optional<std::string> Directory::setting(std::string_view name) const {
  return get(std::string(kRoot) + std::string(name));
}

void Directory::put_setting(std::string_view name, std::string_view value) {
  put_raw(std::string(kRoot) + std::string(name), value);
}
void Directory::erase_setting(std::string_view name) { erase_raw(std::string(kRoot) + std::string(name)); }

}  // namespace escapement::identity
