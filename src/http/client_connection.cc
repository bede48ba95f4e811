#include "http/client_connection.h"

#include <openssl/ssl.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <charconv>

namespace escapement::http {
namespace {

using base::ErrorCode;
using base::make_error;

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kInlineBodyBytes = 64 * 1024;

bool has_field(const ClientRequest& request, std::string_view name) {
  for (const auto& [field, value] : request.fields) {
    if (equals_ignoring_case(field, name)) return true;
  }
  return false;
}

bool ends_line(std::string_view text) { return text.find_first_of("\r\n") != std::string_view::npos; }

}  // namespace

ClientConnection::ClientConnection(LoopCore& core, ClientConnectionOwner& owner, const ClientSettings& settings,
                                   const Origin& origin, void* pool)
    : owner_(owner),
      settings_(settings),
      origin_(origin),
      pool_(pool),
      socket_(core.context()),
      resolver_(core.context()) {}

void ClientConnection::open(ClientJob job) {
  job_.emplace(std::move(job));
  deadline_ = std::min(job_->deadline, std::chrono::steady_clock::now() + settings_.options.connect_timeout);
  resolve();
}

void ClientConnection::resolve() {
  if (origin_.scheme == "unix") {
    if (origin_.host.size() >= sizeof(sockaddr_un{}.sun_path))
      return fail(ErrorCode::invalid, "socket path too long", {});
    addresses_.push_back(asio::local::stream_protocol::endpoint(origin_.host));
    return connect_next();
  }
  error_code error;
  const auto address = asio::ip::make_address(origin_.host, error);
  if (!error) {
    addresses_.push_back(asio::ip::tcp::endpoint(address, origin_.port));
    return connect_next();
  }
  resolver_.async_resolve(origin_.host, std::to_string(origin_.port),
                          [self = shared_from_this()](const error_code& failed, const Resolver::results_type& found) {
                            if (self->closed_) return;
                            if (failed) return self->fail(ErrorCode::unavailable, "cannot find the host", failed);
                            for (const auto& entry : found) self->addresses_.push_back(entry.endpoint());
                            self->connect_next();
                          });
}

void ClientConnection::connect_next() {
  if (next_address_ == addresses_.size())
    return fail(ErrorCode::unavailable, "cannot connect", asio::error::host_not_found);
  const auto& address = addresses_[next_address_++];
  error_code ignored;
  if (socket_.is_open()) socket_.close(ignored);
  socket_.async_connect(address, [self = shared_from_this()](const error_code& error) {
    if (self->closed_) return;
    if (error && self->next_address_ < self->addresses_.size()) return self->connect_next();
    if (error) return self->fail(ErrorCode::unavailable, "cannot connect", error);
    error_code unimportant;
    self->socket_.non_blocking(self->origin_.scheme != "https", unimportant);
    if (self->origin_.scheme != "unix") self->socket_.set_option(asio::ip::tcp::no_delay(true), unimportant);
    self->handshake();
  });
}

void ClientConnection::handshake() {
  if (origin_.scheme == "https") {
    tls_ = std::make_unique<TlsSocket>(socket_, *settings_.tls);
    // The macro SSL_set_tlsext_host_name, spelt out: its C cast is an error here.
    std::string name = origin_.host;
    SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    error_code error;
    if (settings_.options.verify_tls) tls_->set_verify_callback(asio::ssl::host_name_verification(origin_.host), error);
    tls_->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](const error_code& failed) {
      if (self->closed_) return;
      if (failed) return self->fail(ErrorCode::unavailable, "TLS", failed);
      self->connected_ = true;
      self->write_request();
    });
    return;
  }
  connected_ = true;
  write_request();
}

void ClientConnection::start(ClientJob job) {
  job_.emplace(std::move(job));
  reused_ = true;
  write_request();
}

void ClientConnection::render() {
  const ClientRequest& request = job_->request;
  out_.clear();
  out_.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  for (const auto& [name, value] : request.fields) out_.append(name).append(": ").append(value).append("\r\n");
  if (!has_field(request, "host")) out_.append("Host: ").append(origin_.authority()).append("\r\n");
  if (!has_field(request, "content-length") &&
      (!request.body.empty() || (request.method != "GET" && request.method != "HEAD"))) {
    out_.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  out_.append("\r\n");
  if (request.body.size() <= kInlineBodyBytes) out_.append(request.body);
}

void ClientConnection::write_request() {
  const ClientRequest& request = job_->request;
  bool broken = ends_line(request.target) || ends_line(request.method) || request.target.find(' ') != std::string::npos;
  for (const auto& [name, value] : request.fields) broken = broken || ends_line(name) || ends_line(value);
  if (broken) return fail(ErrorCode::invalid, "the request holds a line break or blank where none may be", {});
  deadline_ = job_->deadline;
  response_.fields.clear();
  response_.body.clear();
  parser_.emplace(response_, settings_.options.header_bytes_max, settings_.options.body_bytes_max);
  if (request.method == "HEAD") parser_->skip(true);
  render();
  out_done_ = 0;
  if (tls_ == nullptr) {
    error_code error;
    out_done_ = socket_.write_some(asio::buffer(out_), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) return on_write(error, 0);
  }
  writing_ = true;
  on_write({}, 0);
  if (!closed_) read();
}

void ClientConnection::write_rest() {
  const std::string& body = job_->request.body;
  const std::string_view rest_of_body = body.size() <= kInlineBodyBytes ? std::string_view{} : std::string_view(body);
  std::array<asio::const_buffer, 2> parts;
  if (out_done_ < out_.size()) {
    parts = {asio::buffer(out_) + out_done_, asio::buffer(rest_of_body)};
  } else {
    parts = {asio::buffer(rest_of_body) + (out_done_ - out_.size()), asio::const_buffer()};
  }
  auto done = [self = shared_from_this()](const error_code& error, std::size_t count) { self->on_write(error, count); };
  if (tls_ != nullptr) {
    tls_->async_write_some(parts, std::move(done));
  } else {
    socket_.async_write_some(parts, std::move(done));
  }
}

void ClientConnection::on_write(const error_code& error, std::size_t count) {
  if (closed_ || !job_) return;
  // The server may have answered and closed without reading all: the answer decides, if it comes.
  if (error) {
    writing_ = false;
    if (!reading_) fail(ErrorCode::io, "sending failed", error);
    return;
  }
  out_done_ += count;
  const std::size_t whole =
      out_.size() + (job_->request.body.size() > kInlineBodyBytes ? job_->request.body.size() : 0);
  if (out_done_ < whole) return write_rest();
  writing_ = false;
}

void ClientConnection::read() {
  if (reading_ || closed_) return;
  if (in_.size() < kReadBytes) in_.resize(kReadBytes);
  reading_ = true;
  auto done = [self = shared_from_this()](const error_code& error, std::size_t count) { self->on_read(error, count); };
  // What did not parse yet lies at the front; see take().
  const auto space = asio::buffer(in_.data() + kept_, in_.size() - kept_);
  if (tls_ != nullptr) {
    tls_->async_read_some(space, std::move(done));
  } else {
    socket_.async_read_some(space, std::move(done));
  }
}

void ClientConnection::on_read(const error_code& error, std::size_t count) {
  reading_ = false;
  if (closed_) return;
  if (!job_) return close();  // An idle connection: closed by the server, or speaking out of turn.
  if (error) {
    if (parser_->got_some() && error == asio::error::eof) {
      error_code ended;
      parser_->put_eof(ended);
      if (!ended) return finish();
    }
    return fail(ErrorCode::io, "the connection broke before the answer was complete", error);
  }
  kept_ += count;
  if (take({in_.data(), kept_})) return finish();
  if (!closed_) read();
}

// True: the answer is complete.
bool ClientConnection::take(std::string_view bytes) {
  std::size_t used = 0;
  for (;;) {
    error_code error;
    used += parser_->feed(bytes.substr(used), error);
    if (error) {
      const bool too_large = error == beast_http::error::body_limit || error == beast_http::error::header_limit;
      fail(too_large ? ErrorCode::limit_exceeded : ErrorCode::io, "the answer cannot be read", error);
      return false;
    }
    if (!parser_->is_done() || response_.status >= 200) break;
    response_.fields.clear();  // An interim answer (100 Continue): the real one follows.
    parser_.emplace(response_, settings_.options.header_bytes_max, settings_.options.body_bytes_max);
  }
  kept_ = bytes.size() - used;
  if (kept_ > 0) std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end(), in_.begin());
  if (kept_ == in_.size()) in_.resize(in_.size() * 2);
  return parser_->is_done();
}

void ClientConnection::finish() {
  // A connection is kept only where both sides have said all that they had to say.
  const bool keep = parser_->keep_alive() && !writing_ && kept_ == 0;
  parser_.reset();
  ClientJob job = std::move(*job_);
  job_.reset();
  ClientResponse response = std::move(response_);
  response_ = {};
  const auto self = shared_from_this();
  if (keep) {
    deadline_ = std::chrono::steady_clock::now() + settings_.options.idle_timeout;
    owner_.on_idle(*this);
    if (!job_) read();
  } else {
    close();
  }
  job.done(std::move(response));
}

void ClientConnection::fail(ErrorCode code, std::string_view what, const error_code& error) {
  const auto self = shared_from_this();
  std::optional<ClientJob> job = std::exchange(job_, std::nullopt);
  const bool stale = reused_ && code == ErrorCode::io && parser_ && !parser_->got_some();
  parser_.reset();
  if (job && stale) {
    close();
    return owner_.on_stale(*this, std::move(*job));
  }
  close();
  if (!job) return;
  std::string message = origin_.authority() + ": " + std::string(what);
  if (error) message += " (" + error.message() + ")";
  job->done(make_error(code, std::move(message)));
}

void ClientConnection::abandon(base::Error error) {
  const auto self = shared_from_this();
  std::optional<ClientJob> job = std::exchange(job_, std::nullopt);
  close();
  if (job) job->done(std::move(error));
}

void ClientConnection::check_time(SteadyTime now) {
  if (now < deadline_) return;
  if (!job_) return close();
  abandon(make_error(ErrorCode::unavailable,
                     origin_.authority() + ": " + (connected_ ? "no answer in time" : "no connection in time")));
}

void ClientConnection::close() {
  if (std::exchange(closed_, true)) return;
  error_code ignored;
  resolver_.cancel();
  socket_.close(ignored);
  owner_.on_closed(*this);
}

}  // namespace escapement::http
