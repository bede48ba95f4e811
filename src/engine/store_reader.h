// ExecutionReader over a store: decodes what the shards have committed. Any thread.
#pragma once

#include "engine/execution_reader.h"
#include "store/store.h"

namespace escapement::engine {

class StoreReader final : public ExecutionReader {
 public:
  // Everything is borrowed and must outlive the reader.
  StoreReader(const store::Store& store, const MachineSource& machines, const NameCodec& names,
              std::uint16_t partitions)
      : store_(store), machines_(machines), names_(names), partitions_(partitions) {}

  base::Result<ExecutionId> find(std::string_view execution_arn) const override;
  base::Result<ExecutionDescription> describe(ExecutionId id) const override;
  base::Result<std::vector<history::Event>> history(ExecutionId id, const HistoryQuery& query) const override;
  base::Result<ListPage> list(const ListQuery& query) const override;
  base::Result<bool> any_open(std::uint32_t machine_id) const override;

 private:
  base::Result<std::optional<ExecutionSummary>> summarise(ExecutionId id, interpreter::Status status,
                                                          std::string_view row, std::string_view map_run_arn) const;

  const store::Store& store_;
  const MachineSource& machines_;
  const NameCodec& names_;
  std::uint16_t partitions_;
};

}  // namespace escapement::engine
