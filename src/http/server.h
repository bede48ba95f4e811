// The HTTP/1.1 server: keep-alive, pipelining (one request of a connection at a time, answers in order),
// `Expect: 100-continue`, chunked requests, TCP and Unix sockets, TLS.
//
// A handler is called on one of the server's loop threads and must not block there. It answers by `Responder`, at once
// or later, from any thread. While a request waits for its answer the server goes on watching the connection, so a
// long poll learns that its client has left.
//
// Bounded:  every size, count and time has a limit in `ServerOptions`. Beyond it the client gets 400, 408, 413, 414,
// 431
//           or 503 and the connection closes; nobody else notices.
// Lifetime: destroy the server last: stop() it, then end whatever still holds a Responder, then destroy it.
// Errors:   listen_…() answer io or invalid (address in use, unreadable certificate).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/loop.h"
#include "http/message.h"

namespace escapement::http {

struct ServerOptions {
  unsigned loops = 1;  // event-loop threads
  std::size_t header_bytes_max = 64 * 1024;
  std::size_t body_bytes_max = 80 * 1024 * 1024;  // Lambda's largest request: a 50 MB archive as base64
  // What all requests' bodies may take together, from their first bytes to their answers; those up to 64 KiB not
  // counted.
  std::size_t bodies_bytes_max = 256 * 1024 * 1024;
  std::size_t connections_max = 10'000;
  std::chrono::milliseconds header_timeout{10'000};  // from the first byte of a request to the end of its header
  std::chrono::milliseconds body_timeout{30'000};    // between two reads of a body, and between two writes of an answer
  std::chrono::milliseconds idle_timeout{120'000};   // between two requests of a connection
  std::string tls_certificate_file;                  // PEM; both set: listeners speak TLS
  std::string tls_key_file;
};

class Exchange;  // one request's place on its connection; private to this room

// Answers one request. Move-only; may be used from any thread. A Responder destroyed without an answer sends 500.
class Responder {
 public:
  Responder() = default;
  explicit Responder(std::shared_ptr<Exchange> exchange);
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();

  // At most once. Answers from one thread in quick succession wake each loop once.
  void send(Response response);

  // Calls `task` on the loop's thread if the client goes away before the answer; at most once. To be called on the
  // loop's thread, inside the handler. The task is destroyed, uncalled, with the answer.
  void on_disconnect(Task task);
  // The same as a function of its own, good for as long as the request waits for its answer.
  std::function<void(Task)> disconnect_hook() const;

  // The loop that this request's connection belongs to. Lives as long as the server.
  Loop& loop() const;

  explicit operator bool() const { return exchange_ != nullptr; }

 private:
  std::shared_ptr<Exchange> exchange_;  // shared with the connection, which may close first
};

using Handler = std::function<void(Request&&, Responder)>;

struct ServerFigures {
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;      // malformed, too large, too slow, or beyond connections_max
  std::uint64_t connections = 0;  // open now
};

class Server {
 public:
  Server(ServerOptions options, Handler handler);
  ~Server();  // stop() without patience
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Port 0 picks a free one; the answer is the port. May be called several times, before or after requests flow.
  base::Result<std::uint16_t> listen_tcp(const std::string& host, std::uint16_t port);
  // Replaces a dead socket file; the file's mode is 0600.
  base::Result<void> listen_unix(const std::string& path);

  // Stops accepting, closes idle connections, lets requests in flight finish (at most `patience`), then closes all.
  void stop(std::chrono::milliseconds patience = std::chrono::milliseconds(0));

  ServerFigures figures() const;

  // One loop thread of the server, for rooms that want timers without a thread of their own.
  Loop& loop(std::size_t index = 0);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace escapement::http
