"""A wall clock that steps while the server runs."""

import datetime
import time
import unittest

from hostile import HostileTest, Refused

SECOND = datetime.timedelta(seconds=1)
HOUR = datetime.timedelta(hours=1)


class SteppingClock(HostileTest):
    def setUp(self):
        super().setUp()
        self.start_server(faulty=True)

    def step(self, offset):
        """Moves the server's clock, and the time of this test's signatures with it."""
        self.faults.clock_offset_ns = int(offset.total_seconds() * 1e9)
        self.api.clock_offset = offset

    def fired(self, execution):
        history = self.api.call("GetExecutionHistory", executionArn=execution)["events"]
        return next(event["timestamp"] for event in history if event["type"] == "WaitStateExited")

    def test_an_hour_forward_fires_what_is_due_by_then_and_nothing_else(self):
        in_half_an_hour = [self.start(HOUR / 2) for _ in range(20)]
        in_two_hours = self.start(2 * HOUR)
        self.step(HOUR)
        self.await_end(in_half_an_hour)
        self.assertEqual(self.status(in_two_hours), "RUNNING")
        self.await_end([self.start(SECOND)])

    def test_an_hour_back_fires_nothing_early_and_forgets_nothing(self):
        due = self.now() + 2 * SECOND
        waiting = [self.start(due) for _ in range(20)]
        before = self.start(SECOND)
        self.await_end([before])
        self.step(-HOUR)
        after = self.start(SECOND)
        self.await_end([after])
        self.assertNotEqual(before, after)
        time.sleep(2.5)  # by the old clock they would be due
        for execution in waiting:
            self.assertEqual(self.status(execution), "RUNNING", "by the clock that the user sees it is not due for an hour")
        self.step(datetime.timedelta(0))
        self.await_end(waiting)
        for execution in waiting:
            self.assertGreaterEqual(self.fired(execution), due.timestamp() - 0.001)

    def test_steps_to_and_fro_under_load_lose_nothing(self):
        started = []
        for offset in (HOUR, -HOUR, HOUR, datetime.timedelta(0)):
            self.step(offset)
            started += [self.start(SECOND / 2) for _ in range(30)]
        self.restart()
        self.assertEqual(len(set(started)), 120)
        self.step(HOUR + 2 * SECOND)
        self.await_end(started)

    def test_signatures_are_judged_by_the_clock_as_it_is(self):
        self.faults.clock_offset_ns = int(HOUR.total_seconds() * 1e9)
        self.assert_refused("InvalidSignatureException", self.api.call, "ListStateMachines")
        self.api.clock_offset = HOUR
        self.api.call("ListStateMachines")


if __name__ == "__main__":
    unittest.main()
