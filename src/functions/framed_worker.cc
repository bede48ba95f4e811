#include "functions/framed_worker.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace escapement::functions {
namespace {

constexpr std::size_t kReadBytes = 65'536;

}  // namespace

FramedWorker::~FramedWorker() { close_channel(); }

base::Result<void> FramedWorker::open_channel(FileDescriptor control) {
  socket_ = std::move(control);
  return reactor().watch(socket_.get(), EPOLLIN, *this);
}

void FramedWorker::close_channel() {
  if (!socket_) return;
  reactor().unwatch(socket_.get(), *this);
  socket_.reset();
}

void FramedWorker::send(const Invocation& invocation) {
  const std::size_t body = 1 + 4 + 5 * 4 + invocation.request_id.size() + invocation.invoked_arn.size() +
                           invocation.client_context.size() + invocation.payload.size();
  append_u32(out_, static_cast<std::uint32_t>(body));
  out_.push_back(static_cast<char>(FrameType::invoke));
  append_u32(out_, milliseconds_left(invocation));
  append_text(out_, invocation.request_id);
  append_text(out_, invocation.invoked_arn);
  append_text(out_, invocation.client_context);
  append_text(out_, {});
  append_text(out_, invocation.payload);
  if (flush_planned_) return;
  flush_planned_ = true;
  // Everything that one round of the loop gives to this process goes out in one write.
  reactor().at_round_end([this] {
    flush_planned_ = false;
    flush();
  });
}

void FramedWorker::flush() {
  if (!socket_) return;
  while (out_start_ < out_.size()) {
    const ssize_t count = ::send(socket_.get(), out_.data() + out_start_, out_.size() - out_start_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) return on_channel_lost();
    if (count < 0) break;
    out_start_ += static_cast<std::size_t>(count);
  }
  const bool unfinished = out_start_ < out_.size();
  if (!unfinished) {
    out_.clear();
    out_start_ = 0;
  }
  if (unfinished != waiting_to_write_) {
    waiting_to_write_ = unfinished;
    reactor().change(socket_.get(), unfinished ? EPOLLIN | EPOLLOUT : EPOLLIN, *this);
  }
}

void FramedWorker::on_ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) flush();
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && socket_) read_frames();
}

void FramedWorker::read_frames() {
  const std::size_t old_size = in_.size();
  ssize_t count = 0;
  in_.resize_and_overwrite(old_size + kReadBytes, [&](char* data, std::size_t) {
    count = ::recv(socket_.get(), data + old_size, kReadBytes, 0);
    return old_size + static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  });
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    reactor().unwatch(socket_.get(), *this);
    socket_.reset();
    return on_channel_lost();
  }
  while (socket_) {
    const std::string_view rest = std::string_view(in_).substr(in_start_);
    const auto size = frame_size(rest);
    if (!size) break;
    if (*size > kFrameBytesMax || *size < kFrameHeaderSize) return kill();
    if (rest.size() < *size) break;
    in_start_ += *size;
    take_frame(static_cast<FrameType>(rest[4]), rest.substr(kFrameHeaderSize, *size - kFrameHeaderSize));
  }
  if (in_start_ == in_.size()) {
    in_.clear();
    in_start_ = 0;
    if (in_.capacity() > 1u << 20) in_.shrink_to_fit();
  } else if (in_start_ > 1u << 20) {
    in_.erase(0, in_start_);
    in_start_ = 0;
  }
}

void FramedWorker::take_frame(FrameType type, std::string_view body) {
  switch (type) {
    case FrameType::ready:
      return Worker::on_ready();
    case FrameType::failed:
      return on_init_failed(std::string(body));
    case FrameType::result:
      return on_answer({.is_error = false, .payload = std::string(body)});
    case FrameType::error:
      return on_answer({.is_error = true, .payload = std::string(body)});
    case FrameType::log:
      return on_log(body);
    case FrameType::invoke:
      break;
  }
  kill();
}

}  // namespace escapement::functions
