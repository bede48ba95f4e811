// The function service with real processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>

#include "functions/test_service.h"

namespace escapement::functions {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ServiceTest : public testing::Test, protected TestService {};

TEST_F(ServiceTest, AsyncNodeHandlerAnswers) {
  add_function("echo", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = async (event) => ({ got: event, n: 1 });"}});
  const auto result = call("echo", R"({"a":[1,2]})");
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->payload, R"({"got":{"a":[1,2]},"n":1})");
  EXPECT_EQ(result->function_error, "");
  EXPECT_EQ(result->executed_version, "$LATEST");
}

TEST_F(ServiceTest, CallbackHandlersAnswerByCallbackOrNullWhenNothingIsLeftToDo) {
  add_function("callback", {.runtime = "nodejs16.x", .handler = "index.handler"},
               {{"index.js",
                 "exports.handler = (event, context, callback) => { setTimeout(() => callback(null, { id: "
                 "context.awsRequestId }), 5); };"}});
  EXPECT_THAT(call("callback", "{}", "the-id")->payload, R"({"id":"the-id"})");
  add_function("silent", {.runtime = "nodejs16.x", .handler = "index.handler"},
               {{"index.js",
                 "exports.handler = (event, context, callback) => { setTimeout(() => console.log('late'), 20); };"}});
  EXPECT_EQ(call("silent", "{}")->payload, "null");
  EXPECT_THAT(logs.text(), HasSubstr("\tINFO\tlate\n"));
  EXPECT_EQ(call("silent", "{}")->payload, "null");
}

TEST_F(ServiceTest, EsModulesLoad) {
  add_function(
      "esm", {.runtime = "nodejs20.x", .handler = "index.handler"},
      {{"index.mjs",
        "import { basename } from 'node:path';\nexport const handler = async () => basename(import.meta.url);"}});
  EXPECT_EQ(call("esm", "{}")->payload, R"("index.mjs")");
}

TEST_F(ServiceTest, ErrorsOfNodeHandlersHaveAwsShapes) {
  add_function("throws", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js",
                 "class OddError extends Error { constructor(m) { super(m); this.name = 'OddError'; } "
                 "}\nexports.handler = async () => { throw new OddError('no'); };"}});
  const auto thrown = call("throws", "{}");
  EXPECT_EQ(thrown->function_error, "Unhandled");
  EXPECT_THAT(thrown->payload, StartsWith(R"({"errorType":"OddError","errorMessage":"no","trace":["OddError: no",)"));
  add_function("rejects", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = async () => Promise.reject('plain');"}});
  EXPECT_EQ(call("rejects", "{}")->payload, R"({"errorType":"string","errorMessage":"plain","trace":[]})");
  add_function("missing", {.runtime = "nodejs20.x", .handler = "index.nothing"},
               {{"index.js", "exports.handler = async () => 1;"}});
  EXPECT_THAT(
      call("missing", "{}")->payload,
      HasSubstr(
          R"("errorType":"Runtime.HandlerNotFound","errorMessage":"index.nothing is undefined or not exported")"));
  add_function("import", {.runtime = "nodejs20.x", .handler = "other.handler"}, {{"index.js", "1"}});
  EXPECT_THAT(
      call("import", "{}")->payload,
      HasSubstr(R"("errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module 'other')"));
  add_function("never", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = () => new Promise(() => {});"}});
  EXPECT_THAT(call("never", "{}")->payload, HasSubstr("Runtime.NodeJsExit"));
  add_function("exits", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = async () => process.exit(7);"}});
  EXPECT_EQ(
      call("exits", "{}", "r1")->payload,
      R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: r1 Error: Runtime exited with error: exit status 7"})");
}

TEST_F(ServiceTest, ContextAndEnvironmentAreThoseOfTheFunction) {
  add_function("context", {.runtime = "nodejs20.x", .handler = "index.handler", .environment = {{"MINE", "yes"}}},
               {{"index.js", R"(exports.handler = async (event, context) => ({
                   name: context.functionName, version: context.functionVersion, arn: context.invokedFunctionArn, memory: context.memoryLimitInMB,
                   group: context.logGroupName, left: context.getRemainingTimeInMillis() > 1000, mine: process.env.MINE, region: process.env.AWS_REGION,
                   key: process.env.AWS_ACCESS_KEY_ID, token: process.env.AWS_SESSION_TOKEN, endpoint: process.env.AWS_ENDPOINT_URL, home: process.env.PWD ?? process.cwd(),
                   names: Object.keys(process.env).filter((n) => /ESCAPEMENT|USER|SSH/.test(n)) }))"}});
  EXPECT_EQ(
      call("context", "{}")->payload,
      R"({"name":"context","version":"$LATEST","arn":"arn:aws:lambda:us-east-1:000000000000:function:context","memory":"128",)"
      R"("group":"/aws/lambda/context","left":true,"mine":"yes","region":"us-east-1","key":"ASIATEST","token":"token","endpoint":"http://127.0.0.1:1",)"
      R"("home":"/var/task","names":[]})");
}

TEST_F(ServiceTest, PythonHandlersAnswerPrintAndFail) {
  add_function("py", {.runtime = "python3.12", .handler = "handler.handler"},
               {{"handler.py",
                 "def handler(event, context):\n    print('hello', context.aws_request_id)\n    return {'got': "
                 "event['x'], 'u': '\\u00e9'}\n"}});
  EXPECT_EQ(call("py", R"({"x":1})", "id-1")->payload, "{\"got\": 1, \"u\": \"\xc3\xa9\"}");
  EXPECT_THAT(logs.text(), HasSubstr("hello id-1\n"));
  add_function("pyerr", {.runtime = "python3.12", .handler = "handler.handler"},
               {{"handler.py", "def handler(event, context):\n    raise Exception(\"Some exception was raised.\")\n"}});
  EXPECT_EQ(
      call("pyerr", "{}", "id-2")->payload,
      R"({"errorMessage": "Some exception was raised.", "errorType": "Exception", "requestId": "id-2", "stackTrace": )"
      R"(["  File \"/var/task/handler.py\", line 2, in handler\n    raise Exception(\"Some exception was raised.\")\n"]})");
  add_function("pyexit", {.runtime = "python3.12", .handler = "handler.handler"},
               {{"handler.py", "import sys\ndef handler(event, context):\n    sys.exit(0)\n"}});
  EXPECT_EQ(
      call("pyexit", "{}", "id-3")->payload,
      R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: id-3 Error: Runtime exited without providing a reason"})");
  add_function("pyinit", {.runtime = "python3.12", .handler = "handler.handler"},
               {{"handler.py", "raise Exception('Runtime startup fails')\n"}});
  EXPECT_THAT(
      call("pyinit", "{}")->payload,
      StartsWith(
          R"({"errorMessage": "Runtime startup fails", "errorType": "Exception", "requestId": "", "stackTrace": )"));
  add_function(
      "pywrap",
      {.runtime = "python3.12", .handler = "handler.handler", .environment = {{"AWS_LAMBDA_EXEC_WRAPPER", "/none.sh"}}},
      {{"handler.py", "def handler(event, context):\n    return 1\n"}});
  EXPECT_EQ(
      call("pywrap", "{}", "id-4")->payload,
      R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: id-4 Error: Runtime exited with error: exit status 127"})");
}

TEST_F(ServiceTest, CustomRuntimesUseTheRuntimeApi) {
  const std::string bootstrap = R"(#!/usr/bin/python3
import http.client, os
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
connection = http.client.HTTPConnection(api)
while True:
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = connection.getresponse()
    event = answer.read()
    request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    if event == b'"fail"':
        connection.request("POST", "/2018-06-01/runtime/invocation/%s/error" % request_id, b'{"errorType":"Odd","errorMessage":"no"}')
    else:
        connection.request("POST", "/2018-06-01/runtime/invocation/%s/response" % request_id, b'{"event":' + event + b'}')
    connection.getresponse().read()
)";
  add_function("custom", {.runtime = "provided.al2023", .handler = "any"}, {{"bootstrap", bootstrap}});
  EXPECT_EQ(call("custom", "[1]")->payload, R"({"event":[1]})");
  EXPECT_EQ(call("custom", "[2]")->payload, R"({"event":[2]})");
  const auto failed = call("custom", "\"fail\"");
  EXPECT_EQ(failed->payload, R"({"errorType":"Odd","errorMessage":"no"})");
  EXPECT_EQ(failed->function_error, "Unhandled");
}

TEST_F(ServiceTest, ATimeoutKillsAndTheNextCallGetsAFreshProcess) {
  add_function("slow", {.runtime = "nodejs20.x", .handler = "index.handler", .timeout_seconds = 1},
               {{"index.js",
                 "let n = 0; exports.handler = async (event) => { n++; if (event.hang) { for (;;); } return n; };"}});
  EXPECT_EQ(call("slow", "{}")->payload, "1");
  EXPECT_EQ(call("slow", "{}")->payload, "2");
  const auto late = call("slow", R"({"hang":true})", "id-t");
  EXPECT_EQ(
      late->payload,
      R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id-t Error: Task timed out after 1.00 seconds"})");
  EXPECT_EQ(call("slow", "{}")->payload, "1");
}

TEST_F(ServiceTest, MemoryBeyondTheFunctionsSizeEndsIt) {
  add_function(
      "hungry", {.runtime = "python3.12", .handler = "handler.handler", .timeout_seconds = 20},
      {{"handler.py",
        "def handler(event, context):\n    kept = []\n    while True:\n        kept.append(bytearray(4 << 20))\n"}});
  EXPECT_EQ(
      call("hungry", "{}", "id-m")->payload,
      R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: id-m Error: Runtime exited with error: signal: killed"})");
}

TEST_F(ServiceTest, AFunctionThatForksWithoutEndHurtsOnlyItself) {
  add_function("forks", {.runtime = "python3.12", .handler = "handler.handler", .timeout_seconds = 2},
               {{"handler.py",
                 "import os, time\ndef handler(event, context):\n    n = 0\n    while True:\n        try:\n            "
                 "if os.fork() == 0:\n                time.sleep(60)\n"
                 "                os._exit(0)\n            n += 1\n        except OSError:\n            return n\n"}});
  add_function("calm", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = async () => 'calm';"}});
  auto forking = start_call({.function = "forks", .region = "us-east-1", .payload = "{}"});
  EXPECT_EQ(call("calm", "{}")->payload, "\"calm\"");
  // It reached a limit, or it was ended; either way its children are gone with it.
  EXPECT_TRUE(forking.get());
  service->function_changed("us-east-1", "forks");
  EXPECT_EQ(call("calm", "{}")->payload, "\"calm\"");
}

TEST_F(ServiceTest, LogsAreFramedByRequestAndTheTailIsGiven) {
  add_function("logs", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js",
                 "exports.handler = async () => { console.log('one'); console.error('two'); "
                 "require('child_process').execSync('echo three', { stdio: 'inherit' }); };"}});
  InvokeRequest request{.function = "logs", .region = "us-east-1", .request_id = "id-l"};
  request.wants_log_tail = true;
  const auto result = call(std::move(request));
  EXPECT_THAT(
      result->log_tail,
      AllOf(StartsWith("START RequestId: id-l Version: $LATEST\n"), HasSubstr("\tid-l\tINFO\tone\n"),
            HasSubstr("\tid-l\tERROR\ttwo\n"), HasSubstr("three\n"),
            HasSubstr("END RequestId: id-l\nREPORT RequestId: id-l\tDuration: "), HasSubstr("Init Duration: ")));
}

TEST_F(ServiceTest, AFloodOfOutputIsCutAndHurtsNobodyElse) {
  add_function("flood", {.runtime = "python3.12", .handler = "handler.handler"},
               {{"handler.py",
                 "import os\ndef handler(event, context):\n    for _ in range(3000):\n        print('x' * 1000)\n    "
                 "return 'done'\n"}});
  EXPECT_EQ(call("flood", "{}")->payload, "\"done\"");
  EXPECT_LT(logs.text().size(), 2u << 20);
  EXPECT_THAT(logs.text(), HasSubstr("printed too much"));
}

TEST_F(ServiceTest, ReservedConcurrencyRefusesOrQueues) {
  add_function(
      "one", {.runtime = "nodejs20.x", .handler = "index.handler", .reserved = 1},
      {{"index.js", "exports.handler = async () => { await new Promise((r) => setTimeout(r, 300)); return 'ok'; };"}});
  auto first = start_call({.function = "one", .region = "us-east-1", .payload = "{}"});
  const auto refused = call("one", "{}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().name, "TooManyRequestsException");
  InvokeRequest patient{.function = "one", .region = "us-east-1", .payload = "{}"};
  patient.queue_when_busy = true;
  EXPECT_EQ(call(std::move(patient))->payload, "\"ok\"");
  EXPECT_EQ(first.get()->payload, "\"ok\"");
}

TEST_F(ServiceTest, AChangeIsSeenByTheNextCall) {
  add_function("change", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = async () => 'old';"}});
  EXPECT_EQ(call("change", "{}")->payload, "\"old\"");
  add_function("change", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = async () => 'new';"}});
  EXPECT_EQ(call("change", "{}")->payload, "\"new\"");
}

// Pools are dropped by a timer; processes that end in the same round still have something to say.
TEST_F(ServiceTest, FunctionsMayChangeWhileTheirProcessesEnd) {
  for (int round = 0; round < 25; ++round) {
    std::vector<std::future<base::Result<InvokeResult>>> pending;
    for (int i = 0; i < 12; ++i) {
      const std::string name = "brief" + std::to_string(i);
      add_function(name, {.runtime = "provided.al2023", .handler = "x"},
                   {{"bootstrap", "#!/bin/sh\nexit " + std::to_string(round % 2) + "\n"}});
      pending.push_back(start_call({.function = name, .region = "us-east-1", .payload = "{}"}));
    }
    for (int i = 0; i < 12; ++i) {
      EXPECT_EQ(pending[static_cast<std::size_t>(i)].get()->function_error, "Unhandled");
      service->function_changed("us-east-1", "brief" + std::to_string(i));
    }
  }
  add_function("after", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = async () => 'alive';"}});
  EXPECT_EQ(call("after", "{}")->payload, "\"alive\"");
}

TEST_F(ServiceTest, UnknownFunctionsAndRuntimesAreToldApart) {
  EXPECT_EQ(call("nothing", "{}").error().message,
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nothing:$LATEST");
  add_function("java", {.runtime = "java21", .handler = "a.B"}, {{"a", "b"}});
  EXPECT_EQ(call("java", "{}").error().name, "InvalidRuntimeException");
}

TEST_F(ServiceTest, ABurstDrainsThroughFewProcesses) {
  add_function("fast", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = async (event) => event.n;"}});
  ASSERT_TRUE(call("fast", R"({"n":0})"));
  std::vector<std::future<base::Result<InvokeResult>>> pending;
  for (int i = 0; i < 3000; ++i) {
    InvokeRequest request{.function = "fast", .region = "us-east-1", .payload = "{\"n\":" + std::to_string(i) + "}"};
    request.queue_when_busy = true;
    pending.push_back(start_call(std::move(request)));
  }
  for (int i = 0; i < 3000; ++i) EXPECT_EQ(pending[static_cast<std::size_t>(i)].get()->payload, std::to_string(i));
  EXPECT_LE(service->figures().processes_started, 8u);
}

TEST_F(ServiceTest, EventsAreDurableAndTriedAgainAfterARestart) {
  add_function("event", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = async (event) => console.log('saw', event.n);"}});
  InvokeRequest request{.function = "event", .region = "us-east-1", .payload = R"({"n":7})"};
  request.kind = InvocationKind::event;
  ASSERT_TRUE(call(request));
  ASSERT_TRUE(logs.wait_for("saw 7"));
  add_function("bad", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = async () => { throw new Error('x'); };"}});
  request.function = "bad";
  ASSERT_TRUE(call(request));
  ASSERT_TRUE(logs.wait_for("Invoke Error"));
  restart();
  EXPECT_EQ(service->figures().events_pending, 1u);
  clock.advance(base::Duration::seconds(90));
  logs.clear();
  EXPECT_TRUE(logs.wait_for("Invoke Error"));
}

}  // namespace
}  // namespace escapement::functions
