#include "server.h"

#include <algorithm>
#include <utility>

#include "identity/test_authoriser.h"
#include "wire/model.h"

namespace escapement::simulation {
namespace {

constexpr std::string_view kAccount = "000000000000";
constexpr std::string_view kRegion = "us-east-1";

std::shared_ptr<const identity::Principal> principal(std::string arn) {
  auto made = std::make_shared<identity::Principal>();
  made->account = kAccount;
  made->arn = std::move(arn);
  return made;
}

}  // namespace

class Server::Identity final : public identity::AllowAll, public identity::CredentialSource {
 public:
  std::shared_ptr<const identity::Credentials> find_credentials(std::string_view) const override { return nullptr; }
  const std::shared_ptr<const identity::Principal>& user() const { return user_; }

 private:
  std::shared_ptr<const identity::Principal> user_ = principal("arn:aws:iam::000000000000:user/simulated");
};

Server::Server() : identity_(std::make_unique<Identity>()) {}

Server::~Server() {
  // In the order of their use of each other.
  service_.reset();
  engine_.reset();
  connectors_.reset();
}

base::Result<std::unique_ptr<Server>> Server::open(std::shared_ptr<store::MemoryStore::Disk> disk,
                                                   store::MemoryStore::FateHook fate, const base::Clock& clock,
                                                   http::Loop& loop, functions::FunctionService& functions,
                                                   const engine::Options& options) {
  std::unique_ptr<Server> server(new Server);
  connectors::Connectors::Options connector_options;
  connector_options.map_runs.inline_work = true;
  connector_options.map_runs.put_off = [&later = server->later_](std::move_only_function<void()> task) {
    later.push_back(std::move(task));
  };
  server->connectors_ = std::make_unique<connectors::Connectors>(loop, clock, nullptr, connector_options);
  server->store_ = std::make_unique<store::MemoryStore>(std::move(disk), std::move(fate));
  ESC_TRY(server->catalog_, store::Catalog::open(*server->store_, "C"));
  ESC_TRY(server->directory_, services::states::MachineDirectory::open(*server->catalog_));
  ESC_TRY(server->engine_,
          engine::Engine::open(*server->store_, clock, *server->directory_, *server->connectors_, options));
  server->service_ = std::make_unique<services::states::StatesService>(
      services::states::StatesService::Dependencies{
          *server->directory_, *server->engine_, *server->identity_, *server->connectors_, clock, {}},
      services::states::Quotas{});
  ESC_CHECK(server->connectors_->connect({*server->engine_, functions, *server->identity_, *server->identity_, *server,
                                          *server->service_, *server->store_, *server->directory_, nullptr}));
  return server;
}

wire::Call Server::call_of(std::string_view operation, json::Value input) const {
  wire::Call call;
  call.service = "stepfunctions";
  call.operation = operation;
  call.region = kRegion;
  call.account = kAccount;
  call.principal = identity_->user();
  call.input = std::move(input);
  return call;
}

void Server::request(std::string_view operation, json::Value input, Answer answer,
                     std::function<void(std::move_only_function<void()>)> on_disconnect) {
  wire::Call call = call_of(operation, std::move(input));
  call.on_disconnect = std::move(on_disconnect);
  service_->handle(std::move(call), std::move(answer));
}

bool Server::run_once() {
  auto later = std::exchange(later_, {});
  for (auto& task : later) task();
  return engine_->run_once();
}

bool Server::offers(std::string_view model, std::string_view operation) const {
  return model == "stepfunctions" && service_->has(operation);
}

void Server::call(connectors::ServiceCall request, Done done) {
  // The name as the model has it, which lives as long as the call.
  const std::string_view operation = wire::find_model("stepfunctions")->find_operation(request.operation)->name;
  wire::Call inner = call_of(operation, std::move(request.input));
  inner.principal = std::move(request.principal);
  service_->handle(std::move(inner), std::move(done));
}

}  // namespace escapement::simulation
