// How a state machine's task calls an operation of a service that this server offers, without leaving the process.
//
// The operation runs as it would for a request from outside: the model's constraints are checked, then the caller's
// permission, then the operation itself.
//
// Threading: call() from any thread; `done` runs once, on any thread, possibly before call() returns.
// Errors:    as the API gives them, with AWS's error name; `unsupported` for what is not offered.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "identity/principal.h"
#include "json/value.h"

namespace escapement::connectors {

struct ServiceCall {
  std::string service;    // the model's name: "stepfunctions", "lambda", "iam"…
  std::string operation;  // "SendTaskSuccess"
  std::string region;
  std::shared_ptr<const identity::Principal> principal;
  json::Value input;  // members named as in the model
};

class ServiceCaller {
 public:
  using Done = std::move_only_function<void(base::Result<json::Value>)>;

  virtual ~ServiceCaller() = default;
  virtual bool offers(std::string_view service, std::string_view operation) const = 0;
  virtual void call(ServiceCall call, Done done) = 0;
};

}  // namespace escapement::connectors
