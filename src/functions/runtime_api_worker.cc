#include "functions/runtime_api_worker.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "functions/socket_owner.h"

namespace escapement::functions {
namespace {

constexpr std::size_t kConnectionsMax = 32;
constexpr std::size_t kHeaderBytesMax = 64 * 1024;
constexpr std::size_t kResponseBytesMax = 6'291'556;
// A connection's unread bytes: a response with the sizes of its chunks, and no more however it is sent.
constexpr std::size_t kInputBytesMax = 2 * kResponseBytesMax + kHeaderBytesMax;
constexpr std::string_view kPrefix = "/2018-06-01/runtime/";

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 413:
      return "Payload Too Large";
    default:
      return "Error";
  }
}

struct Head {
  std::string_view method;
  std::string_view path;
  std::string_view error_type;
  std::size_t content_length = 0;
  bool chunked = false;
  bool expects_continue = false;
};

std::optional<Head> parse_head(std::string_view text) {
  Head head;
  std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  head.method = line.substr(0, first);
  head.path = line.substr(first + 1, second - first - 1);
  while (end != std::string_view::npos && end + 2 < text.size()) {
    const std::size_t from = end + 2;
    end = text.find("\r\n", from);
    const std::string_view field = text.substr(from, end - from);
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = field.substr(0, colon);
    const std::string_view value = trim(field.substr(colon + 1));
    if (equals_ignoring_case(name, "content-length")) {
      const auto [at, error] = std::from_chars(value.data(), value.data() + value.size(), head.content_length);
      if (error != std::errc() || at != value.data() + value.size()) return std::nullopt;
    } else if (equals_ignoring_case(name, "transfer-encoding")) {
      head.chunked = equals_ignoring_case(value, "chunked");
    } else if (equals_ignoring_case(name, "expect")) {
      head.expects_continue = true;
    } else if (equals_ignoring_case(name, "lambda-runtime-function-error-type")) {
      head.error_type = value;
    }
  }
  return head;
}

// Takes a chunked body apart. nullopt: not complete yet; `used` tells how long it was.
std::optional<std::string> parse_chunks(std::string_view text, std::size_t& used, bool& broken) {
  std::string body;
  std::size_t at = 0;
  for (;;) {
    const std::size_t line = text.find("\r\n", at);
    if (line == std::string_view::npos) return std::nullopt;
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + line, size, 16);
    if (error != std::errc() || end == text.data() + at || size > kResponseBytesMax + 1) {
      broken = true;
      return std::nullopt;
    }
    at = line + 2;
    if (size == 0) {
      const std::size_t trailer = text.substr(at).starts_with("\r\n") ? at : text.find("\r\n\r\n", at);
      if (trailer == std::string_view::npos) return std::nullopt;
      used = trailer + (trailer == at ? 2 : 4);
      return body;
    }
    if (text.size() - at < size + 2) return std::nullopt;
    body.append(text.substr(at, size));
    if (body.size() > kResponseBytesMax + 1) {
      broken = true;
      return std::nullopt;
    }
    at += size + 2;
  }
}

}  // namespace

struct RuntimeApiWorker::Listener final : Watcher {
  explicit Listener(RuntimeApiWorker& w) : worker(w) {}
  void on_ready(std::uint32_t) override { worker.accept_connections(); }
  RuntimeApiWorker& worker;
};

class RuntimeApiWorker::Connection final : public Watcher {
 public:
  Connection(RuntimeApiWorker& worker, FileDescriptor socket) : worker_(worker), socket_(std::move(socket)) {}
  int fd() const { return socket_.get(); }
  bool dropped = false;

  void on_ready(std::uint32_t events) override {
    if ((events & EPOLLOUT) != 0 && !flush()) return worker_.drop(*this);
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
    char buffer[65536];
    const ssize_t count = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return worker_.drop(*this);
    in_.append(buffer, static_cast<std::size_t>(count));
    if (in_.size() > kInputBytesMax) return worker_.drop(*this);
    take_requests();
  }

  void answer(int status, std::string_view fields, std::string_view body) {
    busy_ = false;
    out_ += fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n", status,
                        reason(status), fields, body.size());
    out_ += body;
    flush();
  }

 private:
  void take_requests() {
    while (!busy_ && !dropped) {
      const std::size_t end = in_.find("\r\n\r\n");
      if (end == std::string::npos) {
        if (in_.size() > kHeaderBytesMax) worker_.drop(*this);
        return;
      }
      const auto head = parse_head(std::string_view(in_).substr(0, end));
      if (!head) return worker_.drop(*this);
      const std::string_view rest = std::string_view(in_).substr(end + 4);
      std::size_t used = head->content_length;
      std::string body;
      if (head->content_length > kResponseBytesMax && !head->chunked) {
        answer(
            413, "Connection: close\r\n",
            R"({"errorType":"RequestEntityTooLarge","errorMessage":"Exceeded maximum allowed payload size (6291556 bytes)."})");
        worker_.handle(*this, "POST", "too-large", {}, {});
        return worker_.drop(*this);
      }
      if (head->expects_continue && rest.empty() && !continued_) {
        continued_ = true;
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
        flush();
      }
      if (head->chunked) {
        bool broken = false;
        auto joined = parse_chunks(rest, used, broken);
        if (broken) return worker_.drop(*this);
        if (!joined) return;
        body = std::move(*joined);
      } else {
        if (rest.size() < head->content_length) return;
        body = rest.substr(0, head->content_length);
      }
      const std::string method(head->method);
      const std::string path(head->path);
      const std::string error_type(head->error_type);
      in_.erase(0, end + 4 + used);
      busy_ = true;
      continued_ = false;
      worker_.handle(*this, method, path, error_type, std::move(body));
    }
  }

  bool flush() {
    while (!out_.empty()) {
      const ssize_t count = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno != EAGAIN) return false;
      if (count < 0) break;
      out_.erase(0, static_cast<std::size_t>(count));
    }
    if (!dropped) worker_.reactor().change(socket_.get(), out_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, *this);
    return true;
  }

  RuntimeApiWorker& worker_;
  FileDescriptor socket_;
  std::string in_;
  std::string out_;
  bool busy_ = false;       // a request waits for its answer
  bool continued_ = false;  // "100 Continue" was sent for the request that is coming in
};

RuntimeApiWorker::RuntimeApiWorker(WorkerServices services, WorkerOwner& owner,
                                   std::shared_ptr<const FunctionVersion> version, std::string log_stream)
    : Worker(services, owner, std::move(version), std::move(log_stream)) {}

RuntimeApiWorker::~RuntimeApiWorker() { close_channel(); }

base::Result<std::string> RuntimeApiWorker::listen() {
  const auto failed = [](const char* what) {
    return base::make_error(base::ErrorCode::io, "ServiceException", std::string(what) + ": " + std::strerror(errno));
  };
  socket_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return failed("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return failed("bind");
  if (::listen(socket_.get(), 16) != 0) return failed("listen");
  if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return failed("getsockname");
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

base::Result<void> RuntimeApiWorker::open_channel(FileDescriptor) {
  listener_ = std::make_unique<Listener>(*this);
  return reactor().watch(socket_.get(), EPOLLIN, *listener_);
}

void RuntimeApiWorker::close_channel() {
  while (!connections_.empty()) drop(*connections_.begin()->second);
  if (!socket_) return;
  if (listener_) reactor().unwatch(socket_.get(), *listener_);
  socket_.reset();
}

void RuntimeApiWorker::accept_connections() {
  for (;;) {
    FileDescriptor accepted(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!accepted) return;
    if (connections_.size() >= kConnectionsMax) continue;
    if (uid && socket_owner(accepted.get()) != uid) continue;
    const int on = 1;
    ::setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int fd = accepted.get();
    auto connection = std::make_unique<Connection>(*this, std::move(accepted));
    if (reactor().watch(fd, EPOLLIN, *connection)) connections_.emplace(fd, std::move(connection));
  }
}

void RuntimeApiWorker::drop(Connection& connection) {
  if (polling_ == &connection) polling_ = nullptr;
  const auto found = connections_.find(connection.fd());
  if (found == connections_.end()) return;
  // Its own method may be running: it dies at the end of the round.
  std::shared_ptr<Connection> dying = std::move(found->second);
  connections_.erase(found);
  dying->dropped = true;
  reactor().unwatch(dying->fd(), *dying);
  reactor().at_round_end([dying] {});
}

void RuntimeApiWorker::send(const Invocation&) {
  reactor().at_round_end([this] { deliver(); });
}

void RuntimeApiWorker::deliver() {
  const Invocation* const front = current();
  if (polling_ == nullptr || front == nullptr || front == delivered_) return;
  delivered_ = front;
  const std::int64_t now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  std::string fields = fmt::format(
      "Lambda-Runtime-Aws-Request-Id: {}\r\nLambda-Runtime-Deadline-Ms: {}\r\nLambda-Runtime-Invoked-Function-Arn: "
      "{}\r\n"
      "Lambda-Runtime-Trace-Id: Root=1-{:08x}-{:.24};Sampled=0\r\n",
      front->request_id, now_ms + milliseconds_left(*front), front->invoked_arn, now_ms / 1000,
      "000000000000000000000000");
  if (!front->client_context.empty()) fields += "Lambda-Runtime-Client-Context: " + front->client_context + "\r\n";
  Connection& connection = *polling_;
  polling_ = nullptr;
  connection.answer(200, fields, front->payload.empty() ? std::string_view("{}") : std::string_view(front->payload));
}

void RuntimeApiWorker::handle_next(Connection& connection) {
  polling_ = &connection;
  on_ready();
  deliver();
}

void RuntimeApiWorker::handle_answer(Connection& connection, std::string_view request_id, bool is_error,
                                     std::string body) {
  if (current() == nullptr || current() != delivered_ || current()->request_id != request_id) {
    return connection.answer(400, "", R"({"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"})");
  }
  if (body.size() > kResponseBytesMax) {
    connection.answer(
        413, "",
        R"({"errorType":"RequestEntityTooLarge","errorMessage":"Exceeded maximum allowed payload size (6291556 bytes)."})");
    is_error = true;
    body =
        R"({"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."})";
  } else {
    connection.answer(202, "", R"({"status":"OK"})");
  }
  delivered_ = nullptr;
  on_answer({.is_error = is_error, .payload = std::move(body)});
}

void RuntimeApiWorker::handle(Connection& connection, std::string_view method, std::string_view path,
                              std::string_view error_type, std::string body) {
  (void)error_type;
  if (path == "too-large") {
    if (current() != nullptr && current() == delivered_) {
      delivered_ = nullptr;
      on_answer(
          {.is_error = true,
           .payload =
               R"({"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."})"});
    }
    return;
  }
  if (!path.starts_with(kPrefix)) return connection.answer(404, "", "{}");
  path.remove_prefix(kPrefix.size());
  if (method == "GET" && path == "invocation/next") return handle_next(connection);
  if (method == "POST" && path == "init/error") {
    connection.answer(202, "", R"({"status":"OK"})");
    return on_init_failed(std::move(body));
  }
  constexpr std::string_view kInvocation = "invocation/";
  if (method == "POST" && path.starts_with(kInvocation)) {
    path.remove_prefix(kInvocation.size());
    const std::size_t slash = path.find('/');
    const std::string_view what = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (what == "response" || what == "error")
      return handle_answer(connection, path.substr(0, slash), what == "error", std::move(body));
  }
  connection.answer(404, "", "{}");
}

}  // namespace escapement::functions
