"""Permissions: the article's user and role, PassRole, assumed roles. What is not allowed is refused and changes nothing."""

import json
import unittest

from fixture import PASS, ClientTest, aws, lambda_invoke_definition, wait_definition

ECHO = {"index.js": "exports.handler = async (event) => event;\n"}


class UserTest(ClientTest):
    def test_a_user_may_start_that_state_machine_and_nothing_else(self):
        machine = self.make_machine(wait_definition(0))
        other = self.make_machine(PASS)
        user = self.client_as("stepfunctions", ("states:StartExecution", machine))
        execution = user.start_execution(stateMachineArn=machine)["executionArn"]
        denied = "AccessDeniedException"
        answer = self.assert_refused(denied, user.start_execution, stateMachineArn=other)
        self.assertIn("is not authorized to perform: states:StartExecution on resource: " + other, answer["Error"]["Message"])
        self.assert_refused(denied, user.describe_execution, executionArn=execution)
        self.assert_refused(denied, user.stop_execution, executionArn=execution)
        self.assert_refused(denied, user.delete_state_machine, stateMachineArn=machine)
        self.assert_refused(denied, user.list_state_machines)
        self.assertEqual(self.states.list_executions(stateMachineArn=other)["executions"], [])
        self.assertEqual(self.states.describe_state_machine(stateMachineArn=machine)["status"], "ACTIVE")

    def test_a_user_without_policies_may_nothing(self):
        self.assert_refused("AccessDeniedException", self.client_as("stepfunctions").list_state_machines)
        self.assert_refused("AccessDeniedException", self.client_as("lambda").list_functions)
        self.assert_refused("AccessDenied", self.client_as("iam").list_users)

    def test_a_deny_wins(self):
        user = aws.unique("user")
        self.iam.create_user(UserName=user)
        machine = self.make_machine(PASS)
        statements = [{"Effect": "Allow", "Action": "states:*", "Resource": "*"},
                      {"Effect": "Deny", "Action": "states:StartExecution", "Resource": machine}]
        self.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}))
        key = self.iam.create_access_key(UserName=user)["AccessKey"]
        client = aws.client("stepfunctions", self.variables, key["AccessKeyId"], key["SecretAccessKey"])
        client.describe_state_machine(stateMachineArn=machine)
        answer = self.assert_refused("AccessDeniedException", client.start_execution, stateMachineArn=machine)
        self.assertIn("explicit deny", answer["Error"]["Message"])

    def test_pass_role_is_checked(self):
        role = aws.make_role(self.iam, "states.amazonaws.com")
        arguments = {"name": aws.unique("machine"), "definition": json.dumps(PASS), "roleArn": role}
        without = self.client_as("stepfunctions", ("states:*", "*"))
        answer = self.assert_refused("AccessDeniedException", without.create_state_machine, **arguments)
        self.assertIn("iam:PassRole", answer["Error"]["Message"])
        self.client_as("stepfunctions", ("states:*", "*"), ("iam:PassRole", role)).create_state_machine(**arguments)

    def test_an_inactive_key_opens_nothing(self):
        user = aws.unique("user")
        self.iam.create_user(UserName=user)
        self.iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=aws.policy(("states:*", "*")))
        key = self.iam.create_access_key(UserName=user)["AccessKey"]
        client = aws.client("stepfunctions", self.variables, key["AccessKeyId"], key["SecretAccessKey"])
        client.list_state_machines()
        self.iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Inactive")
        self.assert_refused("UnrecognizedClientException", client.list_state_machines)


class RoleTest(ClientTest):
    def test_the_machines_role_must_allow_the_function(self):
        function = self.make_function("nodejs20.x", "index.handler", ECHO)
        description = self.run_machine(self.make_machine(lambda_invoke_definition(function)))
        self.assertEqual((description["status"], description["error"]), ("FAILED", "Lambda.AWSLambdaException"))
        self.assertIn("is not authorized to perform: lambda:InvokeFunction on resource: " + function, description["cause"])
        allowed = self.make_machine(lambda_invoke_definition(function), ("lambda:InvokeFunction", function))
        self.assertEqual(self.run_machine(allowed, {"n": 1})["status"], "SUCCEEDED")

    def test_an_assumed_role_has_the_roles_permissions(self):
        machine = self.make_machine(PASS)
        trust = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.account}:root"}, "Action": "sts:AssumeRole"}]})
        name = aws.unique("role")
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=aws.policy(("states:StartExecution", machine)))
        session = self.client_as("sts", ("sts:AssumeRole", role)).assume_role(RoleArn=role, RoleSessionName="nightly")
        self.assertTrue(session["AssumedRoleUser"]["Arn"].endswith(f":assumed-role/{name}/nightly"))
        keys = session["Credentials"]
        client = aws.client("stepfunctions", self.variables, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        client.start_execution(stateMachineArn=machine)
        self.assert_refused("AccessDeniedException", client.list_state_machines)
        forged = aws.client("stepfunctions", self.variables, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"][:-4] + "AAAA")
        self.assert_refused("UnrecognizedClientException", forged.start_execution, stateMachineArn=machine)


if __name__ == "__main__":
    unittest.main()
