// The policy simulator: what policies say about actions, and by which of their statements.
#include <algorithm>
#include <set>

#include "identity/arn.h"
#include "identity/evaluate.h"
#include "services/iam/handlers.h"
#include "services/iam/policy_keys.h"

namespace escapement::services::iam {
namespace {

using identity::Policy;
using identity::Principal;
using identity::Question;
using identity::Verdict;
using json::Value;

// A policy that takes part.
struct Source {
  std::string id;
  std::string document;
  std::shared_ptr<const Policy> policy;
};

struct Simulation {
  std::vector<Source> policies;
  std::optional<Source> boundary;
  std::optional<Source> resource_policy;
  Principal principal;
  identity::RequestContext context;
  base::Timestamp now{};
};

base::Error invalid_policy(const base::Error& error) { return invalid_input(error.message); }

base::Result<Source> read_source(std::string id, std::string document) {
  auto policy = identity::compile_policy(document);
  if (!policy) return invalid_policy(policy.error());
  return Source{std::move(id), std::move(document), std::move(*policy)};
}

base::Result<void> add_inputs(Simulation& simulation, const wire::Call& call) {
  int index = 0;
  for (const std::string& document : texts(call.input, "PolicyInputList")) {
    ESC_TRY(auto source, read_source("PolicyInputList." + std::to_string(++index), document));
    simulation.policies.push_back(std::move(source));
  }
  index = 0;
  for (const std::string& document : texts(call.input, "PermissionsBoundaryPolicyInputList")) {
    ESC_TRY(simulation.boundary,
            read_source("PermissionsBoundaryPolicyInputList." + std::to_string(++index), document));
  }
  if (const auto document = optional_text(call.input, "ResourcePolicy")) {
    ESC_TRY(simulation.resource_policy, read_source("ResourcePolicy", *document));
  }
  if (const Value* entries = call.input.find("ContextEntries"); entries != nullptr && entries->is_array()) {
    for (const Value& entry : entries->items()) {
      for (const std::string& value : texts(entry, "ContextKeyValues"))
        simulation.context.emplace(text(entry, "ContextKeyName"), value);
    }
  }
  return {};
}

base::Result<void> add_entity(Simulation& simulation, const Entity& entity, const Directory& directory) {
  for (const auto& policy : entity.inline_policies) {
    ESC_TRY(auto source,
            read_source(std::string(to_text(entity.kind)) + "_" + entity.name + "_" + policy.name, policy.document));
    simulation.policies.push_back(std::move(source));
  }
  for (const std::string& arn : entity.attached) {
    ESC_TRY(const auto policy, directory.policy(arn));
    ESC_TRY(auto source, read_source(policy.name, policy.document()));
    simulation.policies.push_back(std::move(source));
  }
  return {};
}

base::Result<Entity> find_source(const Directory& directory, const std::string& arn) {
  auto entity = directory.find_entity(arn);
  if (!entity) return identity::no_such_entity("Policy source " + arn + " does not exist.");
  return std::move(*entity);
}

base::Result<void> add_source(Simulation& simulation, const Entity& entity, const Directory& directory) {
  ESC_CHECK(add_entity(simulation, entity, directory));
  for (const std::string& name : entity.groups) {
    ESC_TRY(const Entity group, directory.entity(EntityKind::group, name));
    ESC_CHECK(add_entity(simulation, group, directory));
  }
  if (!entity.boundary.empty() && !simulation.boundary) {
    ESC_TRY(const auto boundary, directory.policy(entity.boundary));
    ESC_TRY(simulation.boundary, read_source(boundary.name, boundary.document()));
  }
  return {};
}

Principal principal_of(const Entity& entity, const Directory& directory) {
  Principal principal;
  principal.account = directory.account();
  principal.arn = directory.arn(entity);
  principal.user_id = entity.id;
  if (entity.kind == EntityKind::role) {
    principal.type = Principal::Type::assumed_role;
    principal.role_arn = principal.arn;
  }
  for (const auto& tag : entity.tags) principal.tags.emplace(tag.key, tag.value);
  return principal;
}

// CallerArn stands in for whom the policies are tried as.
void set_caller(Simulation& simulation, const wire::Call& call, const Directory& directory) {
  const auto arn = optional_text(call.input, "CallerArn");
  if (!arn) return;
  if (const auto entity = directory.find_entity(*arn)) {
    simulation.principal = principal_of(*entity, directory);
  } else {
    simulation.principal = Principal{};
    simulation.principal.arn = *arn;
    if (const auto parsed = identity::parse_arn(*arn)) simulation.principal.account = parsed->account;
  }
}

Value position(const identity::TextPosition& at) {
  return Value::object(
      {{"Line", static_cast<std::int64_t>(at.line)}, {"Column", static_cast<std::int64_t>(at.column)}});
}

struct Outcome {
  Verdict verdict = Verdict::none;
  std::vector<Value> statements;
};

// What one policy says; the statements that decided the same way count as matched.
Outcome ask(const Source& source, const Question& question) {
  Outcome outcome;
  std::vector<const identity::Statement*> matched;
  outcome.verdict = identity::evaluate(*source.policy, question, &matched);
  const auto positions = identity::find_statements(source.document);
  for (const identity::Statement* statement : matched) {
    if ((statement->effect == identity::Effect::deny) != (outcome.verdict == Verdict::deny)) continue;
    const auto index = static_cast<std::size_t>(statement - source.policy->statements.data());
    json::ObjectBuilder out;
    out.set("SourcePolicyId", source.id).set("SourcePolicyType", "IAM Policy");
    if (index < positions.size())
      out.set("StartPosition", position(positions[index].start)).set("EndPosition", position(positions[index].end));
    outcome.statements.push_back(std::move(out).build());
  }
  return outcome;
}

std::string_view decision_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow:
      return "allowed";
    case Verdict::deny:
      return "explicitDeny";
    case Verdict::none:
      return "implicitDeny";
  }
  return "";
}

std::vector<Value> missing_keys(const Simulation& simulation, const Question& question) {
  std::set<std::string> keys;
  for (const Source& source : simulation.policies) add_condition_keys(source.document, keys);
  if (simulation.boundary) add_condition_keys(simulation.boundary->document, keys);
  const identity::QuestionKeys known(question);
  std::vector<Value> missing;
  for (const std::string& key : keys) {
    std::vector<std::string> values;
    if (!known.values(identity::to_lower(key), values)) missing.emplace_back(key);
  }
  return missing;
}

Value simulate_one(const Simulation& simulation, const std::string& action, const std::string& resource) {
  const Question question{simulation.principal, action, resource, simulation.context, simulation.now};
  Verdict verdict = Verdict::none;
  std::vector<Value> allowing;
  std::vector<Value> denying;
  for (const Source& source : simulation.policies) {
    Outcome outcome = ask(source, question);
    if (outcome.verdict == Verdict::deny)
      verdict = Verdict::deny;
    else if (outcome.verdict == Verdict::allow && verdict == Verdict::none)
      verdict = Verdict::allow;
    std::ranges::move(outcome.statements, std::back_inserter(outcome.verdict == Verdict::deny ? denying : allowing));
  }
  if (simulation.resource_policy) {
    const auto said = identity::evaluate_resource_policy(*simulation.resource_policy->policy, question);
    if (said.verdict == Verdict::deny) verdict = Verdict::deny;
    if (said.verdict == Verdict::allow && said.naming == identity::Naming::direct && verdict == Verdict::none)
      verdict = Verdict::allow;
  }
  bool allowed_by_boundary = true;
  if (simulation.boundary) {
    const Verdict said = ask(*simulation.boundary, question).verdict;
    allowed_by_boundary = said == Verdict::allow;
    if (said == Verdict::deny)
      verdict = Verdict::deny;
    else if (!allowed_by_boundary && verdict == Verdict::allow)
      verdict = Verdict::none;
  }
  const Value statements = list(verdict == Verdict::deny ? std::move(denying) : std::move(allowing));
  const Value missing = list(missing_keys(simulation, question));
  const Value boundary = Value::object({{"AllowedByPermissionsBoundary", allowed_by_boundary}});

  json::ObjectBuilder specific;
  specific.set("EvalResourceName", resource).set("EvalResourceDecision", decision_text(verdict));
  specific.set("MatchedStatements", statements).set("MissingContextValues", missing);
  specific.set_if(simulation.boundary.has_value(), "PermissionsBoundaryDecisionDetail", boundary);
  json::ObjectBuilder out;
  out.set("EvalActionName", action).set("EvalResourceName", resource).set("EvalDecision", decision_text(verdict));
  out.set("MatchedStatements", statements).set("MissingContextValues", missing);
  out.set("OrganizationsDecisionDetail", Value::object({{"AllowedByOrganizations", true}}));
  out.set_if(simulation.boundary.has_value(), "PermissionsBoundaryDecisionDetail", boundary);
  out.set("EvalDecisionDetails", nothing());
  out.set("ResourceSpecificResults", list({std::move(specific).build()}));
  return std::move(out).build();
}

// Every action on every resource; the marker of a page is the number of what was answered.
Answer run(const Simulation& simulation, const wire::Call& call) {
  ESC_TRY(Page page, Page::read(call.input));
  std::vector<std::string> resources = texts(call.input, "ResourceArns");
  if (resources.empty()) resources.emplace_back("*");
  std::size_t done = 0;
  if (!page.after().empty()) {
    for (const char c : page.after()) {
      if (c < '0' || c > '9' || done > 1'000'000) return invalid_input("Invalid Marker.");
      done = done * 10 + static_cast<std::size_t>(c - '0');
    }
  }
  std::size_t index = 0;
  for (const std::string& action : texts(call.input, "ActionNames")) {
    for (const std::string& resource : resources) {
      if (index++ < done) continue;
      if (!page.add(std::to_string(index), simulate_one(simulation, action, resource)))
        return std::move(page).answer("EvaluationResults");
    }
  }
  return std::move(page).answer("EvaluationResults");
}

Answer key_list(const std::set<std::string>& keys) {
  return Value::object({{"ContextKeyNames", list({keys.begin(), keys.end()})}});
}

}  // namespace

Answer simulate_custom_policy(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  Simulation simulation;
  simulation.now = operations.identity.clock().now();
  simulation.principal.account = directory.account();
  ESC_CHECK(add_inputs(simulation, call));
  set_caller(simulation, call, directory);
  return run(simulation, call);
}

Answer simulate_principal_policy(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  Simulation simulation;
  simulation.now = operations.identity.clock().now();
  ESC_TRY(const Entity entity, find_source(directory, text(call.input, "PolicySourceArn")));
  ESC_CHECK(add_inputs(simulation, call));
  ESC_CHECK(add_source(simulation, entity, directory));
  simulation.principal = principal_of(entity, directory);
  set_caller(simulation, call, directory);
  return run(simulation, call);
}

Answer get_context_keys_for_custom_policy(Operations&, const wire::Call& call) {
  std::set<std::string> keys;
  for (const std::string& document : texts(call.input, "PolicyInputList")) {
    const auto policy = identity::compile_policy(document);
    if (!policy) return invalid_policy(policy.error());
    add_condition_keys(document, keys);
  }
  return key_list(keys);
}

Answer get_context_keys_for_principal_policy(Operations& operations, const wire::Call& call) {
  const Directory directory = operations.identity.read();
  Simulation simulation;
  ESC_TRY(const Entity entity, find_source(directory, text(call.input, "PolicySourceArn")));
  ESC_CHECK(add_inputs(simulation, call));
  ESC_CHECK(add_source(simulation, entity, directory));
  std::set<std::string> keys;
  for (const Source& source : simulation.policies) add_condition_keys(source.document, keys);
  return key_list(keys);
}

}  // namespace escapement::services::iam
