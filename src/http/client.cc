#include "http/client.h"

#include <charconv>
#include <deque>
#include <future>
#include <map>

#include "base/assert.h"
#include "http/client_connection.h"

namespace escapement::http {
namespace {

using base::ErrorCode;
using base::make_error;

constexpr std::chrono::milliseconds kSweepInterval{50};

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

bool has_bad_character(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return true;
  }
  return false;
}

}  // namespace

std::string Origin::authority() const {
  if (scheme == "unix") return "localhost";
  const std::string name = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  return port == default_port(scheme) ? name : name + ":" + std::to_string(port);
}

base::Result<Url> parse_url(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return make_error(ErrorCode::invalid, std::string(text.substr(0, 256)) + " is no URL: " + std::string(why));
  };
  if (has_bad_character(text)) return bad("it holds blanks or control characters");
  Url url;
  if (text.starts_with("unix:")) {
    url.origin = {"unix", std::string(text.substr(5)), 0};
    url.target = "/";
    return url;
  }
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return bad("it has no scheme");
  url.origin.scheme = text.substr(0, mark);
  if (url.origin.scheme != "http" && url.origin.scheme != "https") return bad("its scheme is neither http nor https");
  text.remove_prefix(mark + 3);
  text = text.substr(0, text.find('#'));
  const std::size_t end = text.find_first_of("/?");
  std::string_view authority = text.substr(0, end);
  url.target = end == std::string_view::npos ? "/" : std::string(text.substr(end));
  if (url.target.front() == '?') url.target.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) return bad("it holds user information");
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  url.origin.port = default_port(url.origin.scheme);
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view digits = authority.substr(colon + 1);
    unsigned port = 0;
    const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || last != digits.data() + digits.size() || port == 0 || port > 65'535)
      return bad("its port is none");
    url.origin.port = static_cast<std::uint16_t>(port);
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  if (authority.empty()) return bad("it has no host");
  url.origin.host = authority;
  return url;
}

// Loop thread only, but for send().
class Client::Impl final : public std::enable_shared_from_this<Client::Impl>, public ClientConnectionOwner {
 public:
  Impl(Loop& loop, ClientOptions options) : loop_(loop), settings_{std::move(options), nullptr} {}

  void send(ClientRequest request, Done done) {
    if (loop_.is_this_thread()) return begin(std::move(request), std::move(done));
    loop_.post([self = shared_from_this(), request = std::move(request), done = std::move(done)]() mutable {
      self->begin(std::move(request), std::move(done));
    });
  }

  void close() {
    closed_ = true;
    for (auto& [origin, pool] : pools_) {
      for (const auto& connection : std::vector(pool.all))
        connection->abandon(make_error(ErrorCode::unavailable, "the client was closed"));
      for (Waiting& waiting : std::exchange(pool.waiting, {}))
        waiting.job.done(make_error(ErrorCode::unavailable, "the client was closed"));
    }
    pools_.clear();
  }

  void on_idle(ClientConnection& connection) override {
    Pool& pool = *static_cast<Pool*>(connection.pool());
    if (!pool.waiting.empty()) {
      Waiting next = std::move(pool.waiting.front());
      pool.waiting.pop_front();
      connection.start(std::move(next.job));
      return;
    }
    pool.idle.push_back(&connection);
  }

  void on_closed(ClientConnection& connection) override {
    Pool& pool = *static_cast<Pool*>(connection.pool());
    std::erase(pool.idle, &connection);
    const auto at =
        std::find_if(pool.all.begin(), pool.all.end(), [&](const auto& held) { return held.get() == &connection; });
    if (at != pool.all.end()) {
      *at = std::move(pool.all.back());
      pool.all.pop_back();
    }
    if (!closed_ && !pool.waiting.empty()) {
      Waiting next = std::move(pool.waiting.front());
      pool.waiting.pop_front();
      open(pool, std::move(next.job));
    }
  }

  void on_stale(ClientConnection& connection, ClientJob job) override {
    open(*static_cast<Pool*>(connection.pool()), std::move(job));
  }

 private:
  struct Waiting {
    ClientJob job;
  };

  struct Pool {
    Origin origin;
    std::vector<std::shared_ptr<ClientConnection>> all;
    std::vector<ClientConnection*> idle;  // the last one used is the first one used again
    std::deque<Waiting> waiting;
  };

  void begin(ClientRequest request, Done done) {
    if (closed_) return done(make_error(ErrorCode::unavailable, "the client is closed"));
    const auto timeout = request.timeout.count() > 0 ? request.timeout : settings_.options.timeout;
    Pool& pool = pools_[request.origin];
    if (pool.origin.host.empty()) pool.origin = request.origin;
    ClientJob job{std::move(request), std::move(done), std::chrono::steady_clock::now() + timeout};
    ensure_sweep();
    if (!pool.idle.empty()) {
      ClientConnection* connection = pool.idle.back();
      pool.idle.pop_back();
      return connection->start(std::move(job));
    }
    if (pool.all.size() < settings_.options.connections_per_origin_max) return open(pool, std::move(job));
    if (pool.waiting.size() >= settings_.options.waiting_per_origin_max) {
      return job.done(make_error(ErrorCode::limit_exceeded,
                                 "too many requests wait for a connection to " + pool.origin.authority()));
    }
    pool.waiting.push_back({std::move(job)});
  }

  void open(Pool& pool, ClientJob job) {
    if (auto prepared = prepare_tls(pool.origin); !prepared) return job.done(prepared.error());
    auto connection = std::make_shared<ClientConnection>(loop_.core(), *this, settings_, pool.origin, &pool);
    pool.all.push_back(connection);
    connection->open(std::move(job));
  }

  base::Result<void> prepare_tls(const Origin& origin) {
    if (origin.scheme != "https" || settings_.tls != nullptr) return {};
    settings_.tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    error_code error;
    if (!settings_.options.verify_tls) {
      settings_.tls->set_verify_mode(asio::ssl::verify_none, error);
      return {};
    }
    settings_.tls->set_verify_mode(asio::ssl::verify_peer, error);
    if (settings_.options.ca_file.empty()) {
      settings_.tls->set_default_verify_paths(error);
    } else {
      settings_.tls->load_verify_file(settings_.options.ca_file, error);
    }
    if (!error) return {};
    settings_.tls.reset();
    return make_error(ErrorCode::invalid, "cannot load the trusted certificates: " + error.message());
  }

  void ensure_sweep() {
    if (std::exchange(sweeping_, true)) return;
    loop_.post_after(kSweepInterval, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->sweep();
    });
  }

  void sweep() {
    sweeping_ = false;
    const auto now = std::chrono::steady_clock::now();
    bool any = false;
    for (auto entry = pools_.begin(); entry != pools_.end();) {
      auto& [origin, pool] = *entry;
      for (const auto& connection : std::vector(pool.all)) connection->check_time(now);
      std::vector<ClientJob> late;
      for (auto at = pool.waiting.begin(); at != pool.waiting.end();) {
        if (at->job.deadline > now) {
          ++at;
          continue;
        }
        late.push_back(std::move(at->job));
        at = pool.waiting.erase(at);
      }
      for (ClientJob& job : late)
        job.done(make_error(ErrorCode::unavailable, "timed out waiting for a connection to " + origin.authority()));
      const bool unused = pool.all.empty() && pool.waiting.empty();
      any = any || !unused;
      entry = unused ? pools_.erase(entry) : std::next(entry);
    }
    if (any && !closed_) ensure_sweep();
  }

  Loop& loop_;
  ClientSettings settings_;
  std::map<Origin, Pool> pools_;  // a pool outlives its connections, which point to it
  bool sweeping_ = false;
  bool closed_ = false;
};

Client::Client(Loop& loop, ClientOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(options))), loop_(loop) {}

Client::~Client() {
  if (loop_.is_this_thread()) {
    impl_->close();
    return;
  }
  std::promise<void> closed;
  loop_.post([impl = std::move(impl_), &closed]() mutable {
    impl->close();
    impl.reset();
    closed.set_value();
  });
  closed.get_future().wait();
}

void Client::send(ClientRequest request, Done done) { impl_->send(std::move(request), std::move(done)); }

base::Result<ClientResponse> Client::send_and_wait(ClientRequest request) {
  ESC_ASSERT(!loop_.is_this_thread());
  std::promise<base::Result<ClientResponse>> answered;
  auto answer = answered.get_future();
  send(std::move(request), [&answered](base::Result<ClientResponse> result) { answered.set_value(std::move(result)); });
  return answer.get();
}

}  // namespace escapement::http
