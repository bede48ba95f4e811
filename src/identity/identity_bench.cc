// What one authorise() costs on the way of a StartExecution.
#include <benchmark/benchmark.h>

#include "identity/identity.h"
#include "identity/ids.h"
#include "store/memory/memory_store.h"

namespace escapement::identity {
namespace {

constexpr std::string_view kMachine = "arn:aws:states:us-east-1:000000000000:stateMachine:mine";

struct World {
  World(std::string_view document) {
    user = Entity{.kind = EntityKind::user, .name = "u", .id = new_entity_id(kUserPrefix), .path = "/"};
    user.inline_policies.push_back({"p", std::string(document)});
    const auto done = identity->update([&](Directory& directory) -> base::Result<void> {
      directory.put(user, nullptr);
      return {};
    });
    if (!done) std::abort();
    principal.account = identity->account();
    principal.arn = identity->read().arn(user);
    principal.user_id = user.id;
  }
  base::SystemClock clock;
  store::MemoryStore store;
  std::unique_ptr<store::Catalog> catalog = *store::Catalog::open(store, "\x0a");
  std::unique_ptr<Identity> identity = *Identity::open(store, *catalog, clock, {});
  Entity user;
  Principal principal;
};

void authorise_one_statement(benchmark::State& state) {
  World world(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"states:StartExecution","Resource":"arn:aws:states:*:*:stateMachine:mine"}})");
  for (auto _ : state)
    benchmark::DoNotOptimize(world.identity->authorise(world.principal, "states:StartExecution", kMachine).has_value());
}
BENCHMARK(authorise_one_statement);

void authorise_condition_and_variable(benchmark::State& state) {
  World world(
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*"},{"Effect":"Allow","Action":["states:Describe*","states:Start*"],
    "Resource":"arn:aws:states:*:${aws:PrincipalAccount}:stateMachine:*","Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}}]})");
  const RequestContext context{{"aws:SourceIp", "127.0.0.1"}};
  for (auto _ : state)
    benchmark::DoNotOptimize(
        world.identity->authorise(world.principal, "states:StartExecution", kMachine, context).has_value());
}
BENCHMARK(authorise_condition_and_variable);

void assume_for_service(benchmark::State& state) {
  World world(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})");
  Entity role{.kind = EntityKind::role, .name = "r", .id = new_entity_id(kRolePrefix), .path = "/"};
  role.trust_policy =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}})";
  const auto done = world.identity->update([&](Directory& directory) -> base::Result<void> {
    directory.put(role, nullptr);
    return {};
  });
  if (!done) std::abort();
  const std::string arn = world.identity->read().arn(role);
  for (auto _ : state)
    benchmark::DoNotOptimize(world.identity->assume_for_service(arn, "states.amazonaws.com", "e").has_value());
}
BENCHMARK(assume_for_service);

}  // namespace
}  // namespace escapement::identity
