"""The kinds of work that the crash test does, and what a whole history of each must hold.

A history is checked by how often each state was entered and left and each task was scheduled and answered: `expected` gives those
counts, so that a state that ran twice, or not at all, shows.
"""

import collections
import dataclasses
import json

HANDLER = """
const http = require('node:http');
const report = (path) => new Promise((resolve, reject) => {
  http.get(process.env.RECORDER + path, (answer) => { answer.resume(); answer.on('end', resolve); }).on('error', reject);
});
exports.handler = async (event, context) => {
  await report(`/${event.name}/${context.awsRequestId}` + (event.token ? `?${encodeURIComponent(event.token)}` : ''));
  if (event.fail) throw new RangeError('asked to fail');
  return { name: event.name, doubled: event.n * 2 };
};
"""


@dataclasses.dataclass
class Kind:
    name: str
    definition: dict
    expected: dict            # (event type, state name) -> count; tasks have no state name
    status: str = "SUCCEEDED"
    invocations: int = 0      # distinct request ids that the function must have seen
    wait_states: tuple = ()   # states whose Wait ends at the input's "at"
    weight: int = 1


def states(*names, kind="Pass", count=1):
    return {(f"{kind}State{edge}", name): count for name in names for edge in ("Entered", "Exited")}


def task_definition(function_arn, **more):
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload",
            "Parameters": {"FunctionName": function_arn, "Payload.$": "$"}} | more


ANY = None  # a count that is left open: a token may be answered before or after the call that passed it on

CHILD = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "TimestampPath": "$.at", "End": True}}}


def kinds(function_arn, activity_arn, child_arn):
    wait = {"Type": "Wait", "TimestampPath": "$.at"}
    done = {"Type": "Pass", "End": True}
    retry = [{"ErrorEquals": ["RangeError"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    # A worker may be told of a task by an answer that a crash swallows: the heartbeat then gives it to another.
    missed = [{"ErrorEquals": ["States.HeartbeatTimeout"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 100}]
    item = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 1, "Next": "Item"}, "Item": done}}
    return [
        Kind("wait", {"StartAt": "Wait", "States": {"Wait": wait | {"Next": "Done"}, "Done": done}},
             states("Wait", kind="Wait") | states("Done"), wait_states=("Wait",), weight=4),
        Kind("passes", {"StartAt": "First", "States": {
            "First": {"Type": "Pass", "Next": "Choose"},
            "Choose": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThanEquals": 0, "Next": "Done"}]},
            "Done": done}}, states("First", "Done") | states("Choose", kind="Choice"), weight=2),
        Kind("function", {"StartAt": "Wait", "States": {"Wait": wait | {"Next": "Call"}, "Call": task_definition(function_arn, End=True)}},
             states("Wait", kind="Wait") | states("Call", kind="Task") | {("TaskScheduled", None): 1, ("TaskSucceeded", None): 1},
             invocations=1, wait_states=("Wait",), weight=4),
        Kind("retried", {"StartAt": "Call", "States": {
            "Call": task_definition(function_arn, Retry=retry, Catch=catch, Next="Never"), "Caught": done, "Never": {"Type": "Fail"}}},
            states("Caught") | states("Call", kind="Task") | {("TaskScheduled", None): 2, ("TaskFailed", None): 2}, invocations=2),
        Kind("parallel", {"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "End": True, "Branches": [
            {"StartAt": "Wait", "States": {"Wait": wait | {"End": True}}},
            {"StartAt": "Pass", "States": {"Pass": done}}]}}},
             states("Both", kind="Parallel") | states("Wait", kind="Wait") | states("Pass"), wait_states=("Wait",)),
        Kind("map", {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "End": True,
             "Iterator": {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 1, "Next": "Item"}, "Item": done}}}}},
             states("Each", kind="Map") | states("Wait", kind="Wait", count=3) | states("Item", count=3)),
        Kind("activity", {"StartAt": "Work", "States": {
            "Work": {"Type": "Task", "Resource": activity_arn, "HeartbeatSeconds": 3, "Retry": missed, "End": True}}},
            states("Work", kind="Task") | {("ActivitySucceeded", None): 1}, weight=2),
        Kind("callback", {"StartAt": "Call", "States": {"Call": {
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": True,
            "Parameters": {"FunctionName": function_arn, "Payload": {"name.$": "$.name", "n.$": "$.n", "token.$": "$$.Task.Token"}}}}},
            states("Call", kind="Task") | {("TaskScheduled", None): 1, ("TaskSubmitted", None): ANY, ("TaskSucceeded", None): 1},
            invocations=1, weight=2),
        Kind("nested", {"StartAt": "Child", "States": {"Child": {
            "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "OutputPath": "$.Output", "End": True,
            "Parameters": {"StateMachineArn": child_arn, "Input.$": "$"}}}},
            states("Child", kind="Task") | {("TaskScheduled", None): 1, ("TaskSubmitted", None): 1, ("TaskSucceeded", None): 1}, weight=2),
        Kind("distributed", {"StartAt": "Each", "States": {"Each": {
            "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "End": True,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}} | item}}},
            states("Each", kind="Map") | {("MapRunStarted", None): 1, ("MapRunSucceeded", None): 1}),
        Kind("pending", {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 86_400, "End": True}}},
             {("WaitStateEntered", "Wait"): 1}, status="RUNNING", weight=2),
    ]


def make_input(name, n, kind, due):
    """The input's text. `due` is when its Wait ends."""
    return json.dumps({"name": name, "n": n, "at": due, "items": [1, 2, 3], "fail": kind.name == "retried"})


COUNTED = ("TaskScheduled", "TaskSubmitted", "TaskSucceeded", "TaskFailed", "ActivitySucceeded", "MapRunStarted", "MapRunSucceeded")


def counts(events):
    """How often each thing that `expected` may speak of happened."""
    found = collections.Counter()
    for event in events:
        details = event.get("stateEnteredEventDetails") or event.get("stateExitedEventDetails") or {}
        if details or event["type"] in COUNTED:
            found[event["type"], details.get("name")] += 1
    return dict(found)


def expected_output(kind, given):
    """The output that the execution must have; None where it is not that simple."""
    given = json.loads(given)
    if kind.name in ("wait", "passes", "activity", "nested"):
        return given
    if kind.name == "callback":
        return {"called": "back"}
    if kind.name == "function":
        return {"name": given["name"], "doubled": given["n"] * 2}
    if kind.name == "parallel":
        return [given, given]
    if kind.name in ("map", "distributed"):
        return given["items"]
    return None
