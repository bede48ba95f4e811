// From an HTTP request to a service's operation and back.
//
// A request is recognised (by X-Amz-Target, by path, or by Action and Version), its signature verified, its body parsed
// and checked against the API model, and then handed to the service; the answer is rendered in the request's protocol.
// Checks come in AWS's order: the operation, the signature, the body's form, the model's constraints, and only then the
// service's own (permission first). Calls from inside the server take the same road from the model's constraints on.
//
// Threading: add() and the set_…() before the first request; handle() and call() from any thread.
// Bounded:   operations that may block run on a pool of `blocking_threads` with a queue of `blocking_queue_max`; beyond
// it
//            the caller is told ServiceUnavailable / ThrottlingException and nothing has happened.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/server.h"
#include "identity/authoriser.h"
#include "json/value.h"
#include "wire/service.h"
#include "wire/sigv4.h"

namespace escapement::wire {

struct DispatcherOptions {
  std::string account = "000000000000";
  SigV4Options signatures;
  unsigned blocking_threads = 8;
  std::size_t blocking_queue_max = 4'096;
  std::size_t json_depth_max = 256;  // of a request's body
};

// One call from inside the server.
struct InternalCall {
  std::string service;    // "lambda"
  std::string operation;  // "Invoke"
  std::string region;
  std::shared_ptr<const identity::Principal> principal;
  json::Value input;  // as in the model; blobs as raw bytes
};

struct DispatcherFigures {
  std::uint64_t calls = 0;
  std::uint64_t client_errors = 0;
  std::uint64_t server_errors = 0;
};

class Dispatcher {
 public:
  // `credentials` and `clock` are borrowed and must outlive the dispatcher. `clock` must be the wall clock: signatures
  // are made with it.
  Dispatcher(DispatcherOptions options, identity::CredentialSource& credentials, const base::Clock& clock);
  ~Dispatcher();  // waits for the pool
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // `service` must name one of the embedded models. One service a model.
  void add(std::shared_ptr<Service> service);
  // Answers GET `path` exactly ("/health", "/metrics"), unsigned. Runs on a loop thread.
  void add_page(std::string path, http::Handler page);
  // Answers what is no AWS request (the console). Without it such requests get 404.
  void set_fallback(http::Handler fallback);

  // The server's handler: http::Server(options, [&](auto&& r, auto w) { dispatcher.handle(std::move(r), std::move(w));
  // }).
  void handle(http::Request&& request, http::Responder responder);

  // A call from inside. Errors as the API gives them: ValidationException, AccessDeniedException and the service's own;
  // `unsupported` for a service or operation that is not there.
  void call(InternalCall call, Respond respond);

  // Whether `service` is offered here and has `operation`.
  bool offers(std::string_view service, std::string_view operation) const;

  DispatcherFigures figures() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace escapement::wire
