// A worker whose process runs one of our own bootstraps: frames over the socket at its descriptor 3 (frame.h).
#pragma once

#include <string>

#include "functions/frame.h"
#include "functions/worker.h"

namespace escapement::functions {

class FramedWorker final : public Worker, private Watcher {
 public:
  using Worker::Worker;
  ~FramedWorker() override;

 private:
  base::Result<void> open_channel(FileDescriptor control) override;
  void send(const Invocation& invocation) override;
  void close_channel() override;
  void on_ready(std::uint32_t events) override;

  void read_frames();
  void take_frame(FrameType type, std::string_view body);
  void flush();

  FileDescriptor socket_;
  std::string in_;
  std::size_t in_start_ = 0;
  std::string out_;
  std::size_t out_start_ = 0;
  bool flush_planned_ = false;
  bool waiting_to_write_ = false;
};

}  // namespace escapement::functions
