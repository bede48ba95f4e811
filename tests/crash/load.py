"""Clients that start executions through an SDK and remember what was acknowledged, whatever the server goes through meanwhile."""

import collections
import dataclasses
import datetime
import http.server
import queue
import random
import threading
import time
import urllib.parse

import botocore.exceptions

import aws
from machines import make_input

# What a client sees of a server that is being killed or is not back yet.
BROKEN = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError, ConnectionError)


@dataclasses.dataclass
class Started:
    """One execution that was asked for. `arn` is set when it was acknowledged."""
    name: str
    kind: object
    input: str
    due: datetime.datetime
    arn: str = ""
    acknowledged: float = 0.0  # time.time()
    attempts: int = 0


class Recorder:
    """What functions report: each GET /NAME/REQUEST-ID is one invocation; a query is the token that it was given."""

    def __init__(self):
        self.requests = collections.defaultdict(list)  # execution name -> request ids, in order
        self.tokens = queue.Queue()                    # task tokens to answer
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path, _, token = self.path.partition("?")
                _, name, request_id = path.split("/", 2)
                recorder.requests[name].append(request_id)
                if token:
                    recorder.tokens.put(urllib.parse.unquote(token))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        self.server = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Workers:
    """Threads that take an activity's tasks, and one that answers the tokens which functions reported."""

    def __init__(self, variables, activity_arn, tokens, threads=2):
        self.variables, self.activity_arn, self.tokens = variables, activity_arn, tokens
        self.stopping = threading.Event()
        runs = [self.work] * threads + [self.call_back]
        self.threads = [threading.Thread(target=run, daemon=True) for run in runs]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()

    def work(self):
        states = aws.client("stepfunctions", self.variables)
        while not self.stopping.is_set():
            try:
                task = states.get_activity_task(activityArn=self.activity_arn, workerName="crash")
            except BROKEN:
                time.sleep(0.02)
                continue
            if task.get("taskToken"):
                self.answer(states, task["taskToken"], task["input"])

    def call_back(self):
        states = aws.client("stepfunctions", self.variables)
        while not self.stopping.is_set():
            try:
                token = self.tokens.get(timeout=0.2)
            except queue.Empty:
                continue
            self.answer(states, token, '{"called":"back"}')

    def answer(self, states, token, output):
        """Until the server has heard it; it may have done so before, or given the task to another."""
        while not self.stopping.is_set():
            try:
                states.send_task_success(taskToken=token, output=output)
                return
            except (states.exceptions.TaskTimedOut, states.exceptions.TaskDoesNotExist):
                return
            except BROKEN:
                time.sleep(0.02)


class Load:
    """`threads` clients, each starting one execution after another until stop(). A start that got no answer is sent again, under
    the same name and with the same input, until it has one: so does a careful program."""

    def __init__(self, variables, kinds, machine_arns, seed, threads=6):
        self.variables, self.kinds, self.machine_arns = variables, kinds, machine_arns
        self.started = []
        self.errors = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(random.Random(f"{seed}-{i}"), i), daemon=True) for i in range(threads)]
        self.seed = seed

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        """Returns when every start that was under way has its answer. The server must be up."""
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def run(self, chance, index):
        states = aws.client("stepfunctions", self.variables)
        weights = [kind.weight for kind in self.kinds]
        n = 0
        while not self.stopping.is_set():
            kind = chance.choices(self.kinds, weights)[0]
            name = f"crash-{self.seed}-{index}-{n}"
            # Mostly soon, so that much comes due around each kill; now and then already past.
            moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=chance.uniform(-0.2, 3.0))
            moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
            due = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            started = Started(name, kind, make_input(name, n, kind, due), moment)
            self.started.append(started)
            try:
                self.start_one(states, started)
            except Exception as error:  # noqa: BLE001: whatever it was, the accounting reports it
                self.errors.append(f"{name}: {error!r}")
            n += 1

    def start_one(self, states, started):
        machine = self.machine_arns[started.kind.name]
        deadline = time.monotonic() + 120
        while True:
            started.attempts += 1
            try:
                started.arn = states.start_execution(stateMachineArn=machine, name=started.name, input=started.input)["executionArn"]
                break
            except states.exceptions.ExecutionAlreadyExists:
                # An earlier attempt was carried out though its answer was lost, and the execution has ended since.
                if started.attempts == 1:
                    raise
                started.arn = machine.replace(":stateMachine:", ":execution:") + ":" + started.name
                break
            except BROKEN:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        started.acknowledged = time.time()
