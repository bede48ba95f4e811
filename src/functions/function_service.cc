#include "functions/function_service.h"

#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "functions/event_queue.h"
#include "functions/function_reference.h"
#include "functions/service_core.h"
#include "json/print.h"

namespace escapement::functions {
namespace {

using namespace std::chrono_literals;

constexpr auto kTickInterval = 100ms;
constexpr auto kIdleTickInterval = 1000ms;

// What other threads hand in; one wake-up for all that came since the loop last looked.
struct Inbox {
  std::vector<std::pair<InvokeRequest, InvokeDone>> invocations;
  std::vector<std::pair<std::size_t, std::string>> cancellations;  // each after so many of the invocations
  std::vector<std::pair<std::string, std::string>> changes;

  bool empty() const { return invocations.empty() && cancellations.empty() && changes.empty(); }
};

class LocalFunctionService final : public FunctionService {
 public:
  LocalFunctionService(store::Store& store, store::Catalog& catalog, const base::Clock& clock, LogSink& logs,
                       CredentialIssuer credentials, Options options, CodeStore code, Sandbox sandbox,
                       std::unique_ptr<Reactor> reactor)
      : catalog_(catalog),
        clock_(clock),
        options_(std::move(options)),
        code_(std::move(code)),
        sandbox_(std::move(sandbox)),
        reactor_(std::move(reactor)),
        starter_(*reactor_, sandbox_, code_, clock, std::move(credentials)),
        core_({.reactor = *reactor_,
               .catalog = catalog,
               .clock = clock,
               .logs = logs,
               .sandbox = sandbox_,
               .starter = starter_,
               .options = options_}),
        events_(
            store, clock, {.prefix = options_.event_prefix},
            [this](const Event& event, InvokeDone done) { attempt(event, std::move(done)); },
            [this](const Event& event) { return event_config(event); },
            [this](const Event& event, std::string_view condition, const base::Result<InvokeResult>& last) {
              send_to_destination(event, condition, last);
            }) {
    starter_.set_endpoint_url(options_.endpoint_url);
  }

  ~LocalFunctionService() override { stop({}); }

  base::Result<void> start() {
    reactor_->post([this] {
      core_.load_provisioned();
      tick();
    });
    return events_.start();
  }

  void invoke(InvokeRequest request, InvokeDone done) override {
    if (request.kind == InvocationKind::event) return accept_event(std::move(request), std::move(done));
    add([&](Inbox& inbox) { inbox.invocations.emplace_back(std::move(request), std::move(done)); });
  }

  void cancel(std::string request_id) override {
    add([&](Inbox& inbox) { inbox.cancellations.emplace_back(inbox.invocations.size(), std::move(request_id)); });
  }

  void function_changed(const std::string& region, const std::string& name) override {
    add([&](Inbox& inbox) { inbox.changes.emplace_back(region, name); });
  }

  void set_endpoint_url(std::string url) override { starter_.set_endpoint_url(std::move(url)); }
  CodeStore& code_store() override { return code_; }

  Figures figures() const override {
    const Counters& c = core_.counters();
    return {.invocations = c.invocations,
            .function_errors = c.function_errors,
            .throttled = c.throttled,
            .timed_out = c.timed_out,
            .processes_started = c.processes_started,
            .processes = c.processes,
            .running = c.running,
            .queued = c.queued,
            .events_pending = events_.pending()};
  }

  void stop(base::Duration patience) override {
    if (std::exchange(stopped_, true)) return;
    events_.stop();
    on_loop([this] { core_.begin_stop(); });
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(patience.us);
    while (std::chrono::steady_clock::now() < until && !on_loop([this] { return core_.is_quiet(); }))
      std::this_thread::sleep_for(10ms);
    on_loop([this] { core_.kill_all(); });
    const auto killed_by = std::chrono::steady_clock::now() + 2s;
    while (std::chrono::steady_clock::now() < killed_by && on_loop([this] { return core_.processes(); }) > 0)
      std::this_thread::sleep_for(1ms);
    reactor_->stop();
  }

 private:
  template <typename Change>
  void add(Change change) {
    bool first = false;
    {
      const std::lock_guard lock(inbox_mutex_);
      first = inbox_.empty();
      change(inbox_);
    }
    if (first) reactor_->post([this] { take_inbox(); });
  }

  // Changes first: whoever calls after a change was announced sees it.
  void take_inbox() {
    Inbox taken;
    {
      const std::lock_guard lock(inbox_mutex_);
      std::swap(taken, inbox_);
    }
    for (const auto& [region, name] : taken.changes) core_.function_changed(region, name);
    auto cancellation = taken.cancellations.begin();
    for (std::size_t i = 0; i <= taken.invocations.size(); ++i) {
      for (; cancellation != taken.cancellations.end() && cancellation->first == i; ++cancellation)
        core_.cancel(cancellation->second);
      if (i == taken.invocations.size()) break;
      auto& [request, done] = taken.invocations[i];
      core_.invoke(std::move(request), std::move(done));
    }
  }

  void tick() {
    core_.tick();
    reactor_->run_at(reactor_->now() + (core_.processes() > 0 ? kTickInterval : kIdleTickInterval), [this] { tick(); });
  }

  template <typename Question>
  auto on_loop(Question question) -> decltype(question()) {
    std::promise<decltype(question())> promise;
    auto future = promise.get_future();
    reactor_->post([&] {
      if constexpr (std::is_void_v<decltype(question())>) {
        question();
        promise.set_value();
      } else {
        promise.set_value(question());
      }
    });
    return future.get();
  }

  base::Result<FunctionReference> reference_of(const std::string& function, const std::string& qualifier,
                                               const std::string& region) const {
    ESC_TRY(FunctionReference reference, parse_function_reference(function));
    if (reference.region.empty()) reference.region = region;
    if (reference.account.empty()) reference.account = options_.account;
    if (!qualifier.empty()) reference.qualifier = qualifier;
    return reference;
  }

  void accept_event(InvokeRequest request, InvokeDone done) {
    // Refused at once where there is no such function; the catalog's view is memory.
    const auto reference = reference_of(request.function, request.qualifier, request.region);
    if (!reference) return done(reference.error());
    const auto target =
        find_target(catalog_.view(), reference->region, reference->account, reference->name, reference->qualifier);
    if (!target) return done(target.error());
    const base::Timestamp now = clock_.now();
    events_.accept({.region = reference->region,
                    .account = reference->account,
                    .function = std::move(request.function),
                    .qualifier = std::move(request.qualifier),
                    .request_id = request.request_id.empty() ? base::random_uuid() : std::move(request.request_id),
                    .payload = std::move(request.payload),
                    .client_context = std::move(request.client_context),
                    .accepted = now,
                    .due = now},
                   std::move(done));
  }

  void attempt(const Event& event, InvokeDone done) {
    InvokeRequest request{.function = event.function,
                          .qualifier = event.qualifier,
                          .region = event.region,
                          .account = event.account,
                          .payload = event.payload,
                          .request_id = event.request_id,
                          .client_context = event.client_context};
    request.queue_when_busy = true;
    add([&](Inbox& inbox) { inbox.invocations.emplace_back(std::move(request), std::move(done)); });
  }

  EventConfig event_config(const Event& event) const {
    const auto reference = reference_of(event.function, event.qualifier, event.region);
    return reference ? find_event_config(catalog_.view(), reference->region, reference->name, reference->qualifier)
                     : EventConfig{};
  }

  // Destinations that are functions get the record as an event of their own; others need services that this server does
  // not offer.
  void send_to_destination(const Event& event, std::string_view condition, const base::Result<InvokeResult>& last) {
    const EventConfig config = event_config(event);
    const std::string& destination = condition == "Success" ? config.on_success : config.on_failure;
    if (destination.empty()) return;
    if (!destination.starts_with("arn:aws:lambda:")) {
      return base::log(base::LogLevel::warning, "functions",
                       "the destination " + destination + " is of a service that this server does not offer");
    }
    const auto reference = reference_of(event.function, event.qualifier, event.region);
    const std::string arn = reference ? "arn:aws:lambda:" + reference->region + ":" + reference->account +
                                            ":function:" + reference->name + ":" +
                                            (reference->qualifier.empty() ? "$LATEST" : reference->qualifier)
                                      : event.function;
    std::string record = R"({"version":"1.0","timestamp":)";
    json::print_string_to(record, base::to_iso8601(clock_.now()));
    record += R"(,"requestContext":{"requestId":)";
    json::print_string_to(record, event.request_id);
    record += R"(,"functionArn":)";
    json::print_string_to(record, arn);
    record += R"(,"condition":)";
    json::print_string_to(record, condition);
    record += R"(,"approximateInvokeCount":)" + std::to_string(event.attempts + (condition == "Success" ? 1 : 0));
    record += R"(},"requestPayload":)" + (event.payload.empty() ? "{}" : event.payload);
    if (last) {
      record += R"(,"responseContext":{"statusCode":200,"executedVersion":)";
      json::print_string_to(record, last->executed_version);
      if (!last->function_error.empty()) record += R"(,"functionError":"Unhandled")";
      record += R"(},"responsePayload":)" + (last->payload.empty() ? "null" : last->payload);
    }
    record += "}";
    accept_event({.function = destination,
                  .qualifier = {},
                  .region = event.region,
                  .account = event.account,
                  .payload = std::move(record)},
                 [](const base::Result<InvokeResult>& accepted) {
                   if (!accepted)
                     base::log(base::LogLevel::warning, "functions",
                               "a destination refused its record: " + accepted.error().to_string());
                 });
  }

  store::Catalog& catalog_;
  const base::Clock& clock_;
  Options options_;
  CodeStore code_;
  Sandbox sandbox_;
  std::unique_ptr<Reactor> reactor_;
  ProcessStarter starter_;
  ServiceCore core_;
  EventQueue events_;
  std::mutex inbox_mutex_;
  Inbox inbox_;  // guarded by inbox_mutex_
  bool stopped_ = false;
};

// In a source tree beside build/, in an installation under share/.
std::string find_node_modules() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  for (std::filesystem::path folder = program.parent_path(); !folder.empty(); folder = folder.parent_path()) {
    for (const char* const name : {"runtimes/node", "share/escapement/runtimes/node"}) {
      if (std::filesystem::is_directory(folder / name / "sdk-v3", error)) return (folder / name).string();
    }
    if (folder == folder.root_path()) break;
  }
  return {};
}

}  // namespace

base::Result<std::unique_ptr<FunctionService>> FunctionService::open(store::Store& store, store::Catalog& catalog,
                                                                     const base::Clock& clock, LogSink& logs,
                                                                     CredentialIssuer credentials, Options options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) return base::make_error(base::ErrorCode::io, "cannot make " + options.directory + ": " + error.message());
  if (options.node_modules.empty()) options.node_modules = find_node_modules();
  ESC_TRY(CodeStore code, CodeStore::open(std::filesystem::path(options.directory) / "code"));
  ESC_TRY(std::unique_ptr<Reactor> reactor, Reactor::start("esc-functions"));
  // The probe starts processes, and so does the starter's thread: each waits for its own.
  ESC_TRY(Sandbox sandbox, Sandbox::open({.directory = options.directory,
                                          .node_program = options.node_program,
                                          .python_program = options.python_program,
                                          .node_modules = options.node_modules,
                                          .enabled = options.sandbox}));
  auto service =
      std::make_unique<LocalFunctionService>(store, catalog, clock, logs, std::move(credentials), std::move(options),
                                             std::move(code), std::move(sandbox), std::move(reactor));
  ESC_CHECK(service->start());
  return service;
}

}  // namespace escapement::functions
