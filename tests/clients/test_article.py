"""The article, from boto3: its state machine, its handler and the handlers that its readers would write."""

import json
import unittest

from fixture import ARTICLE, ClientTest, aws

ECHO = "exports.handler = async (event) => ({ received: event });\n"
BOOTSTRAP = '''#!/usr/bin/python3
import os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as event:
        request, body = event.headers["Lambda-Runtime-Aws-Request-Id"], event.read()
    urllib.request.urlopen(urllib.request.Request(api + request + "/response", data=b'{"custom":' + body + b"}")).read()
'''


class ArticleTest(ClientTest):
    def article_machine(self, function_arn):
        definition = (ARTICLE / "state-machine.json").read_text().replace("<LAMBDA FUNCTION ARN>", function_arn)
        return self.make_machine(definition, ("lambda:InvokeFunction", [function_arn, function_arn + ":*"]))

    def test_its_handler_fires_on_the_second(self):
        function = self.make_function("nodejs16.x", "index.handler", {"index.js": (ARTICLE / "index.js").read_text()})
        execution = self.start(self.article_machine(function), {"waitSeconds": 2})
        description = aws.await_end(self.states, execution)
        self.assertEqual(description["status"], "SUCCEEDED", description)
        self.assertEqual(description["output"], "null")
        waited = (self.event_time(execution, "WaitStateExited") - self.event_time(execution, "WaitStateEntered")).total_seconds()
        self.assertGreaterEqual(waited, 2.0)
        self.assertLess(waited, 2.5)

    def check_parameters_arrive(self, function, expected):
        description = self.run_machine(self.article_machine(function), {"waitSeconds": 1, "order": 17})
        self.assertEqual(description["status"], "SUCCEEDED", description)
        self.assertEqual(json.loads(description["output"]), expected({"waitSeconds": 1, "order": 17}))

    def test_callback_handler(self):
        source = "exports.handler = (event, context, callback) => { callback(null, { received: event }); };\n"
        self.check_parameters_arrive(self.make_function("nodejs16.x", "index.handler", {"index.js": source}), lambda e: {"received": e})

    def test_async_handler(self):
        self.check_parameters_arrive(self.make_function("nodejs20.x", "index.handler", {"index.js": ECHO}), lambda e: {"received": e})

    def test_module_handler(self):
        source = "export const handler = async (event) => ({ received: event });\n"
        self.check_parameters_arrive(self.make_function("nodejs20.x", "index.handler", {"index.mjs": source}), lambda e: {"received": e})

    def test_python_handler(self):
        source = "def lambda_handler(event, context):\n    return {'received': event}\n"
        function = self.make_function("python3.11", "lambda_function.lambda_handler", {"lambda_function.py": source})
        self.check_parameters_arrive(function, lambda e: {"received": e})

    def test_custom_runtime(self):
        function = self.make_function("provided.al2023", "bootstrap", {"bootstrap": (BOOTSTRAP, 0o755)})
        self.check_parameters_arrive(function, lambda e: {"custom": e})

    def test_failing_handler_fails_the_task(self):
        source = "exports.handler = async () => { throw new TypeError('no such order'); };\n"
        description = self.run_machine(self.article_machine(self.make_function("nodejs20.x", "index.handler", {"index.js": source})), {"waitSeconds": 0})
        self.assertEqual(description["status"], "FAILED")
        self.assertEqual(description["error"], "TypeError")
        self.assertEqual(json.loads(description["cause"])["errorMessage"], "no such order")


class SdkInsideFunctionsTest(ClientTest):
    """Runtimes bring their SDK along, and calls from a handler reach this server with the role's credentials."""

    def check_identity(self, runtime, handler, files):
        function = self.make_function(runtime, handler, files)
        answer = self.functions.invoke(FunctionName=function, Payload=b"{}")
        payload = answer["Payload"].read().decode()
        self.assertNotIn("FunctionError", answer, payload)
        self.assertIn(":assumed-role/", json.loads(payload))

    def test_aws_sdk_v2_in_old_node(self):
        source = "const AWS = require('aws-sdk');\nexports.handler = async () => (await new AWS.STS().getCallerIdentity().promise()).Arn;\n"
        self.check_identity("nodejs16.x", "index.handler", {"index.js": source})

    def test_aws_sdk_v3_in_new_node(self):
        source = ("const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');\n"
                  "exports.handler = async () => (await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn;\n")
        self.check_identity("nodejs20.x", "index.handler", {"index.js": source})

    def test_boto3_in_python(self):
        source = "import boto3\ndef handler(event, context):\n    return boto3.client('sts').get_caller_identity()['Arn']\n"
        self.check_identity("python3.11", "main.handler", {"main.py": source})


if __name__ == "__main__":
    unittest.main()
