// AWS Step Functions.
//
// Threading: handle() from any thread; see wire/service.h. start_child() and stop_child() from any thread.
// Lifetime:  destroy it after the dispatcher and the connectors have stopped calling it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/execution_starter.h"
#include "services/states/operations.h"
#include "wire/service.h"

namespace escapement::services::states {

class StatesService final : public wire::Service, public connectors::ExecutionStarter {
 public:
  // All borrowed.
  struct Dependencies {
    MachineDirectory& directory;
    engine::Engine& engine;
    const identity::Authoriser& authoriser;
    connectors::Connectors& connectors;
    const base::Clock& clock;
    // Whether a region has a log group of this name; called from any thread. Empty: every group is taken to be there.
    std::function<bool(const std::string& region, const std::string& group)> has_log_group;
  };

  StatesService(const Dependencies& dependencies, Quotas quotas);

  std::string_view model() const override { return "stepfunctions"; }
  bool is_inline(std::string_view operation) const override;
  bool is_long_poll(std::string_view operation) const override { return operation == "GetActivityTask"; }
  bool has(std::string_view operation) const override;
  void handle(wire::Call call, wire::Respond respond) override;

  void start_child(connectors::ChildStart request,
                   std::move_only_function<void(base::Result<engine::Started>)> done) override;
  void stop_child(std::string execution_arn, std::shared_ptr<const identity::Principal> principal,
                  std::move_only_function<void(base::Result<void>)> done) override;

 private:
  Operations operations_;
};

}  // namespace escapement::services::states
