// One connection of the client: opens, sends one request, reads its answer, and reports back. Private to this room.
//
// Threading: the client's loop only.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>

#include "http/client.h"
#include "http/parsers.h"

namespace escapement::http {

struct ClientSettings {
  ClientOptions options;
  std::unique_ptr<asio::ssl::context> tls;
};

struct ClientJob {
  ClientRequest request;
  Client::Done done;
  SteadyTime deadline;
};

class ClientConnection;

// The client, as its connections see it.
class ClientConnectionOwner {
 public:
  virtual void on_idle(ClientConnection& connection) = 0;    // free for another request
  virtual void on_closed(ClientConnection& connection) = 0;  // to be forgotten
  // A kept connection turned out to be closed; the request did not reach the server.
  virtual void on_stale(ClientConnection& connection, ClientJob job) = 0;

 protected:
  ~ClientConnectionOwner() = default;
};

class ResponseParser final : public MessageParser<false> {
 public:
  ResponseParser(ClientResponse& response, std::size_t header_bytes_max, std::size_t body_bytes_max)
      : MessageParser(response.fields, response.body, header_bytes_max, body_bytes_max), response_(response) {}

 private:
  void on_response_impl(int code, string_view, int, error_code&) override { response_.status = code; }

  ClientResponse& response_;
};

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  ClientConnection(LoopCore& core, ClientConnectionOwner& owner, const ClientSettings& settings, const Origin& origin,
                   void* pool);

  void open(ClientJob job);
  void start(ClientJob job);
  // Ends the request in flight with `error` and closes.
  void abandon(base::Error error);
  void check_time(SteadyTime now);
  void* pool() const { return pool_; }

 private:
  using PlainSocket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
  using TlsSocket = asio::ssl::stream<PlainSocket&>;
  using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
  using Addresses = std::vector<asio::generic::stream_protocol::endpoint>;

  void resolve();
  void connect_next();
  void handshake();
  void write_request();
  void render();
  void write_rest();
  void on_write(const error_code& error, std::size_t count);
  void read();
  void on_read(const error_code& error, std::size_t count);
  bool take(std::string_view bytes);
  void finish();
  void fail(base::ErrorCode code, std::string_view what, const error_code& error);
  void close();

  ClientConnectionOwner& owner_;
  const ClientSettings& settings_;
  const Origin& origin_;
  void* pool_;
  PlainSocket socket_;
  std::unique_ptr<TlsSocket> tls_;
  Resolver resolver_;
  Addresses addresses_;
  std::size_t next_address_ = 0;

  std::optional<ClientJob> job_;
  SteadyTime deadline_ = SteadyTime::max();
  bool connected_ = false;
  bool closed_ = false;
  bool reused_ = false;
  bool reading_ = false;
  bool writing_ = false;
  std::string out_;
  std::size_t out_done_ = 0;
  std::string in_;
  std::size_t kept_ = 0;  // bytes at the front of in_ that did not parse yet
  ClientResponse response_;
  std::optional<ResponseParser> parser_;
};

}  // namespace escapement::http
