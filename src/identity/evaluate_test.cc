#include "identity/evaluate.h"

#include <gtest/gtest.h>

#include "identity/policy_check.h"

namespace escapement::identity {
namespace {

Principal alice() {
  Principal principal;
  principal.account = "111122223333";
  principal.arn = "arn:aws:iam::111122223333:user/team/alice";
  principal.user_id = "AIDAEXAMPLE";
  principal.tags = {{"team", "red"}};
  return principal;
}

std::string statement(std::string_view body, std::string_view version = "2012-10-17") {
  return "{\"Version\":\"" + std::string(version) + "\",\"Statement\":" + std::string(body) + "}";
}

Verdict verdict(std::string_view body, std::string_view action, std::string_view resource,
                const RequestContext& context = {}, std::string_view version = "2012-10-17") {
  const auto policy = compile_policy(statement(body, version));
  EXPECT_TRUE(policy) << body;
  const Principal principal = alice();
  return evaluate(**policy,
                  Question{principal, action, resource, context, base::Timestamp::from_seconds(1'700'000'000)});
}

constexpr std::string_view kMachine = "arn:aws:states:eu-west-1:111122223333:stateMachine:orders";

TEST(Evaluate, ActionsFoldCaseAndTakeWildcards) {
  EXPECT_EQ(verdict(R"({"Effect":"Allow","Action":"STATES:start*","Resource":"*"})", "states:StartExecution", kMachine),
            Verdict::allow);
  EXPECT_EQ(verdict(R"({"Effect":"Allow","Action":"states:Start?xecution","Resource":"*"})", "states:StartExecution",
                    kMachine),
            Verdict::allow);
  EXPECT_EQ(verdict(R"({"Effect":"Allow","Action":["states:Stop*","states:Describe*"],"Resource":"*"})",
                    "states:StartExecution", kMachine),
            Verdict::none);
  EXPECT_EQ(verdict(R"({"Effect":"Allow","NotAction":"iam:*","Resource":"*"})", "states:StartExecution", kMachine),
            Verdict::allow);
  EXPECT_EQ(verdict(R"({"Effect":"Allow","NotAction":"states:*","Resource":"*"})", "states:StartExecution", kMachine),
            Verdict::none);
}

TEST(Evaluate, ResourcesMatchFieldByField) {
  const auto on = [](std::string_view resource, std::string_view asked = kMachine) {
    return verdict("{\"Effect\":\"Allow\",\"Action\":\"states:*\",\"Resource\":\"" + std::string(resource) + "\"}",
                   "states:StartExecution", asked);
  };
  EXPECT_EQ(on("arn:aws:states:*:111122223333:stateMachine:ord*"), Verdict::allow);
  EXPECT_EQ(on("arn:aws:states:*:*:execution:*"), Verdict::none);
  EXPECT_EQ(on("arn:aws:states:*:stateMachine:orders"), Verdict::none) << "a wildcard reaches over no colon";
  EXPECT_EQ(on("arn:aws:states"), Verdict::allow) << "missing fields stand for anything";
  EXPECT_EQ(on("arn:aws:states:eu-west-1:111122223333:stateMachine:Orders"), Verdict::none);
  EXPECT_EQ(on("arn:aws:states:*:*:*", "*"), Verdict::none) << "an action without a resource needs \"*\"";
  EXPECT_EQ(on("*", "*"), Verdict::allow);
}

TEST(Evaluate, DenyWins) {
  const auto body =
      R"([{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"states:*","NotResource":"arn:aws:states:*:*:stateMachine:free"}])";
  EXPECT_EQ(verdict(body, "states:StartExecution", kMachine), Verdict::deny);
  EXPECT_EQ(verdict(body, "states:StartExecution", "arn:aws:states:eu-west-1:111122223333:stateMachine:free"),
            Verdict::allow);
}

TEST(Evaluate, VariablesBringInNoWildcards) {
  const auto body = R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::home/${aws:username}/*"})";
  EXPECT_EQ(verdict(body, "s3:GetObject", "arn:aws:s3:::home/alice/x"), Verdict::allow);
  EXPECT_EQ(verdict(body, "s3:GetObject", "arn:aws:s3:::home/bob/x"), Verdict::none);
  EXPECT_EQ(verdict(body, "s3:GetObject", "arn:aws:s3:::home/${aws:username}/x", {}, "2008-10-17"), Verdict::allow)
      << "plain text in the old version";
  const auto tag =
      R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/${aws:PrincipalTag/none, 'all'}"})";
  EXPECT_EQ(verdict(tag, "s3:GetObject", "arn:aws:s3:::b/red/all"), Verdict::allow);
  const auto from_request = R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${my:key}"})";
  EXPECT_EQ(verdict(from_request, "s3:GetObject", "arn:aws:s3:::b/anything", {{"my:key", "*"}}), Verdict::none);
  EXPECT_EQ(verdict(from_request, "s3:GetObject", "arn:aws:s3:::b/", {}), Verdict::none)
      << "a variable without a value matches nothing";
  EXPECT_EQ(verdict(R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${*}"})", "s3:GetObject",
                    "arn:aws:s3:::b/x"),
            Verdict::none);
}

bool condition(std::string_view text, const RequestContext& context) {
  const auto body = R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":)" + std::string(text) + "}";
  return verdict(body, "a:b", "*", context) == Verdict::allow;
}

TEST(Condition, Operators) {
  EXPECT_TRUE(condition(R"({"StringEquals":{"k":["a","b"]}})", {{"K", "b"}}));
  EXPECT_FALSE(condition(R"({"StringEquals":{"k":"a*"}})", {{"k", "abc"}}));
  EXPECT_TRUE(condition(R"({"StringLike":{"k":"a*"}})", {{"k", "abc"}}));
  EXPECT_TRUE(condition(R"({"StringEqualsIgnoreCase":{"k":"ABC"}})", {{"k", "abc"}}));
  EXPECT_FALSE(condition(R"({"StringNotEquals":{"k":["a","b"]}})", {{"k", "b"}}));
  EXPECT_TRUE(condition(R"({"StringNotEquals":{"k":"a"}})", {}));
  EXPECT_TRUE(condition(R"({"NumericLessThanEquals":{"k":"10"}})", {{"k", "10.0"}}));
  EXPECT_FALSE(condition(R"({"NumericGreaterThan":{"k":10}})", {{"k", "10"}}));
  EXPECT_TRUE(condition(R"({"DateLessThan":{"aws:CurrentTime":"2024-01-01T00:00:00Z"}})", {}));
  EXPECT_FALSE(condition(R"({"DateGreaterThan":{"aws:EpochTime":"2024-01-01"}})", {}));
  EXPECT_TRUE(condition(R"({"Bool":{"aws:SecureTransport":"true"}})", {{"aws:securetransport", "True"}}));
  EXPECT_TRUE(condition(R"({"BinaryEquals":{"k":"QmluYXJ5"}})", {{"k", "QmluYXJ5"}}));
  EXPECT_TRUE(condition(R"({"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/30"]}})",
                        {{"aws:SourceIp", "203.0.113.3"}}));
  EXPECT_FALSE(condition(R"({"IpAddress":{"aws:SourceIp":"203.0.113.0/30"}})", {{"aws:SourceIp", "203.0.113.4"}}));
  EXPECT_TRUE(condition(R"({"IpAddress":{"aws:SourceIp":"2001:db8::/33"}})", {{"aws:SourceIp", "2001:db8:7fff::1"}}));
  EXPECT_TRUE(condition(R"({"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}})", {{"aws:SourceIp", "11.0.0.1"}}));
  EXPECT_TRUE(condition(R"({"ArnLike":{"k":"arn:aws:sns:*:111122223333:*"}})",
                        {{"k", "arn:aws:sns:eu-west-1:111122223333:topic"}}));
  EXPECT_FALSE(
      condition(R"({"ArnEquals":{"k":"arn:aws:sns:*"}})", {{"k", "arn:aws:sns:eu-west-1:111122223333:topic"}}));
  EXPECT_TRUE(condition(R"({"Null":{"k":"true"}})", {}));
  EXPECT_FALSE(condition(R"({"Null":{"k":"false"}})", {}));
}

TEST(Condition, QualifiersAndIfExists) {
  EXPECT_FALSE(condition(R"({"StringEquals":{"k":"a"}})", {}));
  EXPECT_TRUE(condition(R"({"StringEqualsIfExists":{"k":"a"}})", {}));
  EXPECT_FALSE(condition(R"({"StringEqualsIfExists":{"k":"a"}})", {{"k", "b"}}));
  EXPECT_TRUE(condition(R"({"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}})",
                        {{"aws:TagKeys", "a"}, {"aws:TagKeys", "b"}}));
  EXPECT_FALSE(condition(R"({"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}})",
                         {{"aws:TagKeys", "a"}, {"aws:TagKeys", "c"}}));
  EXPECT_TRUE(condition(R"({"ForAllValues:StringEquals":{"aws:TagKeys":"a"}})", {}));
  EXPECT_TRUE(
      condition(R"({"ForAnyValue:StringLike":{"aws:TagKeys":"a*"}})", {{"aws:TagKeys", "x"}, {"aws:TagKeys", "ab"}}));
  EXPECT_FALSE(condition(R"({"ForAnyValue:StringLike":{"aws:TagKeys":"a*"}})", {}));
  EXPECT_TRUE(condition(R"({"StringEquals":{"k":"a"},"StringLike":{"j":"b*"}})", {{"k", "a"}, {"j", "bc"}}));
  EXPECT_FALSE(condition(R"({"StringEquals":{"k":"a"},"StringLike":{"j":"b*"}})", {{"k", "a"}, {"j", "c"}}));
}

TEST(Decide, EveryKindMustAllowAndAnyMayDeny) {
  const auto make = [](std::string_view body) { return *compile_policy(statement(body)); };
  const auto all = make(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  const auto states = make(R"({"Effect":"Allow","Action":"states:*","Resource":"*"})");
  const auto denies = make(R"({"Effect":"Deny","Action":"states:*","Resource":"*"})");
  const Principal principal = alice();
  const RequestContext context;
  const Question question{principal, "states:StartExecution", kMachine, context, {}};
  const Question other{principal, "lambda:InvokeFunction", kMachine, context, {}};
  const Policies identity{all};
  const Policies session{states};
  EXPECT_EQ(decide({&identity, nullptr, nullptr}, question), Decision::allowed);
  EXPECT_EQ(decide({&identity, states.get(), nullptr}, other), Decision::not_allowed_by_boundary);
  EXPECT_EQ(decide({&identity, nullptr, &session}, other), Decision::not_allowed_by_session);
  EXPECT_EQ(decide({&identity, denies.get(), nullptr}, question), Decision::denied_by_boundary);
  EXPECT_EQ(denial_message(principal, "states:StartExecution", kMachine, Decision::not_allowed_by_identity),
            "User: arn:aws:iam::111122223333:user/team/alice is not authorized to perform: states:StartExecution on "
            "resource: "
            "arn:aws:states:eu-west-1:111122223333:stateMachine:orders because no identity-based policy allows the "
            "states:StartExecution action");
  EXPECT_EQ(denial_message(principal, "a:B", "*", Decision::denied_by_identity),
            "User: arn:aws:iam::111122223333:user/team/alice is not authorized to perform: a:B on resource: * with an "
            "explicit deny in "
            "an identity-based policy");
}

TEST(ResourcePolicy, NamesPrincipals) {
  const RequestContext context;
  const auto ask = [&](std::string_view principal_json, const Principal& principal) {
    const auto policy = compile_policy(statement(
        "{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":" + std::string(principal_json) + "}"));
    EXPECT_TRUE(policy);
    return evaluate_resource_policy(
               **policy, Question{principal, "sts:AssumeRole", "arn:aws:iam::111122223333:role/r", context, {}})
        .naming;
  };
  EXPECT_EQ(ask(R"({"AWS":"arn:aws:iam::111122223333:root"})", alice()), Naming::account);
  EXPECT_EQ(ask(R"({"AWS":"111122223333"})", alice()), Naming::account);
  EXPECT_EQ(ask(R"({"AWS":["999900001111","arn:aws:iam::111122223333:user/team/alice"]})", alice()), Naming::direct);
  EXPECT_EQ(ask(R"({"AWS":"arn:aws:iam::111122223333:user/team/bob"})", alice()), Naming::none);
  EXPECT_EQ(ask(R"("*")", alice()), Naming::direct);
  Principal service;
  service.type = Principal::Type::service;
  service.service = "states.amazonaws.com";
  EXPECT_EQ(ask(R"({"Service":["lambda.amazonaws.com","states.amazonaws.com"]})", service), Naming::direct);
  EXPECT_EQ(ask(R"({"Service":"lambda.amazonaws.com"})", service), Naming::none);
  EXPECT_EQ(ask(R"({"Service":"states.eu-west-1.amazonaws.com"})", service), Naming::direct);
  EXPECT_EQ(ask(R"({"Service":"states.evil.amazonaws.com"})", service), Naming::none);
}

TEST(Positions, CountAsTheSimulator) {
  const std::string text =
      R"({"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}})";
  const auto one = find_statements(text);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].start.column, 41);
  EXPECT_EQ(one[0].end.column, 113);
  const auto two =
      find_statements("{\"Statement\": [\n {\"Action\": [\"a:b\"]},\n {\"Resource\": \"}\"}\n], \"Id\": \"x\"}");
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].start.line, 2);
  EXPECT_EQ(two[1].start.line, 3);
  EXPECT_EQ(two[1].end.column, 19);
}

std::string refusal(std::string_view text, PolicyUse use) {
  const auto checked = check_policy(text, use);
  if (checked) return "";
  EXPECT_EQ(checked.error().name, "MalformedPolicyDocument");
  return checked.error().message;
}

TEST(CheckPolicy, SpeaksIamsWords) {
  EXPECT_EQ(refusal(R"({"a":1,})", PolicyUse::identity), "This policy contains invalid Json");
  EXPECT_EQ(refusal(R"({"Version":"2012-10-17"})", PolicyUse::identity), "Syntax errors in policy.");
  EXPECT_EQ(refusal(R"({"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}})", PolicyUse::identity),
            "Policy document must be version 2012-10-17 or greater.");
  EXPECT_EQ(refusal(statement(R"({"Effect":"Allow","Action":"ab","Resource":"*"})"), PolicyUse::identity),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  EXPECT_EQ(refusal(statement(R"({"Effect":"Allow","Action":"a:b","Resource":"x"})"), PolicyUse::identity),
            "Resource x must be in ARN format or \"*\".");
  EXPECT_EQ(refusal(statement(R"({"Effect":"Allow","Action":"a:b"})"), PolicyUse::identity),
            "Policy statement must contain resources.");
  EXPECT_EQ(
      refusal(statement(R"({"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*"})"), PolicyUse::identity),
      "Policy document should not specify a principal.");
  EXPECT_EQ(refusal(statement(R"({"Effect":"Allow","Action":"a:b","Resource":"arn:aws:iam::1:thing/x"})"),
                    PolicyUse::identity)
                .substr(0, 24),
            "IAM resource path must e");
  EXPECT_EQ(
      refusal(statement(R"({"Effect":"Allow","Principal":{"AWS":"1"},"Action":"sts:AssumeRole"})"), PolicyUse::trust),
      "Invalid principal in policy: \"AWS\":\"1\"");
  EXPECT_EQ(refusal(statement(R"({"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"})"),
                    PolicyUse::trust),
            "Has prohibited field Resource");
  EXPECT_EQ(refusal(statement(R"({"Effect":"Allow","Principal":"*","Action":"s3:Get"})"), PolicyUse::trust),
            "AssumeRole policy may only specify STS AssumeRole actions.");
  EXPECT_EQ(
      refusal(
          statement(R"({"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"})"),
          PolicyUse::trust),
      "");
}

}  // namespace
}  // namespace escapement::identity
