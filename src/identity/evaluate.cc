#include "identity/evaluate.h"

#include <algorithm>
#include <array>

#include "identity/arn.h"

namespace escapement::identity {
namespace {

// The action in lower case and the resource in fields, made once a question.
struct Prepared {
  explicit Prepared(const Question& question) : keys(question) {
    action = to_lower(question.action);
    if (question.resource != "*") {
      std::string_view rest = question.resource;
      for (std::size_t i = 0; i < 5; ++i) {
        const auto colon = rest.find(':');
        if (colon == std::string_view::npos) return;
        fields[i] = rest.substr(0, colon);
        rest.remove_prefix(colon + 1);
      }
      fields[5] = rest;
      is_arn = true;
    }
  }

  QuestionKeys keys;
  std::string action;
  std::array<std::string_view, 6> fields;
  bool is_arn = false;
};

bool names_resource(const ResourcePattern& pattern, const Prepared& prepared) {
  if (pattern.any) return true;
  if (!prepared.is_arn) return false;
  for (std::size_t i = 0; i < 6; ++i) {
    if (!pattern.fields[i].matches(prepared.fields[i], prepared.keys)) return false;
  }
  return true;
}

bool applies(const Statement& statement, const Prepared& prepared) {
  const bool action = std::ranges::any_of(statement.actions,
                                          [&](const Pattern& p) { return p.matches(prepared.action, prepared.keys); });
  if (action == statement.not_action) return false;
  if (statement.has_resource) {
    const bool resource =
        std::ranges::any_of(statement.resources, [&](const ResourcePattern& p) { return names_resource(p, prepared); });
    if (resource == statement.not_resource) return false;
  }
  return std::ranges::all_of(statement.conditions, [&](const Condition& c) { return c.holds(prepared.keys); });
}

// The service itself, or the form that names one of its regions: "states.eu-west-1.amazonaws.com".
bool names_service(std::string_view entry, std::string_view service) {
  if (entry == service) return true;
  const auto dot = service.find('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view head = service.substr(0, dot + 1);
  const std::string_view tail = service.substr(dot);
  if (entry.size() <= head.size() + tail.size() || !entry.starts_with(head) || !entry.ends_with(tail)) return false;
  const std::string_view region = entry.substr(head.size(), entry.size() - head.size() - tail.size());
  return region.find('.') == std::string_view::npos && std::ranges::count(region, '-') >= 2;
}

Naming names_principal(const PrincipalPattern& pattern, const Principal& principal) {
  if (principal.type == Principal::Type::service) {
    const bool named = pattern.any || std::ranges::any_of(pattern.services, [&](const std::string& entry) {
                         return names_service(entry, principal.service);
                       });
    return named ? Naming::direct : Naming::none;
  }
  if (pattern.any) return Naming::direct;
  Naming naming = Naming::none;
  for (const std::string& entry : pattern.aws) {
    if (entry == principal.arn || (!principal.role_arn.empty() && entry == principal.role_arn)) return Naming::direct;
    const auto arn = parse_arn(entry);
    if (entry == principal.account ||
        (arn && arn->service == "iam" && arn->account == principal.account && arn->resource == "root")) {
      naming = Naming::account;
    }
  }
  return naming;
}

Verdict evaluate(const Policy& policy, const Prepared& prepared, std::vector<const Statement*>* matched) {
  Verdict verdict = Verdict::none;
  for (const Statement& statement : policy.statements) {
    if (statement.effect == Effect::allow && verdict == Verdict::allow && matched == nullptr) continue;
    if (!applies(statement, prepared)) continue;
    if (matched != nullptr) matched->push_back(&statement);
    if (statement.effect == Effect::allow) {
      if (verdict == Verdict::none) verdict = Verdict::allow;
    } else {
      verdict = Verdict::deny;
      if (matched == nullptr) return verdict;
    }
  }
  return verdict;
}

Verdict evaluate_all(const Policies& policies, const Prepared& prepared) {
  Verdict verdict = Verdict::none;
  for (const auto& policy : policies) {
    const Verdict one = evaluate(*policy, prepared, nullptr);
    if (one == Verdict::deny) return one;
    if (one == Verdict::allow) verdict = one;
  }
  return verdict;
}

std::string_view principal_type(Principal::Type type) {
  switch (type) {
    case Principal::Type::root:
      return "Account";
    case Principal::Type::user:
      return "User";
    case Principal::Type::assumed_role:
      return "AssumedRole";
    case Principal::Type::federated_user:
      return "FederatedUser";
    case Principal::Type::service:
      return "Service";
  }
  return "Anonymous";
}

}  // namespace

bool QuestionKeys::values(std::string_view key, std::vector<std::string>& out) const {
  bool found = false;
  for (const auto& [name, value] : question_.context) {
    if (equals_folded(name, key)) {
      out.push_back(value);
      found = true;
    }
  }
  if (found) return true;
  if (!key.starts_with("aws:")) return false;
  return principal_values(key.substr(4), out);
}

bool QuestionKeys::principal_values(std::string_view key, std::vector<std::string>& out) const {
  const Principal& principal = question_.principal;
  const auto give = [&](std::string_view value) { return out.emplace_back(value), true; };
  if (key.starts_with("principaltag/")) {
    for (const auto& [name, value] : principal.tags) {
      if (equals_folded(name, key.substr(13))) return give(value);
    }
    return false;
  }
  if (key == "currenttime") return give(base::to_iso8601(question_.now));
  if (key == "epochtime") return give(std::to_string(question_.now.us / 1'000'000));
  if (key == "principalarn")
    return give(principal.type == Principal::Type::assumed_role ? principal.role_arn : principal.arn);
  if (key == "principalaccount") return !principal.account.empty() && give(principal.account);
  if (key == "principaltype") return give(principal_type(principal.type));
  if (key == "principalisawsservice") return give(principal.type == Principal::Type::service ? "true" : "false");
  if (key == "principalservicename") return principal.type == Principal::Type::service && give(principal.service);
  if (key == "userid") return !principal.user_id.empty() && give(principal.user_id);
  if (key == "viaawsservice") return give("false");
  if (key == "username") {
    const auto arn = parse_arn(principal.arn);
    return principal.type == Principal::Type::user && arn && give(resource_name(*arn));
  }
  if (key == "multifactorauthpresent") return principal.access_key_id.starts_with("ASIA") && give("false");
  if (key == "requestedregion" || key == "resourceaccount") {
    const auto arn = parse_arn(question_.resource);
    if (!arn) return false;
    const std::string_view value = key == "requestedregion" ? arn->region : arn->account;
    return !value.empty() && give(value);
  }
  return false;
}

Verdict evaluate(const Policy& policy, const Question& question, std::vector<const Statement*>* matched) {
  return evaluate(policy, Prepared(question), matched);
}

ResourceVerdict evaluate_resource_policy(const Policy& policy, const Question& question) {
  const Prepared prepared(question);
  ResourceVerdict result;
  for (const Statement& statement : policy.statements) {
    if (!statement.has_principal || !applies(statement, prepared)) continue;
    Naming naming = names_principal(statement.principal, question.principal);
    if (statement.not_principal) naming = naming == Naming::none ? Naming::direct : Naming::none;
    if (naming == Naming::none) continue;
    if (statement.effect == Effect::deny) return {Verdict::deny, naming};
    result.verdict = Verdict::allow;
    result.naming = std::max(result.naming, naming);
  }
  return result;
}

Decision decide(const PolicySet& policies, const Question& question) {
  const Prepared prepared(question);
  const Verdict identity = policies.identity == nullptr ? Verdict::none : evaluate_all(*policies.identity, prepared);
  if (identity == Verdict::deny) return Decision::denied_by_identity;
  const Verdict boundary =
      policies.boundary == nullptr ? Verdict::allow : evaluate(*policies.boundary, prepared, nullptr);
  if (boundary == Verdict::deny) return Decision::denied_by_boundary;
  const Verdict session = policies.session == nullptr ? Verdict::allow : evaluate_all(*policies.session, prepared);
  if (session == Verdict::deny) return Decision::denied_by_session;
  if (identity != Verdict::allow) return Decision::not_allowed_by_identity;
  if (boundary != Verdict::allow) return Decision::not_allowed_by_boundary;
  if (session != Verdict::allow) return Decision::not_allowed_by_session;
  return Decision::allowed;
}

std::string denial_message(const Principal& principal, std::string_view action, std::string_view resource,
                           Decision decision) {
  std::string message = "User: " + principal.arn + " is not authorized to perform: ";
  message.append(action).append(" on resource: ").append(resource);
  const auto nothing_allows = [&](std::string_view kind) {
    message.append(" because no ").append(kind).append(" allows the ").append(action).append(" action");
  };
  switch (decision) {
    case Decision::allowed:
      break;
    case Decision::denied_by_identity:
      message += " with an explicit deny in an identity-based policy";
      break;
    case Decision::denied_by_boundary:
      message += " with an explicit deny in a permissions boundary";
      break;
    case Decision::denied_by_session:
      message += " with an explicit deny in a session policy";
      break;
    case Decision::not_allowed_by_identity:
      nothing_allows("identity-based policy");
      break;
    case Decision::not_allowed_by_boundary:
      nothing_allows("permissions boundary");
      break;
    case Decision::not_allowed_by_session:
      nothing_allows("session policy");
      break;
  }
  return message;
}

}  // namespace escapement::identity
