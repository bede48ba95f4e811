"""Lambda through boto3: invocations, versions and aliases."""

import base64
import json
import time
import unittest

from fixture import ClientTest, aws

ECHO = "exports.handler = async (event, context) => { console.log('seen', event.n); return { n: event.n, version: context.functionVersion }; };\n"


class InvokeTest(ClientTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.role = aws.make_role(cls.iam, "lambda.amazonaws.com", ("logs:*", "*"))
        cls.echo = aws.make_function(cls.functions, cls.role, "nodejs20.x", "index.handler", {"index.js": ECHO})

    def invoke(self, **more):
        return self.functions.invoke(**({"FunctionName": self.echo, "Payload": b'{"n":7}'} | more))

    def test_request_response_with_the_log_tail(self):
        answer = self.invoke(LogType="Tail")
        self.assertEqual(answer["StatusCode"], 200)
        self.assertEqual(answer["ExecutedVersion"], "$LATEST")
        self.assertEqual(json.loads(answer["Payload"].read()), {"n": 7, "version": "$LATEST"})
        log = base64.b64decode(answer["LogResult"]).decode()
        for part in ("START RequestId", "seen 7", "END RequestId", "REPORT RequestId"):
            self.assertIn(part, log)

    def test_dry_run(self):
        self.assertEqual(self.invoke(InvocationType="DryRun")["StatusCode"], 204)

    def test_event(self):
        marker = aws.unique("event")
        self.assertEqual(self.invoke(InvocationType="Event", Payload=json.dumps({"n": marker}).encode())["StatusCode"], 202)
        group = "/aws/lambda/" + self.echo.rsplit(":", 1)[1]
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if self.logs.filter_log_events(logGroupName=group, filterPattern=f'"{marker}"')["events"]:
                    return
            except self.logs.exceptions.ResourceNotFoundException:
                pass
            time.sleep(0.1)
        self.fail("the event was never handled")

    def test_unhandled_error(self):
        function = aws.make_function(self.functions, self.role, "nodejs20.x", "index.handler",
                                     {"index.js": "exports.handler = async () => { throw new RangeError('too far'); };\n"})
        answer = self.functions.invoke(FunctionName=function)
        self.assertEqual(answer["FunctionError"], "Unhandled")
        payload = json.loads(answer["Payload"].read())
        self.assertEqual((payload["errorType"], payload["errorMessage"]), ("RangeError", "too far"))

    def test_timeout_kills(self):
        function = aws.make_function(self.functions, self.role, "python3.11", "main.handler", {
            "main.py": "import time\ndef handler(event, context):\n    time.sleep(event.get('s', 0))\n    return 'awake'\n"}, Timeout=1)
        answer = self.functions.invoke(FunctionName=function, Payload=b'{"s":30}')
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertIn("Task timed out after 1.00 seconds", answer["Payload"].read().decode())
        self.assertEqual(json.loads(self.functions.invoke(FunctionName=function)["Payload"].read()), "awake")

    def test_crash_hurts_only_itself(self):
        function = aws.make_function(self.functions, self.role, "nodejs20.x", "index.handler", {
            "index.js": "exports.handler = async (event) => { if (event.die) process.kill(process.pid, 'SIGKILL'); return 'alive'; };\n"})
        self.assertEqual(self.functions.invoke(FunctionName=function, Payload=b'{"die":true}')["FunctionError"], "Unhandled")
        self.assertEqual(json.loads(self.functions.invoke(FunctionName=function)["Payload"].read()), "alive")

    def test_versions_and_aliases(self):
        function = aws.make_function(self.functions, self.role, "nodejs20.x", "index.handler", {"index.js": ECHO})
        version = self.functions.publish_version(FunctionName=function)["Version"]
        self.assertEqual(version, "1")
        self.functions.create_alias(FunctionName=function, Name="live", FunctionVersion=version)
        for qualifier, ran in (("1", "1"), ("live", "1"), ("$LATEST", "$LATEST")):
            answer = self.functions.invoke(FunctionName=function, Qualifier=qualifier, Payload=b'{"n":1}')
            self.assertEqual(json.loads(answer["Payload"].read())["version"], ran)

    def test_update_code_and_configuration(self):
        function = aws.make_function(self.functions, self.role, "nodejs20.x", "index.handler", {"index.js": "exports.handler = async () => 'old';\n"})
        self.functions.update_function_code(FunctionName=function, ZipFile=aws.archive(
            {"index.js": "exports.handler = async () => process.env.GREETING;\n"}))
        self.functions.get_waiter("function_updated").wait(FunctionName=function, WaiterConfig={"Delay": 1})
        self.functions.update_function_configuration(FunctionName=function, Environment={"Variables": {"GREETING": "hello"}})
        self.functions.get_waiter("function_updated").wait(FunctionName=function, WaiterConfig={"Delay": 1})
        self.assertEqual(json.loads(self.functions.invoke(FunctionName=function)["Payload"].read()), "hello")

    def test_unknown_function(self):
        self.assert_refused("ResourceNotFoundException", self.functions.invoke, FunctionName="no-such-function")


if __name__ == "__main__":
    unittest.main()
