#include "identity/ids.h"
#include "services/iam/handlers.h"

namespace escapement::services::iam {
namespace {

using json::Value;

std::string_view status_text(bool active) { return active ? "Active" : "Inactive"; }

// A key of that user. Errors: NoSuchEntity.
base::Result<identity::AccessKey> find_key(const Directory& directory, const wire::Call& call) {
  ESC_TRY(const std::string name, user_name(call));
  ESC_TRY(const Entity user, directory.entity(EntityKind::user, name));
  const std::string id = text(call.input, "AccessKeyId");
  ESC_TRY(auto key, directory.access_key(id));
  if (key.user != user.name) return identity::no_such_entity("The Access Key with id " + id + " cannot be found.");
  return key;
}

}  // namespace

Answer create_access_key(Operations& operations, const wire::Call& call) {
  ESC_TRY(const std::string name, user_name(call));
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const Entity user, directory.entity(EntityKind::user, name));
    if (directory.access_keys_of(name).size() >= operations.quotas.access_keys_per_user_max) {
      return quota_exceeded("AccessKeysPerUser", operations.quotas.access_keys_per_user_max);
    }
    const identity::AccessKey key{identity::new_access_key_id(), user.name, identity::new_secret_access_key(), true,
                                  operations.identity.clock().now()};
    directory.put(key);
    return Value::object({{"AccessKey", Value::object({{"UserName", key.user},
                                                       {"AccessKeyId", key.id},
                                                       {"Status", status_text(key.active)},
                                                       {"SecretAccessKey", key.secret},
                                                       {"CreateDate", timestamp(key.created)}})}});
  });
}

Answer list_access_keys(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  ESC_TRY(const std::string name, user_name(call));
  ESC_TRY(const Entity user, directory.entity(EntityKind::user, name));
  ESC_TRY(Page page, Page::read(call.input));
  std::vector<std::pair<std::string, Value>> items;
  for (const std::string& id : directory.access_keys_of(user.name)) {
    ESC_TRY(const auto key, directory.access_key(id));
    items.emplace_back(id, Value::object({{"UserName", key.user},
                                          {"AccessKeyId", key.id},
                                          {"Status", status_text(key.active)},
                                          {"CreateDate", timestamp(key.created)}}));
  }
  page.add_all(std::move(items));
  return std::move(page).answer("AccessKeyMetadata");
}

Answer update_access_key(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(auto key, find_key(directory, call));
    key.active = text(call.input, "Status") == "Active";
    directory.put(key);
    return nothing();
  });
}

Answer delete_access_key(Operations& operations, const wire::Call& call) {
  return change(operations, [&](Directory& directory) -> Answer {
    ESC_TRY(const auto key, find_key(directory, call));
    directory.erase(key);
    return nothing();
  });
}

Answer get_access_key_last_used(Operations& operations, const wire::Call& call) {
  const std::string id = text(call.input, "AccessKeyId");
  const auto key = operations.identity.read().access_key(id);
  if (!key) return key.error();
  json::ObjectBuilder used;
  const auto last = operations.identity.last_used(id);
  if (last) used.set("LastUsedDate", timestamp(last->at));
  used.set("ServiceName", last ? last->service : "N/A").set("Region", last ? last->region : "N/A");
  return Value::object({{"UserName", key->user}, {"AccessKeyLastUsed", std::move(used).build()}});
}

}  // namespace escapement::services::iam
