// A worker whose process speaks Lambda's public Runtime API (2018-06-01): custom runtimes.
//
// Each process gets a listener of its own on the loopback interface. Where processes have user ids of their own, only
// that user's connections are taken, so that one function cannot take another's events.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "functions/worker.h"

namespace escapement::functions {

class RuntimeApiWorker final : public Worker {
 public:
  RuntimeApiWorker(WorkerServices services, WorkerOwner& owner, std::shared_ptr<const FunctionVersion> version,
                   std::string log_stream);
  ~RuntimeApiWorker() override;

  // Before the process starts: makes the listener; the answer is AWS_LAMBDA_RUNTIME_API. Errors: io.
  base::Result<std::string> listen();
  // The only user whose connections are taken; nullopt: any.
  std::optional<std::uint32_t> uid;

 private:
  class Connection;
  struct Listener;
  friend class Connection;

  base::Result<void> open_channel(FileDescriptor control) override;
  void send(const Invocation& invocation) override;
  void close_channel() override;

  void accept_connections();
  void drop(Connection& connection);
  void handle(Connection& connection, std::string_view method, std::string_view path, std::string_view error_type,
              std::string body);
  void handle_next(Connection& connection);
  void handle_answer(Connection& connection, std::string_view request_id, bool is_error, std::string body);
  void deliver();

  FileDescriptor socket_;
  std::unique_ptr<Listener> listener_;
  std::map<int, std::unique_ptr<Connection>> connections_;  // by descriptor
  Connection* polling_ = nullptr;                           // waits for the next event
  const Invocation* delivered_ = nullptr;                   // the front, once it was given out
};

}  // namespace escapement::functions
