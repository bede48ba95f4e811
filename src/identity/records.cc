#include "identity/records.h"

#include <algorithm>

#include "json/parse.h"
#include "json/print.h"
#include "json/value.h"

namespace escapement::identity {
namespace {

using base::Result;
using json::Value;

// Reads members of a record; a wrong type or a missing member makes the whole record corrupt.
class Reader {
 public:
  explicit Reader(const Value& record) : record_(record), good_(record.is_object()) {}

  std::string text(std::string_view name) {
    const Value* value = record_.find(name);
    if (value == nullptr || !value->is_string()) return good_ = false, std::string();
    return value->as_string();
  }
  std::optional<std::string> text_if_any(std::string_view name) {
    return record_.find(name) == nullptr ? std::nullopt : std::optional(text(name));
  }
  std::int64_t number(std::string_view name) {
    const Value* value = record_.find(name);
    if (value == nullptr || !value->is_int64()) return good_ = false, 0;
    return value->as_int64();
  }
  bool flag(std::string_view name) {
    const Value* value = record_.find(name);
    if (value == nullptr || !value->is_bool()) return good_ = false, false;
    return value->as_bool();
  }
  base::Timestamp time(std::string_view name) { return base::Timestamp::from_ms(number(name)); }
  std::span<const Value> list(std::string_view name) {
    const Value* value = record_.find(name);
    if (value == nullptr) return {};
    if (!value->is_array()) return good_ = false, std::span<const Value>();
    return value->items();
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    for (const Value& item : list(name)) {
      if (item.is_string())
        out.push_back(item.as_string());
      else
        good_ = false;
    }
    return out;
  }
  std::vector<Tag> tags() {
    std::vector<Tag> out;
    for (const Value& item : list("tags")) {
      Reader tag(item);
      out.push_back({tag.text("k"), tag.text("v")});
      good_ = good_ && tag.good_;
    }
    return out;
  }
  void absorb(const Reader& inner) { good_ = good_ && inner.good_; }

  template <typename T>
  Result<T> finish(T record, std::string_view what) {
    if (!good_)
      return base::make_error(base::ErrorCode::corrupt, "the record of " + std::string(what) + " cannot be read");
    return record;
  }

 private:
  const Value& record_;
  bool good_;
};

Value texts_value(const std::vector<std::string>& texts) {
  std::vector<Value> items(texts.begin(), texts.end());
  return Value::array(std::move(items));
}

Value tags_value(const std::vector<Tag>& tags) {
  std::vector<Value> items;
  for (const Tag& tag : tags) items.push_back(Value::object({{"k", tag.key}, {"v", tag.value}}));
  return Value::array(std::move(items));
}

Result<Value> parse_record(std::string_view text, std::string_view what) {
  auto value = json::parse(text);
  if (!value) return base::make_error(base::ErrorCode::corrupt, "the record of " + std::string(what) + " is not JSON");
  return std::move(*value);
}

Result<EntityKind> parse_kind(std::string_view text) {
  for (const EntityKind kind : {EntityKind::user, EntityKind::group, EntityKind::role}) {
    if (text == to_text(kind)) return kind;
  }
  return base::make_error(base::ErrorCode::corrupt, "an identity record has an unknown kind");
}

}  // namespace

std::string_view to_text(EntityKind kind) {
  switch (kind) {
    case EntityKind::user:
      return "user";
    case EntityKind::group:
      return "group";
    case EntityKind::role:
      return "role";
  }
  return "";
}

const PolicyVersion* ManagedPolicy::find_version(std::string_view version_id) const {
  const auto found = std::ranges::find(versions, version_id, &PolicyVersion::id);
  return found == versions.end() ? nullptr : &*found;
}

const std::string& ManagedPolicy::document() const {
  static const std::string none;
  const PolicyVersion* version = find_version(default_version);
  return version == nullptr ? none : version->document;
}

std::string encode(const Entity& entity) {
  std::vector<Value> inline_policies;
  for (const InlinePolicy& policy : entity.inline_policies) {
    inline_policies.push_back(Value::object({{"n", policy.name}, {"d", policy.document}}));
  }
  json::ObjectBuilder out;
  out.set("kind", to_text(entity.kind)).set("name", entity.name).set("id", entity.id).set("path", entity.path);
  out.set("created", entity.created.ms());
  out.set_if(!entity.tags.empty(), "tags", tags_value(entity.tags));
  out.set_if(!entity.inline_policies.empty(), "inline", Value::array(std::move(inline_policies)));
  out.set_if(!entity.attached.empty(), "attached", texts_value(entity.attached));
  out.set_if(!entity.boundary.empty(), "boundary", entity.boundary);
  out.set_if(!entity.groups.empty(), "groups", texts_value(entity.groups));
  if (entity.kind == EntityKind::role) {
    out.set("trust", entity.trust_policy)
        .set("session_seconds_max", static_cast<std::int64_t>(entity.session_seconds_max));
    if (entity.description) out.set("description", *entity.description);
    out.set_if(!entity.linked_service.empty(), "service", entity.linked_service);
  }
  return json::print(std::move(out).build());
}

Result<Entity> decode_entity(std::string_view text) {
  ESC_TRY(const Value value, parse_record(text, "an identity"));
  Reader reader(value);
  Entity entity;
  ESC_TRY(entity.kind, parse_kind(reader.text("kind")));
  entity.name = reader.text("name");
  entity.id = reader.text("id");
  entity.path = reader.text("path");
  entity.created = reader.time("created");
  entity.tags = reader.tags();
  for (const Value& item : reader.list("inline")) {
    Reader policy(item);
    entity.inline_policies.push_back({policy.text("n"), policy.text("d")});
    reader.absorb(policy);
  }
  entity.attached = reader.texts("attached");
  entity.boundary = reader.text_if_any("boundary").value_or("");
  entity.groups = reader.texts("groups");
  if (entity.kind == EntityKind::role) {
    entity.trust_policy = reader.text("trust");
    entity.session_seconds_max = static_cast<std::int32_t>(reader.number("session_seconds_max"));
    entity.description = reader.text_if_any("description");
    entity.linked_service = reader.text_if_any("service").value_or("");
  }
  return reader.finish(std::move(entity), "an identity");
}

std::string encode(const ManagedPolicy& policy) {
  std::vector<Value> versions;
  for (const PolicyVersion& version : policy.versions) {
    versions.push_back(Value::object({{"id", version.id}, {"d", version.document}, {"created", version.created.ms()}}));
  }
  json::ObjectBuilder out;
  out.set("name", policy.name).set("id", policy.id).set("path", policy.path).set("arn", policy.arn);
  if (policy.description) out.set("description", *policy.description);
  out.set("created", policy.created.ms()).set("updated", policy.updated.ms());
  out.set_if(!policy.tags.empty(), "tags", tags_value(policy.tags));
  out.set("versions", Value::array(std::move(versions)))
      .set("default", policy.default_version)
      .set("next", policy.next_version);
  return json::print(std::move(out).build());
}

Result<ManagedPolicy> decode_policy(std::string_view text) {
  ESC_TRY(const Value value, parse_record(text, "a policy"));
  Reader reader(value);
  ManagedPolicy policy;
  policy.name = reader.text("name");
  policy.id = reader.text("id");
  policy.path = reader.text("path");
  policy.arn = reader.text("arn");
  policy.description = reader.text_if_any("description");
  policy.created = reader.time("created");
  policy.updated = reader.time("updated");
  policy.tags = reader.tags();
  for (const Value& item : reader.list("versions")) {
    Reader version(item);
    policy.versions.push_back({version.text("id"), version.text("d"), version.time("created")});
    reader.absorb(version);
  }
  policy.default_version = reader.text("default");
  policy.next_version = reader.number("next");
  return reader.finish(std::move(policy), "a policy");
}

std::string encode(const AccessKey& key) {
  return json::print(Value::object({{"id", key.id},
                                    {"user", key.user},
                                    {"secret", key.secret},
                                    {"active", key.active},
                                    {"created", key.created.ms()}}));
}

Result<AccessKey> decode_access_key(std::string_view text) {
  ESC_TRY(const Value value, parse_record(text, "an access key"));
  Reader reader(value);
  AccessKey key{reader.text("id"), reader.text("user"), reader.text("secret"), reader.flag("active"),
                reader.time("created")};
  return reader.finish(std::move(key), "an access key");
}

std::string encode(const InstanceProfile& profile) {
  return json::print(Value::object({{"name", profile.name},
                                    {"id", profile.id},
                                    {"path", profile.path},
                                    {"created", profile.created.ms()},
                                    {"role", profile.role},
                                    {"tags", tags_value(profile.tags)}}));
}

Result<InstanceProfile> decode_profile(std::string_view text) {
  ESC_TRY(const Value value, parse_record(text, "an instance profile"));
  Reader reader(value);
  InstanceProfile profile{reader.text("name"),    reader.text("id"),   reader.text("path"),
                          reader.time("created"), reader.text("role"), reader.tags()};
  return reader.finish(std::move(profile), "an instance profile");
}

std::string encode(const ServiceCredential& credential) {
  return json::print(Value::object({{"id", credential.id},
                                    {"user", credential.user},
                                    {"service", credential.service},
                                    {"service_user", credential.service_user},
                                    {"password", credential.password},
                                    {"active", credential.active},
                                    {"created", credential.created.ms()}}));
}

Result<ServiceCredential> decode_service_credential(std::string_view text) {
  ESC_TRY(const Value value, parse_record(text, "a service credential"));
  Reader reader(value);
  ServiceCredential credential{reader.text("id"),           reader.text("user"),     reader.text("service"),
                               reader.text("service_user"), reader.text("password"), reader.flag("active"),
                               reader.time("created")};
  return reader.finish(std::move(credential), "a service credential");
}

std::string encode(const LastUsed& used) {
  return json::print(Value::object({{"at", used.at.ms()}, {"service", used.service}, {"region", used.region}}));
}

Result<LastUsed> decode_last_used(std::string_view text) {
  ESC_TRY(const Value value, parse_record(text, "a last use"));
  Reader reader(value);
  LastUsed used{reader.time("at"), reader.text("service"), reader.text("region")};
  return reader.finish(std::move(used), "a last use");
}

}  // namespace escapement::identity
