"""Our own command line, as a person or a script would use it."""

import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from fixture import ARTICLE, ClientTest, aws

BINARY = os.environ.get("ESCAPEMENT_TEST_BINARY")


@unittest.skipUnless(BINARY, "needs a server of the tests' own")
class CommandLineTest(ClientTest):
    def escapement(self, *arguments, code=0, stdin=None, environment=None):
        done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, input=stdin, env=environment)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stdout + done.stderr

    def deploy_echo(self, folder):
        name = aws.unique("hello")
        function = pathlib.Path(folder) / name
        function.mkdir()
        (function / "index.js").write_text("exports.handler = async (event) => { console.log('hello', JSON.stringify(event)); return event; };\n")
        return name, function, json.loads(self.escapement("deploy", str(function), "--json"))

    def test_the_article_with_the_command_line(self):
        with tempfile.TemporaryDirectory() as folder:
            name, function, deployed = self.deploy_echo(folder)
            self.assertEqual(deployed["outcome"], "created")
            self.assertEqual(json.loads(self.escapement("deploy", str(function), "--json"))["outcome"], "unchanged")
            machine = pathlib.Path(folder) / (aws.unique("order") + ".asl.json")
            machine.write_text((ARTICLE / "state-machine.json").read_text())
            created = json.loads(self.escapement("deploy", str(machine), "--set", f"LAMBDA FUNCTION ARN=function:{name}", "--json"))
            self.assertEqual(created["outcome"], "created")
        execution = self.start(created["arn"], {"waitSeconds": 1, "order": 17})
        watched = self.escapement("executions", "watch", execution)
        for part in ("WaitStateEntered", "TaskSucceeded", "SUCCEEDED", '"order":17'):
            self.assertIn(part, watched.replace(" ", "") if part.startswith('"') else watched)
        self.assertIn("Lambda Invoke", self.escapement("executions", "show", execution))

    def test_schedule_a_function(self):
        with tempfile.TemporaryDirectory() as folder:
            name, _, _ = self.deploy_echo(folder)
        before = time.time()
        scheduled = json.loads(self.escapement("schedule", name, "--in", "1s", "--input", '{"n":1}', "--json"))
        description = aws.await_end(self.states, scheduled["executionArn"])
        self.assertEqual((description["status"], description["output"]), ("SUCCEEDED", '{"n":1}'))
        self.assertGreaterEqual(description["stopDate"].timestamp(), before + 1)
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() + 2))
        self.assertIn("SUCCEEDED", self.escapement("schedule", name, "--at", at, "--wait"))
        named = ("schedule", name, "--at", "2030-01-01T00:00:00Z", "--name", aws.unique("once"), "--json")
        first, second = (json.loads(self.escapement(*named))["executionArn"] for _ in range(2))
        self.assertEqual(first, second)
        self.escapement("executions", "stop", first.rsplit(":", 1)[1])
        self.assertEqual(self.states.describe_execution(executionArn=first)["status"], "ABORTED")
        self.assertIn("hello", self.escapement("logs", name))

    def test_schedule_a_state_machine(self):
        machine = self.make_machine({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
        name = machine.rsplit(":", 1)[1]
        now = json.loads(self.escapement("schedule", name, "--input", '{"n":2}', "--json"))
        self.assertIn(f":execution:{name}:", now["executionArn"])
        later = json.loads(self.escapement("schedule", name, "--in", "1s", "--input", '{"n":3}', "--json"))
        self.assertEqual(aws.await_end(self.states, later["executionArn"])["status"], "SUCCEEDED")
        inputs = {self.states.describe_execution(executionArn=e["executionArn"])["input"]
                  for e in self.states.list_executions(stateMachineArn=machine)["executions"]}
        self.assertEqual(inputs, {'{"n":2}', '{"n":3}'})

    def test_list(self):
        machine = self.make_machine({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
        execution = self.run_machine(machine)["executionArn"]
        listed = json.loads(self.escapement("executions", "list", "--machine", machine, "--json"))
        self.assertEqual([e["executionArn"] for e in listed], [execution])
        self.assertIn("SUCCEEDED", self.escapement("executions", "list", "--limit", "1000"))

    def test_a_failed_execution_shows_in_the_exit_code(self):
        machine = self.make_machine({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Boom", "Cause": "on purpose"}}})
        self.assertIn("on purpose", self.escapement("executions", "watch", self.start(machine), code=4))

    def test_errors_say_what_to_do(self):
        self.assertIn("no function and no state machine", self.escapement("schedule", "nothing-of-that-name", code=1))
        self.assertIn("not a duration", self.escapement("schedule", "x", "--in", "soon", code=1))
        self.assertIn("is it running?", self.escapement("executions", "list", "--endpoint", "http://127.0.0.1:1", code=3))
        self.escapement("schedule", code=2)
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "broken.asl.json").write_text('{"StartAt": "X", "States": {"P": {"Type": "Pass", "End": true}}}')
            self.assertIn("InvalidDefinition", self.escapement("deploy", folder + "/broken.asl.json", code=1))

    def test_finds_the_server_by_its_data_directory(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        data_dir = os.environ["ESCAPEMENT_TEST_DATA_DIR"]
        self.escapement("executions", "list", "--data-dir", data_dir, environment=environment)
        self.assertIn("no server", self.escapement("executions", "list", "--data-dir", "/nonexistent", code=1, environment=environment))

    def test_query(self):
        lines = '{"expr":"$.a[1]","input":{"a":[1,2.0]}}\n{"expr":"$.b","input":{}}\n{"expr":"nonsense","input":{}}\n'
        answers = [json.loads(line) for line in self.escapement("query", "jsonpath", stdin=lines).splitlines()]
        self.assertEqual(answers[:2], [{"result": 2.0}, {"undefined": True}])
        self.assertIn("code", answers[2]["error"])
        lines = '{"expr":"$sum(a)","input":{"a":[1,2]}}\n{"expr":"b","input":{}}\n{"expr":"1 +","input":{}}'
        answers = [json.loads(line) for line in self.escapement("query", "jsonata", stdin=lines).splitlines()]
        self.assertEqual(answers[:2], [{"result": 3}, {"undefined": True}])
        self.assertIn("code", answers[2]["error"])

    def test_help_and_completion(self):
        self.assertIn("First steps", self.escapement("--help"))
        self.assertIn("Examples", self.escapement("schedule", "--help"))
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("executions", self.escapement("completion", shell))
        self.assertTrue(self.escapement("version").startswith("escapement "))


if __name__ == "__main__":
    unittest.main()
