#include "services/iam/iam_service.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "json/parse.h"
#include "json/print.h"
#include "store/memory/memory_store.h"

namespace escapement::services::iam {
namespace {

constexpr std::string_view kTrust =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}})";
constexpr std::string_view kAllowAll =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})";

class IamTest : public testing::Test {
 protected:
  IamTest() {
    const auto key = **identity->bootstrap();
    admin = identity->find_credentials(key.id)->principal;
  }

  Answer call(std::string_view operation, std::string_view input,
              std::shared_ptr<const identity::Principal> principal = nullptr) {
    wire::Call made;
    made.service = "iam";
    made.operation = operation;
    made.account = "000000000000";
    made.principal = principal != nullptr ? principal : admin;
    made.input = *json::parse(input);
    Answer answer = base::make_error(base::ErrorCode::internal, "no answer");
    service.handle(std::move(made), [&](Answer given) { answer = std::move(given); });
    return answer;
  }

  // The answer as JSON text, or "NAME: message".
  std::string said(std::string_view operation, std::string_view input,
                   std::shared_ptr<const identity::Principal> principal = nullptr) {
    const Answer answer = call(operation, input, std::move(principal));
    return answer ? json::print(*answer) : answer.error().to_string();
  }

  json::Value get(std::string_view operation, std::string_view input) {
    Answer answer = call(operation, input);
    EXPECT_TRUE(answer) << operation << ": " << (answer ? "" : answer.error().to_string());
    return answer ? *answer : json::Value();
  }

  std::shared_ptr<const identity::Principal> user_with(std::string_view name, std::string_view document) {
    get("CreateUser", R"({"UserName":")" + std::string(name) + "\"}");
    json::ObjectBuilder put;
    put.set("UserName", name).set("PolicyName", "p").set("PolicyDocument", document);
    get("PutUserPolicy", json::print(std::move(put).build()));
    const json::Value key = get("CreateAccessKey", R"({"UserName":")" + std::string(name) + "\"}");
    return identity->find_credentials(key.find("AccessKey")->find("AccessKeyId")->as_string())->principal;
  }

  std::string create_policy(std::string_view name, std::string_view document = kAllowAll) {
    json::ObjectBuilder input;
    input.set("PolicyName", name).set("PolicyDocument", document);
    return get("CreatePolicy", json::print(std::move(input).build())).find("Policy")->find("Arn")->as_string();
  }

  void create_role(std::string_view name, std::string_view trust = kTrust) {
    json::ObjectBuilder input;
    input.set("RoleName", name).set("AssumeRolePolicyDocument", trust);
    get("CreateRole", json::print(std::move(input).build()));
  }

  base::VirtualClock clock{base::Timestamp::from_seconds(1'700'000'000)};
  store::MemoryStore store;
  std::unique_ptr<store::Catalog> catalog = *store::Catalog::open(store, "\x0a");
  std::unique_ptr<identity::Identity> identity = *identity::Identity::open(store, *catalog, clock, {});
  IamService service{*identity};
  std::shared_ptr<const identity::Principal> admin;
};

TEST_F(IamTest, UsersLiveAndDie) {
  const json::Value made =
      get("CreateUser", R"({"UserName":"Alice","Path":"/team/","Tags":[{"Key":"k","Value":"v"}]})");
  const json::Value& user = *made.find("User");
  EXPECT_EQ(user.find("Arn")->as_string(), "arn:aws:iam::000000000000:user/team/Alice");
  EXPECT_TRUE(user.find("UserId")->as_string().starts_with("AIDA"));
  EXPECT_EQ(user.find("CreateDate")->as_int64(), 1'700'000'000);
  EXPECT_EQ(said("CreateUser", R"({"UserName":"ALICE"})"), "EntityAlreadyExists: User with name ALICE already exists.");
  EXPECT_EQ(said("GetUser", R"({"UserName":"bob"})"), "NoSuchEntity: The user with name bob cannot be found.");
  EXPECT_EQ(get("GetUser", "{}").find("User")->find("UserName")->as_string(), "admin");
  get("CreateAccessKey", R"({"UserName":"Alice"})");
  EXPECT_EQ(said("DeleteUser", R"({"UserName":"Alice"})"),
            "DeleteConflict: Cannot delete entity, must delete access keys first.");
  const std::string id =
      (*get("ListAccessKeys", R"({"UserName":"Alice"})").find("AccessKeyMetadata"))[0].find("AccessKeyId")->as_string();
  get("DeleteAccessKey", R"({"UserName":"Alice","AccessKeyId":")" + id + "\"}");
  EXPECT_EQ(identity->find_credentials(id), nullptr);
  get("DeleteUser", R"({"UserName":"Alice"})");
  EXPECT_FALSE(call("GetUser", R"({"UserName":"Alice"})"));
}

TEST_F(IamTest, ARenamedUserKeepsWhatItHad) {
  const auto before = user_with("old", kAllowAll);
  get("CreateGroup", R"({"GroupName":"g"})");
  get("AddUserToGroup", R"({"GroupName":"g","UserName":"old"})");
  get("UpdateUser", R"({"UserName":"old","NewUserName":"new","NewPath":"/x/"})");
  EXPECT_FALSE(call("GetUser", R"({"UserName":"old"})"));
  EXPECT_EQ((*get("GetGroup", R"({"GroupName":"g"})").find("Users"))[0].find("Arn")->as_string(),
            "arn:aws:iam::000000000000:user/x/new");
  const auto credentials = identity->find_credentials(before->access_key_id);
  ASSERT_NE(credentials, nullptr);
  EXPECT_TRUE(call("GetUser", "{}", credentials->principal));
  get("UpdateGroup", R"({"GroupName":"g","NewGroupName":"h"})");
  EXPECT_EQ((*get("ListGroupsForUser", R"({"UserName":"new"})").find("Groups"))[0].find("GroupName")->as_string(), "h");
  EXPECT_EQ(get("GetGroup", R"({"GroupName":"h"})").find("Users")->size(), 1u);
}

TEST_F(IamTest, EveryOperationAsksForPermissionOnItsResource) {
  const auto reader = user_with(
      "reader",
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:Get*","Resource":"arn:aws:iam::*:user/${aws:username}"}})");
  EXPECT_TRUE(call("GetUser", "{}", reader));
  const Answer denied = call("GetUser", R"({"UserName":"admin"})", reader);
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, base::ErrorCode::denied);
  EXPECT_EQ(denied.error().message,
            "User: arn:aws:iam::000000000000:user/reader is not authorized to perform: iam:GetUser on resource: "
            "arn:aws:iam::000000000000:user/admin because no identity-based policy allows the iam:GetUser action");
  EXPECT_FALSE(call("CreateUser", R"({"UserName":"x"})", reader));
  EXPECT_FALSE(call("GetUser", R"({"UserName":"x"})")) << "and nothing was made";
  const auto tagger = user_with(
      "tagger", R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:CreateUser","Resource":"*",
      "Condition":{"StringEquals":{"aws:RequestTag/team":"red"},"ForAllValues:StringEquals":{"aws:TagKeys":"team"}}}})");
  EXPECT_TRUE(call("CreateUser", R"({"UserName":"r","Tags":[{"Key":"team","Value":"red"}]})", tagger));
  EXPECT_FALSE(call("CreateUser", R"({"UserName":"b","Tags":[{"Key":"team","Value":"blue"}]})", tagger));
}

TEST_F(IamTest, RolesShowTheirDefaultsWhenRead) {
  create_role("r");
  const json::Value read = get("GetRole", R"({"RoleName":"r"})");
  const json::Value& role = *read.find("Role");
  EXPECT_EQ(role.find("MaxSessionDuration")->as_int64(), 3'600);
  EXPECT_EQ(role.find("RoleLastUsed")->size(), 0u);
  EXPECT_EQ(base::percent_decode(role.find("AssumeRolePolicyDocument")->as_string()), kTrust);
  EXPECT_TRUE(said("CreateRole", R"({"RoleName":"s","AssumeRolePolicyDocument":"{\"a\":1,}"})")
                  .starts_with("MalformedPolicyDocument: This policy contains invalid Json"));
  json::ObjectBuilder input;
  input.set("RoleName", "s")
      .set(
          "AssumeRolePolicyDocument",
          R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/nobody"},"Action":"sts:AssumeRole"}})");
  EXPECT_EQ(said("CreateRole", json::print(std::move(input).build())),
            "MalformedPolicyDocument: Invalid principal in policy: \"AWS\":\"arn:aws:iam::000000000000:user/nobody\"");
}

TEST_F(IamTest, ServiceLinkedRolesAreTheServicesOwn) {
  const json::Value made = get("CreateServiceLinkedRole", R"({"AWSServiceName":"ecs.amazonaws.com"})");
  EXPECT_EQ(made.find("Role")->find("Arn")->as_string(),
            "arn:aws:iam::000000000000:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
  EXPECT_EQ(said("CreateServiceLinkedRole", R"({"AWSServiceName":"ecs.amazonaws.com"})"),
            "InvalidInput: Service role name AWSServiceRoleForECS has been taken in this account, please try a "
            "different suffix.");
  EXPECT_TRUE(said("DeleteRole", R"({"RoleName":"AWSServiceRoleForECS"})").starts_with("UnmodifiableEntity: "));
  const json::Value task = get("DeleteServiceLinkedRole", R"({"RoleName":"AWSServiceRoleForECS"})");
  EXPECT_EQ(said("GetServiceLinkedRoleDeletionStatus",
                 R"({"DeletionTaskId":")" + task.find("DeletionTaskId")->as_string() + "\"}"),
            R"({"Status":"SUCCEEDED"})");
  EXPECT_FALSE(call("GetRole", R"({"RoleName":"AWSServiceRoleForECS"})"));
}

TEST_F(IamTest, PoliciesCountTheirUsesAndKeepTheirVersions) {
  const std::string arn = create_policy("p");
  const std::string by_arn = R"({"PolicyArn":")" + arn + "\"}";
  create_role("r");
  get("AttachRolePolicy", R"({"RoleName":"r","PolicyArn":")" + arn + "\"}");
  get("PutUserPermissionsBoundary", R"({"UserName":"admin","PermissionsBoundary":")" + arn + "\"}");
  const json::Value read = get("GetPolicy", by_arn);
  EXPECT_EQ(read.find("Policy")->find("AttachmentCount")->as_int64(), 1);
  EXPECT_EQ(read.find("Policy")->find("PermissionsBoundaryUsageCount")->as_int64(), 1);
  const json::Value uses = get("ListEntitiesForPolicy", by_arn);
  EXPECT_EQ((*uses.find("PolicyRoles"))[0].find("RoleName")->as_string(), "r");
  EXPECT_EQ((*uses.find("PolicyUsers"))[0].find("UserName")->as_string(), "admin");
  EXPECT_EQ(said("DeletePolicy", by_arn), "DeleteConflict: Cannot delete a policy attached to entities.");
  get("DeleteUserPermissionsBoundary", R"({"UserName":"admin"})");
  get("DetachRolePolicy", R"({"RoleName":"r","PolicyArn":")" + arn + "\"}");

  json::ObjectBuilder version;
  version.set("PolicyArn", arn).set("PolicyDocument", kAllowAll).set("SetAsDefault", true);
  const std::string next = json::print(std::move(version).build());
  for (int n = 2; n <= 5; ++n) get("CreatePolicyVersion", next);
  EXPECT_TRUE(
      said("CreatePolicyVersion", next).starts_with("LimitExceeded: A managed policy can have up to 5 versions."));
  EXPECT_EQ(said("DeletePolicyVersion", R"({"PolicyArn":")" + arn + R"(","VersionId":"v5"})"),
            "DeleteConflict: Cannot delete the default version of a policy.");
  EXPECT_TRUE(said("DeletePolicy", by_arn).starts_with("DeleteConflict: This policy has more than one version."));
  for (int n = 1; n <= 4; ++n)
    get("DeletePolicyVersion", R"({"PolicyArn":")" + arn + R"(","VersionId":"v)" + std::to_string(n) + "\"}");
  get("DeletePolicy", by_arn);
  EXPECT_EQ(said("DeletePolicy", by_arn), "NoSuchEntity: Policy " + arn + " was not found.");
  EXPECT_EQ(said("AttachRolePolicy", R"({"RoleName":"r","PolicyArn":")" + arn + "\"}"),
            "NoSuchEntity: Policy " + arn + " does not exist or is not attachable.");
  EXPECT_EQ(said("AttachRolePolicy", R"({"RoleName":"r","PolicyArn":"longpolicynamebutnoarn"})"),
            "ValidationError: Invalid ARN:  Could not be parsed!");
}

TEST_F(IamTest, ListingsAreCutIntoPages) {
  for (const char* name : {"a", "b", "c", "d", "e"})
    get("CreateGroup", R"({"GroupName":")" + std::string(name) + "\"}");
  std::string names;
  std::string marker;
  int pages = 0;
  do {
    const json::Value page = get(
        "ListGroups", R"({"MaxItems":2)" + (marker.empty() ? std::string() : R"(,"Marker":")" + marker + "\"") + "}");
    for (const json::Value& group : page.find("Groups")->items()) names += group.find("GroupName")->as_string();
    marker = page.find("IsTruncated")->as_bool() ? page.find("Marker")->as_string() : "";
    ++pages;
  } while (!marker.empty() && pages < 10);
  EXPECT_EQ(names, "abcde");
  EXPECT_EQ(pages, 3);

  std::size_t policies = 0;
  create_policy("mine");
  do {
    const json::Value page =
        get("ListPolicies",
            R"({"MaxItems":50)" + (marker.empty() ? std::string() : R"(,"Marker":")" + marker + "\"") + "}");
    policies += page.find("Policies")->size();
    marker = page.find("IsTruncated")->as_bool() ? page.find("Marker")->as_string() : "";
  } while (!marker.empty());
  EXPECT_EQ(policies, get("ListPolicies", R"({"MaxItems":1000,"Scope":"AWS"})").find("Policies")->size() + 1);
}

TEST_F(IamTest, TagsMergeWithoutRegardToCase) {
  create_role("r");
  get("TagRole", R"({"RoleName":"r","Tags":[{"Key":"Team","Value":"a"},{"Key":"x","Value":"1"}]})");
  get("TagRole", R"({"RoleName":"r","Tags":[{"Key":"team","Value":"b"}]})");
  get("UntagRole", R"({"RoleName":"r","TagKeys":["X"]})");
  EXPECT_EQ(said("ListRoleTags", R"({"RoleName":"r"})"),
            R"({"Tags":[{"Key":"team","Value":"b"}],"IsTruncated":false})");
  EXPECT_EQ(said("TagRole", R"({"RoleName":"r","Tags":[{"Key":"k","Value":"a"},{"Key":"K","Value":"b"}]})"),
            "InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive.");
}

TEST_F(IamTest, InlinePoliciesAreBounded) {
  const std::string big(3'000, 'x');
  json::ObjectBuilder input;
  input.set("UserName", "admin")
      .set("PolicyName", "p")
      .set("PolicyDocument",
           R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get","Resource":"arn:aws:s3:::)" +
               big + "\"}}");
  EXPECT_EQ(said("PutUserPolicy", json::print(std::move(input).build())),
            "LimitExceeded: Maximum policy size of 2048 bytes exceeded for user admin");
  EXPECT_EQ(said("ListUserPolicies", R"({"UserName":"admin"})"), R"({"PolicyNames":[],"IsTruncated":false})");
}

TEST_F(IamTest, InstanceProfilesHoldOneRole) {
  create_role("r");
  get("CreateInstanceProfile", R"({"InstanceProfileName":"i"})");
  get("AddRoleToInstanceProfile", R"({"InstanceProfileName":"i","RoleName":"r"})");
  EXPECT_EQ(said("AddRoleToInstanceProfile", R"({"InstanceProfileName":"i","RoleName":"r"})"),
            "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
  EXPECT_EQ(said("DeleteRole", R"({"RoleName":"r"})"),
            "DeleteConflict: Cannot delete entity, must remove roles from instance profile first.");
  EXPECT_EQ(get("ListInstanceProfilesForRole", R"({"RoleName":"r"})").find("InstanceProfiles")->size(), 1u);
  get("RemoveRoleFromInstanceProfile", R"({"InstanceProfileName":"i","RoleName":"r"})");
  get("DeleteInstanceProfile", R"({"InstanceProfileName":"i"})");
  get("DeleteRole", R"({"RoleName":"r"})");
}

TEST_F(IamTest, TheSimulatorSaysWhatAndWhy) {
  user_with(
      "u",
      R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "states:*", "Resource": "*"}, {"Effect": "Deny", "Action": "states:Delete*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpc": "v"}}}]})");
  const json::Value answer = get(
      "SimulatePrincipalPolicy",
      R"({"PolicySourceArn":"arn:aws:iam::000000000000:user/u","ActionNames":["states:StartExecution","states:DeleteStateMachine","s3:GetObject"],
      "ContextEntries":[{"ContextKeyName":"aws:SourceVpc","ContextKeyValues":["v"],"ContextKeyType":"string"}]})");
  const json::Value& results = *answer.find("EvaluationResults");
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].find("EvalDecision")->as_string(), "allowed");
  EXPECT_EQ((*results[0].find("MatchedStatements"))[0].find("SourcePolicyId")->as_string(), "user_u_p");
  EXPECT_EQ(results[1].find("EvalDecision")->as_string(), "explicitDeny");
  EXPECT_EQ(results[1].find("MatchedStatements")->size(), 1u);
  EXPECT_EQ(results[2].find("EvalDecision")->as_string(), "implicitDeny");
  json::ObjectBuilder custom;
  custom.set("ActionNames", json::Value::array({"states:DeleteStateMachine"}));
  custom.set(
      "PolicyInputList",
      json::Value::array(
          {R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"my:Key":"true"}}}})"}));
  const json::Value tried = get("SimulateCustomPolicy", json::print(std::move(custom).build()));
  EXPECT_EQ(json::print(*(*tried.find("EvaluationResults"))[0].find("MissingContextValues")), R"(["my:Key"])");
}

TEST_F(IamTest, TheWholeAccountInPages) {
  create_role("r");
  get("CreateGroup", R"({"GroupName":"g"})");
  create_policy("p");
  std::string seen;
  std::string marker;
  int pages = 0;
  do {
    const json::Value page =
        get("GetAccountAuthorizationDetails",
            R"({"MaxItems":1)" + (marker.empty() ? std::string() : R"(,"Marker":")" + marker + "\"") + "}");
    for (const auto& [member, name] : {std::pair{"UserDetailList", "UserName"},
                                       {"GroupDetailList", "GroupName"},
                                       {"RoleDetailList", "RoleName"},
                                       {"Policies", "PolicyName"}}) {
      for (const json::Value& item : page.find(member)->items()) seen += item.find(name)->as_string() + " ";
    }
    marker = page.find("IsTruncated")->as_bool() ? page.find("Marker")->as_string() : "";
  } while (!marker.empty() && ++pages < 20);
  EXPECT_EQ(seen, "admin g r p AdministratorAccess ");
}

TEST_F(IamTest, AnOperationThatIsNotThereSaysSo) {
  EXPECT_FALSE(service.has("CreateLoginProfile"));
  EXPECT_TRUE(service.has("CreateUser"));
  EXPECT_EQ(call("CreateLoginProfile", "{}").error().code, base::ErrorCode::unsupported);
}

}  // namespace
}  // namespace escapement::services::iam
