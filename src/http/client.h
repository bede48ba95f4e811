// An asynchronous HTTP/1.1 client with a keep-alive pool for each host.
//
// Used by the connectors (calls to other AWS endpoints, HTTP tasks), the command line and the load generator. It never
// pipelines and never retries, with one exception: a request that found its pooled connection closed by the server
// before any byte of an answer is sent once more on a fresh connection.
//
// Threading: send() from any thread; the answer is given on the client's loop.
// Errors:    unavailable (no such host, refused, timed out, TLS not verified), limit_exceeded (an answer beyond
//            body_bytes_max; too many waiting), invalid (a URL that is none), io (broken off in the middle).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/loop.h"
#include "http/message.h"

namespace escapement::http {

// Where a request goes. `scheme` is "http", "https" or "unix" (then `host` is the socket's path).
struct Origin {
  std::string scheme = "http";
  std::string host;
  std::uint16_t port = 0;

  auto operator<=>(const Origin&) const = default;
  // The Host field's value: the port is left out where it is the scheme's own.
  std::string authority() const;
};

struct Url {
  Origin origin;
  std::string target;  // path and query, at least "/"
};

// http, https or unix URLs ("unix:/run/x.sock"), without user information or fragment. Errors: invalid.
base::Result<Url> parse_url(std::string_view text);

struct ClientRequest {
  Origin origin;
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> fields;  // Host and Content-Length are added where absent
  std::string body;
  std::chrono::milliseconds timeout{0};  // 0: the client's
};

struct ClientResponse {
  int status = 0;
  Fields fields;
  std::string body;
};

struct ClientOptions {
  std::size_t connections_per_origin_max = 64;
  std::size_t waiting_per_origin_max = 10'000;  // requests queued for a connection
  std::size_t header_bytes_max = 64 * 1024;
  std::size_t body_bytes_max = 64 * 1024 * 1024;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{60'000};  // of a request, waiting for a connection included
  std::chrono::milliseconds idle_timeout{15'000};
  std::string ca_file;  // PEM; empty: the system's
  bool verify_tls = true;
};

class Client {
 public:
  using Done = std::move_only_function<void(base::Result<ClientResponse>)>;

  // `loop` is borrowed, must outlive the client, and must not have been stopped before it.
  Client(Loop& loop, ClientOptions options);
  ~Client();  // what is in flight ends with `unavailable`
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(ClientRequest request, Done done);
  // Waits for the answer. Never on the client's loop.
  base::Result<ClientResponse> send_and_wait(ClientRequest request);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with requests in flight
  Loop& loop_;
};

}  // namespace escapement::http
