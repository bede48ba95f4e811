"""Clients that mean harm or are broken, beside one that is well-behaved."""

import datetime
import json
import os
import resource
import socket
import statistics
import time
import unittest

from api import read_answer
from hostile import FAR_AHEAD, HostileTest

MIB = 1 << 20
CONNECTIONS = 3_000


class HostileClients(HostileTest):
    configuration = f"""
[server]
header_timeout = "2s"
body_timeout = "2s"
idle_timeout = "3s"
connections_max = {CONNECTIONS}
body_bytes_max = "8MiB"
bodies_bytes_max = "64MiB"
"""

    def setUp(self):
        super().setUp()
        self.start_server()
        self.open = []
        self.addCleanup(self.close_all)

    def close_all(self):
        for connection in self.open:
            connection.close()

    def connect(self, count=1):
        made = [self.api.connect() for _ in range(count)]
        self.open += made
        return made

    def latency(self, calls=100):
        """The median of a well-behaved client's calls."""
        times = []
        for _ in range(calls):
            begin = time.monotonic()
            self.api.call("DescribeStateMachine", stateMachineArn=self.machine)
            times.append(time.monotonic() - begin)
        return statistics.median(times)

    def assert_unharmed(self, before, factor=10):
        self.assertLess(self.latency(), before * factor + 0.005, "another client is slowed down")

    def is_closed(self, connection, seconds=15):
        connection.settimeout(seconds)
        try:
            while connection.recv(65_536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def test_slow_headers_are_cut_off_and_hurt_nobody(self):
        before = self.latency()
        slow = self.connect(300)
        for connection in slow:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
        self.assert_unharmed(before)
        for _ in range(4):
            time.sleep(0.4)
            for connection in slow[:50]:
                try:
                    connection.sendall(b"X-A: b\r\n")
                except ConnectionError:
                    pass
        self.assertTrue(all(self.is_closed(connection) for connection in slow))

    def test_slow_bodies_are_cut_off(self):
        slow = self.connect(100)
        request = self.api.signed("ListStateMachines", {"maxResults": 10})
        for connection in slow:
            connection.sendall(request[:-5])
        self.assertTrue(all(self.is_closed(connection) for connection in slow))

    def test_large_bodies_that_never_end_take_bounded_memory_and_no_signature_is_needed_to_try(self):
        before, resident = self.latency(), self.resident()
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n"
        most = 0
        for connection in self.connect(100):
            try:
                connection.sendall(head + bytes(4 * MIB))
            except ConnectionError:
                pass  # refused with 503 before all was sent
            most = max(most, self.resident() - resident)
        self.assertLess(most, (64 + 32) * MIB)
        self.assert_unharmed(before)
        self.assertEqual(self.status(self.start(FAR_AHEAD, pad=50_000)), "RUNNING")
        self.assertTrue(all(self.is_closed(connection) for connection in self.open))
        self.assertEqual(self.status(self.start(FAR_AHEAD, pad=250_000)), "RUNNING")

    def test_answers_that_nobody_reads_take_bounded_memory(self):
        for _ in range(20):
            self.start(FAR_AHEAD, pad=200_000)
        execution = self.start(FAR_AHEAD, pad=200_000)
        request = self.api.signed("GetExecutionHistory", {"executionArn": execution})
        before, resident = self.latency(), self.resident()
        deaf = self.connect(100)
        for connection in deaf:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.sendall(request * 20)
        time.sleep(1)
        self.assert_unharmed(before)
        self.assertLess(self.resident() - resident, 150 * MIB)
        self.assertTrue(all(self.is_closed(connection) for connection in deaf))

    def test_idle_connections_are_cheap_then_closed_and_too_many_refused(self):
        before, resident = self.latency(), self.resident()
        self.assertGreater(resource.getrlimit(resource.RLIMIT_NOFILE)[1], CONNECTIONS + 500, "too few descriptors to try")
        idle = self.connect(CONNECTIONS - 50)
        self.await_true(lambda: len(os.listdir(f"/proc/{self.server.process.pid}/fd")) > CONNECTIONS - 60, "all are open")
        self.assert_unharmed(before)
        self.assertLess(self.resident() - resident, CONNECTIONS * 32 * 1024)
        more = self.connect(150)
        time.sleep(0.3)
        more[-1].settimeout(5)
        self.assertEqual(read_answer(more[-1])[0], 503)
        self.assertTrue(self.is_closed(idle[0]))
        self.await_true(lambda: self.api.get("/health")[0] == 200, "connections are accepted again")

    def test_requests_of_broken_or_smuggled_form_are_refused(self):
        good = self.api.signed("ListStateMachines", {})
        body = b"{}"

        def chunked(chunks, times=1):
            return good.replace(b"content-length: 2", b"transfer-encoding: chunked")[:-len(body)] + chunks * times
        shapes = {
            "two lengths": good.replace(b"content-length: 2\r\n", b"content-length: 2\r\ncontent-length: 3\r\n"),
            "length and chunks": good.replace(b"content-length: 2\r\n", b"content-length: 2\r\ntransfer-encoding: chunked\r\n"),
            "a length that is no number": good.replace(b"content-length: 2", b"content-length: 2x"),
            "a negative length": good.replace(b"content-length: 2", b"content-length: -2"),
            "a huge length": good.replace(b"content-length: 2", b"content-length: 99999999999999999999"),
            "a length beyond the bound": good.replace(b"content-length: 2", b"content-length: 900000000"),
            "a NUL in a header": good.replace(b"host: ", b"host: \0"),
            "a header without a name": good.replace(b"host: ", b": "),
            "a space before the colon": good.replace(b"x-amz-date: ", b"x-amz-date : "),
            "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n",
            "an HTTP that is not there": good.replace(b"HTTP/1.1", b"HTTP/9.9"),
            "a header that is too long": good.replace(b"host: ", b"x-long: " + b"a" * 100_000 + b"\r\nhost: "),
            "a chunk of a negative size": chunked(b"-2\r\n{}\r\n0\r\n\r\n"),
            "a chunk of a size beyond all": chunked(b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
            "a chunk that is longer than it says": chunked(b"1\r\n{}\r\n0\r\n\r\n"),
            "chunks beyond the bound": chunked(b"100000\r\n" + b" " * MIB + b"\r\n", 12),
            "a chunk with an endless extension": chunked(b"2;" + b"x" * MIB + b"\r\n{}\r\n0\r\n\r\n"),
            "chunked twice": good.replace(b"content-length: 2", b"transfer-encoding: chunked, chunked"),
            "an encoding that is not there": good.replace(b"content-length: 2", b"transfer-encoding: gzip"),
            "bad chunks": good.replace(b"content-length: 2", b"transfer-encoding: chunked")[:-len(body)] + b"zz\r\n{}\r\n0\r\n\r\n",
        }
        for name, request in shapes.items():
            with self.subTest(name):
                self.assertNotEqual(request, good)
                try:
                    status, _ = self.api.send(request)
                except (ConnectionError, OSError):
                    continue  # closed without a word is an answer too
                self.assertIn(status, (400, 403, 411, 413, 431, 501, 505), name)
        self.assertIn("stateMachines", self.api.call("ListStateMachines"))

    def test_a_request_hidden_in_the_body_of_another_is_not_run(self):
        hidden = self.api.signed("StartExecution", {"stateMachineArn": self.machine, "name": "hidden", "input": "{}"})
        outer = self.api.signed("ListStateMachines", {})[:-2]
        shapes = {
            "by two lengths": outer.replace(b"content-length: 2", b"content-length: %d\r\ncontent-length: 0" % len(hidden)),
            "by chunks and a length": outer.replace(b"content-length: 2", b"content-length: 0\r\ntransfer-encoding: chunked"),
            "by a length and chunks that end early": outer.replace(b"content-length: 2", b"transfer-encoding: chunked\r\ncontent-length: %d"
                                                                   % (len(hidden) + 5)) + b"0\r\n\r\n",
            "by an encoding with a tab": outer.replace(b"content-length: 2", b"transfer-encoding:\tchunked\r\ncontent-length: 5") + b"0\r\n\r\n",
            "by an encoding of another name": outer.replace(b"content-length: 2", b"transfer-encoding: xchunked\r\ncontent-length: 0"),
        }
        for name, request in shapes.items():
            with self.subTest(name):
                [connection] = self.connect()
                connection.sendall(request + hidden)
                self.assertTrue(self.is_closed(connection, seconds=2), "nothing more is read from such a connection")
        self.assertEqual(self.api.call("ListExecutions", stateMachineArn=self.machine)["executions"], [])

    def test_bodies_that_are_no_json_or_too_much_of_it_are_refused(self):
        machine = json.dumps(self.machine).encode()
        bodies = {
            "invalid UTF-8": b'{"stateMachineArn":' + machine + b',"input":"\xff\xfe"}',
            "an overlong form": b'{"stateMachineArn":' + machine + b',"input":"\xc0\xaf"}',
            "half a surrogate": b'{"stateMachineArn":' + machine + b',"input":"\\ud800"}',
            "cut off": b'{"stateMachineArn":' + machine,
            "deep": b"[" * 100_000 + b"]" * 100_000,
            "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
            "a number beyond all": b'{"maxResults":1' + b"0" * 10_000 + b"}",
            "a text where a number belongs": b'{"maxResults":"many"}',
            "an array": b"[]",
            "nothing": b"",
            "not JSON": b"<xml/>",
            "a comment": b'{/* */"maxResults":1}',
        }
        resident = self.resident()
        for name, body in bodies.items():
            with self.subTest(name):
                operation = "ListStateMachines" if b"maxResults" in body else "StartExecution"
                status, answer = self.api.send(self.api.signed(operation, body))
                self.assertEqual(status, 400, f"{name}: {answer}")
                self.assertTrue(answer["__type"] and answer.get("message", answer.get("Message")), answer)
        self.assertLess(self.resident() - resident, 64 * MIB)

    def test_inputs_of_executions_are_checked_as_json(self):
        inputs = {
            "deep": ("[" * 20_000 + "]" * 20_000, "InvalidExecutionInput"),
            "cut off": ('{"at":', "InvalidExecutionInput"),
            "too large": (json.dumps("x" * 262_144), "ValidationException"),
        }
        for name, (value, code) in inputs.items():
            with self.subTest(name):
                self.assert_refused(code, self.api.call, "StartExecution", stateMachineArn=self.machine, input=value)
        # The last of two members of a name counts, and a number keeps every digit that was sent.
        passes = self.create_machine({"StartAt": "P", "States": {"P": {"Type": "Pass", "OutputPath": "$.n", "End": True}}})
        for given, expected in (('{"n":1,"n":2}', "2"), ('{"n":123456789012345678901234567890}', "123456789012345678901234567890")):
            execution = self.api.call("StartExecution", stateMachineArn=passes, input=given)["executionArn"]
            self.await_end([execution])
            self.assertEqual(self.api.call("DescribeExecution", executionArn=execution)["output"], expected)

    def test_pipelined_requests_are_answered_in_order(self):
        [connection] = self.connect()
        names = [f"pipelined-{i}" for i in range(50)]
        wanted = {"at": "2030-01-01T00:00:00Z"}
        connection.sendall(b"".join(self.api.signed("StartExecution", {"stateMachineArn": self.machine, "name": name, "input": json.dumps(wanted)})
                                    for name in names))
        buffered = connection.makefile("rb")

        class Rest:  # an HTTPResponse reads ahead, so all share one buffer
            def makefile(self, *_):
                class Kept:
                    read, readline, readinto = buffered.read, buffered.readline, buffered.readinto
                    def close(self):
                        pass
                    def flush(self):
                        pass
                return Kept()
        for name in names:
            status, answer = read_answer(Rest())
            self.assertEqual(status, 200)
            self.assertTrue(answer["executionArn"].endswith(":" + name), answer)

    def test_a_replayed_signature_does_once_more_what_it_did_and_only_while_it_is_fresh(self):
        named = self.api.signed("StartExecution", {"stateMachineArn": self.machine, "name": "once", "input": '{"at":"2030-01-01T00:00:00Z"}'})
        first, second = self.api.send(named), self.api.send(named)
        self.assertEqual(first, second, "a named start is idempotent")
        changed = named.replace(b"2030-01-01", b"2029-01-01")
        self.assertEqual(self.api.send(changed)[1]["__type"], "InvalidSignatureException")
        old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=6)
        for at in (old, old + datetime.timedelta(minutes=12)):
            status, answer = self.api.send(self.api.signed("ListStateMachines", {}, at=at))
            self.assertEqual((status, answer["__type"]), (400, "InvalidSignatureException"))
        fresh = old + datetime.timedelta(minutes=2)
        self.assertEqual(self.api.send(self.api.signed("ListStateMachines", {}, at=fresh))[0], 200)


if __name__ == "__main__":
    unittest.main()
