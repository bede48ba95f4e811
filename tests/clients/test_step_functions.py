"""Step Functions through boto3: state machines, executions, histories."""

import datetime
import json
import unittest

from fixture import PASS, ClientTest, aws, utc_now, wait_definition


class StateMachinesTest(ClientTest):
    def test_create_describe_update_delete(self):
        machine = self.make_machine(PASS)
        described = self.states.describe_state_machine(stateMachineArn=machine)
        self.assertEqual(described["status"], "ACTIVE")
        self.assertEqual(json.loads(described["definition"]), PASS)
        changed = json.dumps(PASS | {"Comment": "changed"})
        self.states.update_state_machine(stateMachineArn=machine, definition=changed)
        self.assertEqual(self.states.describe_state_machine(stateMachineArn=machine)["definition"], changed)
        self.states.delete_state_machine(stateMachineArn=machine)
        self.assert_refused("StateMachineDoesNotExist", self.states.start_execution, stateMachineArn=machine)

    def test_creating_the_same_again_is_no_error(self):
        role = aws.make_role(self.iam, "states.amazonaws.com")
        arguments = {"name": aws.unique("machine"), "definition": json.dumps(PASS), "roleArn": role}
        first = self.states.create_state_machine(**arguments)
        self.assertEqual(self.states.create_state_machine(**arguments)["stateMachineArn"], first["stateMachineArn"])
        self.assert_refused("StateMachineAlreadyExists", self.states.create_state_machine,
                            **arguments | {"definition": json.dumps(PASS | {"Comment": "other"})})

    def test_listing_pages(self):
        made = {self.make_machine(PASS) for _ in range(3)}
        listed = set()
        for page in self.states.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2}):
            listed |= {machine["stateMachineArn"] for machine in page["stateMachines"]}
        self.assertLessEqual(made, listed)

    def test_tags(self):
        machine = self.make_machine(PASS, tags=[{"key": "team", "value": "clock"}])
        self.states.tag_resource(resourceArn=machine, tags=[{"key": "tier", "value": "1"}])
        self.states.untag_resource(resourceArn=machine, tagKeys=["team"])
        self.assertEqual(self.states.list_tags_for_resource(resourceArn=machine)["tags"], [{"key": "tier", "value": "1"}])

    def test_bad_definition_names_the_place(self):
        role = aws.make_role(self.iam, "states.amazonaws.com")
        broken = json.dumps({"StartAt": "Nowhere", "States": {"P": {"Type": "Pass", "End": True}}})
        answer = self.assert_refused("InvalidDefinition", self.states.create_state_machine, name=aws.unique("bad"), definition=broken, roleArn=role)
        self.assertIn("Nowhere", answer["Error"]["Message"])


class ExecutionsTest(ClientTest):
    def test_start_is_idempotent_by_name_and_input(self):
        machine = self.make_machine(wait_definition(30))
        name = aws.unique("run")
        first = self.states.start_execution(stateMachineArn=machine, name=name, input='{"a":1}')
        again = self.states.start_execution(stateMachineArn=machine, name=name, input='{"a":1}')
        self.assertEqual(first["executionArn"], again["executionArn"])
        self.assertEqual(first["startDate"], again["startDate"])
        self.assert_refused("ExecutionAlreadyExists", self.states.start_execution, stateMachineArn=machine, name=name, input='{"a":2}')
        self.states.stop_execution(executionArn=first["executionArn"])

    def test_describe_and_stop(self):
        execution = self.start(self.make_machine(wait_definition(60)), {"x": 1})
        self.assertEqual(self.states.describe_execution(executionArn=execution)["status"], "RUNNING")
        self.states.stop_execution(executionArn=execution, error="Cancelled", cause="by the test")
        described = self.states.describe_execution(executionArn=execution)
        self.assertEqual((described["status"], described["error"], described["cause"]), ("ABORTED", "Cancelled", "by the test"))
        self.assertEqual(described["input"], '{"x": 1}')

    def test_list_by_status(self):
        machine = self.make_machine(PASS)
        done = [self.run_machine(machine)["executionArn"] for _ in range(3)]
        listed = self.states.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"]
        self.assertEqual([execution["executionArn"] for execution in listed], done[::-1])
        self.assertEqual(self.states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"], [])

    def test_history(self):
        execution = self.run_machine(self.make_machine(PASS), {"x": 1})["executionArn"]
        events = aws.history(self.states, execution)
        self.assertEqual([event["type"] for event in events], ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"])
        self.assertEqual([event["id"] for event in events], [1, 2, 3, 4])
        self.assertEqual(events[1]["stateEnteredEventDetails"]["input"], '{"x": 1}')
        page = self.states.get_execution_history(executionArn=execution, maxResults=3)
        rest = self.states.get_execution_history(executionArn=execution, maxResults=3, nextToken=page["nextToken"])
        self.assertEqual([event["id"] for event in page["events"] + rest["events"]], [1, 2, 3, 4])
        backwards = self.states.get_execution_history(executionArn=execution, reverseOrder=True)
        self.assertEqual([event["id"] for event in backwards["events"]], [4, 3, 2, 1])
        bare = aws.history(self.states, execution, includeExecutionData=False)
        self.assertNotIn("input", bare[1]["stateEnteredEventDetails"])

    def test_an_execution_keeps_the_definition_it_started_with(self):
        machine = self.make_machine(wait_definition(60))
        execution = self.start(machine)
        self.states.update_state_machine(stateMachineArn=machine, definition=json.dumps(PASS))
        kept = self.states.describe_state_machine_for_execution(executionArn=execution)
        self.assertEqual(json.loads(kept["definition"]), wait_definition(60))
        self.states.stop_execution(executionArn=execution)

    def test_waits_until_a_time_and_never_less(self):
        definition = {"StartAt": "W", "States": {"W": {"Type": "Wait", "TimestampPath": "$.at", "End": True}}}
        machine = self.make_machine(definition)
        due = utc_now() + datetime.timedelta(seconds=1.5)
        due = due.replace(microsecond=due.microsecond // 1000 * 1000)
        executions = [self.start(machine, {"at": due.isoformat(timespec="milliseconds").replace("+00:00", "Z")}) for _ in range(20)]
        for execution in executions:
            aws.await_end(self.states, execution)
            late = (self.event_time(execution, "WaitStateExited") - due).total_seconds()
            self.assertGreaterEqual(late, 0.0)
            self.assertLess(late, 0.25)

    def test_unknown_execution(self):
        arn = f"arn:aws:states:{self.variables['AWS_REGION']}:{self.account}:execution:nothing:nowhere"
        self.assert_refused("ExecutionDoesNotExist", self.states.describe_execution, executionArn=arn)


if __name__ == "__main__":
    unittest.main()
