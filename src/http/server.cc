#include "http/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>

#include "base/log.h"
#include "http/connection.h"

namespace escapement::http {
namespace {

using base::ErrorCode;
using base::make_error;

template <typename Protocol>
using Acceptor = asio::basic_socket_acceptor<Protocol, Executor>;

constexpr int kBacklog = 4'096;
constexpr std::chrono::milliseconds kAcceptPause{100};  // after the process ran out of descriptors

std::string peer_of(const asio::ip::tcp::endpoint& endpoint) { return endpoint.address().to_string(); }
std::string peer_of(const asio::local::stream_protocol::endpoint&) { return {}; }

void prepare(asio::basic_stream_socket<asio::ip::tcp, Executor>& socket) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}
void prepare(asio::basic_stream_socket<asio::local::stream_protocol, Executor>&) {}

base::Error io_error(std::string_view what, const error_code& error) {
  return make_error(ErrorCode::io, std::string(what) + ": " + error.message());
}

}  // namespace

Responder::Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  std::swap(exchange_, other.exchange_);
  return *this;
}

Responder::~Responder() {
  if (exchange_ == nullptr) return;
  Response response;
  response.status = 500;
  send(std::move(response));
}

void Responder::send(Response response) {
  if (const auto exchange = std::exchange(exchange_, nullptr)) exchange->answer(std::move(response));
}

void Responder::on_disconnect(Task task) { exchange_->on_disconnect(std::move(task)); }
std::function<void(Task)> Responder::disconnect_hook() const {
  return [exchange = exchange_](Task task) { exchange->on_disconnect(std::move(task)); };
}
Loop& Responder::loop() const { return exchange_->loop(); }

class Server::Impl {
 public:
  Impl(ServerOptions options, Handler handler)
      : options_(std::move(options)), handler_(std::move(handler)), bodies_(options_.bodies_bytes_max) {
    for (unsigned i = 0; i < std::max(1u, options_.loops); ++i) {
      loops_.push_back(std::make_unique<Loop>("esc-http-" + std::to_string(i)));
      hubs_.push_back(std::make_unique<Hub>(*loops_.back(), options_, handler_, bodies_));
      loops_.back()->post([hub = hubs_.back().get()] { hub->sweep(); });
    }
  }

  ~Impl() { stop(std::chrono::milliseconds(0)); }

  base::Result<std::uint16_t> listen_tcp(const std::string& host, std::uint16_t port) {
    ESC_CHECK(load_tls());
    error_code error;
    asio::ip::tcp::resolver resolver(loops_[0]->core().context());
    const auto found = resolver.resolve(host, std::to_string(port), asio::ip::tcp::resolver::passive, error);
    if (error || found.empty()) return io_error("cannot resolve " + host, error);
    ESC_TRY(auto acceptor, open<asio::ip::tcp>(found.begin()->endpoint()));
    const std::uint16_t bound = acceptor->local_endpoint(error).port();
    accept_on(std::move(acceptor));
    return bound;
  }

  base::Result<void> listen_unix(const std::string& path) {
    ESC_CHECK(load_tls());
    if (path.size() >= sizeof(sockaddr_un{}.sun_path))
      return make_error(ErrorCode::invalid, "socket path too long: " + path);
    ESC_CHECK(remove_dead_socket(path));
    const mode_t old_mask = ::umask(0177);
    auto acceptor = open<asio::local::stream_protocol>(asio::local::stream_protocol::endpoint(path));
    ::umask(old_mask);
    if (!acceptor) return acceptor.error();
    accept_on(std::move(*acceptor));
    return {};
  }

  void stop(std::chrono::milliseconds patience) {
    if (std::exchange(stopped_, true)) return;
    on_every_loop([this](Hub& hub) {
      hub.draining = true;
      if (&hub == hubs_[0].get()) acceptors_.clear();
      for (const auto& connection : snapshot(hub)) connection->close_when_idle();
    });
    const auto until = std::chrono::steady_clock::now() + patience;
    while (open_connections() > 0 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    on_every_loop([](Hub& hub) {
      for (const auto& connection : snapshot(hub)) connection->close();
    });
    for (const auto& loop : loops_) loop->stop();
  }

  ServerFigures figures() const {
    ServerFigures sum;
    for (const auto& hub : hubs_) {
      sum.requests += hub->requests.load(std::memory_order_relaxed);
      sum.refused += hub->refused.load(std::memory_order_relaxed);
    }
    sum.connections = static_cast<std::uint64_t>(std::max<std::int64_t>(0, open_connections()));
    return sum;
  }

  Loop& loop(std::size_t index) { return *loops_[index % loops_.size()]; }

 private:
  static std::vector<std::shared_ptr<Connection>> snapshot(const Hub& hub) {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [raw, connection] : hub.connections) all.push_back(connection);
    return all;
  }

  std::int64_t open_connections() const {
    std::int64_t sum = 0;
    for (const auto& hub : hubs_) sum += hub->open.load(std::memory_order_relaxed);
    return sum;
  }

  // Runs `act` on each hub's own thread and waits for all.
  template <typename Act>
  void on_every_loop(Act act) {
    std::mutex mu;
    std::condition_variable done;
    std::size_t left = hubs_.size();
    for (const auto& hub : hubs_) {
      hub->loop.post([&, raw = hub.get()] {
        act(*raw);
        const std::lock_guard lock(mu);
        if (--left == 0) done.notify_one();
      });
    }
    std::unique_lock lock(mu);
    done.wait(lock, [&] { return left == 0; });
  }

  base::Result<void> load_tls() {
    if (tls_ != nullptr || (options_.tls_certificate_file.empty() && options_.tls_key_file.empty())) return {};
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    error_code error;
    context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                             asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                             asio::ssl::context::no_tlsv1_1 | asio::ssl::context::single_dh_use,
                         error);
    context->use_certificate_chain_file(options_.tls_certificate_file, error);
    if (error)
      return make_error(ErrorCode::invalid,
                        "cannot read certificate " + options_.tls_certificate_file + ": " + error.message());
    context->use_private_key_file(options_.tls_key_file, asio::ssl::context::pem, error);
    if (error)
      return make_error(ErrorCode::invalid,
                        "cannot read private key " + options_.tls_key_file + ": " + error.message());
    tls_ = std::move(context);
    return {};
  }

  // A socket file that nobody listens on is what a killed server left behind.
  static base::Result<void> remove_dead_socket(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return {};
    if (!S_ISSOCK(status.st_mode)) return make_error(ErrorCode::invalid, path + " exists and is no socket");
    asio::io_context context;
    asio::local::stream_protocol::socket probe(context);
    error_code error;
    probe.connect(asio::local::stream_protocol::endpoint(path), error);
    if (!error) return make_error(ErrorCode::io, path + " is in use");
    ::unlink(path.c_str());
    return {};
  }

  template <typename Protocol>
  base::Result<std::shared_ptr<Acceptor<Protocol>>> open(const typename Protocol::endpoint& endpoint) {
    auto acceptor = std::make_shared<Acceptor<Protocol>>(loops_[0]->core().context());
    error_code error;
    acceptor->open(endpoint.protocol(), error);
    if (!error && std::is_same_v<Protocol, asio::ip::tcp>)
      acceptor->set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor->bind(endpoint, error);
    if (!error) acceptor->listen(kBacklog, error);
    if (error) return io_error("cannot listen", error);
    return acceptor;
  }

  template <typename Protocol>
  void accept_on(std::shared_ptr<Acceptor<Protocol>> acceptor) {
    loops_[0]->post([this, acceptor = std::move(acceptor)] {
      if (hubs_[0]->draining) return;
      acceptors_.push_back(acceptor);
      accept_next(std::weak_ptr(acceptor));
    });
  }

  template <typename Protocol>
  void accept_next(std::weak_ptr<Acceptor<Protocol>> weak) {
    const auto acceptor = weak.lock();
    if (acceptor == nullptr) return;
    Hub& hub = *hubs_[next_hub_++ % hubs_.size()];
    using Socket = asio::basic_stream_socket<Protocol, Executor>;
    acceptor->async_accept(hub.loop.core().context().get_executor(),
                           [this, &hub, weak](const error_code& error, Socket socket) {
                             if (error == asio::error::operation_aborted) return;
                             if (error) {
                               loops_[0]->post_after(kAcceptPause, [this, weak] { accept_next(weak); });
                               return;
                             }
                             admit(hub, std::move(socket));
                             accept_next(weak);
                           });
  }

  template <typename Socket>
  void admit(Hub& hub, Socket socket) {
    if (open_connections() >= static_cast<std::int64_t>(options_.connections_max)) {
      hub.refused.fetch_add(1, std::memory_order_relaxed);
      static constexpr std::string_view kFull =
          "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: 1\r\n\r\n";
      error_code ignored;
      socket.non_blocking(true, ignored);
      if (tls_ == nullptr) socket.write_some(asio::buffer(kFull), ignored);
      return;
    }
    error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return;  // gone already
    prepare(socket);
    hub.open.fetch_add(1, std::memory_order_relaxed);
    auto connection = std::make_shared<Connection>(hub, PlainSocket(std::move(socket)), peer_of(endpoint), tls_.get());
    if (hub.loop.is_this_thread()) return connection->start();
    hub.loop.post([connection = std::move(connection)] { connection->start(); });
  }

  const ServerOptions options_;
  const Handler handler_;
  BodyBudget bodies_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::vector<std::unique_ptr<Hub>> hubs_;  // outlive the loops that run them
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::shared_ptr<void>> acceptors_;  // first loop's thread; shared with the accept that is under way
  std::size_t next_hub_ = 0;
  bool stopped_ = false;
};

Server::Server(ServerOptions options, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
Server::~Server() = default;
base::Result<std::uint16_t> Server::listen_tcp(const std::string& host, std::uint16_t port) {
  return impl_->listen_tcp(host, port);
}
base::Result<void> Server::listen_unix(const std::string& path) { return impl_->listen_unix(path); }
void Server::stop(std::chrono::milliseconds patience) { impl_->stop(patience); }
ServerFigures Server::figures() const { return impl_->figures(); }
Loop& Server::loop(std::size_t index) { return impl_->loop(index); }

}  // namespace escapement::http
