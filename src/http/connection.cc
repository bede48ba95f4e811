#include "http/connection.h"

#include <array>
#include <boost/asio/write.hpp>
#include <charconv>
#include <ctime>

#include "base/clock.h"
#include "base/log.h"

namespace escapement::http {
namespace {

constexpr std::size_t kReadBufferBytes = 4 * 1024;
constexpr std::size_t kReadBufferBytesMax = 256 * 1024;
constexpr std::size_t kInlineBodyBytes = 16 * 1024;    // smaller answers go out in one buffer with their header
constexpr std::size_t kKeptCapacityBytes = 64 * 1024;  // larger buffers are given back after the request
constexpr std::chrono::milliseconds kSweepInterval{250};
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::size_t kBodyBytesPerSecondMin = 1'024;
constexpr std::size_t kFreeBytes = 2 * kKeptCapacityBytes;  // of buffers: what a small request never exceeds

void append_number(std::string& out, std::size_t number) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

// A field's value must not end its line.
void append_value(std::string& out, std::string_view value) {
  const std::size_t at = out.size();
  out.append(value);
  for (std::size_t i = at; i < out.size(); ++i) {
    if (out[i] == '\r' || out[i] == '\n') out[i] = ' ';
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  append_value(out, value);
  out.append("\r\n");
}

// An assignment of an empty string would keep the buffer.
void release_if_large(std::string& buffer) {
  if (buffer.capacity() > kKeptCapacityBytes) std::string().swap(buffer);
}

int status_for(const error_code& error) {
  if (error == beast_http::error::header_limit) return 431;
  if (error == beast_http::error::body_limit) return 413;
  if (error == beast_http::error::bad_version) return 505;
  return 400;
}

}  // namespace

std::string_view Hub::date_now() {
  const std::int64_t second = base::SystemClock().now().us / 1'000'000;
  if (second != date_second_) {
    const std::time_t time = second;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[40];
    date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    date_second_ = second;
  }
  return date_;
}

void Hub::sweep() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<Connection>> late;
  for (const auto& [raw, connection] : connections) {
    if (connection->is_past(now)) late.push_back(connection);
  }
  for (const auto& connection : late) connection->time_out();
  loop.post_after(kSweepInterval, [this] { sweep(); });
}

Connection::Connection(Hub& hub, PlainSocket socket, std::string peer, asio::ssl::context* tls)
    : hub_(hub), socket_(std::move(socket)), peer_(std::move(peer)) {
  if (tls != nullptr) tls_ = std::make_unique<TlsSocket>(socket_, *tls);
  in_.resize(kReadBufferBytes);
}

void Connection::start() {
  hub_.connections.emplace(this, shared_from_this());
  if (hub_.draining) return close();
  set_deadline(hub_.options.header_timeout);
  if (tls_ == nullptr) {
    error_code ignored;
    socket_.non_blocking(true, ignored);  // write() asks whether an answer fits, and must not wait for it.
    return read();
  }
  phase_ = Phase::handshake;
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](const error_code& error) {
    if (error || self->phase_ == Phase::closed) return self->close();
    self->phase_ = Phase::idle;
    self->read();
  });
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  hub_.open.fetch_sub(1, std::memory_order_relaxed);  // before the client can see it
  error_code ignored;
  socket_.close(ignored);
  on_disconnect_ = nullptr;
  give_back_body_bytes();
  hub_.connections.erase(this);
}

void Connection::close_when_idle() {
  if (phase_ == Phase::idle || phase_ == Phase::handshake) return close();
  close_after_answer_ = true;
}

void Connection::time_out() {
  switch (phase_) {
    case Phase::header:
    case Phase::body:
      return refuse(408, "The request took too long to arrive.");
    case Phase::handling:
      return;
    default:
      return close();
  }
}

void Connection::set_deadline(std::chrono::milliseconds delay) { deadline_ = std::chrono::steady_clock::now() + delay; }

// A body may take its time, but it must come at a slow modem's pace, with pauses of body_timeout. A fast start is no
// credit for a drip after it, or a client could make the server hold what it sent for as long as it likes.
void Connection::set_body_deadline() {
  const std::size_t new_bytes = request_.body.size() - body_bytes_paid_;
  body_bytes_paid_ = request_.body.size();
  const std::chrono::microseconds earned(new_bytes * 1'000'000 / kBodyBytesPerSecondMin);
  body_pace_ = std::min(body_pace_ + earned, std::chrono::steady_clock::now() + hub_.options.body_timeout);
  deadline_ = body_pace_;
}

bool Connection::take_body_bytes() {
  const std::size_t held = request_.body.capacity() + in_.size();
  const std::size_t counted = held > kFreeBytes ? held - kFreeBytes : 0;
  if (counted <= body_bytes_taken_) return true;
  if (!hub_.bodies.take(counted - body_bytes_taken_)) return false;
  body_bytes_taken_ = counted;
  return true;
}

void Connection::give_back_body_bytes() { hub_.bodies.give_back(std::exchange(body_bytes_taken_, 0)); }

void Connection::read() {
  if (reading_ || phase_ == Phase::closed) return;
  if (in_begin_ > 0) {
    std::copy(in_.begin() + static_cast<std::ptrdiff_t>(in_begin_), in_.begin() + static_cast<std::ptrdiff_t>(in_end_),
              in_.begin());
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  if (in_end_ == 0 && in_.size() > kKeptCapacityBytes && phase_ != Phase::body)
    in_ = std::string(kReadBufferBytes, '\0');
  if (in_end_ == in_.size()) {
    if (phase_ == Phase::handling || phase_ == Phase::writing) return;  // A pipelining client waits for its answers.
    if (in_.size() >= kReadBufferBytesMax) return refuse(431, "The request's header is too large.");
    in_.resize(in_.size() * 2);
  }
  reading_ = true;
  const auto space = asio::buffer(in_.data() + in_end_, in_.size() - in_end_);
  auto done = [self = shared_from_this()](const error_code& error, std::size_t count) { self->on_read(error, count); };
  if (tls_ != nullptr) {
    tls_->async_read_some(space, std::move(done));
  } else {
    socket_.async_read_some(space, std::move(done));
  }
}

void Connection::on_read(const error_code& error, std::size_t count) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::lingering) {
    if (error) return close();
    in_end_ = 0;
    return read();
  }
  if (error) return on_peer_gone();
  in_end_ += count;
  if (phase_ == Phase::handling || phase_ == Phase::writing) return read();
  process();
}

void Connection::on_peer_gone() {
  peer_gone_ = true;
  keep_alive_ = false;
  // A client may shut its sending side and still wait for the answer, so the answer is written if it comes.
  if (phase_ != Phase::handling && phase_ != Phase::writing) return close();
  if (Task task = std::exchange(on_disconnect_, nullptr)) task();
}

void Connection::process() {
  if (in_process_) return;
  in_process_ = true;
  const auto self = shared_from_this();
  while (phase_ == Phase::idle || phase_ == Phase::header || phase_ == Phase::body) {
    if (in_size() == 0 || !feed_parser()) break;
    hand_over();
  }
  in_process_ = false;
  if (phase_ != Phase::closed && phase_ != Phase::lingering && !peer_gone_) read();
}

// True: a whole request is there. False: it needs more, or the connection has gone.
bool Connection::feed_parser() {
  if (!parser_) {
    request_.clear();
    request_.peer = peer_;
    request_.is_secure = tls_ != nullptr;
    parser_.emplace(request_, hub_.options.header_bytes_max, hub_.options.body_bytes_max);
    continue_sent_ = false;
    phase_ = Phase::header;
    set_deadline(hub_.options.header_timeout);
  }
  error_code error;
  in_begin_ += parser_->feed({in_.data() + in_begin_, in_size()}, error);
  if (error) {
    refuse(status_for(error), error.message());
    return false;
  }
  if (parser_->is_done()) return true;
  if (!parser_->is_header_done()) return false;
  if (phase_ == Phase::header) begin_body();
  if (!take_body_bytes()) {
    refuse(503, "The server has as much to read as it can hold. Try again.");
    return false;
  }
  set_body_deadline();
  return false;
}

void Connection::begin_body() {
  phase_ = Phase::body;
  body_pace_ = std::chrono::steady_clock::now() + hub_.options.body_timeout;
  body_bytes_paid_ = 0;
  if (in_.size() < kReadBufferBytesMax &&
      parser_->content_length().value_or(kReadBufferBytesMax) > kKeptCapacityBytes) {
    in_.resize(kReadBufferBytesMax);
  }
  if (!std::exchange(continue_sent_, true) && equals_ignoring_case(request_.get("expect"), "100-continue")) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    error_code ignored;
    if (tls_ != nullptr) {
      // Sent ahead of anything else on this connection, so the blocking form cannot interleave; 25 bytes fit the
      // socket.
      asio::write(*tls_, asio::buffer(kContinue), ignored);
    } else {
      asio::write(socket_, asio::buffer(kContinue), ignored);
    }
  }
}

void Connection::hand_over() {
  keep_alive_ = parser_->keep_alive() && !peer_gone_;
  is_http10_ = parser_->version() == 10;
  parser_.reset();
  is_head_ = request_.method == "HEAD";
  phase_ = Phase::handling;
  deadline_ = SteadyTime::max();
  hub_.requests.fetch_add(1, std::memory_order_relaxed);
  hub_.handler(std::move(request_), Responder(shared_from_this()));
  if (early_answer_) {
    Response response = std::move(*early_answer_);
    early_answer_.reset();
    take_answer(std::move(response));
  }
}

// Answers a request that is not handed over, and closes.
void Connection::refuse(int status, std::string_view text) {
  hub_.refused.fetch_add(1, std::memory_order_relaxed);
  parser_.reset();
  release_if_large(request_.body);
  is_head_ = false;
  Response response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::string(text) + "\n";
  response.close = true;
  phase_ = Phase::handling;
  take_answer(std::move(response));
}

void Connection::answer(Response response) {
  auto& core = hub_.loop.core();
  if (core.is_this_thread()) {
    if (in_process_) {
      early_answer_ = std::move(response);
    } else {
      take_answer(std::move(response));
    }
    return;
  }
  core.post([self = shared_from_this(), response = std::move(response)]() mutable {
    if (self->phase_ == Phase::handling) self->take_answer(std::move(response));
  });
}

void Connection::take_answer(Response response) {
  if (phase_ != Phase::handling) return;
  on_disconnect_ = nullptr;
  if (response.close || close_after_answer_ || hub_.draining) keep_alive_ = false;
  phase_ = Phase::writing;
  out_done_ = 0;
  out_head_.clear();
  out_body_.clear();
  render(response);
  if (!is_head_ && response.body.size() > kInlineBodyBytes) out_body_ = std::move(response.body);
  set_deadline(hub_.options.body_timeout);
  write();
}

void Connection::render(const Response& response) {
  std::string& out = out_head_;
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason_phrase(response.status)).append("\r\nDate: ").append(hub_.date_now()).append("\r\n");
  if (!response.content_type.empty()) append_field(out, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.fields) append_field(out, name, value);
  if (response.status >= 200 && response.status != 204 && response.status != 304) {
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  }
  if (!keep_alive_) {
    out.append("Connection: close\r\n");
  } else if (is_http10_) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  if (!is_head_ && response.body.size() <= kInlineBodyBytes) out.append(response.body);
}

// Most answers fit the socket's buffer, so the first try is made at once.
void Connection::write() {
  if (tls_ == nullptr && out_body_.empty()) {
    error_code error;
    const std::size_t count = socket_.write_some(asio::buffer(out_head_), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) return close();
    out_done_ = count;
    if (out_done_ == out_head_.size()) return on_answer_written();
  }
  write_rest();
}

void Connection::write_rest() {
  std::array<asio::const_buffer, 2> parts;
  if (out_done_ < out_head_.size()) {
    parts = {asio::buffer(out_head_) + out_done_, asio::buffer(out_body_)};
  } else {
    parts = {asio::buffer(out_body_) + (out_done_ - out_head_.size()), asio::const_buffer()};
  }
  auto done = [self = shared_from_this()](const error_code& error, std::size_t count) { self->on_write(error, count); };
  if (tls_ != nullptr) {
    tls_->async_write_some(parts, std::move(done));
  } else {
    socket_.async_write_some(parts, std::move(done));
  }
}

void Connection::on_write(const error_code& error, std::size_t count) {
  if (phase_ == Phase::closed) return;
  if (error) return close();
  out_done_ += count;
  if (out_done_ < out_head_.size() + out_body_.size()) {
    set_deadline(hub_.options.body_timeout);
    return write_rest();
  }
  on_answer_written();
}

void Connection::on_answer_written() {
  release_if_large(request_.body);
  release_if_large(out_body_);
  release_if_large(out_head_);
  give_back_body_bytes();
  if (!keep_alive_) return linger();
  phase_ = Phase::idle;
  set_deadline(hub_.options.idle_timeout);
  process();  // Where this is called from process() itself, that goes on instead.
}

// A close with unread input would reset the connection and could take the answer with it; so the sending side is shut
// first, and what still comes is read and dropped for a moment.
void Connection::linger() {
  error_code ignored;
  socket_.shutdown(PlainSocket::shutdown_send, ignored);
  if (peer_gone_ || (hub_.draining && in_size() == 0)) return close();
  phase_ = Phase::lingering;
  set_deadline(kLingerTime);
  if (!reading_) in_begin_ = in_end_ = 0;
  read();
}

}  // namespace escapement::http
