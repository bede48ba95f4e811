#include "services/lambda/lambda_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "base/codec.h"
#include "functions/test_service.h"
#include "json/print.h"

namespace escapement::services::lambda {
namespace {

using json::Value;
using testing::HasSubstr;
using testing::StartsWith;

// Allows everything but what a test forbids.
class TestAuthoriser final : public identity::Authoriser {
 public:
  base::Result<void> authorise(const identity::Principal&, std::string_view action, std::string_view resource,
                               const identity::RequestContext&) const override {
    asked.insert(std::string(action) + " " + std::string(resource));
    if (forbidden.contains(std::string(action)))
      return base::make_error(base::ErrorCode::denied, "AccessDeniedException", "no");
    return {};
  }
  base::Result<void> authorise_pass_role(const identity::Principal&, std::string_view role, std::string_view,
                                         const identity::RequestContext& context) const override {
    if (forbidden.contains("iam:PassRole"))
      return base::make_error(base::ErrorCode::denied, "AccessDeniedException", "no");
    if (role.ends_with("/none"))
      return base::make_error(base::ErrorCode::invalid, "InvalidParameterValueException",
                              "The role defined for the function cannot be assumed by Lambda.");
    for (const auto& [key, value] : context) asked.insert(key + " " + value);
    return {};
  }
  base::Result<std::shared_ptr<const identity::Principal>> assume_for_service(
      std::string_view role, std::string_view, std::string_view, const identity::RequestContext&) const override {
    if (role.ends_with("/none")) return base::make_error(base::ErrorCode::denied, "AccessDenied", "no such role");
    return std::make_shared<const identity::Principal>();
  }
  std::set<std::string> forbidden;
  mutable std::set<std::string> asked;
};

class LambdaServiceTest : public testing::Test, protected functions::TestService {
 protected:
  Answer call(std::string_view operation, Value input) {
    wire::Call request{.service = "lambda",
                       .operation = operation,
                       .region = "us-east-1",
                       .account = "000000000000",
                       .request_id = "11111111-2222-3333-4444-555555555555",
                       .source_ip = {},
                       .principal = std::make_shared<identity::Principal>(),
                       .input = std::move(input)};
    std::promise<Answer> promise;
    auto future = promise.get_future();
    lambda.handle(std::move(request), [&](Answer answer) { promise.set_value(std::move(answer)); });
    return future.get();
  }
  Answer create(const std::string& name, std::vector<json::Member> more = {}) {
    json::ObjectBuilder input;
    input.set("FunctionName", name)
        .set("Runtime", "nodejs20.x")
        .set("Handler", "index.handler")
        .set("Role", "arn:aws:iam::000000000000:role/r");
    input.set(
        "Code",
        Value::object({{"ZipFile", functions::make_zip({{"index.js",
                                                         "exports.handler = async (event, context) => ({ v: "
                                                         "context.functionVersion, e: process.env.E, event });"}})}}));
    for (json::Member& member : more) input.set(member.key, std::move(member.value));
    return call("CreateFunction", std::move(input).build());
  }
  std::string error_of(const Answer& answer) {
    return answer ? "no error: " + json::print(*answer) : answer.error().name + ": " + answer.error().message;
  }
  std::string member(const Answer& answer, std::string_view name) {
    return answer ? std::string(member_text(*answer, name)) : error_of(answer);
  }
  void settle() { clock.advance(base::Duration::seconds(2)); }
  Value named(const std::string& name) { return Value::object({{"FunctionName", name}}); }

  TestAuthoriser authoriser;
  LambdaService lambda{
      Operations{*catalog, *service, authoriser, clock, [] { return std::string("http://127.0.0.1:1"); }, {}, {}}};
};

TEST_F(LambdaServiceTest, AFunctionIsPendingThenActiveAndItsRevisionMoves) {
  const Answer created = create("f", {{"Environment", Value::object({{"Variables", Value::object({{"E", "1"}})}})}});
  EXPECT_EQ(member(created, "State"), "Pending");
  EXPECT_EQ(member(created, "FunctionArn"), "arn:aws:lambda:us-east-1:000000000000:function:f");
  EXPECT_THAT(error_of(call("UpdateFunctionConfiguration", named("f"))), HasSubstr("ResourceConflictException"));
  settle();
  const Answer active = call("GetFunctionConfiguration", named("f"));
  EXPECT_EQ(member(active, "State"), "Active");
  EXPECT_EQ(member(active, "LastUpdateStatus"), "Successful");
  EXPECT_NE(member(active, "RevisionId"), member(created, "RevisionId"));
  EXPECT_EQ(error_of(create("f")), "ResourceConflictException: Function already exist: f");
  const Answer updated = call("UpdateFunctionConfiguration", Value::object({{"FunctionName", "f"}, {"Timeout", 9}}));
  EXPECT_EQ(member(updated, "LastUpdateStatus"), "InProgress");
  EXPECT_EQ(error_of(call("UpdateFunctionConfiguration", Value::object({{"FunctionName", "f"}, {"RevisionId", "old"}})))
                .substr(0, 27),
            "PreconditionFailedException");
}

TEST_F(LambdaServiceTest, InvokeRunsTheFunctionAndAnswersInTheApisForm) {
  ASSERT_TRUE(create("f"));
  const Answer answer =
      call("Invoke", Value::object({{"FunctionName", "f"}, {"Payload", R"({"a":1})"}, {"LogType", "Tail"}}));
  ASSERT_TRUE(answer) << error_of(answer);
  EXPECT_EQ(member(answer, "Payload"), R"({"v":"$LATEST","event":{"a":1}})");
  EXPECT_EQ(number(*answer, "StatusCode"), 200);
  EXPECT_THAT(base::from_base64(member(answer, "LogResult")).value_or(""),
              StartsWith("START RequestId: 11111111-2222-3333-4444-555555555555 Version: $LATEST\n"));
  EXPECT_EQ(number(*call("Invoke", Value::object({{"FunctionName", "f"}, {"InvocationType", "DryRun"}})), "StatusCode"),
            204);
  EXPECT_EQ(number(*call("Invoke", Value::object({{"FunctionName", "f"}, {"InvocationType", "Event"}})), "StatusCode"),
            202);
  EXPECT_THAT(error_of(call("Invoke", Value::object({{"FunctionName", "f"}, {"Payload", "{a"}}))),
              StartsWith("InvalidRequestContentException"));
  EXPECT_THAT(error_of(call("Invoke", Value::object({{"FunctionName", "f"},
                                                     {"Payload", "\"" + std::string(7 << 20, 'x') + "\""}}))),
              StartsWith("RequestTooLargeException"));
  EXPECT_EQ(error_of(call("Invoke", named("g"))),
            "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:g:$LATEST");
}

TEST_F(LambdaServiceTest, AStreamedResultIsChunksAndACompletion) {
  ASSERT_TRUE(create("f"));
  const Answer answer = call("InvokeWithResponseStream", Value::object({{"FunctionName", "f"}, {"Payload", "1"}}));
  ASSERT_TRUE(answer) << error_of(answer);
  EXPECT_EQ(json::print(*answer->find("EventStream")),
            R"([{"PayloadChunk":{"Payload":"{\"v\":\"$LATEST\",\"event\":1}"}},{"InvokeComplete":{}}])");
  ASSERT_TRUE(
      create("exits", {{"Code", Value::object({{"ZipFile", functions::make_zip({{"index.js", "throw 1"}})}})}}));
  const Answer failed = call("InvokeWithResponseStream", named("exits"));
  ASSERT_TRUE(failed) << error_of(failed);
  EXPECT_THAT(json::print(*failed->find("EventStream")),
              StartsWith(R"([{"InvokeComplete":{"ErrorCode":"Unhandled","ErrorDetails":")"));
  EXPECT_EQ(
      number(*call("InvokeWithResponseStream", Value::object({{"FunctionName", "f"}, {"InvocationType", "DryRun"}})),
             "StatusCode"),
      204);
}

TEST_F(LambdaServiceTest, VersionsAndAliasesLeadToWhatWasPublished) {
  ASSERT_TRUE(create("f", {{"Environment", Value::object({{"Variables", Value::object({{"E", "1"}})}})}}));
  settle();
  EXPECT_EQ(member(call("PublishVersion", named("f")), "Version"), "1");
  EXPECT_EQ(member(call("PublishVersion", named("f")), "Version"), "1") << "nothing has changed";
  ASSERT_TRUE(call("UpdateFunctionConfiguration",
                   Value::object({{"FunctionName", "f"},
                                  {"Environment", Value::object({{"Variables", Value::object({{"E", "2"}})}})}})));
  settle();
  EXPECT_EQ(member(call("PublishVersion", named("f")), "Version"), "2");
  ASSERT_TRUE(call("CreateAlias", Value::object({{"FunctionName", "f"}, {"Name", "live"}, {"FunctionVersion", "1"}})));
  EXPECT_EQ(member(call("Invoke", named("f:live")), "Payload"), R"({"v":"1","e":"1","event":{}})");
  ASSERT_TRUE(call("UpdateAlias", Value::object({{"FunctionName", "f"}, {"Name", "live"}, {"FunctionVersion", "2"}})));
  const Answer moved = call("Invoke", named("f:live"));
  EXPECT_EQ(member(moved, "Payload"), R"({"v":"2","e":"2","event":{}})");
  EXPECT_EQ(member(moved, "ExecutedVersion"), "2");
  EXPECT_EQ(call("ListVersionsByFunction", named("f"))->find("Versions")->size(), 3u);
  EXPECT_THAT(error_of(call("DeleteFunction", Value::object({{"FunctionName", "f"}, {"Qualifier", "2"}}))),
              StartsWith("ResourceConflictException"));
  EXPECT_TRUE(call("DeleteFunction", Value::object({{"FunctionName", "f"}, {"Qualifier", "1"}})));
  ASSERT_TRUE(call("DeleteFunction", named("f")));
  EXPECT_THAT(error_of(call("Invoke", named("f:live"))), StartsWith("ResourceNotFoundException"));
}

TEST_F(LambdaServiceTest, WhatIsForbiddenChangesNothing) {
  authoriser.forbidden = {"lambda:CreateFunction"};
  EXPECT_THAT(error_of(create("f")), StartsWith("AccessDeniedException"));
  authoriser.forbidden = {"iam:PassRole"};
  EXPECT_THAT(error_of(create("f")), StartsWith("AccessDeniedException"));
  authoriser.forbidden = {};
  EXPECT_EQ(error_of(create("f", {{"Role", "arn:aws:iam::000000000000:role/none"}})),
            "InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.");
  EXPECT_TRUE(catalog->view().count("lambda/") == 0);
  ASSERT_TRUE(create("f"));
  EXPECT_TRUE(authoriser.asked.contains("aws:SourceArn arn:aws:lambda:us-east-1:000000000000:function:f"));
  authoriser.forbidden = {"lambda:InvokeFunction"};
  EXPECT_THAT(error_of(call("Invoke", named("f:1"))), StartsWith("AccessDeniedException"));
  EXPECT_TRUE(authoriser.asked.contains("lambda:InvokeFunction arn:aws:lambda:us-east-1:000000000000:function:f:1"));
}

TEST_F(LambdaServiceTest, EnvironmentsAreBoundedAndReservedNamesRefused) {
  const auto with = [&](const char* key, std::string value) {
    return create("f", {{"Environment", Value::object({{"Variables", Value::object({{key, std::move(value)}})}})}});
  };
  EXPECT_THAT(error_of(with("AWS_REGION", "x")), HasSubstr("Reserved keys used in this request: AWS_REGION"));
  EXPECT_THAT(error_of(with("A1", std::string(5'000, 'x'))), HasSubstr("exceeded the 4KB limit"));
}

TEST_F(LambdaServiceTest, NamesMustAgreeAndBelongHere) {
  ASSERT_TRUE(create("f"));
  EXPECT_EQ(error_of(call("GetFunction", Value::object({{"FunctionName", "f:$LATEST"}, {"Qualifier", "1"}}))),
            "InvalidParameterValueException: The derived qualifier from the function name does not match the specified "
            "qualifier.");
  EXPECT_EQ(error_of(call("GetFunction", named("arn:aws:lambda:eu-west-1:000000000000:function:f"))),
            "ResourceNotFoundException: Functions from 'eu-west-1' are not reachable in this region ('us-east-1')");
  EXPECT_EQ(error_of(call("GetFunction", named("111111111111:function:f"))), "AccessDeniedException: ");
}

TEST_F(LambdaServiceTest, LayersAreMountedAndCounted) {
  const auto layer =
      call("PublishLayerVersion",
           Value::object(
               {{"LayerName", "l"},
                {"Content", Value::object({{"ZipFile", functions::make_zip({{"nodejs/node_modules/dep/index.js",
                                                                             "module.exports = 'from layer';"}})}})}}));
  ASSERT_TRUE(layer) << error_of(layer);
  const Value arns = Value::array({member(layer, "LayerVersionArn")});
  ASSERT_TRUE(create(
      "f",
      {{"Layers", arns},
       {"Code", Value::object({{"ZipFile", functions::make_zip(
                                               {{"index.js", "exports.handler = async () => require('dep');"}})}})}}));
  EXPECT_EQ(member(call("Invoke", named("f")), "Payload"), "\"from layer\"");
  EXPECT_THAT(error_of(create("g", {{"Layers", Value::array({member(layer, "LayerArn") + ":9"})}})),
              HasSubstr("does not exist."));
}

TEST_F(LambdaServiceTest, ListingsComeInPagesWhileEntriesGo) {
  ASSERT_TRUE(create("f"));
  settle();
  for (const char* const alias : {"a", "b", "c", "d"}) {
    ASSERT_TRUE(
        call("CreateAlias", Value::object({{"FunctionName", "f"}, {"Name", alias}, {"FunctionVersion", "$LATEST"}})));
    ASSERT_TRUE(call("PutFunctionEventInvokeConfig",
                     Value::object({{"FunctionName", "f"}, {"Qualifier", alias}, {"MaximumRetryAttempts", 1}})));
  }
  const auto page = [&](const std::string& marker) {
    json::ObjectBuilder input;
    input.set("FunctionName", "f").set("MaxItems", 2);
    if (!marker.empty()) input.set("Marker", marker);
    return call("ListFunctionEventInvokeConfigs", std::move(input).build());
  };
  const auto names = [&](const Answer& answer) {
    std::string all;
    for (const Value& config : answer->find("FunctionEventInvokeConfigs")->items())
      all += member_text(config, "FunctionArn").back();
    return all;
  };
  const Answer first = page({});
  EXPECT_EQ(names(first), "ab");
  ASSERT_TRUE(call("DeleteFunctionEventInvokeConfig", Value::object({{"FunctionName", "f"}, {"Qualifier", "b"}})));
  const Answer second = page(member(first, "NextMarker"));
  EXPECT_EQ(names(second), "cd");
  EXPECT_EQ(second->find("NextMarker"), nullptr);

  const Value content = Value::object({{"ZipFile", functions::make_zip({{"x.txt", "x"}})}});
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(call("PublishLayerVersion", Value::object({{"LayerName", "l"}, {"Content", content}})));
  const Answer newest = call("ListLayerVersions", Value::object({{"LayerName", "l"}, {"MaxItems", 2}}));
  EXPECT_EQ(number(newest->find("LayerVersions")->items()[0], "Version"), 3);
  const Answer oldest =
      call("ListLayerVersions", Value::object({{"LayerName", "l"}, {"Marker", member(newest, "NextMarker")}}));
  ASSERT_EQ(oldest->find("LayerVersions")->size(), 1u);
  EXPECT_EQ(number(oldest->find("LayerVersions")->items()[0], "Version"), 1);
}

TEST_F(LambdaServiceTest, DestinationsMustBeOfAKindThatTakesEvents) {
  ASSERT_TRUE(create("f"));
  ASSERT_TRUE(create("other"));
  const auto put = [&](const char* arn) {
    const Value destination = Value::object({{"OnFailure", Value::object({{"Destination", arn}})}});
    return error_of(call("PutFunctionEventInvokeConfig",
                         Value::object({{"FunctionName", "f"}, {"DestinationConfig", destination}})));
  };
  EXPECT_THAT(put("arn:aws:lambda:us-east-1:000000000000:function:other"), StartsWith("no error"));
  EXPECT_THAT(put("arn:aws:sqs:us-east-1:000000000000:q"), StartsWith("no error"));
  EXPECT_THAT(put("arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST"), HasSubstr("destination for itself"));
  EXPECT_EQ(
      put("arn:aws:lambda:us-east-1:000000000000:function:none"),
      "InvalidParameterValueException: The destination ARN arn:aws:lambda:us-east-1:000000000000:function:none is "
      "invalid.");
  EXPECT_EQ(put("arn:aws:iam::000000000000:role/r"),
            "InvalidParameterValueException: The provided destination config DestinationConfig(onSuccess=null, "
            "onFailure=OnFailure(destination=arn:aws:iam::000000000000:role/r)) is invalid.");
}

TEST_F(LambdaServiceTest, ACodeSigningConfigurationIsThereWhileAFunctionUsesIt) {
  const std::string absent = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0";
  EXPECT_THAT(error_of(create("f", {{"CodeSigningConfigArn", absent}})),
              StartsWith("CodeSigningConfigNotFoundException"));
  const Answer made = call("CreateCodeSigningConfig", Value::object({{"AllowedPublishers", Value::array({})}}));
  const std::string arn(member_text(*made->find("CodeSigningConfig"), "CodeSigningConfigArn"));
  ASSERT_TRUE(create("f", {{"CodeSigningConfigArn", arn}}));
  const Value config = Value::object({{"CodeSigningConfigArn", arn}});
  EXPECT_THAT(error_of(call("DeleteCodeSigningConfig", config)), StartsWith("ResourceConflictException"));
  ASSERT_TRUE(call("DeleteFunctionCodeSigningConfig", named("f")));
  EXPECT_TRUE(call("DeleteCodeSigningConfig", config));
}

TEST_F(LambdaServiceTest, WhatTheModelAllowsIsStillBounded) {
  EXPECT_THAT(error_of(create("f", {{"MemorySize", 12'000}})), HasSubstr("less than or equal to 10240"));
  EXPECT_THAT(error_of(create("f", {{"Timeout", 901}})), HasSubstr("less than or equal to 900"));
  EXPECT_THAT(error_of(create("f", {{"PackageType", "Image"}})), HasSubstr("PackageType is Image"));
  EXPECT_THAT(error_of(create("f", {{"Runtime", "python3.99"}})), HasSubstr("or be a valid ARN"));
  EXPECT_EQ(error_of(call("ListFunctionUrlConfigs", named("none"))),
            "ResourceNotFoundException: Function does not exist");
}

}  // namespace
}  // namespace escapement::services::lambda
