#include "services/sts/sts_service.h"

#include <gtest/gtest.h>

#include "identity/ids.h"
#include "json/parse.h"
#include "json/print.h"
#include "store/memory/memory_store.h"

namespace escapement::services::sts {
namespace {

using identity::Entity;
using identity::EntityKind;
using PrincipalPtr = std::shared_ptr<const identity::Principal>;
using Answer = base::Result<json::Value>;

constexpr std::string_view kAllowAll =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})";

std::string trust(std::string_view principal, std::string_view more = "") {
  return R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":")" + std::string(principal) +
         R"("},"Action":["sts:AssumeRole","sts:TagSession"])" + std::string(more) + "}}";
}

class StsTest : public testing::Test {
 protected:
  StsTest() { admin = identity->find_credentials((**identity->bootstrap()).id)->principal; }

  Answer call(std::string_view operation, std::string_view input, PrincipalPtr principal) {
    wire::Call made;
    made.service = "sts";
    made.operation = operation;
    made.account = "000000000000";
    made.principal = std::move(principal);
    made.input = *json::parse(input);
    Answer answer = base::make_error(base::ErrorCode::internal, "no answer");
    service.handle(std::move(made), [&](Answer given) { answer = std::move(given); });
    return answer;
  }

  std::string error(std::string_view operation, std::string_view input, PrincipalPtr principal) {
    const Answer answer = call(operation, input, std::move(principal));
    return answer ? "" : answer.error().to_string();
  }

  // The principal that the answer's credentials stand for.
  PrincipalPtr session_of(const Answer& answer) {
    if (!answer) {
      ADD_FAILURE() << answer.error().to_string();
      return nullptr;
    }
    const json::Value& credentials = *answer->find("Credentials");
    const auto found = identity->find_credentials(credentials.find("AccessKeyId")->as_string());
    EXPECT_EQ(found->secret_access_key, credentials.find("SecretAccessKey")->as_string());
    EXPECT_EQ(found->session_token, credentials.find("SessionToken")->as_string());
    return found->principal;
  }

  void put(Entity entity) {
    entity.id = identity::new_entity_id(entity.kind == EntityKind::role ? "AROA" : "AIDA");
    entity.path = "/";
    ASSERT_TRUE(identity->update([&](identity::Directory& directory) -> base::Result<void> {
      directory.put(entity, nullptr);
      return {};
    }));
  }

  void put_role(std::string_view name, std::string trust_policy, std::string_view document = kAllowAll) {
    Entity role{.kind = EntityKind::role, .name = std::string(name), .tags = {{"own", "1"}}};
    role.trust_policy = std::move(trust_policy);
    role.inline_policies.push_back({"p", std::string(document)});
    put(std::move(role));
  }

  PrincipalPtr put_user(std::string_view name) {
    put(Entity{.kind = EntityKind::user, .name = std::string(name)});
    auto principal = std::make_shared<identity::Principal>();
    principal->account = identity->account();
    principal->arn = "arn:aws:iam::000000000000:user/" + std::string(name);
    return principal;
  }

  bool may(const PrincipalPtr& principal, std::string_view action) {
    return identity->authorise(*principal, action, "*").has_value();
  }

  base::VirtualClock clock{base::Timestamp::from_seconds(1'700'000'000)};
  store::MemoryStore store;
  std::unique_ptr<store::Catalog> catalog = *store::Catalog::open(store, "\x0a");
  std::unique_ptr<identity::Identity> identity = *identity::Identity::open(store, *catalog, clock, {});
  StsService service{*identity};
  PrincipalPtr admin;
};

std::string assume(std::string_view role, std::string_view more = "") {
  return R"({"RoleArn":"arn:aws:iam::000000000000:role/)" + std::string(role) + R"(","RoleSessionName":"s")" +
         std::string(more) + "}";
}

TEST_F(StsTest, SaysWhoCalls) {
  const Answer answer = call("GetCallerIdentity", "{}", put_user("nobody"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->find("Arn")->as_string(), "arn:aws:iam::000000000000:user/nobody");
  EXPECT_EQ(answer->find("Account")->as_string(), "000000000000");
}

TEST_F(StsTest, TrustDecidesWhoMayAssume) {
  const PrincipalPtr bob = put_user("bob");
  put_role("account", trust("000000000000"));
  put_role("bobs", trust("arn:aws:iam::000000000000:user/bob"));
  EXPECT_TRUE(call("AssumeRole", assume("account"), admin)) << "the account trusts, and the caller's policies allow";
  EXPECT_EQ(error("AssumeRole", assume("account"), bob),
            "AccessDenied: User: arn:aws:iam::000000000000:user/bob is not authorized to perform: sts:AssumeRole on "
            "resource: "
            "arn:aws:iam::000000000000:role/account");
  EXPECT_TRUE(call("AssumeRole", assume("bobs"), bob)) << "named directly, no policy of its own is needed";
  EXPECT_TRUE(error("AssumeRole", assume("bobs"), admin).starts_with("AccessDenied"));
  EXPECT_TRUE(error("AssumeRole", assume("missing"), admin).starts_with("AccessDenied")) << "as if it did not trust";
  EXPECT_EQ(error("AssumeRole", R"({"RoleArn":"arn:a:::something/test-role","RoleSessionName":"s"})", admin),
            "ValidationError: arn:a:::something/test-role is invalid");
}

TEST_F(StsTest, AnExternalIdMustFit) {
  put_role("r", trust("000000000000", R"(,"Condition":{"StringEquals":{"sts:ExternalId":"secret"}})"));
  EXPECT_FALSE(call("AssumeRole", assume("r"), admin));
  EXPECT_FALSE(call("AssumeRole", assume("r", R"(,"ExternalId":"wrong")"), admin));
  EXPECT_TRUE(call("AssumeRole", assume("r", R"(,"ExternalId":"secret")"), admin));
}

TEST_F(StsTest, ASessionPolicyNarrows) {
  put_role("r", trust("000000000000"));
  const auto session = session_of(call(
      "AssumeRole",
      assume(
          "r",
          R"(,"Policy":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"states:*\",\"Resource\":\"*\"}}")"),
      admin));
  EXPECT_EQ(session->arn, "arn:aws:sts::000000000000:assumed-role/r/s");
  EXPECT_TRUE(may(session, "states:ListStateMachines"));
  EXPECT_FALSE(may(session, "iam:ListUsers"));
  EXPECT_TRUE(error("AssumeRole", assume("r", R"(,"Policy":"{")"), admin).starts_with("MalformedPolicyDocument"));
}

TEST_F(StsTest, DurationsAreBounded) {
  put_role("r", trust("000000000000"));
  EXPECT_EQ(error("AssumeRole", assume("r", R"(,"DurationSeconds":7200)"), admin),
            "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  const Answer answer = call("AssumeRole", assume("r", R"(,"DurationSeconds":900)"), admin);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->find("Credentials")->find("Expiration")->as_int64(), 1'700'000'900);
}

TEST_F(StsTest, TransitiveTagsGoDownAChain) {
  put_role("a", trust("000000000000"));
  put_role("b", trust("000000000000"));
  const auto first = session_of(call(
      "AssumeRole",
      assume("a", R"(,"Tags":[{"Key":"Team","Value":"red"},{"Key":"Own","Value":"2"}],"TransitiveTagKeys":["Team"])"),
      admin));
  EXPECT_EQ(first->tags, (std::map<std::string, std::string>{{"Team", "red"}, {"Own", "2"}}))
      << "a session tag replaces the role's";
  const auto second = session_of(call("AssumeRole", assume("b"), first));
  EXPECT_EQ(second->tags, (std::map<std::string, std::string>{{"Team", "red"}, {"own", "1"}}));
  EXPECT_EQ(error("AssumeRole", assume("b", R"(,"Tags":[{"Key":"team","Value":"blue"}])"), second),
            "InvalidParameterValue: One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key "
            "from the calling session.");
  EXPECT_EQ(error("AssumeRole", assume("a", R"(,"Tags":[{"Key":"a","Value":"1"},{"Key":"A","Value":"2"}])"), admin),
            "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  EXPECT_EQ(error("AssumeRole", assume("a", R"(,"TransitiveTagKeys":["x"])"), admin),
            "InvalidParameterValue: The specified transitive tag key must be included in the requested tags.");
}

TEST_F(StsTest, TaggingMustBeTrustedToo) {
  put_role(
      "r",
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}})");
  EXPECT_TRUE(call("AssumeRole", assume("r"), admin));
  EXPECT_TRUE(error("AssumeRole", assume("r", R"(,"Tags":[{"Key":"a","Value":"1"}])"), admin).find("sts:TagSession") !=
              std::string::npos);
}

TEST_F(StsTest, UsersMakeTheirOwnSessions) {
  const auto session = session_of(call("GetSessionToken", "{}", admin));
  EXPECT_EQ(session->arn, admin->arn);
  EXPECT_TRUE(may(session, "states:ListStateMachines"));
  EXPECT_FALSE(call("GetSessionToken", "{}", session));

  const auto nothing = session_of(call("GetFederationToken", R"({"Name":"guest"})", admin));
  EXPECT_EQ(nothing->arn, "arn:aws:sts::000000000000:federated-user/guest");
  EXPECT_FALSE(may(nothing, "states:ListStateMachines")) << "without a policy it may do nothing";
  const auto some = session_of(call(
      "GetFederationToken",
      R"({"Name":"guest","PolicyArns":[{"arn":"arn:aws:iam::aws:policy/AWSStepFunctionsReadOnlyAccess"}]})", admin));
  EXPECT_TRUE(may(some, "states:ListStateMachines"));
  EXPECT_FALSE(may(some, "states:StartExecution"));
}

TEST_F(StsTest, RolesThatAreGoneHaveNoSessions) {
  put_role("r", trust("000000000000"));
  const auto session = session_of(call("AssumeRole", assume("r"), admin));
  EXPECT_TRUE(may(session, "states:ListStateMachines"));
  ASSERT_TRUE(identity->update([](identity::Directory& directory) -> base::Result<void> {
    ESC_TRY(const auto role, directory.entity(EntityKind::role, "r"));
    directory.erase(role);
    return {};
  }));
  EXPECT_FALSE(may(session, "states:ListStateMachines"));
}

}  // namespace
}  // namespace escapement::services::sts
