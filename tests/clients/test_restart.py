"""What a state machine leaves running is still tied to it after a crash: children of `.sync` tasks and of distributed Maps."""

import os
import time
import unittest

from fixture import ClientTest, aws, wait_definition
from escapement_server import Server

NESTED = "arn:aws:states:::states:startExecution.sync:2"
PERMISSIONS = (["states:*", "events:*"], "*")


class RestartTest(ClientTest):
    """A server of its own, since the others must not be killed."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(os.environ.get("ESCAPEMENT_TEST_BINARY")).start()
        cls.variables = cls.server.variables()
        for name, service in (("states", "stepfunctions"), ("iam", "iam")):
            setattr(cls, name, aws.client(service, cls.variables))

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def crash(self):
        self.server.kill()
        self.server.start()

    def nested(self, child, **more):
        return {"StartAt": "Call", "States": {"Call": {
            "Type": "Task", "Resource": NESTED, "Parameters": {"StateMachineArn": child}, "End": True} | more}}

    def start_child(self, **parent):
        """A parent whose task waits for a child that waits long; the two executions."""
        child = self.make_machine(wait_definition(3000))
        execution = self.start(self.make_machine(self.nested(child, **parent), PERMISSIONS))
        return execution, self.await_one(child)

    def await_one(self, machine):
        return self.await_children(1, stateMachineArn=machine)[0]

    def await_children(self, count, **of):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = self.states.list_executions(statusFilter="RUNNING", **of)["executions"]
            if len(found) >= count:
                return [execution["executionArn"] for execution in found]
            time.sleep(0.05)
        self.fail(f"no {count} children of {of}")

    def assert_aborted(self, *executions):
        for execution in executions:
            self.assertEqual(aws.await_end(self.states, execution, 20)["status"], "ABORTED")

    def test_a_parent_that_is_stopped_after_a_crash_stops_its_child(self):
        parent, child = self.start_child()
        self.crash()
        self.states.stop_execution(executionArn=parent)
        self.assert_aborted(parent, child)

    def test_a_crash_right_after_the_stop_does_not_save_the_child(self):
        parent, child = self.start_child()
        self.states.stop_execution(executionArn=parent)
        self.crash()
        self.assert_aborted(parent, child)

    def test_a_task_that_times_out_after_a_crash_stops_its_child(self):
        parent, child = self.start_child(TimeoutSeconds=3)
        self.crash()
        self.assertEqual(aws.await_end(self.states, parent, 20)["status"], "FAILED")
        self.assert_aborted(child)

    def test_a_parent_that_times_out_after_a_crash_stops_its_child(self):
        child_machine = self.make_machine(wait_definition(3000))
        parent = self.start(self.make_machine(self.nested(child_machine) | {"TimeoutSeconds": 3}, PERMISSIONS))
        child = self.await_one(child_machine)
        self.crash()
        self.assertEqual(aws.await_end(self.states, parent, 20)["status"], "TIMED_OUT")
        self.assert_aborted(child)

    def test_a_parent_that_is_stopped_after_a_crash_stops_its_map_runs_children(self):
        processor = wait_definition(3000) | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
        parent = self.start(self.make_machine(
            {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True}}}, PERMISSIONS), [1, 2, 3])
        run = self.await_map_run(parent)
        children = self.await_children(3, mapRunArn=run)
        self.crash()
        self.states.stop_execution(executionArn=parent)
        self.assert_aborted(parent, *children)

    def await_map_run(self, execution):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            runs = self.states.list_map_runs(executionArn=execution)["mapRuns"]
            if runs:
                return runs[0]["mapRunArn"]
            time.sleep(0.05)
        self.fail(f"no map run of {execution}")


if __name__ == "__main__":
    unittest.main()
