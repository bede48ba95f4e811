#include "services/states/machine.h"

#include "json/parse.h"
#include "json/print.h"

namespace escapement::services::states {
namespace {

using base::ErrorCode;
using base::make_error;

// Reads members of a record; a member of the wrong type makes the record corrupt.
class RecordReader {
 public:
  explicit RecordReader(const json::Value& record) : record_(record) {}

  std::string text(std::string_view member) {
    const json::Value* value = record_.find(member);
    if (!value || !value->is_string()) return fail(), std::string();
    return value->as_string();
  }
  std::int64_t number(std::string_view member) {
    const json::Value* value = record_.find(member);
    if (!value || !value->is_int64()) return fail(), 0;
    return value->as_int64();
  }
  std::uint32_t number32(std::string_view member) { return static_cast<std::uint32_t>(number(member)); }
  bool flag(std::string_view member) {
    const json::Value* value = record_.find(member);
    return value && value->is_bool() && value->as_bool();
  }
  base::Timestamp time(std::string_view member) { return {number(member)}; }
  const json::Value* find(std::string_view member) const { return record_.find(member); }
  bool ok() const { return ok_; }

 private:
  void fail() { ok_ = false; }
  const json::Value& record_;
  bool ok_ = true;
};

json::Value to_json(const Version& version) {
  return json::Value::object({{"revision", std::int64_t{version.revision}},
                              {"description", version.description},
                              {"created", version.created.us}});
}

json::Value to_json(const Alias& alias) {
  std::vector<json::Value> routes;
  for (const Route& route : alias.routes) {
    routes.push_back(
        json::Value::object({{"version", std::int64_t{route.version}}, {"weight", std::int64_t{route.weight}}}));
  }
  return json::Value::object({{"description", alias.description},
                              {"routes", json::Value::array(std::move(routes))},
                              {"created", alias.created.us},
                              {"updated", alias.updated.us}});
}

Version version_from_json(const json::Value& value, bool& ok) {
  RecordReader reader(value);
  Version version{reader.number32("revision"), reader.text("description"), reader.time("created")};
  ok = ok && reader.ok();
  return version;
}

Alias alias_from_json(const json::Value& value, bool& ok) {
  RecordReader reader(value);
  Alias alias{reader.text("description"), {}, reader.time("created"), reader.time("updated")};
  if (const json::Value* routes = reader.find("routes"); routes && routes->is_array()) {
    for (const json::Value& item : routes->items()) {
      RecordReader route(item);
      alias.routes.push_back({route.number32("version"), route.number32("weight")});
      ok = ok && route.ok();
    }
  }
  ok = ok && reader.ok();
  return alias;
}

base::Error corrupt(std::string_view what) {
  return make_error(ErrorCode::corrupt, "a stored " + std::string(what) + " cannot be read");
}

}  // namespace

std::optional<std::uint32_t> Machine::version_of_current() const {
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (version->second.revision == revision) return version->first;
  }
  return std::nullopt;
}

json::Value to_json(const Tags& tags) {
  std::vector<json::Value> items;
  items.reserve(tags.size());
  for (const auto& [key, value] : tags) items.push_back(json::Value::object({{"key", key}, {"value", value}}));
  return json::Value::array(std::move(items));
}

Tags tags_from_json(const json::Value* list) {
  Tags tags;
  if (!list || !list->is_array()) return tags;
  for (const json::Value& item : list->items()) {
    const json::Value* key = item.find("key");
    const json::Value* value = item.find("value");
    if (key && key->is_string())
      tags.emplace_back(key->as_string(), value && value->is_string() ? value->as_string() : std::string());
  }
  return tags;
}

std::string encode(const Machine& machine) {
  std::vector<json::Member> versions;
  for (const auto& [number, version] : machine.versions) versions.push_back({std::to_string(number), to_json(version)});
  std::vector<json::Member> aliases;
  for (const auto& [name, alias] : machine.aliases) aliases.push_back({name, to_json(alias)});
  json::ObjectBuilder out;
  out.set("id", std::int64_t{machine.id});
  out.set("arn", machine.arn);
  out.set("name", machine.name);
  out.set("region", machine.region);
  out.set("account", machine.account);
  out.set("express", machine.express);
  out.set("deleting", machine.deleting);
  out.set("created", machine.created.us);
  out.set("revision", std::int64_t{machine.revision});
  out.set("nextVersion", std::int64_t{machine.next_version});
  out.set("publishAtCreation", machine.creation.publish);
  out.set("descriptionAtCreation", machine.creation.version_description);
  out.set("tags", to_json(machine.tags));
  out.set("versions", json::Value::object(std::move(versions)));
  out.set("aliases", json::Value::object(std::move(aliases)));
  return json::print(std::move(out).build());
}

base::Result<Machine> decode_machine(std::string_view record) {
  ESC_TRY(const json::Value value, json::parse(record));
  RecordReader reader(value);
  Machine machine;
  machine.id = reader.number32("id");
  machine.arn = reader.text("arn");
  machine.name = reader.text("name");
  machine.region = reader.text("region");
  machine.account = reader.text("account");
  machine.express = reader.flag("express");
  machine.deleting = reader.flag("deleting");
  machine.created = reader.time("created");
  machine.revision = reader.number32("revision");
  machine.next_version = reader.number32("nextVersion");
  machine.creation = {reader.flag("publishAtCreation"), reader.text("descriptionAtCreation")};
  machine.tags = tags_from_json(reader.find("tags"));
  bool ok = true;
  if (const json::Value* versions = reader.find("versions"); versions && versions->is_object()) {
    for (const json::Member& member : versions->members()) {
      machine.versions.emplace(static_cast<std::uint32_t>(std::stoul("0" + member.key)),
                               version_from_json(member.value, ok));
    }
  }
  if (const json::Value* aliases = reader.find("aliases"); aliases && aliases->is_object()) {
    for (const json::Member& member : aliases->members())
      machine.aliases.emplace(member.key, alias_from_json(member.value, ok));
  }
  if (!reader.ok() || !ok) return corrupt("state machine");
  return machine;
}

std::string encode(const engine::MachineRevision& revision, base::Timestamp created) {
  json::ObjectBuilder out;
  out.set("revision", std::int64_t{revision.revision});
  out.set("machine", std::int64_t{revision.machine_id});
  out.set("arn", revision.arn);
  out.set("name", revision.name);
  out.set("region", revision.region);
  out.set("account", revision.account);
  out.set("role", revision.role_arn);
  out.set("revisionId", revision.revision_id);
  out.set("express", revision.express);
  out.set("settings", revision.settings);
  out.set("created", created.us);
  out.set("definition", revision.definition);
  return json::print(std::move(out).build());
}

base::Result<StoredRevision> decode_revision(std::string_view record) {
  ESC_TRY(const json::Value value, json::parse(record));
  RecordReader reader(value);
  engine::MachineRevision revision;
  revision.revision = reader.number32("revision");
  revision.machine_id = reader.number32("machine");
  revision.arn = reader.text("arn");
  revision.name = reader.text("name");
  revision.region = reader.text("region");
  revision.account = reader.text("account");
  revision.role_arn = reader.text("role");
  revision.revision_id = reader.text("revisionId");
  revision.express = reader.flag("express");
  revision.settings = reader.text("settings");
  revision.definition = reader.text("definition");
  const base::Timestamp created = reader.time("created");
  if (!reader.ok()) return corrupt("revision of a state machine");
  return StoredRevision{std::move(revision), created};
}

}  // namespace escapement::services::states
