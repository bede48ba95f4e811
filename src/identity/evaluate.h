// The policy evaluator: may this be done? Pure: all it knows is in its arguments.
//
// The order is IAM's ("Policy evaluation logic"): an explicit deny anywhere wins; else every kind of policy that
// applies (the identity's own, its permissions boundary, the session's) must allow.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "identity/authoriser.h"
#include "identity/policy.h"
#include "identity/principal.h"

namespace escapement::identity {

// What is asked. Everything is borrowed for the call.
struct Question {
  const Principal& principal;
  std::string_view action;
  std::string_view resource;  // an ARN, or "*"
  const RequestContext& context;
  base::Timestamp now;
};

// The condition keys of a question: those of the context, and those that follow from the principal, the resource and
// the time.
class QuestionKeys final : public ConditionSource {
 public:
  explicit QuestionKeys(const Question& question) : question_(question) {}
  bool values(std::string_view key, std::vector<std::string>& out) const override;

 private:
  bool principal_values(std::string_view key, std::vector<std::string>& out) const;
  const Question& question_;
};

enum class Verdict : std::uint8_t { none, allow, deny };

// How a resource's policy came to allow: by naming the caller, or by naming its account, which then decides.
enum class Naming : std::uint8_t { none, account, direct };

// What one policy of an identity, a boundary or a session says. Statements that decided are appended to `matched`, if
// given.
Verdict evaluate(const Policy& policy, const Question& question, std::vector<const Statement*>* matched = nullptr);

struct ResourceVerdict {
  Verdict verdict = Verdict::none;
  Naming naming = Naming::none;  // of an allow, the strongest
};
// What the policy of a resource (a role's trust policy, a function's policy) says about the question's principal.
ResourceVerdict evaluate_resource_policy(const Policy& policy, const Question& question);

using Policies = std::vector<std::shared_ptr<const Policy>>;

// All that narrows or widens what a principal may do.
struct PolicySet {
  const Policies* identity = nullptr;
  const Policy* boundary = nullptr;   // nullptr: none
  const Policies* session = nullptr;  // nullptr: none; an empty list allows nothing
};

enum class Decision : std::uint8_t {
  allowed,
  denied_by_identity,  // an explicit deny…
  denied_by_boundary,
  denied_by_session,
  not_allowed_by_identity,  // …or nothing that allows
  not_allowed_by_boundary,
  not_allowed_by_session,
};

Decision decide(const PolicySet& policies, const Question& question);

// AWS's sentence: "User: ARN is not authorized to perform: ACTION on resource: RESOURCE because …".
std::string denial_message(const Principal& principal, std::string_view action, std::string_view resource,
                           Decision decision);

}  // namespace escapement::identity
