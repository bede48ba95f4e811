"""What the client tests share: clients for the server in the environment, and time from its point of view."""

import datetime
import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import aws  # noqa: E402

ARTICLE = HERE / "article"


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.variables = aws.variables_from_environment()
        for name, service in (("states", "stepfunctions"), ("functions", "lambda"), ("iam", "iam"), ("sts", "sts"), ("logs", "logs")):
            setattr(cls, name, aws.client(service, cls.variables))
        cls.account = cls.sts.get_caller_identity()["Account"]

    def make_machine(self, definition, *permissions, role=None, **more):
        text = definition if isinstance(definition, str) else json.dumps(definition)
        role = role or aws.make_role(self.iam, "states.amazonaws.com", *permissions)
        return self.states.create_state_machine(name=aws.unique("machine"), definition=text, roleArn=role, **more)["stateMachineArn"]

    def start(self, machine, input_value=None, **more):
        return self.states.start_execution(stateMachineArn=machine, input=json.dumps(input_value or {}), **more)["executionArn"]

    def run_machine(self, machine, input_value=None, timeout=60.0):
        return aws.await_end(self.states, self.start(machine, input_value), timeout)

    def make_function(self, runtime, handler, files, *permissions, **more):
        role = aws.make_role(self.iam, "lambda.amazonaws.com", ("logs:*", "*"), *permissions)
        return aws.make_function(self.functions, role, runtime, handler, files, **more)

    def event_time(self, execution, event_type):
        """When the first event of that type happened."""
        return next(event["timestamp"] for event in aws.history(self.states, execution) if event["type"] == event_type)

    def client_as(self, service, *statements):
        """A client with the keys of a new user who has just these permissions."""
        user = aws.unique("user")
        self.iam.create_user(UserName=user)
        if statements:
            self.iam.put_user_policy(UserName=user, PolicyName="inline", PolicyDocument=aws.policy(*statements))
        key = self.iam.create_access_key(UserName=user)["AccessKey"]
        return aws.client(service, self.variables, key["AccessKeyId"], key["SecretAccessKey"])

    def assert_refused(self, error_names, call, **arguments):
        names = (error_names,) if isinstance(error_names, str) else error_names
        with self.assertRaises(self.states.exceptions.ClientError) as caught:
            call(**arguments)
        self.assertIn(caught.exception.response["Error"]["Code"], names)
        return caught.exception.response


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc)


def lambda_invoke_definition(function_arn, **task):
    return {"StartAt": "Call", "States": {"Call": {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload",
        "Parameters": {"FunctionName": function_arn, "Payload.$": "$"}, "End": True} | task}}


PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def wait_definition(seconds):
    return {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": seconds, "End": True}}}
