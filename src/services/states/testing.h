// A whole Step Functions service in one thread, for tests: the real directory, engine and connectors over a store in
// memory and a virtual clock; identity and functions are scripted.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "connectors/connectors.h"
#include "functions/test_functions.h"
#include "http/loop.h"
#include "json/parse.h"
#include "json/print.h"
#include "services/states/machine_directory.h"
#include "services/states/states_service.h"
#include "store/catalog.h"
#include "store/memory/memory_store.h"

namespace escapement::services::states::testing {

inline constexpr std::string_view kAccount = "000000000000";
inline constexpr std::string_view kRegion = "us-east-1";
inline constexpr std::string_view kRole = "arn:aws:iam::000000000000:role/r";

// Allows everything but what a test denies.
class Identity final : public identity::Authoriser, public identity::CredentialSource {
 public:
  std::set<std::string> denied_actions;
  mutable std::vector<std::pair<std::string, std::string>> asked;  // action, resource

  base::Result<void> authorise(const identity::Principal& principal, std::string_view action, std::string_view resource,
                               const identity::RequestContext&) const override {
    asked.emplace_back(action, resource);
    if (!denied_actions.contains(std::string(action))) return {};
    return base::make_error(base::ErrorCode::denied, "AccessDeniedException",
                            "User: " + principal.arn + " is not authorized to perform: " + std::string(action) +
                                " on resource: " + std::string(resource) +
                                " because no identity-based policy allows the " + std::string(action) + " action");
  }
  base::Result<void> authorise_pass_role(const identity::Principal& principal, std::string_view role, std::string_view,
                                         const identity::RequestContext& context) const override {
    return authorise(principal, "iam:PassRole", role, context);
  }
  base::Result<std::shared_ptr<const identity::Principal>> assume_for_service(
      std::string_view, std::string_view, std::string_view session, const identity::RequestContext&) const override {
    auto principal = std::make_shared<identity::Principal>();
    principal->type = identity::Principal::Type::assumed_role;
    principal->arn = "arn:aws:sts::000000000000:assumed-role/r/" + std::string(session.substr(0, 1));
    return principal;
  }
  std::shared_ptr<const identity::Credentials> find_credentials(std::string_view) const override { return nullptr; }
};

// Answers every invocation at once with what the test says.
class Functions final : public functions::ScriptedFunctions {
 public:
  std::function<base::Result<functions::InvokeResult>(const functions::InvokeRequest&)> script;
  std::vector<functions::InvokeRequest> invocations;
  std::vector<std::string> cancelled;

  void invoke(functions::InvokeRequest request, functions::InvokeDone done) override {
    invocations.push_back(request);
    if (script) return done(script(request));
    done(functions::InvokeResult{request.payload, "", "$LATEST", ""});
  }
  void cancel(std::string request_id) override { cancelled.push_back(std::move(request_id)); }
};

class StatesTest : public ::testing::Test, public connectors::ServiceCaller {
 protected:
  StatesTest() {
    connector_options.map_runs.inline_work = true;
    reopen();
  }

  // A restart: everything in memory is gone.
  void reopen() {
    service.reset();
    engine.reset();
    connectors = std::make_unique<connectors::Connectors>(loop, clock, nullptr, connector_options);
    store = std::make_unique<store::MemoryStore>(disk, [this] {
      return full_commits > 0 && full_commits-- > 0 ? store::CommitFate::disk_full : store::CommitFate::normal;
    });
    catalog = *store::Catalog::open(*store, "C");
    directory = *MachineDirectory::open(*catalog);
    engine = *engine::Engine::open(*store, clock, *directory, *connectors, {.partitions = 8});
    service = std::make_unique<StatesService>(
        StatesService::Dependencies{*directory, *engine, identity, *connectors, clock, has_log_group}, quotas);
    EXPECT_TRUE(connectors->connect(
        {*engine, functions, identity, identity, *this, *service, *store, *directory, objects.get()}));
    run();
  }
  void run() {
    while (engine->run_once()) {
    }
  }
  void advance(base::Duration duration) {
    clock.advance(duration);
    run();
  }

  wire::Call call_of(std::string_view operation, json::Value input) {
    wire::Call call;
    call.service = "stepfunctions";
    call.operation = operation;
    call.region = kRegion;
    call.account = kAccount;
    call.principal = principal;
    call.input = std::move(input);
    return call;
  }
  // The answer of an operation that has one once the engine has run.
  base::Result<json::Value> call(std::string_view operation, json::Value input) {
    std::optional<base::Result<json::Value>> answer;
    service->handle(call_of(operation, std::move(input)),
                    [&](base::Result<json::Value> result) { answer = std::move(result); });
    run();
    if (!answer) return base::make_error(base::ErrorCode::internal, "no answer");
    return *std::move(answer);
  }
  // The same with JSON text, where `'` stands for `"`.
  base::Result<json::Value> call(std::string_view operation, std::string input) {
    std::replace(input.begin(), input.end(), '\'', '"');
    auto value = json::parse(input);
    EXPECT_TRUE(value) << input;
    return call(operation, std::move(*value));
  }
  json::Value must(std::string_view operation, json::Value input) {
    auto answer = call(operation, std::move(input));
    EXPECT_TRUE(answer) << operation << ": " << answer.error().to_string();
    return answer ? *answer : json::Value::object({});
  }
  std::string error(std::string_view operation, json::Value input) {
    const auto answer = call(operation, std::move(input));
    return answer ? "none" : answer.error().to_string();
  }

  std::string create_machine(std::string_view name, std::string_view definition, std::string_view type = "STANDARD") {
    const json::Value made =
        must("CreateStateMachine",
             json::Value::object({{"name", name}, {"definition", definition}, {"roleArn", kRole}, {"type", type}}));
    return made.find("stateMachineArn")->as_string();
  }
  std::string start(std::string_view machine_arn, std::string_view input = "{}") {
    const json::Value started =
        must("StartExecution", json::Value::object({{"stateMachineArn", machine_arn}, {"input", input}}));
    return started.find("executionArn")->as_string();
  }
  json::Value describe(std::string_view execution_arn) {
    return must("DescribeExecution", json::Value::object({{"executionArn", execution_arn}}));
  }
  std::string status(std::string_view execution_arn) { return describe(execution_arn).find("status")->as_string(); }
  // "ExecutionStarted PassStateEntered …".
  std::string event_types(std::string_view execution_arn) {
    const json::Value history =
        must("GetExecutionHistory", json::Value::object({{"executionArn", execution_arn}, {"maxResults", 1'000}}));
    std::string types;
    for (const json::Value& event : history.find("events")->items())
      types += (types.empty() ? "" : " ") + event.find("type")->as_string();
    return types;
  }

  // ServiceCaller
  bool offers(std::string_view model, std::string_view operation) const override {
    return model == "stepfunctions" && service->has(operation);
  }
  void call(connectors::ServiceCall request, Done done) override {
    wire::Call inner = call_of("", std::move(request.input));
    inner.operation = operations_called.emplace_back(std::move(request.operation));
    inner.principal = std::move(request.principal);
    service->handle(std::move(inner), std::move(done));
  }

  std::shared_ptr<const identity::Principal> principal = std::make_shared<identity::Principal>(
      identity::Principal{.account = std::string(kAccount), .arn = "arn:aws:iam::000000000000:user/alice"});
  int full_commits = 0;  // so many find the disk full
  base::VirtualClock clock{base::Timestamp::from_seconds(1'790'000'000)};
  http::Loop loop;
  Quotas quotas;
  std::function<bool(const std::string&, const std::string&)> has_log_group;
  connectors::Connectors::Options connector_options;
  std::shared_ptr<store::MemoryStore::Disk> disk = store::MemoryStore::new_disk();
  std::unique_ptr<store::MemoryStore> store;
  std::unique_ptr<store::Catalog> catalog;
  std::unique_ptr<MachineDirectory> directory;
  Identity identity;
  Functions functions;
  std::unique_ptr<connectors::Objects> objects;
  std::unique_ptr<connectors::Connectors> connectors;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<StatesService> service;
  std::list<std::string> operations_called;
};

}  // namespace escapement::services::states::testing
