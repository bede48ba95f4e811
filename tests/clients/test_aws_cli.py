"""The AWS CLI as Debian packages it. That version does not know AWS_ENDPOINT_URL yet, so it is told --endpoint-url."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from fixture import ARTICLE, ClientTest, aws

AWS_CLI = "/usr/bin/aws" if pathlib.Path("/usr/bin/aws").exists() else shutil.which("aws")


@unittest.skipUnless(AWS_CLI, "the AWS CLI is not installed")
class AwsCliTest(ClientTest):
    def cli(self, *arguments):
        command = [AWS_CLI, "--endpoint-url", os.environ["AWS_ENDPOINT_URL"], "--output", "json", "--no-cli-pager", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def test_the_article_by_hand(self):
        role_name = aws.unique("role")
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "trust.json").write_text(aws.trust("lambda.amazonaws.com"))
            function_role = self.cli("iam", "create-role", "--role-name", role_name, "--assume-role-policy-document", f"file://{folder}/trust.json")
            (pathlib.Path(folder) / "code.zip").write_bytes(aws.archive({"index.js": (ARTICLE / "index.js").read_text()}))
            function = self.cli("lambda", "create-function", "--function-name", aws.unique("function"), "--runtime", "nodejs16.x", "--handler",
                                "index.handler", "--role", function_role["Role"]["Arn"], "--zip-file", f"fileb://{folder}/code.zip")
            self.cli("lambda", "wait", "function-active-v2", "--function-name", function["FunctionName"])
            definition = (ARTICLE / "state-machine.json").read_text().replace("<LAMBDA FUNCTION ARN>", function["FunctionArn"])
            (pathlib.Path(folder) / "machine.json").write_text(definition)
            role = aws.make_role(self.iam, "states.amazonaws.com", ("lambda:InvokeFunction", function["FunctionArn"] + "*"))
            machine = self.cli("stepfunctions", "create-state-machine", "--name", aws.unique("machine"), "--definition",
                               f"file://{folder}/machine.json", "--role-arn", role)["stateMachineArn"]
        execution = self.cli("stepfunctions", "start-execution", "--state-machine-arn", machine, "--input", '{"waitSeconds": 1}')["executionArn"]
        deadline = time.monotonic() + 30
        while (described := self.cli("stepfunctions", "describe-execution", "--execution-arn", execution))["status"] == "RUNNING":
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual((described["status"], described["output"]), ("SUCCEEDED", "null"))
        events = self.cli("stepfunctions", "get-execution-history", "--execution-arn", execution)["events"]
        self.assertEqual(events[-1]["type"], "ExecutionSucceeded")

    def test_identity(self):
        self.assertEqual(self.cli("sts", "get-caller-identity")["Account"], self.account)


if __name__ == "__main__":
    unittest.main()
