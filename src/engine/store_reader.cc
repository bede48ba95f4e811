#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "base/bytes.h"
#include "engine/keys.h"
#include "engine/loaded_execution.h"
#include "engine/shard.h"
#include "engine/store_reader.h"

namespace escapement::engine {
namespace {

using base::ErrorCode;
using base::make_error;
using interpreter::Status;

constexpr std::array kStatuses = {Status::running,   Status::succeeded, Status::failed,
                                  Status::timed_out, Status::aborted,   Status::pending_redrive};

base::Error no_such_execution(std::string_view arn) {
  return make_error(ErrorCode::not_found, "ExecutionDoesNotExist", fmt::format("Execution Does Not Exist: '{}'", arn));
}

}  // namespace

base::Result<ExecutionId> StoreReader::find(std::string_view execution_arn) const {
  ESC_TRY(const ExecutionArn arn, ExecutionArn::parse(execution_arn));
  std::optional<ExecutionId> id = names_.id_of(arn.express ? arn.express_id : arn.name);
  if (!arn.express) {
    const store::PartitionId partition = partition_of_name(arn.region, arn.machine_name, arn.name, partitions_);
    if (!id) {
      ESC_TRY(const auto row, store_.get(keys::name(partition, arn.region, arn.machine_name, arn.name)));
      if (row) id = ExecutionId{keys::last_u64(*row)};
    }
  }
  if (!id) return no_such_execution(execution_arn);
  // A name made from an id says nothing of the machine: the record does.
  auto described = describe(*id);
  if (!described && described.error().code != ErrorCode::not_found) return std::move(described).error();
  if (!described || described->facts.arn != execution_arn) return no_such_execution(execution_arn);
  return *id;
}

base::Result<ExecutionDescription> StoreReader::describe(ExecutionId id) const {
  ESC_TRY(const auto loaded, LoadedExecution::load(store_, machines_, names_, id));
  return ExecutionDescription{id, loaded->state().facts, loaded->state().head, loaded->machine_pointer()};
}

base::Result<std::vector<history::Event>> StoreReader::history(ExecutionId id, const HistoryQuery& query) const {
  ESC_TRY(const auto loaded, LoadedExecution::load(store_, machines_, names_, id));
  return loaded->history(query);
}

base::Result<ListPage> StoreReader::list(const ListQuery& query) const {
  struct Row {
    ExecutionId id;
    Status status;
    std::string value;
  };
  const std::string all =
      query.map_run_arn.empty() ? keys::listing_prefix(query.machine_id) : keys::map_run_prefix(query.map_run_arn);
  // One cursor for all statuses: what ends meanwhile is shown once, as it was.
  const auto cursor = store_.cursor(all, store::prefix_end(all));
  std::vector<Row> rows;
  for (const Status status : kStatuses) {
    if (query.status && *query.status != status) continue;
    const std::string prefix = keys::with_status(all, status);
    // The page cursor is the last id shown, in the form that the keys end with.
    cursor->seek(query.cursor.empty() ? prefix : prefix + query.cursor + '\0');
    for (std::size_t n = 0; n <= query.count_max && cursor->valid() && cursor->key().starts_with(prefix); ++n) {
      rows.push_back({keys::listed_id(cursor->key()), status, std::string(cursor->value())});
      cursor->next();
    }
    ESC_CHECK(cursor->status());
  }
  std::ranges::sort(rows, std::greater<>(), &Row::id);
  ListPage page;
  if (rows.size() > query.count_max) {
    rows.resize(query.count_max);
    base::ByteWriter(page.cursor).u64_be(~rows.back().id.bits);
  }
  for (const Row& row : rows) {
    ESC_TRY(auto summary, summarise(row.id, row.status, row.value, query.map_run_arn));
    if (summary) page.executions.push_back(std::move(*summary));
  }
  return page;
}

// nullopt: the revision is gone, and with it what the row could say.
base::Result<std::optional<ExecutionSummary>> StoreReader::summarise(ExecutionId id, Status status,
                                                                     std::string_view row,
                                                                     std::string_view map_run_arn) const {
  ESC_TRY(const ListingRecord listed, ListingRecord::decode(row));
  const auto machine = machines_.find_revision(listed.revision);
  if (!machine) return std::optional<ExecutionSummary>();
  ExecutionSummary summary;
  summary.id = id;
  summary.name = listed.name.value_or(names_.name_of(id));
  summary.arn = ExecutionArn{.region = (*machine)->region,
                             .account = (*machine)->account,
                             .machine_name = shown_machine_name(**machine, map_run_arn),
                             .name = summary.name,
                             .express_id = names_.name_of(id),
                             .express = (*machine)->express && map_run_arn.empty()}
                    .to_string();
  summary.status = status;
  summary.start_time = listed.start_time;
  summary.stop_time = listed.stop_time;
  summary.redrive_count = listed.redrive_count;
  summary.redrive_time = listed.redrive_time;
  summary.version_arn = listed.version_arn;
  summary.alias_arn = listed.alias_arn;
  return std::optional(std::move(summary));
}

base::Result<bool> StoreReader::any_open(std::uint32_t machine_id) const {
  const std::string prefix = keys::with_status(keys::listing_prefix(machine_id), Status::running);
  const auto cursor = store_.cursor(prefix, store::prefix_end(prefix));
  cursor->seek(prefix);
  ESC_CHECK(cursor->status());
  return cursor->valid();
}

}  // namespace escapement::engine
