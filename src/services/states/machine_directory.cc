#include "services/states/machine_directory.h"

#include <fmt/format.h>

#include <charconv>

#include "asl/compile.h"
#include "base/codec.h"
#include "base/random.h"
#include "json/parse.h"
#include "json/print.h"
#include "services/states/names.h"
#include "services/states/settings.h"

namespace escapement::services::states {
namespace {

using base::ErrorCode;
using base::make_error;

constexpr std::string_view kMachines = "states/machine/";
constexpr std::string_view kActivities = "states/activity/";
constexpr std::string_view kRevisions = "states/revision/";
constexpr std::size_t kCachedRevisionsMax = 8'192;

std::string machine_key(std::string_view region, std::string_view name) {
  return fmt::format("{}{}/{}", kMachines, region, name);
}
std::string activity_key(std::string_view region, std::string_view name) {
  return fmt::format("{}{}/{}", kActivities, region, name);
}
std::string revision_key(std::uint32_t revision) { return fmt::format("{}{:010}", kRevisions, revision); }

base::Result<RevisionPtr> compiled(engine::MachineRevision revision) {
  asl::CompileOptions options;
  options.type = revision.express ? asl::MachineType::express : asl::MachineType::standard;
  options.accepted = true;
  asl::Compilation compilation = asl::compile(revision.definition, options);
  if (!compilation.program) {
    return make_error(ErrorCode::corrupt,
                      fmt::format("the stored definition of {} no longer compiles: {}", revision.arn,
                                  asl::invalid_definition_message(compilation.diagnostics)));
  }
  revision.program = std::move(compilation.program);
  revision.tells_events = asks_for_logs(revision.settings);
  return std::make_shared<const engine::MachineRevision>(std::move(revision));
}

std::string encode(const Activity& activity) {
  return json::print(json::Value::object({{"arn", activity.arn},
                                          {"name", activity.name},
                                          {"region", activity.region},
                                          {"created", activity.created.us},
                                          {"tags", to_json(activity.tags)},
                                          {"encryption", activity.encryption}}));
}

std::optional<Activity> decode_activity(std::string_view record) {
  const auto value = json::parse(record);
  if (!value) return std::nullopt;
  const json::Value* arn = value->find("arn");
  const json::Value* name = value->find("name");
  const json::Value* region = value->find("region");
  const json::Value* created = value->find("created");
  if (!arn || !name || !region || !created || !created->is_int64()) return std::nullopt;
  const json::Value* encryption = value->find("encryption");
  return Activity{arn->as_string(),
                  name->as_string(),
                  region->as_string(),
                  {created->as_int64()},
                  tags_from_json(value->find("tags")),
                  encryption ? *encryption : json::Value::object({{"type", "AWS_OWNED_KEY"}})};
}

}  // namespace

std::uint32_t MachineChange::next_number(std::string_view what) {
  const std::string key = fmt::format("states/numbers/{}", what);
  std::uint32_t number = 0;
  if (const auto last = transaction_.get(key)) std::from_chars(last->data(), last->data() + last->size(), number);
  transaction_.put(key, std::to_string(++number));
  return number;
}

std::uint32_t MachineChange::new_machine_id() { return next_number("machine"); }

void MachineChange::add_revision(engine::MachineRevision revision, base::Timestamp now) {
  revision.revision = next_number("revision");
  revision.tells_events = asks_for_logs(revision.settings);
  transaction_.put(revision_key(revision.revision), encode(revision, now));
  machine->revision = revision.revision;
  added_ = std::make_shared<const engine::MachineRevision>(std::move(revision));
}

std::size_t MachineChange::other_machines() const {
  std::size_t count = 0;
  transaction_.scan(key_.substr(0, key_.rfind('/') + 1), [&](std::string_view key, std::string_view) {
    if (key != key_) ++count;
    return true;
  });
  return count;
}

base::Result<std::unique_ptr<MachineDirectory>> MachineDirectory::open(store::Catalog& catalog) {
  std::unique_ptr<MachineDirectory> directory(new MachineDirectory(catalog));
  ESC_CHECK(directory->load_token_key());
  ESC_CHECK(directory->load());
  return directory;
}

base::Result<void> MachineDirectory::load_token_key() {
  return catalog_.update([this](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto stored = transaction.get("states/key");
    if (!stored) {
      unsigned char bytes[32];
      base::secure_random(bytes);
      token_key_.assign(reinterpret_cast<const char*>(bytes), sizeof bytes);
      transaction.put("states/key", base::to_hex(token_key_));
      return {};
    }
    const auto key = base::from_hex(*stored);
    if (!key) return make_error(ErrorCode::corrupt, "the stored key of page tokens cannot be read");
    token_key_ = *key;
    return {};
  });
}

base::Result<void> MachineDirectory::load() {
  std::array<Machines, kShards> machines;
  base::Result<void> outcome;
  catalog_.view().scan(kMachines, [&](std::string_view, std::string_view record) {
    auto machine = decode_machine(record);
    if (!machine) {
      outcome = std::move(machine).error();
      return false;
    }
    const std::size_t shard = std::hash<std::string_view>()(machine->arn) % kShards;
    std::string arn = machine->arn;
    machines[shard].emplace(std::move(arn), std::make_shared<const Machine>(std::move(*machine)));
    return true;
  });
  for (std::size_t i = 0; i < kShards; ++i) shards_[i].store(std::make_shared<const Machines>(std::move(machines[i])));
  return outcome;
}

MachinePtr MachineDirectory::find(std::string_view arn) const {
  const auto machines = shard_of(arn).load(std::memory_order_acquire);
  const auto found = machines->find(arn);
  return found == machines->end() ? nullptr : found->second;
}

std::vector<MachinePtr> MachineDirectory::list(std::string_view region, std::string_view after,
                                               std::size_t count) const {
  std::vector<MachinePtr> out;
  const std::string prefix = machine_key(region, "");
  catalog_.view().scan(
      prefix,
      [&](std::string_view, std::string_view record) {
        const auto machine = decode_machine(record);
        if (!machine) return true;
        if (MachinePtr known = find(machine->arn)) out.push_back(std::move(known));
        return out.size() < count;
      },
      after.empty() ? std::string() : machine_key(region, after));
  return out;
}

base::Result<RevisionPtr> MachineDirectory::find_revision(std::uint32_t revision) const {
  {
    const std::shared_lock lock(revisions_mutex_);
    if (const auto found = revisions_.find(revision); found != revisions_.end()) return found->second;
  }
  const auto view = catalog_.view();
  const auto record = view.get(revision_key(revision));
  if (!record)
    return make_error(ErrorCode::not_found, fmt::format("there is no revision {} of a state machine", revision));
  ESC_TRY(StoredRevision stored, decode_revision(*record));
  ESC_TRY(RevisionPtr loaded, compiled(std::move(stored.revision)));
  remember(loaded);
  return loaded;
}

base::Result<base::Timestamp> MachineDirectory::revision_created(std::uint32_t revision) const {
  const auto view = catalog_.view();
  const auto record = view.get(revision_key(revision));
  if (!record)
    return make_error(ErrorCode::not_found, fmt::format("there is no revision {} of a state machine", revision));
  ESC_TRY(const StoredRevision stored, decode_revision(*record));
  return stored.created;
}

base::Result<RevisionPtr> MachineDirectory::current_revision(const Machine& machine) const {
  if (machine.current) return machine.current;
  ESC_TRY(RevisionPtr revision, find_revision(machine.revision));
  const std::lock_guard changing(change_mutex_);
  if (const MachinePtr newest = find(machine.arn); newest && newest->revision == machine.revision && !newest->current) {
    Machine with_program = *newest;
    with_program.current = revision;
    publish(machine.arn, std::make_shared<const Machine>(std::move(with_program)));
  }
  return revision;
}

void MachineDirectory::remember(const RevisionPtr& revision) const {
  const std::unique_lock lock(revisions_mutex_);
  if (revisions_.size() >= kCachedRevisionsMax) {
    std::erase_if(revisions_, [](const auto& entry) { return entry.second.use_count() == 1; });
  }
  revisions_.insert_or_assign(revision->revision, revision);
}

void MachineDirectory::publish(const std::string& arn, MachinePtr machine) const {
  const std::lock_guard lock(publish_mutex_);
  Shard& shard = shard_of(arn);
  Machines machines = *shard.load(std::memory_order_acquire);
  if (machine) {
    machines.insert_or_assign(arn, std::move(machine));
  } else {
    machines.erase(arn);
  }
  shard.store(std::make_shared<const Machines>(std::move(machines)), std::memory_order_release);
}

base::Result<MachinePtr> MachineDirectory::change(const std::string& region, const std::string& name,
                                                  const std::function<base::Result<void>(MachineChange&)>& change) {
  const std::lock_guard changing(change_mutex_);
  const std::string key = machine_key(region, name);
  std::string arn;
  MachinePtr result;
  RevisionPtr added;
  const auto apply = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    MachineChange edit(transaction, key);
    if (const auto record = transaction.get(key)) {
      ESC_TRY(edit.machine, decode_machine(*record));
      arn = edit.machine->arn;
      if (const MachinePtr known = find(arn); known && known->revision == edit.machine->revision)
        edit.machine->current = known->current;
    }
    ESC_CHECK(change(edit));
    if (!edit.machine) {
      transaction.erase(key);
      return {};
    }
    if (edit.added_) edit.machine->current = added = edit.added_;
    arn = edit.machine->arn;
    std::string record = encode(*edit.machine);
    if (transaction.get(key) != record) transaction.put(key, record);
    result = std::make_shared<const Machine>(std::move(*edit.machine));
    return {};
  };
  ESC_CHECK(catalog_.update(apply));
  if (added) remember(added);
  if (!arn.empty()) publish(arn, result);
  return result;
}

base::Result<void> MachineDirectory::forget_retired(const engine::ExecutionReader& executions) {
  std::vector<std::string> retired;
  base::Result<void> outcome;
  catalog_.view().scan(kRevisions, [&](std::string_view key, std::string_view record) {
    const auto stored = decode_revision(record);
    if (!stored) {
      outcome = stored.error();
      return false;
    }
    const MachinePtr machine = find(stored->revision.arn);
    if (machine && machine->id == stored->revision.machine_id) return true;
    const auto page = executions.list({.machine_id = stored->revision.machine_id, .count_max = 1});
    if (!page) {
      outcome = page.error();
      return false;
    }
    if (page->executions.empty() && page->cursor.empty()) retired.emplace_back(key);
    return true;
  });
  ESC_CHECK(std::move(outcome));
  return catalog_.update([&](store::CatalogTransaction& transaction) -> base::Result<void> {
    for (const std::string& key : retired) transaction.erase(key);
    return {};
  });
}

std::optional<Activity> MachineDirectory::find_activity(std::string_view region, std::string_view name) const {
  const auto view = catalog_.view();
  const auto record = view.get(activity_key(region, name));
  return record ? decode_activity(*record) : std::nullopt;
}

bool MachineDirectory::activity_exists(std::string_view arn) const {
  const auto parsed = parse_activity_arn(arn);
  return parsed && catalog_.view().get(activity_key(parsed->region, parsed->name)).has_value();
}

std::vector<Activity> MachineDirectory::list_activities(std::string_view region, std::string_view after,
                                                        std::size_t count) const {
  std::vector<Activity> out;
  catalog_.view().scan(
      activity_key(region, ""),
      [&](std::string_view, std::string_view record) {
        if (auto activity = decode_activity(record)) out.push_back(std::move(*activity));
        return out.size() < count;
      },
      after.empty() ? std::string() : activity_key(region, after));
  return out;
}

std::size_t MachineDirectory::count_activities(std::string_view region) const {
  std::size_t count = 0;
  catalog_.view().scan(activity_key(region, ""), [&](std::string_view, std::string_view) {
    ++count;
    return true;
  });
  return count;
}

base::Result<std::optional<Activity>> MachineDirectory::change_activity(
    const std::string& region, const std::string& name,
    const std::function<base::Result<std::optional<Activity>>(std::optional<Activity>)>& change) {
  const std::string key = activity_key(region, name);
  std::optional<Activity> result;
  ESC_CHECK(catalog_.update([&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto record = transaction.get(key);
    ESC_TRY(result, change(record ? decode_activity(*record) : std::nullopt));
    if (result) {
      std::string changed = encode(*result);
      if (record != changed) transaction.put(key, changed);
    } else if (record) {
      transaction.erase(key);
    }
    return {};
  }));
  return result;
}

}  // namespace escapement::services::states
