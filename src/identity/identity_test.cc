#include "identity/identity.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "identity/arn.h"
#include "identity/aws_policies.h"
#include "identity/ids.h"
#include "identity/policy_check.h"
#include "identity/service_linked_roles.h"
#include "store/memory/memory_store.h"

namespace escapement::identity {
namespace {

using base::Timestamp;

constexpr std::string_view kTrustStates =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}})";
constexpr std::string_view kStartOnly =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"states:StartExecution","Resource":"arn:aws:states:*:*:stateMachine:mine"}})";
constexpr std::string_view kMine = "arn:aws:states:us-east-1:000000000000:stateMachine:mine";
constexpr std::string_view kOther = "arn:aws:states:us-east-1:000000000000:stateMachine:other";

class IdentityTest : public testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    identity.reset();
    catalog.reset();
    store = std::make_unique<store::MemoryStore>(disk);
    catalog = *store::Catalog::open(*store, "\x0a");
    identity = *Identity::open(*store, *catalog, clock, {});
  }

  Entity put_user(std::string_view name, std::string_view document) {
    Entity user{.kind = EntityKind::user,
                .name = std::string(name),
                .id = new_entity_id(kUserPrefix),
                .path = "/",
                .created = clock.now()};
    user.inline_policies.push_back({"p", std::string(document)});
    put(user);
    return user;
  }

  void put(const Entity& entity) {
    ASSERT_TRUE(identity->update([&](Directory& directory) -> base::Result<void> {
      const auto before = directory.entity(entity.kind, entity.name);
      directory.put(entity, before ? &*before : nullptr);
      return {};
    }));
  }

  Principal principal_of(const Entity& user) {
    Principal principal;
    principal.account = identity->account();
    principal.arn = identity->read().arn(user);
    principal.user_id = user.id;
    return principal;
  }

  bool may(const Principal& principal, std::string_view action, std::string_view resource) {
    return identity->authorise(principal, action, resource).has_value();
  }

  base::VirtualClock clock{Timestamp::from_seconds(1'700'000'000)};
  std::shared_ptr<store::MemoryStore::Disk> disk = store::MemoryStore::new_disk();
  std::unique_ptr<store::MemoryStore> store;
  std::unique_ptr<store::Catalog> catalog;
  std::unique_ptr<Identity> identity;
};

TEST_F(IdentityTest, BootstrapMakesOneAdministratorOnce) {
  const auto key = identity->bootstrap();
  ASSERT_TRUE(key && *key);
  EXPECT_TRUE((*key)->id.starts_with("AKIA"));
  EXPECT_EQ((*key)->secret.size(), 40u);
  const auto credentials = identity->find_credentials((*key)->id);
  ASSERT_NE(credentials, nullptr);
  EXPECT_EQ(credentials->secret_access_key, (*key)->secret);
  EXPECT_EQ(credentials->principal->arn, "arn:aws:iam::000000000000:user/admin");
  EXPECT_TRUE(may(*credentials->principal, "states:DeleteStateMachine", kMine));
  open();
  const auto again = identity->bootstrap();
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->id, (*key)->id);
}

TEST_F(IdentityTest, AUserMayDoWhatItsPoliciesSayAndNothingElse) {
  const Entity user = put_user("starter", kStartOnly);
  const Principal principal = principal_of(user);
  EXPECT_TRUE(may(principal, "states:StartExecution", kMine));
  EXPECT_FALSE(may(principal, "states:StartExecution", kOther));
  const auto denied = identity->authorise(principal, "states:StopExecution", kMine);
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().name, "AccessDeniedException");
  EXPECT_EQ(denied.error().code, base::ErrorCode::denied);
}

TEST_F(IdentityTest, ChangesAreSeenAtOnce) {
  Entity user = put_user("u", kStartOnly);
  const Principal principal = principal_of(user);
  EXPECT_TRUE(may(principal, "states:StartExecution", kMine));
  user.inline_policies.clear();
  put(user);
  EXPECT_FALSE(may(principal, "states:StartExecution", kMine));
  Entity group{
      .kind = EntityKind::group, .name = "g", .id = new_entity_id(kGroupPrefix), .path = "/", .created = clock.now()};
  group.attached.emplace_back("arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess");
  put(group);
  user.groups.emplace_back("g");
  put(user);
  EXPECT_TRUE(may(principal, "states:StopExecution", kMine));
  Entity recreated = user;
  recreated.id = new_entity_id(kUserPrefix);
  put(recreated);
  EXPECT_FALSE(may(principal, "states:StopExecution", kMine)) << "another user of the same name";
}

TEST_F(IdentityTest, QuestionsAndChangesRunSideBySide) {
  Entity user = put_user("u", kStartOnly);
  const Principal principal = principal_of(user);
  std::atomic<int> refused{0};
  std::vector<std::jthread> askers;
  for (int i = 0; i < 3; ++i) {
    askers.emplace_back([&](std::stop_token stop) {
      while (!stop.stop_requested()) {
        if (!may(principal, "states:StartExecution", kMine)) ++refused;
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    user.tags = {{"n", std::to_string(i)}};
    put(user);
  }
  askers.clear();
  EXPECT_EQ(refused, 0) << "a change of something else never shows half a state";
}

TEST_F(IdentityTest, ABoundaryNarrows) {
  Entity user = put_user("u", R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})");
  user.boundary = "arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess";
  put(user);
  EXPECT_TRUE(may(principal_of(user), "states:StopExecution", kMine));
  const auto denied = identity->authorise(principal_of(user), "lambda:InvokeFunction", "*");
  ASSERT_FALSE(denied);
  EXPECT_TRUE(
      denied.error().message.ends_with("because no permissions boundary allows the lambda:InvokeFunction action"));
}

TEST_F(IdentityTest, ServicesActUnderRolesThatTrustThem) {
  Entity role{
      .kind = EntityKind::role, .name = "r", .id = new_entity_id(kRolePrefix), .path = "/app/", .created = clock.now()};
  role.trust_policy = kTrustStates;
  role.inline_policies.push_back({"p", std::string(kStartOnly)});
  put(role);
  const std::string arn = identity->read().arn(role);
  EXPECT_EQ(arn, "arn:aws:iam::000000000000:role/app/r");
  const auto principal = identity->assume_for_service(arn, "states.amazonaws.com", "exec");
  ASSERT_TRUE(principal);
  EXPECT_EQ((*principal)->arn, "arn:aws:sts::000000000000:assumed-role/r/exec");
  EXPECT_TRUE(may(**principal, "states:StartExecution", kMine));
  EXPECT_FALSE(may(**principal, "lambda:InvokeFunction", "*"));
  EXPECT_FALSE(identity->assume_for_service(arn, "lambda.amazonaws.com", "f"));
  EXPECT_FALSE(identity->assume_for_service("arn:aws:iam::000000000000:role/r", "states.amazonaws.com", "exec"))
      << "the path is part of the ARN";

  const Entity admin = put_user(
      "a",
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"states.amazonaws.com"}}}})");
  EXPECT_TRUE(identity->authorise_pass_role(principal_of(admin), arn, "states.amazonaws.com"));
  const auto other = identity->authorise_pass_role(principal_of(admin), arn, "lambda.amazonaws.com");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().name, "AccessDeniedException");
}

TEST_F(IdentityTest, TrustMayAskForTheSource) {
  Entity role{
      .kind = EntityKind::role, .name = "r", .id = new_entity_id(kRolePrefix), .path = "/", .created = clock.now()};
  role.trust_policy =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole",
      "Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"},"ArnLike":{"aws:SourceArn":"arn:aws:states:*:*:stateMachine:mine"}}}})";
  put(role);
  const std::string arn = identity->read().arn(role);
  EXPECT_TRUE(identity->assume_for_service(arn, "states.amazonaws.com", "e", {{"aws:SourceArn", std::string(kMine)}}));
  EXPECT_FALSE(
      identity->assume_for_service(arn, "states.amazonaws.com", "e", {{"aws:SourceArn", std::string(kOther)}}));
}

TEST_F(IdentityTest, SessionsSurviveARestartAndAreFoundByTheirIdAlone) {
  Entity role{
      .kind = EntityKind::role, .name = "r", .id = new_entity_id(kRolePrefix), .path = "/", .created = clock.now()};
  role.trust_policy = kTrustStates;
  role.inline_policies.push_back({"p", std::string(kStartOnly)});
  put(role);
  const std::string arn = identity->read().arn(role);
  const auto made = identity->credentials_for_service(arn, "states.amazonaws.com", "s");
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->access_key_id.starts_with("ASIA"));
  EXPECT_EQ(made->access_key_id.size(), 20u);
  EXPECT_EQ(identity->credentials_for_service(arn, "states.amazonaws.com", "s")->access_key_id, made->access_key_id);
  open();
  const auto found = identity->find_credentials(made->access_key_id);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->secret_access_key, made->secret_access_key);
  EXPECT_EQ(found->session_token, made->session_token);
  EXPECT_EQ(found->expiration, made->expiration);
  EXPECT_TRUE(may(*found->principal, "states:StartExecution", kMine));
  EXPECT_EQ(identity->find_credentials("ASIAAAAAAAAAAAAAAAAA"), nullptr);

  clock.advance(base::Duration::seconds(13 * 3'600));
  const auto next = identity->credentials_for_service(arn, "states.amazonaws.com", "s");
  ASSERT_TRUE(next);
  EXPECT_NE(next->access_key_id, made->access_key_id);
  EXPECT_EQ(identity->find_credentials(made->access_key_id), nullptr) << "purged with the next one written";
}

TEST_F(IdentityTest, LastUsesAreWrittenWithTheNextChange) {
  const auto key = **identity->bootstrap();
  identity->note_use(key.id, "states", "eu-west-1", clock.now());
  EXPECT_EQ(identity->last_used(key.id)->service, "states");
  ASSERT_TRUE(identity->flush_last_used());
  open();
  const auto used = identity->last_used(key.id);
  ASSERT_TRUE(used);
  EXPECT_EQ(used->region, "eu-west-1");
  EXPECT_EQ(used->at, clock.now());
}

TEST(AwsPolicies, AllCanBeReadAndPassIamsOwnCheck) {
  int count = 0;
  each_aws_policy({}, [&](const ManagedPolicy& policy) {
    ++count;
    EXPECT_TRUE(policy.path == "/aws-service-role/" || check_policy(policy.document(), PolicyUse::identity))
        << policy.name;
    EXPECT_TRUE(compile_policy(policy.document())) << policy.name;
    EXPECT_TRUE(find_aws_policy(policy.arn));
    return true;
  });
  EXPECT_GT(count, 150);
  EXPECT_FALSE(find_aws_policy("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole")) << "its path is /service-role/";
  ASSERT_NE(find_service_linked_role("acm.amazonaws.com"), nullptr);
  EXPECT_EQ(find_service_linked_role("nothing.amazonaws.com"), nullptr);
}

TEST(Arns, AreSixFields) {
  EXPECT_TRUE(parse_arn("arn:aws:iam::1:role/a:b"));
  EXPECT_EQ(parse_arn("arn:aws:iam::1:role/a:b")->resource, "role/a:b");
  for (const auto* bad : {"nothing-valid-in-here", "arn::b:::x/y", "arn:a::::x/y", "arn:a:::x/y", "arn:a:a::aaa:", ""})
    EXPECT_FALSE(parse_arn(bad)) << bad;
}

}  // namespace
}  // namespace escapement::identity
