// Requests as SDKs send them, over a real socket, in all three protocols; and those that SDKs would not send.
#include "wire/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <optional>
#include <thread>

#include "json/print.h"
#include "wire/model.h"
#include "wire/test_server.h"

namespace escapement::wire {
namespace {

using base::ErrorCode;
using base::make_error;
using json::Value;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

Value parse(std::string_view text) { return json::parse(text).value(); }
std::string error_name(const http::ClientResponse& response) {
  return parse(response.body).find("__type")->as_string();
}
std::string message(const http::ClientResponse& response) { return parse(response.body).find("message")->as_string(); }

constexpr std::string_view kStart =
    R"({"stateMachineArn":"arn:aws:states:eu-central-1:123456789012:stateMachine:m","name":"n","input":"{\"a\": 1}"})";

TEST(JsonProtocol, CarriesACallAndItsAnswer) {
  TestServer server;
  auto& states = server.service("stepfunctions");
  states.on(
      "StartExecution",
      Value::object(
          {{"executionArn", "arn:x"}, {"startDate", 1'700'000'000.25}, {"notInTheModel", 1}, {"alsoNull", Value()}}));
  const auto response = server.states("StartExecution", std::string(kStart));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"executionArn":"arn:x","startDate":1700000000.25})");
  EXPECT_EQ(response.fields.get("content-type"), "application/x-amz-json-1.0");
  EXPECT_EQ(response.fields.get("x-amzn-requestid"), states.last.request_id);
  EXPECT_EQ(states.last.service, "stepfunctions");
  EXPECT_EQ(states.last.operation, "StartExecution");
  EXPECT_EQ(states.last.region, "eu-central-1");
  EXPECT_EQ(states.last.account, "123456789012");
  EXPECT_EQ(states.last.source_ip, "127.0.0.1");
  EXPECT_EQ(states.last.principal->arn, "arn:aws:iam::123456789012:user/tester");
  EXPECT_EQ(states.last.input.find("input")->as_string(), "{\"a\": 1}");
  EXPECT_EQ(server.keys.last_use, "AKIDTEST states eu-central-1");
}

TEST(JsonProtocol, TellsErrorsInTheModelsForm) {
  TestServer server;
  auto& states = server.service("stepfunctions");
  states.fail("StartExecution",
              make_error(ErrorCode::not_found, "StateMachineDoesNotExist", "State Machine Does Not Exist: 'm'"));
  auto response = server.states("StartExecution", std::string(kStart));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, R"({"__type":"StateMachineDoesNotExist","message":"State Machine Does Not Exist: 'm'"})");
  base::Error with_reason = make_error(ErrorCode::invalid, "ValidationException", "why");
  with_reason.members.emplace_back("reason", "API_DOES_NOT_SUPPORT_LABELED_ARNS");
  states.fail("StartExecution", with_reason);
  EXPECT_EQ(server.states("StartExecution", std::string(kStart)).body,
            R"({"__type":"ValidationException","reason":"API_DOES_NOT_SUPPORT_LABELED_ARNS","message":"why"})");
  states.fail("StartExecution", make_error(ErrorCode::denied, "AccessDeniedException", "User: u is not authorized"));
  response = server.states("StartExecution", std::string(kStart));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, R"({"__type":"AccessDeniedException","Message":"User: u is not authorized"})");
  states.fail("StartExecution", make_error(ErrorCode::io, "/var/lib/escapement/db/7.log: disk gone"));
  response = server.states("StartExecution", std::string(kStart));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(error_name(response), "InternalFailure");
  EXPECT_EQ(message(response), "The server failed. Its log says why, under request " +
                                   std::string(response.fields.get("x-amzn-requestid")) + ".")
      << "what went wrong inside is not the caller's to know";
}

TEST(JsonProtocol, ChecksTheModelsConstraints) {
  TestServer server;
  server.service("stepfunctions").on("StartExecution", Value::object({}));
  server.service("stepfunctions").on("ListExecutions", Value::object({}));
  server.service("stepfunctions").on("CreateStateMachineAlias", Value::object({}));
  auto response = server.states("StartExecution", "{}");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(error_name(response), "ValidationException");
  EXPECT_EQ(message(response),
            "1 validation error detected: Value null at 'stateMachineArn' failed to satisfy constraint: Member must "
            "not be null");
  EXPECT_EQ(
      message(server.states("StartExecution", R"({"stateMachineArn":"","name":")" + std::string(81, 'n') + "\"}")),
      "2 validation errors detected: Value '' at 'stateMachineArn' failed to satisfy constraint: Member must have "
      "length greater than or equal to 1; "
      "Value '" +
          std::string(81, 'n') +
          "' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80");
  EXPECT_EQ(message(server.states("StartExecution",
                                  R"({"stateMachineArn":"a","input":")" + std::string(262'145, 'i') + "\"}")),
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less "
            "than or equal to 262144");
  EXPECT_EQ(message(server.states("ListExecutions", R"({"maxResults":1001,"statusFilter":"NONE"})")),
            "2 validation errors detected: Value 'NONE' at 'statusFilter' failed to satisfy constraint: Member must "
            "satisfy enum value set: "
            "[FAILED, RUNNING, TIMED_OUT, SUCCEEDED, PENDING_REDRIVE, ABORTED]; Value '1001' at 'maxResults' failed to "
            "satisfy constraint: "
            "Member must have value less than or equal to 1000");
  EXPECT_EQ(message(server.states(
                "CreateStateMachineAlias",
                R"({"name":"ALIAS@","routingConfiguration":[{"stateMachineVersionArn":"a","weight":101}]})")),
            "2 validation errors detected: Value 'ALIAS@' at 'name' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: "
            R"(^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$; Value '101' at 'routingConfiguration.1.member.weight' )"
            R"(failed to satisfy constraint: )"
            "Member must have value less than or equal to 100");
}

TEST(JsonProtocol, RefusesBodiesThatAreNotTheModels) {
  TestServer server;
  auto& states = server.service("stepfunctions");
  states.on("StartExecution", Value::object({}));
  states.on("ListExecutions", Value::object({}));
  const auto refusal = [&](std::string operation, std::string body) {
    const auto response = server.states(operation, std::move(body));
    EXPECT_EQ(response.status, 400);
    return parse(response.body).find("__type")->as_string() + ": " + parse(response.body).find("Message")->as_string();
  };
  EXPECT_THAT(refusal("StartExecution", "{"), StartsWith("SerializationException: Unexpected end-of-input"));
  EXPECT_EQ(refusal("StartExecution", R"({"stateMachineArn":1})"),
            "SerializationException: NUMBER_VALUE can not be converted to a String");
  EXPECT_EQ(refusal("StartExecution", R"({"stateMachineArn":true})"),
            "SerializationException: TRUE_VALUE can not be converted to a String");
  EXPECT_EQ(refusal("StartExecution", R"({"stateMachineArn":{}})"),
            "SerializationException: Start of structure or map found where not expected.");
  EXPECT_EQ(refusal("ListExecutions", R"({"maxResults":"1"})"),
            "SerializationException: STRING_VALUE can not be converted to a Integer");
  EXPECT_EQ(refusal("ListExecutions", R"({"maxResults":99999999999})"),
            "SerializationException: Numeric value (99999999999) out of range of int");
  EXPECT_THAT(refusal("StartExecution", "[]"), HasSubstr("Start of list found"));
  EXPECT_THAT(refusal("StartExecution", "{\"name\":\"\xff\"}"), HasSubstr("Invalid UTF-8"));
  EXPECT_THAT(refusal("StartExecution", std::string(100'000, '[')), HasSubstr("nesting depth"));
}

TEST(JsonProtocol, UnknownMembersAndNullsAreNotThere) {
  TestServer server;
  auto& states = server.service("stepfunctions");
  states.on("StartExecution", Value::object({}));
  EXPECT_EQ(server.states("StartExecution", R"({"x":[1],"stateMachineArn":"a","name":null})").status, 200);
  EXPECT_EQ(json::print(states.last.input), R"({"stateMachineArn":"a"})");
}

TEST(Signatures, AreAskedForBeforeAnythingIsRead) {
  TestServer server;
  server.service("stepfunctions").on("StartExecution", Value::object({}));
  auto response = server.send(server.json_request("AWSStepFunctions.StartExecution", "not json"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            R"({"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"})");
  auto unknown = server.json_request("AWSStepFunctions.StartExecution", "{}");
  Signer({"NOBODY", "secret", ""}, "us-east-1", "states").sign(unknown, server.clock.now());
  EXPECT_EQ(error_name(server.send(unknown)), "UnrecognizedClientException");
  auto wrong = server.json_request("AWSStepFunctions.StartExecution", "{}");
  Signer({"AKIDTEST", "guess", ""}, "us-east-1", "states").sign(wrong, server.clock.now());
  EXPECT_EQ(error_name(server.send(wrong)), "InvalidSignatureException");
  auto old = server.json_request("AWSStepFunctions.StartExecution", "{}");
  Signer({"AKIDTEST", "secret", ""}, "us-east-1", "states")
      .sign(old, server.clock.now() - base::Duration::seconds(400));
  EXPECT_THAT(message(server.send(old)), StartsWith("Signature expired: "));
  auto elsewhere = server.json_request("AWSStepFunctions.StartExecution", std::string(kStart));
  EXPECT_EQ(message(server.send(server.signed_request(elsewhere, "lambda"))),
            "Credential should be scoped to correct service: 'states'.");
  EXPECT_EQ(server.service("stepfunctions").last.request_id, "") << "nothing got through";
}

TEST(Signatures, HaveTheirProtocolsNames) {
  TestServer server;
  server.service("lambda").on("ListFunctions", Value::object({}));
  auto response = server.send(server.request("GET", "/2015-03-31/functions"));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.fields.get("x-amzn-errortype"), "MissingAuthenticationTokenException");
  EXPECT_EQ(response.body, R"({"message":"Missing Authentication Token"})");
  auto request = server.request("POST", "/", "Action=ListUsers&Version=2010-05-08");
  request.fields = {{"Content-Type", "application/x-www-form-urlencoded"}};
  response = server.send(request);
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(
      response.body,
      HasSubstr("<Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message>"));
  Signer({"NOBODY", "secret", ""}, "us-east-1", "iam").sign(request, server.clock.now());
  EXPECT_THAT(server.send(request).body, HasSubstr("<Code>InvalidClientTokenId</Code>"));
  request.fields.resize(1);
  Signer({"AKIDTEST", "guess", ""}, "us-east-1", "iam").sign(request, server.clock.now());
  EXPECT_THAT(server.send(request).body, HasSubstr("<Code>SignatureDoesNotMatch</Code>"));
}

TEST(Recognition, TellsWhatIsNotThere) {
  TestServer server;
  EXPECT_EQ(error_name(server.states("Nonsense", "{}")), "UnknownOperationException");
  EXPECT_EQ(error_name(server.send(server.json_request("Nothing.Nonsense", "{}"))), "UnknownOperationException");
  auto response = server.states("CreateActivity", R"({"name":"a"})");
  EXPECT_EQ(error_name(response), "UnsupportedOperation");
  EXPECT_EQ(message(response), "This server does not offer CreateActivity of AWS Step Functions.");
  EXPECT_EQ(server.lambda("GET", "/2015-03-31/nothing").status, 404);
  EXPECT_THAT(
      server.iam("Action=Nonsense").body,
      HasSubstr(
          "<Code>InvalidAction</Code><Message>Could not find operation Nonsense for version 2010-05-08</Message>"));
  EXPECT_EQ(server.send(server.signed_request(server.request("GET", "/bucket"), "s3")).status, 400);
  EXPECT_EQ(server.send(server.request("GET", "/favicon.ico")).status, 404);
  auto cbor = server.request("POST", "/service/AWSStepFunctions/operation/StartExecution", "x");
  cbor.fields = {{"Smithy-Protocol", "rpc-v2-cbor"}, {"Content-Type", "application/cbor"}};
  response = server.send(server.signed_request(cbor, "states"));
  EXPECT_EQ(response.status, 415);
  EXPECT_EQ(error_name(response), "UnsupportedProtocol");
}

TEST(Recognition, PagesAndTheFallbackAreUnsigned) {
  TestServer server;
  const auto say = [](std::string what) {
    return [what](http::Request&&, http::Responder responder) {
      http::Response response;
      response.body = what;
      responder.send(std::move(response));
    };
  };
  server.dispatcher.add_page("/health", say("fine"));
  server.dispatcher.set_fallback(say("console"));
  EXPECT_EQ(server.send(server.request("GET", "/health?x=y")).body, "fine");
  EXPECT_EQ(server.send(server.request("GET", "/anything")).body, "console");
  auto browser = server.request("GET", "/schedules");
  browser.fields = {{"Accept", "text/html"}};
  EXPECT_EQ(server.send(browser).body, "console");
  EXPECT_EQ(server.send(server.request("GET", "/schedules")).status, 403) << "an API call without a signature";
}

TEST(RestProtocol, GathersInputFromPathQueryFieldsAndBody) {
  TestServer server;
  auto& lambda = server.service("lambda");
  lambda.on("UpdateFunctionConfiguration", Value::object({{"FunctionName", "f"}, {"MemorySize", 128}}));
  auto response = server.lambda(
      "PUT", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Af/configuration",
      R"({"MemorySize":128,"Environment":{"Variables":{"AB":"c"}}})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"FunctionName":"f","MemorySize":128})");
  EXPECT_EQ(json::print(lambda.last.input), R"({"MemorySize":128,"Environment":{"Variables":{"AB":"c"}},)"
                                            R"("FunctionName":"arn:aws:lambda:eu-central-1:123456789012:function:f"})");
  lambda.on("UntagResource", Value::object({}));
  response = server.lambda(
      "DELETE", "/2017-03-31/tags/arn:aws:lambda:eu-central-1:123456789012:function:f?tagKeys=a&tagKeys=b%20c");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(json::print(*lambda.last.input.find("TagKeys")), R"(["a","b c"])");
  lambda.on("ListFunctions", Value::object({}));
  EXPECT_EQ(server.lambda("GET", "/2015-03-31/functions/?MaxItems=5&Marker=m").status, 200)
      << "older SDKs end with a slash";
  EXPECT_EQ(lambda.last.input.find("MaxItems")->as_int64(), 5);
}

TEST(RestProtocol, InvokesWithBytesAndAnswersWithBytes) {
  TestServer server;
  auto& lambda = server.service("lambda");
  lambda.on("Invoke", Value::object({{"StatusCode", 200},
                                     {"FunctionError", "Unhandled"},
                                     {"ExecutedVersion", "$LATEST"},
                                     {"Payload", "{\"not\": parsed}"}}));
  auto request = server.request("POST", "/2015-03-31/functions/f/invocations?Qualifier=1", "{ \"raw\": 1.0 }");
  request.fields = {{"X-Amz-Invocation-Type", "RequestResponse"}, {"X-Amz-Log-Type", "Tail"}};
  const auto response = server.send(server.signed_request(request, "lambda"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"not\": parsed}");
  EXPECT_EQ(response.fields.get("x-amz-function-error"), "Unhandled");
  EXPECT_EQ(response.fields.get("x-amz-executed-version"), "$LATEST");
  EXPECT_EQ(lambda.last.input.find("Payload")->as_string(), "{ \"raw\": 1.0 }");
  EXPECT_EQ(lambda.last.input.find("Qualifier")->as_string(), "1");
  EXPECT_EQ(lambda.last.input.find("LogType")->as_string(), "Tail");
  lambda.on("Invoke", Value::object({{"StatusCode", 202}, {"Payload", ""}}));
  EXPECT_EQ(server.send(server.signed_request(request, "lambda")).status, 202);
}

TEST(RestProtocol, FixedQueriesTellOperationsApart) {
  TestServer server;
  auto& lambda = server.service("lambda");
  lambda.on("ListLayers", Value::object({{"Layers", Value::array({})}}));
  lambda.on("GetLayerVersionByArn", Value::object({{"Version", 7}}));
  EXPECT_EQ(server.lambda("GET", "/2018-10-31/layers").body, R"({"Layers":[]})");
  EXPECT_EQ(
      server
          .lambda(
              "GET",
              "/2018-10-31/layers?find=LayerVersion&Arn=arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Alayer%3Aa%3A1")
          .body,
      R"({"Version":7})");
}

TEST(RestProtocol, DecodesBlobsAndCountsTheirBytes) {
  TestServer server;
  auto& lambda = server.service("lambda");
  lambda.on("CreateFunction", Value::object({{"FunctionName", "f"}}));
  const std::string start = R"({"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":")";
  EXPECT_EQ(server.lambda("POST", "/2015-03-31/functions", start + "UEsDBA==\"}}").status, 201);
  EXPECT_EQ(lambda.last.input.find("Code")->find("ZipFile")->as_string(), "PK\x03\x04");
  const auto response = server.lambda("POST", "/2015-03-31/functions", start + "!!!\"}}");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.fields.get("x-amzn-errortype"), "SerializationException");
}

TEST(RestProtocol, ErrorsCarryTheModelsMembers) {
  TestServer server;
  auto& lambda = server.service("lambda");
  lambda.fail("GetFunction", make_error(ErrorCode::not_found, "ResourceNotFoundException", "Function not found: f"));
  auto response = server.lambda("GET", "/2015-03-31/functions/f");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.fields.get("x-amzn-errortype"), "ResourceNotFoundException");
  EXPECT_EQ(response.body, R"({"Type":"User","Message":"Function not found: f"})");
  base::Error busy = make_error(ErrorCode::limit_exceeded, "TooManyRequestsException", "Rate Exceeded.");
  busy.members = {{"Reason", "ReservedFunctionConcurrentInvocationLimitExceeded"}, {"retryAfterSeconds", "1"}};
  lambda.fail("GetFunction", busy);
  response = server.lambda("GET", "/2015-03-31/functions/f");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(
      response.body,
      R"({"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."})");
  EXPECT_EQ(response.fields.get("retry-after"), "1");
  base::Error untyped = make_error(ErrorCode::invalid, "InvalidParameterValueException", "no type");
  untyped.members = {{"Type", ""}};
  lambda.fail("GetFunction", untyped);
  EXPECT_EQ(server.lambda("GET", "/2015-03-31/functions/f").body, R"({"message":"no type"})");
  lambda.fail("GetFunction", make_error(ErrorCode::denied, "AccessDeniedException", ""));
  response = server.lambda("GET", "/2015-03-31/functions/f");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body, R"({"Message":null})");
}

TEST(RestProtocol, WordsViolationsAsLambdaDoes) {
  TestServer server;
  auto& lambda = server.service("lambda");
  for (const std::string operation : {"CreateFunction", "PutFunctionRecursionConfig", "PublishLayerVersion",
                                      "UntagResource", "CreateAlias", "ListFunctions"})
    lambda.on(operation, Value::object({}));
  const std::string start = R"({"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{},)";
  EXPECT_EQ(message(server.lambda("POST", "/2015-03-31/functions", start + R"("SnapStart":{"ApplyOn":"no"}})")),
            "1 validation error detected: Value 'no' at 'snapStart.applyOn' failed to satisfy constraint: Member must "
            "satisfy enum value set: [PublishedVersions, None]");
  EXPECT_EQ(
      message(server.lambda("POST", "/2015-03-31/functions", start + R"("Environment":{"Variables":{"1":"x"}}})")),
      "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must "
      "satisfy constraint: "
      "[Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]");
  EXPECT_EQ(message(server.lambda("POST", "/2015-03-31/functions", start + R"("KMSKeyArn":"x"})")),
            "1 validation error detected: Value 'x' at 'kMSKeyArn' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: "
            "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()");
  EXPECT_EQ(message(server.lambda("PUT", "/2024-08-31/functions/f/recursion-config", R"({"RecursiveLoop":"Maybe"})")),
            "1 validation error detected: Value 'Maybe' at 'recursiveLoop' failed to satisfy constraint: Member must "
            "satisfy enum value set: [Terminate, Allow]");
  EXPECT_THAT(message(server.lambda(
                  "POST", "/2018-10-31/layers/l/versions",
                  R"({"Content":{},"CompatibleRuntimes":["none"],"CompatibleArchitectures":["mips","x86_64"]})")),
              MatchesRegex(R"(2 validation errors detected: Value '\[none\]' at 'compatibleRuntimes' )"
                           R"(failed to satisfy constraint: Member must satisfy enum value set: )"
                           R"(\[nodejs20\.x, .*\]; Value '\[mips, x86_64\]' at 'compatibleArchitectures' )"
                           R"(failed to satisfy constraint: Member must satisfy constraint: )"
                           R"(\[Member must satisfy enum value set: \[x86_64, arm64\], Member must not be null\])"));
  EXPECT_EQ(
      message(server.lambda("DELETE", "/2017-03-31/tags/arn:aws:lambda:us-east-1:123456789012:function:f")),
      "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(
      message(server.lambda("POST", "/2015-03-31/functions/f/aliases", R"({"Name":"2024","FunctionVersion":"1"})")),
      "1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular "
      "expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)");
}

TEST(QueryProtocol, CarriesNestedInputAndXml) {
  TestServer server;
  auto& iam = server.service("iam");
  iam.on("CreateRole",
         Value::object(
             {{"Role", Value::object({{"RoleName", "r<&>\""},
                                      {"CreateDate", 1'700'000'000},
                                      {"MaxSessionDuration", 3'600},
                                      {"Tags", Value::array({Value::object({{"Key", "k"}, {"Value", "v"}})})}})}}));
  const auto response = server.iam(
      "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%22a%22%3A+1%7D&MaxSessionDuration=3600&Tags.member.2."
      "Key=k2&Tags.member.2.Value=&Tags.member.1.Key=k1&Tags.member.1.Value=v%2B1");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json::print(iam.last.input),
            R"({"RoleName":"r","AssumeRolePolicyDocument":"{\"a\": 1}","MaxSessionDuration":3600,)"
            R"("Tags":[{"Key":"k1","Value":"v+1"},{"Key":"k2","Value":""}]})");
  EXPECT_EQ(response.fields.get("content-type"), "text/xml");
  EXPECT_EQ(response.body,
            "<CreateRoleResponse "
            "xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/"
            "\"><CreateRoleResult><Role><RoleName>r&lt;&amp;&gt;&quot;</RoleName>"
            "<CreateDate>2023-11-14T22:13:20Z</CreateDate><MaxSessionDuration>3600</"
            "MaxSessionDuration><Tags><member><Key>k</Key><Value>v</Value></member></Tags></Role>"
            "</CreateRoleResult><ResponseMetadata><RequestId>" +
                iam.last.request_id + "</RequestId></ResponseMetadata></CreateRoleResponse>");
  iam.on("DeleteRole", Value::object({}));
  EXPECT_THAT(
      server.iam("Action=DeleteRole&RoleName=r").body,
      MatchesRegex(
          "<DeleteRoleResponse "
          "xmlns=\"[^\"]*\"><ResponseMetadata><RequestId>[^<]*</RequestId></ResponseMetadata></DeleteRoleResponse>"));
  iam.on("GetAccountSummary", Value::object({{"SummaryMap", Value::object({{"Users", 3}})}}));
  EXPECT_THAT(server.iam("Action=GetAccountSummary").body,
              HasSubstr("<SummaryMap><entry><key>Users</key><value>3</value></entry></SummaryMap>"));
}

TEST(QueryProtocol, TakesAPresignedGet) {
  TestServer server;
  server.service("sts").on("GetCallerIdentity", Value::object({{"Account", "123456789012"}}));
  auto request = server.request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15");
  request.target = Signer({"AKIDTEST", "secret", ""}, "us-east-1", "sts")
                       .presign(request, server.clock.now(), base::Duration::seconds(60));
  EXPECT_THAT(server.send(request).body, HasSubstr("<Account>123456789012</Account>"));
}

TEST(QueryProtocol, TellsErrors) {
  TestServer server;
  auto& iam = server.service("iam");
  iam.fail("GetUser", make_error(ErrorCode::not_found, "NoSuchEntity", "The user with name u cannot be found."));
  auto response = server.iam("Action=GetUser&UserName=u");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, StartsWith("<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code>"
                                        "<Message>The user with name u cannot be found.</Message></Error><RequestId>"));
  iam.fail("GetUser", make_error(ErrorCode::not_found, "NoSuchEntityException", "x"));
  EXPECT_THAT(server.iam("Action=GetUser&UserName=u").body, HasSubstr("<Code>NoSuchEntity</Code>"));
  iam.fail("GetUser", make_error(ErrorCode::denied, "AccessDeniedException", "User: u is not authorized"));
  response = server.iam("Action=GetUser&UserName=u");
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, HasSubstr("<Code>AccessDenied</Code>"));
}

TEST(QueryProtocol, IamHidesValuesAndStsDoesNot) {
  TestServer server;
  server.service("iam").on("UpdateAccessKey", Value::object({}));
  server.service("sts").on("AssumeRole", Value::object({}));
  const auto response = server.iam("Action=UpdateAccessKey&AccessKeyId=AKIDTESTAKIDTEST-&Status=Maybe");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("<Code>ValidationError</Code><Message>2 validation errors detected: Value at "
                                       "'accessKeyId' failed to satisfy constraint: "
                                       "Member must satisfy regular expression pattern: [\\w]+; Value at 'status' "
                                       "failed to satisfy constraint: Member must satisfy enum value set</Message>"));
  EXPECT_THAT(
      server
          .query("sts", "2011-06-15", "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/r&RoleSessionName=a:b")
          .body,
      HasSubstr("Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression "
                "pattern: [\\w+=,.@-]*"));
}

TEST(QueryProtocol, RefusesWhatItCannotRead) {
  TestServer server;
  auto& iam = server.service("iam");
  iam.on("ListUsers", Value::object({}));
  iam.on("TagUser", Value::object({}));
  EXPECT_THAT(server.iam("Action=ListUsers&MaxItems=many").body, HasSubstr("<Code>MalformedInput</Code>"));
  EXPECT_THAT(server.iam("Action=ListUsers&Marker=%zz").body, HasSubstr("<Code>MalformedQueryString</Code>"));
  EXPECT_THAT(server.iam("Action=ListUsers&Marker=%ff").body, HasSubstr("<Code>MalformedQueryString</Code>"));
  std::string deep = "Action=TagUser&UserName=u&Tags";
  for (int i = 0; i < 1'000; ++i) deep += ".member.1";
  EXPECT_THAT(server.iam(deep + "=x").body, HasSubstr("<Code>MalformedInput</Code>"));
  std::string many = "Action=TagUser&UserName=u";
  for (int i = 0; i < 10'001; ++i) many += "&Tags.member." + std::to_string(i) + ".Key=k";
  EXPECT_THAT(server.iam(many).body, HasSubstr("<Code>MalformedQueryString</Code>"));
}

TEST(Pool, BlockingOperationsWaitTheirTurnAndOverflowIsRefused) {
  DispatcherOptions options;
  options.blocking_threads = 1;
  options.blocking_queue_max = 1;
  TestServer server(options);
  auto& lambda = server.service("lambda");
  std::mutex mu;
  std::condition_variable changed;
  bool open = false;
  int entered = 0;
  lambda.blocking["GetFunction"] = true;
  lambda.answers["GetFunction"] = [&](Call, Respond respond) {
    std::unique_lock lock(mu);
    ++entered;
    changed.notify_all();
    changed.wait(lock, [&] { return open; });
    respond(Value::object({}));
  };
  const auto request = server.signed_request(server.request("GET", "/2015-03-31/functions/f"), "lambda");
  std::atomic<int> good = 0;
  std::vector<std::jthread> callers;
  callers.emplace_back([&] { good += server.send(request).status == 200; });
  {
    std::unique_lock lock(mu);
    changed.wait(lock, [&] { return entered == 1; });
  }
  // One runs, one waits; of two more at least one is refused, and the loop thread goes on serving.
  std::atomic<int> refused = 0;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] {
      const int status = server.send(request).status;
      good += status == 200;
      if (status == 429) {
        ++refused;
        refused.notify_all();
      }
    });
  }
  refused.wait(0);
  server.service("stepfunctions").on("StartExecution", Value::object({}));
  EXPECT_EQ(server.states("StartExecution", std::string(kStart)).status, 200);
  {
    const std::lock_guard lock(mu);
    open = true;
  }
  changed.notify_all();
  callers.clear();
  EXPECT_EQ(good, 2);
  EXPECT_EQ(refused, 1);
}

TEST(LongPoll, LearnsThatItsCallerLeft) {
  TestServer server;
  std::promise<void> left;
  std::optional<Respond> held;
  server.service("stepfunctions").answers["GetActivityTask"] = [&](Call call, Respond respond) {
    call.on_disconnect([&] { left.set_value(); });
    held.emplace(std::move(respond));
  };
  auto request = server.json_request("AWSStepFunctions.GetActivityTask", R"({"activityArn":"arn:x"})");
  request.timeout = std::chrono::milliseconds(100);
  EXPECT_FALSE(server.client.send_and_wait(server.signed_request(request, "states")));
  EXPECT_EQ(left.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  (*held)(Value::object({}));
  EXPECT_EQ(server.states("ListExecutions", "{}").status, 400) << "and the server goes on";
}

TEST(Inside, TakesTheSameRoad) {
  TestServer server;
  auto& lambda = server.service("lambda");
  lambda.on("Invoke", Value::object({{"Payload", "x"}}));
  auto principal = std::make_shared<identity::Principal>();
  principal->account = "210987654321";
  const auto call = [&](std::string operation, Value input) {
    base::Result<Value> result = make_error(ErrorCode::internal, "no answer");
    server.dispatcher.call({"lambda", std::move(operation), "us-east-1", principal, std::move(input)},
                           [&](base::Result<Value> answer) { result = std::move(answer); });
    return result;
  };
  EXPECT_EQ(call("Invoke", Value::object({{"FunctionName", "f"}, {"Payload", "{}"}}))->find("Payload")->as_string(),
            "x");
  EXPECT_EQ(lambda.last.account, "210987654321");
  EXPECT_EQ(lambda.last.input.find("Payload")->as_string(), "{}");
  EXPECT_EQ(call("Invoke", Value::object({})).error().name, "ValidationException");
  EXPECT_EQ(call("Invoke", Value::object({{"FunctionName", 1}})).error().name, "SerializationException");
  EXPECT_EQ(call("GetFunction", Value::object({{"FunctionName", "f"}})).error().code, ErrorCode::unsupported);
  EXPECT_EQ(call("Nonsense", Value::object({})).error().code, ErrorCode::unsupported);
  EXPECT_TRUE(server.dispatcher.offers("lambda", "Invoke"));
  EXPECT_FALSE(server.dispatcher.offers("lambda", "GetFunction"));
  EXPECT_FALSE(server.dispatcher.offers("sqs", "SendMessage"));
}

TEST(Models, AreReadWhole) {
  EXPECT_EQ(find_model("stepfunctions")->operations().size(), 37u);
  EXPECT_EQ(find_model("lambda")->operations().size(), 85u);
  EXPECT_EQ(find_model("iam")->operations().size(), 176u);
  EXPECT_EQ(find_model("dynamodbstreams")->signing_name, "dynamodb");
  EXPECT_TRUE(find_model("sts")->find_operation("AssumeRoleWithWebIdentity")->unsigned_allowed);
  EXPECT_EQ(find_model("iam")->find_error("NoSuchEntity"), find_model("iam")->find_error("NoSuchEntityException"));
}

TEST(Models, EveryPatternCompiles) {
  for (const Model& model : models()) {
    for (const Operation& operation : model.operations()) {
      if (operation.input == nullptr) continue;
      for (const MemberShape& member : operation.input->members) {
        EXPECT_TRUE(!member.shape->pattern || member.shape->pattern->compiles())
            << model.name << " " << member.shape->name;
      }
    }
  }
}

TEST(Patterns, MatchAsJavaDoes) {
  EXPECT_TRUE(Pattern("[a-z]+").matches("abc"));
  EXPECT_FALSE(Pattern("[a-z]+").matches("abc1")) << "as a whole";
  EXPECT_FALSE(Pattern("[a-z]+").matches("abc\n"));
  EXPECT_TRUE(Pattern("a|b").matches("b"));
  EXPECT_FALSE(Pattern("a|b").matches("ab"));
  EXPECT_TRUE(Pattern("\\p{ASCII}*").matches("Root=1-2"));
  EXPECT_FALSE(Pattern("\\p{ASCII}*").matches("\xc3\xa9"));
  EXPECT_TRUE(Pattern("[\\u0009\\u0020-\\u00FF]+").matches("\xc3\xa9 x"));
  EXPECT_FALSE(Pattern("[\\u0020-\\u007E]+").matches("\xc3\xa9"));
  EXPECT_TRUE(Pattern("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*").matches("\xc3\xa9t\xc3\xa9 1"));
  EXPECT_FALSE(Pattern("(a+)+$").matches(std::string(50, 'a') + "b")) << "and in bounded time";
}

}  // namespace
}  // namespace escapement::wire
