#include "load/connections.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

namespace escapement::load {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kAnswerBytesMax = 64u << 20;

std::int64_t steady_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000ll + now.tv_nsec / 1'000;
}

base::Duration thread_cpu() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto us = [](const timeval& t) { return t.tv_sec * 1'000'000ll + t.tv_usec; };
  return {us(usage.ru_utime) + us(usage.ru_stime)};
}

base::Error system_error(const std::string& what) {
  return base::make_error(base::ErrorCode::unavailable, what + ": " + std::strerror(errno));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

base::Result<FileDescriptor> connect_to(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
      error != 0) {
    return base::make_error(base::ErrorCode::unavailable, address.host + ": " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    FileDescriptor fd(::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol));
    if (fd.get() < 0 || ::connect(fd.get(), a->ai_addr, a->ai_addrlen) != 0) continue;
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  return system_error("cannot connect to " + address.host + ":" + std::to_string(address.port));
}

struct Head {
  int status = 0;
  std::size_t size = 0;  // with the empty line
  std::size_t content_size = 0;
};

bool equals_lower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

// nullopt: more bytes are needed. Errors: corrupt.
base::Result<std::optional<Head>> parse_head(std::string_view in) {
  const auto end = in.find("\r\n\r\n");
  if (end == in.npos) return std::optional<Head>{};
  Head head;
  head.size = end + 4;
  const std::string_view fields = in.substr(0, end + 2);
  if (!fields.starts_with("HTTP/1.1 ") || fields.size() < 14)
    return base::make_error(base::ErrorCode::corrupt, "not an HTTP/1.1 answer");
  std::from_chars(fields.data() + 9, fields.data() + 12, head.status);
  bool has_length = false;
  for (auto at = fields.find("\r\n"); at + 2 < fields.size(); at = fields.find("\r\n", at + 2)) {
    const std::string_view line = fields.substr(at + 2, fields.find("\r\n", at + 2) - at - 2);
    const auto colon = line.find(':');
    if (colon == line.npos || !equals_lower(line.substr(0, colon), "content-length")) continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    if (value == line.npos) continue;
    std::from_chars(line.data() + value, line.data() + line.size(), head.content_size);
    has_length = true;
  }
  if (!has_length && head.status != 204)
    return base::make_error(base::ErrorCode::corrupt, "an answer without Content-Length");
  return std::optional(head);
}

struct Connection {
  FileDescriptor fd;
  std::string out;
  std::size_t out_done = 0;
  std::string in;
  std::size_t in_size = 0;
  std::optional<Head> head;
  std::int64_t sent_us = 0;
  bool resting = true;
  bool wants_write = false;
};

class Drive {
 public:
  Drive(const Address& address, Driver& driver) : address_(address), driver_(driver) {}

  base::Result<DriveFigures> run(unsigned count, base::Duration patience) {
    epoll_ = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
    connections_.resize(count);
    for (unsigned i = 0; i < count; ++i) ESC_CHECK(open(i));
    const std::int64_t begin = steady_us();
    const base::Duration cpu_begin = thread_cpu();
    for (unsigned i = 0; i < count; ++i) ESC_CHECK(send_next(i));
    ESC_CHECK(loop(patience));
    return DriveFigures{answers_, {steady_us() - begin}, thread_cpu() - cpu_begin};
  }

 private:
  base::Result<void> open(unsigned index) {
    Connection& c = connections_[index];
    ESC_TRY(c.fd, connect_to(address_));
    c.in.resize(kReadBytes);
    return watch(index, EPOLL_CTL_ADD, EPOLLIN);
  }

  base::Result<void> watch(unsigned index, int operation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u32 = index;
    if (epoll_ctl(epoll_.get(), operation, connections_[index].fd.get(), &event) != 0) return system_error("epoll");
    return {};
  }

  base::Result<void> loop(base::Duration patience) {
    std::array<epoll_event, 256> events;
    while (active_ > 0 && !driver_.finished()) {
      const int count =
          epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(patience.ms()));
      if (count < 0 && errno != EINTR) return system_error("epoll_wait");
      if (count == 0)
        return base::make_error(base::ErrorCode::unavailable,
                                "the server gave no answer for " + std::to_string(patience.ms() / 1'000) + " s");
      for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if ((event.events & EPOLLOUT) != 0) ESC_CHECK(write(event.data.u32));
        if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) ESC_CHECK(read(event.data.u32));
      }
    }
    return {};
  }

  base::Result<void> send_next(unsigned index) {
    Connection& c = connections_[index];
    c.out.clear();
    c.out_done = 0;
    const bool has_work = driver_.next(index, c.out);
    if (has_work == c.resting) active_ += has_work ? 1 : -1;
    c.resting = !has_work;
    if (!has_work) return {};
    c.sent_us = steady_us();
    return write(index);
  }

  base::Result<void> write(unsigned index) {
    Connection& c = connections_[index];
    while (c.out_done < c.out.size()) {
      const ssize_t count =
          ::send(c.fd.get(), c.out.data() + c.out_done, c.out.size() - c.out_done, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count >= 0) {
        c.out_done += static_cast<std::size_t>(count);
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != EINTR) {
        return system_error("the server closed a connection");
      }
    }
    const bool wants_write = c.out_done < c.out.size();
    if (wants_write != c.wants_write) {
      c.wants_write = wants_write;
      return watch(index, EPOLL_CTL_MOD, wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
    return {};
  }

  base::Result<void> read(unsigned index) {
    Connection& c = connections_[index];
    const ssize_t count = ::recv(c.fd.get(), c.in.data() + c.in_size, c.in.size() - c.in_size, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (count < 0) return system_error("the server broke a connection off");
    if (count == 0 && c.resting) {
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, c.fd.get(), nullptr);
      return {};
    }
    if (count == 0) return base::make_error(base::ErrorCode::unavailable, "the server closed a connection");
    c.in_size += static_cast<std::size_t>(count);
    if (!c.head) {
      ESC_TRY(c.head, parse_head(std::string_view(c.in).substr(0, c.in_size)));
      if (!c.head) return grow(c);
    }
    const std::size_t size = c.head->size + c.head->content_size;
    if (size > kAnswerBytesMax) return base::make_error(base::ErrorCode::corrupt, "an answer of more than 64 MiB");
    if (c.in_size < size) {
      if (c.in.size() < size) c.in.resize(size);
      return {};
    }
    const Answer answer{
        c.head->status, std::string_view(c.in).substr(c.head->size, c.head->content_size), {steady_us() - c.sent_us}};
    ++answers_;
    driver_.done(index, answer);
    c.in_size = 0;
    c.head.reset();
    return send_next(index);
  }

  static base::Result<void> grow(Connection& c) {
    if (c.in_size < c.in.size()) return {};
    if (c.in.size() >= 1u << 20) return base::make_error(base::ErrorCode::corrupt, "an answer's header without end");
    c.in.resize(c.in.size() * 2);
    return {};
  }

  const Address& address_;
  Driver& driver_;
  FileDescriptor epoll_;
  std::vector<Connection> connections_;
  int active_ = 0;
  std::uint64_t answers_ = 0;
};

}  // namespace

base::Result<DriveFigures> drive(const Address& address, unsigned connections, Driver& driver,
                                 base::Duration patience) {
  return Drive(address, driver).run(connections, patience);
}

}  // namespace escapement::load
