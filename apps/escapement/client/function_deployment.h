// Creates or updates a Lambda function from a folder or file, and waits until it can be invoked.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "escapement/client/api.h"
#include "escapement/client/archive.h"

namespace escapement::client {

struct FunctionSpec {
  std::string name;
  std::string runtime;
  std::string handler;
  std::string role_arn;
  std::string archive;           // zip bytes
  std::optional<int> timeout_s;  // absent: Lambda's default, or as it was
  std::optional<int> memory_mb;
  std::map<std::string, std::string> environment;  // empty: as it was
};

struct FunctionDeployment {
  enum class Outcome { created, updated, unchanged };
  std::string arn;
  Outcome outcome = Outcome::created;
};

// Errors: those of Api; unavailable when the function did not become active within a minute.
base::Result<FunctionDeployment> put_function(Api& api, const FunctionSpec& spec);

}  // namespace escapement::client
