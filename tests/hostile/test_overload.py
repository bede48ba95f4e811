"""More than the server takes: callers hear so at once, and what was accepted keeps its time."""

import datetime
import json
import subprocess
import threading
import time
import unittest

from hostile import FAR_AHEAD, HostileTest, Refused

QUEUE = 64
CROWD = 600


class Overload(HostileTest):
    configuration = f"""
[engine]
queue_commands_max = {QUEUE}
"""

    def load(self, connections, seconds):
        done = subprocess.run([self.server.binary, "bench", "starts", "--json", "--connections", str(connections), "--seconds", str(seconds),
                               "--data-dir", self.data_dir], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def lateness_under(self, connections):
        """(figures of the load, how late each timer that came due during it fired, in seconds)."""
        due = self.now() + datetime.timedelta(seconds=2)
        waiting = [(due + datetime.timedelta(milliseconds=20 * i)) for i in range(100)]
        executions = [self.start(at) for at in waiting]
        figures = {}
        crowd = threading.Thread(target=lambda: figures.update(self.load(connections, 5)))
        time.sleep(max(0.0, (due - self.now()).total_seconds() - 1))
        crowd.start()
        self.refusal_seconds = self.ask_while(crowd.is_alive)
        self.await_end(executions)
        late = []
        for at, execution in zip(waiting, executions):
            events = self.api.call("GetExecutionHistory", executionArn=execution)["events"]
            left = next(event["timestamp"] for event in events if event["type"] == "WaitStateExited")
            late.append(left - at.timestamp())
        return figures, sorted(late)

    def ask_while(self, busy):
        """How long each refusal of one more caller took to arrive."""
        seconds = []
        while busy():
            asked = time.monotonic()
            try:
                self.start(FAR_AHEAD)
            except Refused as refused:
                self.assertEqual((refused.status, refused.code), (400, "ThrottlingException"), str(refused))
                seconds.append(time.monotonic() - asked)
            time.sleep(0.01)
        return sorted(seconds)

    def test_past_the_limit_callers_are_throttled_and_accepted_work_keeps_its_time(self):
        self.start_server()
        within, calm = self.lateness_under(16)
        self.assertEqual(within["refused"], 0)
        beyond, crowded = self.lateness_under(CROWD)
        print(f"16 connections: {within['accepted_per_s']:.0f}/s accepted, timers late by {calm[50] * 1e3:.1f} ms at the median and "
              f"{calm[-2] * 1e3:.1f} ms at worst but one; {CROWD}: {beyond['accepted_per_s']:.0f}/s accepted, {beyond['refused']} refused, "
              f"late by {crowded[50] * 1e3:.1f} and {crowded[-2] * 1e3:.1f} ms")
        refusals = self.refusal_seconds
        self.assertGreater(len(refusals), 0)
        print(f"one more caller was refused {len(refusals)} times, after {refusals[len(refusals) // 2] * 1e3:.1f} ms at the median")
        self.assertLess(refusals[len(refusals) // 2], 0.5, "at once")
        self.assertGreater(beyond["refused"], 0)
        self.assertTrue(beyond["first_refusal"].startswith("400 "), beyond["first_refusal"])
        self.assertIn("ThrottlingException", beyond["first_refusal"])
        turn = within["ack_p50_ms"] / 16 * CROWD  # if all of the crowd waited for each other
        self.assertLess(beyond["ack_p99_ms"], 10 * turn, "answers, refusals among them, come at once")
        self.assertGreater(beyond["accepted_per_s"], within["accepted_per_s"] / 3, "it goes on accepting what it can take")
        self.assertGreaterEqual(crowded[0], -0.001)
        self.assertLess(crowded[50], max(calm[50], 0.005) * 10)
        self.assertLess(crowded[-2], 1.0, "none waits for the crowd to leave")
        resident = self.resident()
        self.assertLess(resident, 256 << 20)
        self.assertEqual(self.load(16, 1)["refused"], 0, "afterwards it is as before")


if __name__ == "__main__":
    unittest.main()
