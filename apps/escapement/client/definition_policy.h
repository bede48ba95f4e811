// The least that a state machine's role must allow, read off its definition.
//
// lambda:invoke and function ARNs ask for lambda:InvokeFunction on that function (and its qualifiers), nested
// executions for the states actions on that machine, activities for nothing, `aws-sdk:` tasks for the action they name.
// Where the target is only known at run time (`FunctionName.$`), the resource is `*`.
#pragma once

#include <string>
#include <vector>

#include "json/value.h"

namespace escapement::client {

struct Permission {
  std::string action;
  std::vector<std::string> resources;

  auto operator<=>(const Permission&) const = default;
};

// In a fixed order, without repetitions. A definition that is not an object asks for nothing.
std::vector<Permission> permissions_of(const json::Value& definition, const std::string& account,
                                       const std::string& region);

// An IAM policy document.
std::string policy_document(const std::vector<Permission>& permissions);
// A trust policy for a service ("states.amazonaws.com").
std::string trust_document(const std::string& service);

}  // namespace escapement::client
