"""Storms of timers: all in one millisecond, and all that came due while nobody was there."""

import datetime
import json
import os
import subprocess
import threading
import time
import unittest

from hostile import HostileTest

PENDING_SECONDS = 30_000_000  # how far ahead the load generator's executions wait
NAME_PENDING = "bench-wait-seconds"  # the load generator's machines
NAME_BURST = "bench-wait-until"


class Storm(HostileTest):
    def bench(self, scenario, *arguments):
        done = subprocess.run([self.server.binary, "bench", scenario, "--json", "--data-dir", self.data_dir, *map(str, arguments)],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def pages(self, machine, **more):
        token = {}
        while True:
            page = self.api.call("ListExecutions", stateMachineArn=machine, maxResults=1000, **token, **more)
            yield from page["executions"]
            if "nextToken" not in page:
                return
            token = {"nextToken": page["nextToken"]}

    def assert_in_due_order(self, machine_name, count):
        """The executions of the machine all wait for as long, or for one moment: due order is the order of their starts."""
        machines = self.api.call("ListStateMachines")["stateMachines"]
        machine = next(m["stateMachineArn"] for m in machines if m["name"] == machine_name)
        ends = sorted((e["startDate"], e["stopDate"]) for e in self.pages(machine))  # one commit stops many at once
        self.assertEqual(len(ends), count)
        latest = 0.0
        for start, stop in ends:
            self.assertGreaterEqual(stop, latest - 0.001, f"started {start}")
            latest = max(latest, stop)


class OneMillisecond(Storm):
    def test_ten_thousand_due_in_one_millisecond_all_fire_and_none_early(self):
        self.start_server()
        figures = self.bench("burst", "--count", 10_000)
        self.assertEqual((figures["accepted"], figures["refused"], figures["ended"]), (10_000, 0, 10_000))
        self.assertTrue(figures["accepted_before_first_due"])
        self.assertGreaterEqual(figures["history_earliest_ms"], 0)
        self.assert_in_due_order(NAME_BURST, 10_000)
        print(f"10,000 due in one millisecond: all ended {figures['drained_after_ms']:.0f} ms after it, p99 late by {figures['lateness_p99_ms']:.0f} ms")
        self.assertLess(figures["drained_after_ms"], 10_000)


class WhileDown(Storm):
    COUNT = int(os.environ.get("ESC_HOSTILE_DUE", 20_000))

    def test_what_came_due_meanwhile_drains_in_due_order_while_the_api_answers(self):
        self.start_server(faulty=True)
        self.bench("pending", "--count", self.COUNT)
        self.api.close()
        self.server.kill()
        away = datetime.timedelta(seconds=PENDING_SECONDS + 3_600)
        self.faults.clock_offset_ns = int(away.total_seconds() * 1e9)
        self.api.clock_offset = away
        self.server.start()
        resident, slowest = 0, 0.0
        started = time.monotonic()
        while self.api.metric("escapement_executions_ended_total") < self.COUNT:
            called = time.monotonic()
            self.assertEqual(self.status(self.start(datetime.timedelta(days=1))), "RUNNING")
            slowest = max(slowest, time.monotonic() - called)
            resident = max(resident, self.resident())
            time.sleep(0.01)
            self.assertLess(time.monotonic() - started, 600)
        drained = time.monotonic() - started
        print(f"{self.COUNT} due while down: drained in {drained:.2f} s, resident {resident >> 20} MiB at most, slowest start and look {slowest * 1e3:.0f} ms")
        self.assertLess(resident, 256 << 20, "memory is bounded however many are due")
        self.assertLess(slowest, max(1.0, drained / 2), "the API answers while they drain")
        self.assert_in_due_order(NAME_PENDING, self.COUNT)


if __name__ == "__main__":
    unittest.main()
