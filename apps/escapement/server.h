// The server's object graph: every room, wired together. No logic of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "config.h"

namespace escapement::app {

class Server {
 public:
  // Opens the data directory and listens; nothing runs and no request is taken before start(). Errors: invalid (a
  // listen address that is none), io, corrupt, unavailable (another server uses the directory).
  static base::Result<std::unique_ptr<Server>> open(const std::string& data_dir, const std::string& listen,
                                                    const Config& config);
  ~Server();

  void start();
  // Refuses new requests, lets those in flight finish, writes what is only in memory.
  void stop();

  std::uint16_t port() const;
  // "http://127.0.0.1:4566"
  const std::string& url() const;

 private:
  class Graph;
  explicit Server(std::unique_ptr<Graph> graph);
  std::unique_ptr<Graph> graph_;
};

}  // namespace escapement::app
