#include "identity/snapshot.h"

#include "base/log.h"

namespace escapement::identity {
namespace {

// Stands in for a policy that cannot be read: since it might have denied something, it denies everything.
std::shared_ptr<const Policy> deny_everything() {
  static const std::shared_ptr<const Policy> policy =
      *compile_policy(R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]})");
  return policy;
}

template <typename T, typename Make>
std::shared_ptr<const T> find_or_make(std::shared_mutex& mutex, TextMap<std::shared_ptr<const T>>& map,
                                      std::string_view key, std::size_t max, const Make& make) {
  {
    const std::shared_lock lock(mutex);
    const auto found = map.find(key);
    if (found != map.end()) return found->second;
  }
  auto made = make();
  if (made == nullptr) return made;  // what does not exist is not remembered: callers could fill the map with it
  const std::unique_lock lock(mutex);
  if (map.size() >= max) map.clear();
  map.insert_or_assign(std::string(key), made);
  return made;
}

}  // namespace

base::Result<std::shared_ptr<const Policy>> PolicyCache::get(std::string_view document) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = policies_.find(document);
    if (found != policies_.end()) return found->second;
  }
  ESC_TRY(auto policy, compile_policy(document));
  const std::lock_guard lock(mutex_);
  if (policies_.size() >= kMax) policies_.clear();
  policies_.insert_or_assign(std::string(document), policy);
  return policy;
}

Snapshot::Snapshot(store::Catalog::View view, std::string account, PolicyCache& policies)
    : view_(std::move(view)), account_(std::move(account)), policies_(policies) {}

std::shared_ptr<const Grants> Snapshot::grants(std::string_view arn) const {
  return find_or_make(mutex_, grants_, arn, kCompiledMax, [&] { return make_grants(arn); });
}

std::shared_ptr<const Credentials> Snapshot::credentials(std::string_view access_key_id) const {
  return find_or_make(mutex_, credentials_, access_key_id, kCompiledMax,
                      [&] { return make_credentials(access_key_id); });
}

void Snapshot::add_policy(std::string_view document, std::string_view owner, Policies& out) const {
  auto policy = policies_.get(document);
  if (!policy)
    base::log(base::LogLevel::error, "identity",
              "a policy of " + std::string(owner) + " cannot be read; everything is denied");
  out.push_back(policy ? std::move(*policy) : deny_everything());
}

void Snapshot::add_policies_of(const Entity& entity, const Directory& directory, Policies& out) const {
  for (const InlinePolicy& policy : entity.inline_policies) add_policy(policy.document, entity.name, out);
  for (const std::string& arn : entity.attached) {
    const auto policy = directory.policy(arn);
    if (policy) add_policy(policy->document(), entity.name, out);
  }
}

std::shared_ptr<const Grants> Snapshot::make_grants(std::string_view arn) const {
  const Directory reader = directory();
  const auto entity = reader.find_entity(arn);
  if (!entity) return nullptr;
  auto grants = std::make_shared<Grants>();
  grants->id = entity->id;
  grants->name = entity->name;
  for (const Tag& tag : entity->tags) grants->tags.emplace(tag.key, tag.value);
  if (entity->kind == EntityKind::role) {
    auto trust = policies_.get(entity->trust_policy);
    if (trust) grants->trust = std::move(*trust);
  }
  add_policies_of(*entity, reader, grants->policies);
  for (const std::string& name : entity->groups) {
    const auto group = reader.entity(EntityKind::group, name);
    if (group) add_policies_of(*group, reader, grants->policies);
  }
  if (!entity->boundary.empty()) {
    grants->has_boundary = true;
    const auto boundary = reader.policy(entity->boundary);
    if (boundary) {
      Policies one;
      add_policy(boundary->document(), entity->name, one);
      grants->boundary = std::move(one.front());
    } else {
      grants->boundary = deny_everything();
    }
  }
  return grants;
}

std::shared_ptr<const Credentials> Snapshot::make_credentials(std::string_view access_key_id) const {
  const Directory reader = directory();
  const auto key = reader.access_key(access_key_id);
  if (!key) return nullptr;
  const auto user = reader.entity(EntityKind::user, key->user);
  if (!user) return nullptr;
  auto principal = std::make_shared<Principal>();
  principal->type = Principal::Type::user;
  principal->account = account_;
  principal->arn = reader.arn(*user);
  principal->user_id = user->id;
  principal->access_key_id = key->id;
  for (const Tag& tag : user->tags) principal->tags.emplace(tag.key, tag.value);
  auto credentials = std::make_shared<Credentials>();
  credentials->principal = std::move(principal);
  credentials->secret_access_key = key->secret;
  credentials->active = key->active;
  return credentials;
}

}  // namespace escapement::identity
