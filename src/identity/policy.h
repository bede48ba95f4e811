// A policy document, read once and compiled for evaluation. Pure: no clock, no I/O.
//
// The grammar is that of the IAM User Guide ("IAM JSON policy language"). compile_policy() takes whatever has a
// meaning; what IAM itself would refuse to store is the business of policy_check.h.
//
// Immutable after construction; any thread.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/condition.h"
#include "identity/pattern.h"

namespace escapement::identity {

enum class Effect : std::uint8_t { allow, deny };

// What a Resource entry names: everything, or an ARN whose six fields are matched one by one, so that no wildcard
// reaches over a colon outside the resource part. Missing fields stand for anything.
struct ResourcePattern {
  bool any = false;
  std::vector<Pattern> fields;  // service, region… : arn, partition, service, region, account, resource
};

// The Principal element of a resource's policy.
struct PrincipalPattern {
  bool any = false;                   // "*" or {"AWS": "*"}
  std::vector<std::string> aws;       // account ids and ARNs
  std::vector<std::string> services;  // "states.amazonaws.com"
  std::vector<std::string> federated;
};

struct Statement {
  std::string sid;
  Effect effect = Effect::deny;
  bool not_action = false;
  bool not_resource = false;
  bool not_principal = false;
  bool has_resource = false;  // absent in trust policies, where it is the role itself
  bool has_principal = false;
  std::vector<Pattern> actions;  // lower case
  std::vector<ResourcePattern> resources;
  PrincipalPattern principal;
  std::vector<Condition> conditions;  // all must hold
};

struct Policy {
  std::vector<Statement> statements;
  bool variables = true;  // false for version 2008-10-17
};

// Errors: invalid, with a sentence that says what could not be read.
base::Result<std::shared_ptr<const Policy>> compile_policy(std::string_view text);

// Where each statement begins and ends in the text, as IAM's policy simulator counts: lines from 1, and columns one
// past the bracket. Empty where the text has no statements.
struct TextPosition {
  int line = 1;
  int column = 1;
};
struct StatementPosition {
  TextPosition start;
  TextPosition end;
};
std::vector<StatementPosition> find_statements(std::string_view text);

}  // namespace escapement::identity
