// One connection of the server. Private to this room.
//
// It reads, parses, hands one request at a time to the handler, and writes the answers in order. It keeps a read
// outstanding while a request waits for its answer, so that it learns when the client leaves; what a pipelining client
// sends meanwhile stays in the buffer, up to its size.
//
// Threading: the loop's thread, but for answer().
// Lifetime:  the loop's set holds it while it is open; a Responder may hold it longer.
#pragma once

#include <atomic>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <unordered_map>

#include "http/loop_core.h"
#include "http/parsers.h"
#include "http/server.h"

namespace escapement::http {

using PlainSocket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using TlsSocket = asio::ssl::stream<PlainSocket&>;

class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual void answer(Response response) = 0;  // any thread
  virtual void on_disconnect(Task task) = 0;
  virtual Loop& loop() const = 0;
};

class Connection;

// What the connections of one loop share.
struct Hub {
  Hub(Loop& l, const ServerOptions& o, const Handler& h) : loop(l), options(o), handler(h) {}

  std::string_view date_now();  // the Date field's value, made once a second
  // Closes what is past its deadline, and arranges for the next sweep.
  void sweep();

  Loop& loop;
  const ServerOptions& options;
  const Handler& handler;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections;
  bool draining = false;
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::int64_t> open{0};

 private:
  std::int64_t date_second_ = -1;
  std::string date_;
};

class Connection final : public Exchange, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Hub& hub, PlainSocket socket, std::string peer, asio::ssl::context* tls);

  void start();
  void close();
  // Closes now if no request is in flight, else after its answer.
  void close_when_idle();
  bool is_past(SteadyTime now) const { return now >= deadline_; }
  void time_out();

  void answer(Response response) override;
  void on_disconnect(Task task) override { on_disconnect_ = std::move(task); }
  Loop& loop() const override { return hub_.loop; }

 private:
  enum class Phase { handshake, idle, header, body, handling, writing, lingering, closed };

  void read();
  void on_read(const error_code& error, std::size_t count);
  void on_peer_gone();
  // Parses and handles what is in the buffer until it needs more bytes or an answer is outstanding.
  void process();
  bool feed_parser();
  void hand_over();
  void refuse(int status, std::string_view text);
  void take_answer(Response response);
  void render(const Response& response);
  void write();
  void write_rest();
  void on_write(const error_code& error, std::size_t count);
  void on_answer_written();
  void linger();
  void set_deadline(std::chrono::milliseconds delay);
  void set_body_deadline();
  std::size_t in_size() const { return in_end_ - in_begin_; }

  Hub& hub_;
  PlainSocket socket_;
  std::unique_ptr<TlsSocket> tls_;
  std::string peer_;
  Phase phase_ = Phase::idle;
  bool reading_ = false;
  bool peer_gone_ = false;
  bool keep_alive_ = true;
  bool is_head_ = false;
  bool continue_sent_ = false;
  bool is_http10_ = false;
  bool in_process_ = false;
  bool close_after_answer_ = false;
  std::optional<Response> early_answer_;  // given while the handler was still on the stack
  SteadyTime deadline_;
  SteadyTime body_start_;

  std::string in_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  Request request_;
  std::optional<RequestParser> parser_;
  Task on_disconnect_;

  std::string out_head_;
  std::string out_body_;
  std::size_t out_done_ = 0;
};

}  // namespace escapement::http
