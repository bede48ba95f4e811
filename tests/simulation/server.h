// One life of a whole server below its sockets: the Step Functions service, the connectors, the engine and the store,
// on the caller's thread. What a life knows only in memory is gone with it; the disk stays.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "connectors/connectors.h"
#include "engine/engine.h"
#include "functions/function_service.h"
#include "http/loop.h"
#include "identity/authoriser.h"
#include "services/states/machine_directory.h"
#include "services/states/states_service.h"
#include "store/catalog.h"
#include "store/memory/memory_store.h"

namespace escapement::simulation {

class Server final : public connectors::ServiceCaller {
 public:
  using Answer = std::move_only_function<void(base::Result<json::Value>)>;

  // All borrowed. Errors: what opening meets, which may be a fault of the store.
  static base::Result<std::unique_ptr<Server>> open(std::shared_ptr<store::MemoryStore::Disk> disk,
                                                    store::MemoryStore::FateHook fate, const base::Clock& clock,
                                                    http::Loop& loop, functions::FunctionService& functions,
                                                    const engine::Options& options);
  ~Server() override;

  // One operation of the Step Functions API. `answer` runs now or in a later run_once(), or never if the life ends.
  // `on_disconnect` is told what to do when the client of a long poll goes away.
  void request(std::string_view operation, json::Value input, Answer answer,
               std::function<void(std::move_only_function<void()>)> on_disconnect = {});
  bool run_once();
  std::optional<base::Timestamp> next_deadline() { return engine_->next_deadline(); }
  engine::Engine& engine() { return *engine_; }
  const store::Store& store() const { return *store_; }

  bool offers(std::string_view model, std::string_view operation) const override;
  void call(connectors::ServiceCall request, Done done) override;

 private:
  class Identity;
  Server();
  wire::Call call_of(std::string_view operation, json::Value input) const;

  std::unique_ptr<Identity> identity_;
  std::unique_ptr<store::MemoryStore> store_;
  std::unique_ptr<store::Catalog> catalog_;
  std::unique_ptr<services::states::MachineDirectory> directory_;
  std::unique_ptr<connectors::Connectors> connectors_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<services::states::StatesService> service_;
  std::vector<std::move_only_function<void()>> later_;  // what map runs put off until the next round
};

}  // namespace escapement::simulation
