// What one AWS service is to the wire layer: its API model, and a handler for its operations.
//
// The wire layer has verified the signature, parsed the body and checked the model's constraints before `handle` runs;
// the handler authorises, acts, and answers with a value whose members are named as in the model's output shape (blobs
// are strings of raw bytes, timestamps are seconds as a number). The same road serves calls from inside the server (a
// state machine's task), with the machine's role as principal.
//
// Errors: an answer's Error carries AWS's error name; the HTTP status is the one that the model gives that error.
// Threading: `handle` runs on a network thread where `is_inline` says so, and must then not block; all others run on
// the blocking pool. `respond` may be called once, from any thread, at any time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "identity/authoriser.h"
#include "identity/principal.h"
#include "json/value.h"

namespace escapement::wire {

struct Call {
  std::string_view service;    // the model's name: "stepfunctions", "lambda", "iam", "sts", "logs"…
  std::string_view operation;  // "StartExecution"; lives as long as the model
  std::string region;
  std::string account;
  std::string request_id;
  std::string source_ip;  // empty for calls from inside the server
  std::shared_ptr<const identity::Principal> principal;
  json::Value input;  // an object; members named as in the model, blobs as raw bytes
  // Long polls from outside only, and only inside handle(): what to do, on the network thread, if the caller goes away
  // before the answer. Given at most once; forgotten when the call is answered.
  std::function<void(std::move_only_function<void()>)> on_disconnect;
};

using Respond = std::move_only_function<void(base::Result<json::Value>)>;

class Service {
 public:
  virtual ~Service() = default;

  virtual std::string_view model() const = 0;  // "stepfunctions"
  // Operations that neither block nor take long, and the long polls, which only register and return.
  virtual bool is_inline(std::string_view operation) const = 0;
  // Operations that may wait long for their answer; their calls carry `on_disconnect`.
  virtual bool is_long_poll(std::string_view operation) const { return (void)operation, false; }
  // Whether the operation is there. What is not answers UnsupportedOperation before `handle` is asked.
  virtual bool has(std::string_view operation) const = 0;
  virtual void handle(Call call, Respond respond) = 0;
};

}  // namespace escapement::wire
