"""What the hostile tests share: a server whose disk and clock can be made to fail, and the work that it does meanwhile."""

import atexit
import ctypes
import datetime
import json
import mmap
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import aws  # noqa: E402
from api import Api, Refused, iso  # noqa: E402
from escapement_server import Server, ServerFailed, default_binary  # noqa: E402

WAIT_UNTIL = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "TimestampPath": "$.at", "End": True}}}
FAR_AHEAD = datetime.timedelta(days=300)


class Faults(ctypes.Structure):
    """faults.c has the same."""
    _fields_ = [("clock_offset_ns", ctypes.c_int64), ("sync_errno", ctypes.c_int32), ("write_errno", ctypes.c_int32),
                ("refused_syncs", ctypes.c_int32), ("syncs_after_refusal", ctypes.c_int32)]


def preload_library():
    """faults.c, compiled once for all tests of a run."""
    library = pathlib.Path(tempfile.gettempdir()) / f"escapement-faults-{os.getppid()}-{os.getpid()}.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, HERE / "faults.c", "-ldl"], check=True)
    atexit.register(library.unlink, missing_ok=True)
    return library


class HostileTest(unittest.TestCase):
    configuration = ""
    server_should_live = True

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="escapement-hostile-")
        self.data_dir = self.folder + "/data"
        os.mkdir(self.data_dir)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.server = None

    def tearDown(self):
        if self.server:
            self.server_log = self.server.log_tail()
            code = self.server.process.poll()
            self.server.remove()
            self.assertIsNone(code if self.server_should_live else None, f"the server ended by itself with {code}:\n{self.server_log}")

    def start_server(self, faulty=False):
        """A server on self.data_dir with an Api, a role and a state machine that waits until the input's `at`."""
        self.server = Server(data_dir=self.data_dir)
        if self.configuration:
            configuration = pathlib.Path(self.folder) / "escapement.toml"
            configuration.write_text(self.configuration)
            self.server.arguments += ["--config", str(configuration)]
        if faulty:
            self.add_faults()
        self.server.start()
        self.api = Api(self.server.variables())
        iam = aws.client("iam", self.server.variables())
        self.role = aws.make_role(iam, "states.amazonaws.com")
        self.machine = self.create_machine(WAIT_UNTIL)

    def add_faults(self):
        if not hasattr(HostileTest, "library"):
            HostileTest.library = preload_library()
        path = pathlib.Path(self.folder) / "faults"
        path.write_bytes(bytes(mmap.PAGESIZE))
        with open(path, "r+b") as file:
            self.mapped = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.faults = Faults.from_buffer(self.mapped)
        self.server.environment_more = {"LD_PRELOAD": str(HostileTest.library), "ESC_FAULTS": str(path),
                                        "ESC_FAULTS_UNDER": self.data_dir}

    def restart(self):
        self.api.close()
        self.server.kill()
        self.server.start()

    def create_machine(self, definition, **more):
        return self.api.call("CreateStateMachine", name=aws.unique("machine"), definition=json.dumps(definition), roleArn=self.role,
                             **more)["stateMachineArn"]

    def now(self):
        """By the server's clock, as far as this test moved it."""
        return datetime.datetime.now(datetime.timezone.utc) + self.api.clock_offset

    def start(self, due, pad=200, **more):
        """An execution that waits until `due` (a time, or a timedelta from now). Its ARN."""
        due = self.now() + due if isinstance(due, datetime.timedelta) else due
        value = {"at": iso(due), "pad": "x" * pad}
        return self.api.call("StartExecution", stateMachineArn=self.machine, input=json.dumps(value), **more)["executionArn"]

    def status(self, execution):
        return self.api.call("DescribeExecution", executionArn=execution)["status"]

    def await_true(self, condition, what, seconds=30):
        """A bound for a hang, not a measure."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"not within {seconds} s: {what}")
            time.sleep(0.02)

    def await_end(self, executions, seconds=30):
        for execution in executions:
            self.await_true(lambda: self.status(execution) == "SUCCEEDED", f"the end of {execution}", seconds)

    def resident(self):
        for line in pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def assert_refused(self, code, function, *arguments, **members):
        with self.assertRaises(Refused) as caught:
            function(*arguments, **members)
        self.assertEqual(caught.exception.code, code, str(caught.exception))
        return caught.exception
