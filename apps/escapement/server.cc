#include "server.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "base/clock.h"
#include "base/log.h"
#include "connectors/connectors.h"
#include "connectors/objects.h"
#include "connectors/s3_objects.h"
#include "data_dir.h"
#include "engine/engine.h"
#include "engine/keys.h"
#include "functions/function_service.h"
#include "functions/log_store.h"
#include "http/client.h"
#include "http/loop.h"
#include "http/server.h"
#include "identity/identity.h"
#include "metrics_page.h"
#include "services/iam/iam_service.h"
#include "services/lambda/code_links.h"
#include "services/lambda/lambda_service.h"
#include "services/logs/logs_service.h"
#include "services/states/execution_logs.h"
#include "services/states/states_service.h"
#include "services/sts/sts_service.h"
#include "store/catalog.h"
#include "store/rocksdb/rocksdb_store.h"
#include "wire/dispatcher.h"

namespace escapement::app {
namespace {

using base::ErrorCode;
using base::make_error;

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

// HOST:PORT, with an IPv6 host in brackets.
base::Result<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return make_error(ErrorCode::invalid,
                      fmt::format("'{}' is not an address: use HOST:PORT, such as 127.0.0.1:4566", text));
  }
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  Address address{std::string(host), 0};
  const char* const first = text.data() + colon + 1;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, address.port);
  if (error != std::errc{} || end != last)
    return make_error(ErrorCode::invalid, fmt::format("'{}' has no port from 0 to 65535", text));
  return address;
}

class InternalCaller final : public connectors::ServiceCaller {
 public:
  explicit InternalCaller(wire::Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
  bool offers(std::string_view service, std::string_view operation) const override {
    return dispatcher_.offers(service, operation);
  }
  void call(connectors::ServiceCall call, Done done) override {
    dispatcher_.call({.service = std::move(call.service),
                      .operation = std::move(call.operation),
                      .region = std::move(call.region),
                      .principal = std::move(call.principal),
                      .input = std::move(call.input)},
                     std::move(done));
  }

 private:
  wire::Dispatcher& dispatcher_;
};

std::chrono::milliseconds to_ms(base::Duration d) { return std::chrono::milliseconds(d.ms()); }

engine::Options engine_options(const Config& config) {
  engine::Options options;
  options.partitions = static_cast<std::uint16_t>(config.partitions);
  options.shards = static_cast<std::uint32_t>(config.shards);
  options.queue_commands_max = static_cast<std::uint32_t>(config.queue_commands_max);
  options.batch_commands_max = static_cast<std::uint32_t>(config.batch_commands_max);
  options.resident_timers_max = static_cast<std::uint32_t>(config.resident_timers_max);
  options.cached_executions_max = static_cast<std::uint32_t>(config.cached_executions_max);
  options.dispatched_tasks_max = static_cast<std::uint32_t>(config.dispatched_tasks_max);
  options.retention = config.retention;
  options.limits.payload_bytes_max = static_cast<std::size_t>(config.payload_bytes_max);
  options.limits.history_events_max = static_cast<std::uint64_t>(config.history_events_max);
  return options;
}

functions::Options function_options(const Config& config, const std::string& data_dir) {
  functions::Options options;
  options.directory = data_dir + "/functions";
  options.account = config.account;
  options.event_prefix = std::string(1, engine::keys::kFunctionEvents);
  options.concurrency_max = static_cast<std::uint32_t>(config.concurrent_executions_max);
  options.processes_max = static_cast<std::uint32_t>(config.warm_processes_max);
  options.idle_time_max = config.idle_timeout_functions;
  options.sandbox = config.sandbox;
  return options;
}

http::ServerOptions http_options(const Config& config) {
  http::ServerOptions options;
  options.loops = static_cast<unsigned>(config.network_threads);
  options.header_bytes_max = static_cast<std::size_t>(config.header_bytes_max);
  options.body_bytes_max = static_cast<std::size_t>(config.body_bytes_max);
  options.bodies_bytes_max = static_cast<std::size_t>(config.bodies_bytes_max);
  options.connections_max = static_cast<std::size_t>(config.connections_max);
  options.header_timeout = to_ms(config.header_timeout);
  options.body_timeout = to_ms(config.body_timeout);
  options.idle_timeout = to_ms(config.idle_timeout);
  options.tls_certificate_file = config.tls_certificate_file;
  options.tls_key_file = config.tls_key_file;
  return options;
}

wire::DispatcherOptions dispatcher_options(const Config& config) {
  wire::DispatcherOptions options;
  options.account = config.account;
  options.signatures.clock_skew_max = config.clock_skew_max;
  options.blocking_threads = static_cast<unsigned>(config.blocking_threads);
  options.blocking_queue_max = static_cast<std::size_t>(config.blocking_queue_max);
  return options;
}

}  // namespace

// Members are in the order of their making; destruction is the reverse.
class Server::Graph {
 public:
  base::Result<void> open(const std::string& data_dir, const std::string& listen, const Config& config) {
    config_ = config;
    ESC_TRY(const Address address, parse_address(listen));
    ESC_CHECK(make_data_dir(data_dir));
    ESC_TRY(store_, store::open_rocksdb({.path = data_dir + "/db",
                                         .lasting_tables = std::string(engine::keys::kLastingTables),
                                         .passing_tables = std::string(engine::keys::kPassingTables),
                                         .memtable_bytes = static_cast<std::uint64_t>(config.memtable_bytes),
                                         .block_cache_bytes = static_cast<std::uint64_t>(config.block_cache_bytes),
                                         .wal_bytes_max = static_cast<std::uint64_t>(config.wal_bytes_max),
                                         .disk_reserve_bytes = config.disk_reserve_bytes}));
    ESC_TRY(catalog_, store::Catalog::open(*store_, std::string(1, engine::keys::kCatalog)));
    ESC_TRY(identity_, identity::Identity::open(*store_, *catalog_, clock_, {.account = config.account}));
    ESC_TRY(const auto admin, identity_->bootstrap());
    if (admin) ESC_CHECK(write_credentials(data_dir, {admin->id, admin->secret}));

    ESC_TRY(logs_, functions::LogStore::open(data_dir + "/functions/logs", clock_, {}));
    ESC_TRY(functions_, functions::FunctionService::open(*store_, *catalog_, clock_, *logs_, credential_issuer(),
                                                         function_options(config, data_dir)));
    timers_ = std::make_unique<http::Loop>("esc-timers");
    client_ = std::make_unique<http::Client>(*timers_, http::ClientOptions{});
    connectors_ =
        std::make_unique<connectors::Connectors>(*timers_, clock_, client_.get(), connectors::Connectors::Options{});
    execution_logs_ =
        std::make_unique<services::states::ExecutionLogs>(*logs_, services::states::ExecutionLogs::Options{});
    connectors_->on_recorded([this](engine::RecordedEvents events) { execution_logs_->add(std::move(events)); });
    for (const ServiceEndpoint& endpoint : config.endpoints) {
      connectors_->endpoints().add(endpoint.service,
                                   {endpoint.url,
                                    endpoint.region,
                                    {endpoint.access_key_id, endpoint.secret_access_key, endpoint.session_token}});
    }
    open_buckets(config);
    ESC_TRY(machines_, services::states::MachineDirectory::open(*catalog_));
    ESC_TRY(engine_, engine::Engine::open(*store_, clock_, *machines_, *connectors_, engine_options(config)));

    dispatcher_ = std::make_unique<wire::Dispatcher>(dispatcher_options(config), *identity_, clock_);
    ESC_CHECK(add_services());
    http_ = std::make_unique<http::Server>(http_options(config),
                                           [this](http::Request&& request, http::Responder responder) {
                                             dispatcher_->handle(std::move(request), std::move(responder));
                                           });
    ESC_TRY(port_, http_->listen_tcp(address.host, address.port));
    const bool is_ipv6 = address.host.find(':') != std::string::npos;
    url_ = fmt::format("{}://{}:{}", config.tls_key_file.empty() ? "http" : "https",
                       is_ipv6 ? "[" + address.host + "]" : address.host, port_);
    functions_->set_endpoint_url(url_);
    return write_endpoint(data_dir, {url_, config.region, config.account});
  }

  ~Graph() {
    if (http_) stop();
  }

  void start() { engine_->start(); }

  void stop() {
    http_->stop(to_ms(config_.drain_timeout));
    functions_->stop(config_.drain_timeout);
    engine_->stop();
    if (const auto flushed = identity_->flush_last_used(); !flushed) {
      base::log(base::LogLevel::warning, "app", "last uses of keys were not written: " + flushed.error().message);
    }
  }

  std::uint16_t port() const { return port_; }
  const std::string& url() const { return url_; }

 private:
  functions::CredentialIssuer credential_issuer() {
    return [this](const std::string& role_arn, const std::string& session_name,
                  const std::string& function_arn) -> base::Result<functions::FunctionCredentials> {
      ESC_TRY(auto made, identity_->credentials_for_service(role_arn, "lambda.amazonaws.com", session_name,
                                                            {{"aws:SourceArn", function_arn}}));
      return functions::FunctionCredentials{made.access_key_id, made.secret_access_key, made.session_token,
                                            made.expiration};
    };
  }

  void open_buckets(const Config& config) {
    folder_buckets_ = std::make_unique<connectors::FolderObjects>(
        std::map<std::string, std::filesystem::path, std::less<>>(config.buckets.begin(), config.buckets.end()),
        connectors::FolderObjects::Options{});
    std::map<std::string, connectors::S3Bucket, std::less<>> at_endpoints;
    for (const ServiceEndpoint& bucket : config.s3_buckets) {
      at_endpoints[bucket.service] = {bucket.url,
                                      bucket.region.empty() ? config.region : bucket.region,
                                      {bucket.access_key_id, bucket.secret_access_key, bucket.session_token}};
    }
    s3_buckets_ = std::make_unique<connectors::S3Objects>(std::move(at_endpoints), *client_, clock_);
    if (config.buckets.empty() && config.s3_buckets.empty()) return;  // a Map is then told that there are none
    buckets_ = std::make_unique<connectors::BucketMap>(*folder_buckets_, s3_buckets_.get());
  }

  base::Result<void> add_services() {
    states_ = std::make_shared<services::states::StatesService>(
        services::states::StatesService::Dependencies{
            *machines_, *engine_, *identity_, *connectors_, clock_,
            [this](const std::string& region, const std::string& group) { return logs_->has_group(region, group); }},
        services::states::Quotas{.input_bytes_max = static_cast<std::size_t>(config_.payload_bytes_max)});
    dispatcher_->add(states_);
    const services::lambda::Operations lambda{
        .catalog = *catalog_,
        .functions = *functions_,
        .authoriser = *identity_,
        .clock = clock_,
        .endpoint_url = [this] { return url_; },
        .options = {.concurrency_max = static_cast<std::uint32_t>(config_.concurrent_executions_max),
                    .accepts_retired_runtimes = config_.retired_runtimes},
        .offers_event_source = {}};
    dispatcher_->add(std::make_shared<services::lambda::LambdaService>(lambda));
    files_ = std::make_unique<http::Loop>("esc-files");
    dispatcher_->add_page(
        std::string(services::lambda::kCodePath), [this, lambda](http::Request&& request, http::Responder responder) {
          // Reads the disk, so not on the network's thread.
          files_->post([lambda, query = std::string(request.query()), responder = std::move(responder)]() mutable {
            auto archive = services::lambda::code_of_link(lambda, query);
            responder.send(archive ? http::Response{.content_type = "application/zip", .body = std::move(*archive)}
                                   : http::Response{.status = 403});
          });
        });
    dispatcher_->add(std::make_shared<services::iam::IamService>(*identity_));
    dispatcher_->add(std::make_shared<services::sts::StsService>(*identity_));
    dispatcher_->add(std::make_shared<services::logs::LogsService>(
        services::logs::Operations{.catalog = *catalog_, .store = *logs_, .authoriser = *identity_, .clock = clock_}));
    dispatcher_->add_page("/metrics", [this](http::Request&&, http::Responder responder) {
      responder.send(http::Response{.status = 200,
                                    .content_type = "text/plain; version=0.0.4",
                                    .body = render_metrics(*engine_, *functions_, *dispatcher_, *store_)});
    });
    dispatcher_->add_page("/health", [this](http::Request&&, http::Responder responder) {
      const bool good = engine_->accepting();
      responder.send(http::Response{
          .status = good ? 200 : 503,
          .content_type = "application/json",
          .body = good ? R"({"status":"ok"})"
                       : R"({"status":"failed","reason":"the disk refused a sync; restart the server"})"});
    });
    caller_ = std::make_unique<InternalCaller>(*dispatcher_);
    return connectors_->connect(
        {*engine_, *functions_, *identity_, *identity_, *caller_, *states_, *store_, *machines_, buckets_.get()});
  }

  Config config_;
  base::SystemClock clock_;
  std::uint16_t port_ = 0;
  std::string url_;
  std::unique_ptr<http::Server> http_;  // outlives every Responder, so it comes first and is stopped before all else
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Catalog> catalog_;
  std::unique_ptr<identity::Identity> identity_;
  std::unique_ptr<functions::LogStore> logs_;
  std::unique_ptr<services::states::ExecutionLogs> execution_logs_;
  std::unique_ptr<functions::FunctionService> functions_;
  std::unique_ptr<http::Loop> timers_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<InternalCaller> caller_;
  std::unique_ptr<connectors::FolderObjects> folder_buckets_;
  std::unique_ptr<connectors::S3Objects> s3_buckets_;
  std::unique_ptr<connectors::BucketMap> buckets_;
  std::unique_ptr<connectors::Connectors> connectors_;
  std::unique_ptr<services::states::MachineDirectory> machines_;
  std::unique_ptr<engine::Engine> engine_;
  std::shared_ptr<services::states::StatesService> states_;  // shared with the dispatcher
  std::unique_ptr<wire::Dispatcher> dispatcher_;
  std::unique_ptr<http::Loop> files_;
};

Server::Server(std::unique_ptr<Graph> graph) : graph_(std::move(graph)) {}
Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::open(const std::string& data_dir, const std::string& listen,
                                                   const Config& config) {
  auto graph = std::make_unique<Graph>();
  ESC_CHECK(graph->open(data_dir, listen, config));
  return std::unique_ptr<Server>(new Server(std::move(graph)));
}

void Server::start() { graph_->start(); }
void Server::stop() { graph_->stop(); }
std::uint16_t Server::port() const { return graph_->port(); }
const std::string& Server::url() const { return graph_->url(); }

}  // namespace escapement::app
