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

// The bytes that requests' bodies take on all loops together, so that many large ones cannot take all memory.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  // False: that is more than there is; nothing was taken.
  bool take(std::size_t bytes) {
    if (taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
    give_back(bytes);
    return false;
  }
  void give_back(std::size_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> taken_{0};
};

// What the connections of one loop share.
struct Hub {
  Hub(Loop& l, const ServerOptions& o, const Handler& h, BodyBudget& b) : loop(l), options(o), handler(h), bodies(b) {}

  std::string_view date_now();  // the Date field's value, made once a second
  // Closes what is past its deadline, and arranges for the next sweep.
  void sweep();

  Loop& loop;
  const ServerOptions& options;
  const Handler& handler;
  BodyBudget& bodies;
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
  void begin_body();
  void set_body_deadline();
  // Takes from the budget what the request being read holds. False: there is no more to be had.
  bool take_body_bytes();
  void give_back_body_bytes();
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
  SteadyTime body_pace_;              // until when the body's bytes so far have paid
  std::size_t body_bytes_paid_ = 0;   // how many of them are counted in it
  std::size_t body_bytes_taken_ = 0;  // of the budget

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
