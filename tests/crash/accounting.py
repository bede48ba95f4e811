"""The accounting after the last crash: every claim is one check, and a check that fails names what broke it."""

import concurrent.futures
import json
import time

import aws
from machines import ANY, counts, expected_output

SHOWN = 5            # offenders shown of each check
LATE_AT_RESTART = 5  # seconds after the server was ready again by which what came due while it was down has fired


class Checks:
    def __init__(self):
        self.claims = {}

    def claim(self, text):
        return self.claims.setdefault(text, [])

    def print(self):
        """(passed, failed)"""
        for text, offenders in self.claims.items():
            print(f"{'ok  ' if not offenders else 'FAIL'} {text}" + (f": {len(offenders)} times not" if offenders else ""))
            for offender in offenders[:SHOWN]:
                print(f"       {offender}")
        failed = sum(1 for offenders in self.claims.values() if offenders)
        return len(self.claims) - failed, failed


class Accounting:
    def __init__(self, variables, load, recorder, outages):
        """`outages`: (killed, ready again) as time.time(), in order."""
        self.load, self.recorder, self.outages = load, recorder, outages
        self.variables = variables
        self.states = aws.client("stepfunctions", variables, pool=8, retries=2)
        self.checks = Checks()
        self.lateness = []          # seconds, of waits due while the server was up
        self.restart_lateness = []  # seconds after ready, of waits due while it was down
        self.late_acknowledged = 0  # waits that were due before their start was acknowledged

    def run(self):
        acknowledged = [started for started in self.load.started if started.arn]
        offenders = self.checks.claim("every start was answered in the end, and none with an error")
        offenders += self.load.errors
        self.await_quiet(acknowledged)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(self.check_execution, acknowledged))
        self.check_functions(acknowledged)
        self.check_listings(acknowledged)
        return self.checks.print()

    def await_quiet(self, acknowledged, patience=120.0):
        """Until nothing but the pending kind runs."""
        offenders = self.checks.claim("everything that can end has ended")
        names = {started.kind.name for started in acknowledged if started.kind.status != "RUNNING"}
        deadline = time.monotonic() + patience
        while names and time.monotonic() < deadline:
            for name in list(names):
                page = self.states.list_executions(stateMachineArn=self.load.machine_arns[name], statusFilter="RUNNING", maxResults=SHOWN)
                if not page["executions"]:
                    names.discard(name)
            time.sleep(0.1)
        for name in names:
            page = self.states.list_executions(stateMachineArn=self.load.machine_arns[name], statusFilter="RUNNING", maxResults=100)
            offenders += [execution["executionArn"] for execution in page["executions"]]

    def check_execution(self, started):
        lost = self.checks.claim("every acknowledged execution exists, with its input")
        try:
            description = self.states.describe_execution(executionArn=started.arn)
            events = aws.history(self.states, started.arn)
        except Exception as error:  # noqa: BLE001: any error here is a loss
            lost.append(f"{started.name}: {error!r}")
            return
        if description["input"] != started.input:
            lost.append(f"{started.name}: another input, {description['input'][:80]}")
        self.check_outcome(started, description)
        self.check_history(started, description, events)
        self.check_waits(started, events)

    def check_outcome(self, started, description):
        offenders = self.checks.claim("every outcome is complete and right")
        if description["status"] != started.kind.status:
            offenders.append(f"{started.name}: {description['status']} {description.get('error', '')} {description.get('cause', '')[:120]}")
            return
        expected = expected_output(started.kind, started.input)
        if expected is not None and json.loads(description["output"]) != expected:
            offenders.append(f"{started.name}: {description['output'][:120]}")

    def check_history(self, started, description, events):
        gaps = self.checks.claim("every history is gap-free, in order and linked")
        ids = [event["id"] for event in events]
        if ids != list(range(1, len(ids) + 1)):
            gaps.append(f"{started.name}: ids {ids}")
        if any(event.get("previousEventId", 0) >= event["id"] for event in events):
            gaps.append(f"{started.name}: an event follows a later one")
        if any(a["timestamp"] > b["timestamp"] for a, b in zip(events, events[1:])):
            gaps.append(f"{started.name}: time runs backwards")

        twice = self.checks.claim("no state ran twice, none was left out")
        found, expected = counts(events), started.kind.expected
        differing = {key: (found.get(key, 0), expected.get(key, 0)) for key in found | expected
                     if expected.get(key, 0) not in (ANY, found.get(key, 0))}
        if differing:
            twice.append(f"{started.name}: (found, expected) {differing}")

        ends = [event["type"] for event in events if event["type"].startswith("Execution") and event["type"] != "ExecutionStarted"]
        wanted = [] if description["status"] == "RUNNING" else ["Execution" + description["status"].title().replace("_o", "O")]
        ending = self.checks.claim("every history begins once and ends once, as the execution did")
        if not events or events[0]["type"] != "ExecutionStarted" or [event["type"] for event in events].count("ExecutionStarted") != 1:
            ending.append(f"{started.name}: begins with {events[0]['type'] if events else 'nothing'}")
        elif ends != wanted or (wanted and events[-1]["type"] != wanted[0]):
            ending.append(f"{started.name}: ends with {ends}")

    def outage_of(self, moment):
        """When the server was ready again, if `moment` fell into an outage."""
        return next((ready for killed, ready in self.outages if killed <= moment <= ready), None)

    def check_waits(self, started, events):
        early = self.checks.claim("nothing fired early")
        late = self.checks.claim(f"what came due while the server was down fired within {LATE_AT_RESTART} s of its return")
        entered = {}
        for event in events:
            if event["type"] == "WaitStateEntered":
                entered.setdefault(event["stateEnteredEventDetails"]["name"], event["timestamp"].timestamp())
            if event["type"] != "WaitStateExited" or event["stateExitedEventDetails"]["name"] not in started.kind.wait_states:
                continue
            due, left = started.due.timestamp(), event["timestamp"].timestamp()
            if left < due - 0.0005:
                early.append(f"{started.name}: {due - left:.3f} s early")
            # A wait whose time had passed when it began is done at once: there is nothing to be late for.
            began = entered.get(event["stateExitedEventDetails"]["name"], due)
            if began >= due:
                self.late_acknowledged += 1
                continue
            ready = self.outage_of(due)
            if ready is None:
                # A wait that was due just before a kill may have fired only after it.
                crossed = next((r for k, r in self.outages if due <= k <= left), None)
                if crossed is None:
                    self.lateness.append(left - due)
                else:
                    ready = crossed
            if ready is not None:
                self.restart_lateness.append(left - ready)
                if left > ready + LATE_AT_RESTART:
                    late.append(f"{started.name}: {left - ready:.3f} s after the return")

    def check_functions(self, acknowledged):
        missing = self.checks.claim("every function was called at least once for every task")
        tokens = self.checks.claim("a task that was dispatched again kept its request id")
        for started in acknowledged:
            if not started.kind.invocations:
                continue
            distinct = set(self.recorder.requests.get(started.name, ()))
            if len(distinct) < started.kind.invocations:
                missing.append(f"{started.name}: {len(distinct)} of {started.kind.invocations}")
            elif len(distinct) > started.kind.invocations:
                tokens.append(f"{started.name}: {sorted(distinct)}")

    def check_listings(self, acknowledged):
        """What is listed is what was asked for: nothing lost, nothing invented, nothing twice."""
        offenders = self.checks.claim("listings hold what was acknowledged, and nothing that was never asked for")
        asked = {started.name for started in self.load.started}
        listed = []
        for machine in self.load.machine_arns.values():
            token = {}
            while True:
                page = self.states.list_executions(stateMachineArn=machine, maxResults=1000, **token)
                listed += [execution["name"] for execution in page["executions"]]
                if "nextToken" not in page:
                    break
                token = {"nextToken": page["nextToken"]}
        unique = set(listed)
        offenders += [f"{name}: never asked for" for name in sorted(unique - asked)]
        offenders += [f"{started.name}: not listed" for started in acknowledged if started.name not in unique]
        if len(unique) != len(listed):
            offenders.append(f"{len(listed) - len(unique)} are listed twice")

    def figures(self):
        """Lines for people."""
        again = sum(1 for requests in self.recorder.requests.values() if len(requests) > len(set(requests)))
        repeated = sum(1 for started in self.load.started if started.attempts > 1)
        yield f"{sum(1 for s in self.load.started if s.arn)} executions acknowledged, {repeated} of them after more than one attempt"
        yield f"{again} tasks were dispatched again after a crash"
        for name, values in (("due while up: late by", self.lateness), ("due while down: fired after the return by", self.restart_lateness)):
            if values:
                values.sort()
                yield (f"{len(values)} waits {name} p50 {values[len(values) // 2] * 1000:.0f} ms, "
                       f"p99 {values[int(len(values) * 0.99)] * 1000:.0f} ms, max {values[-1] * 1000:.0f} ms")
