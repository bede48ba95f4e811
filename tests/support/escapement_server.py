"""A server of a test's own: started on a free port with a data directory under the temporary folder, stopped, killed and
started again on the same port, as a machine that crashes and comes back."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
READY_LINE = "escapement listening on "
AWS_VARIABLES = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION",
                 "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def default_binary():
    return pathlib.Path(os.environ.get("ESC_BUILD", REPOSITORY / "build")) / "escapement"


def clean_environment():
    """This process's environment without anything that would lead an AWS client elsewhere."""
    environment = {name: value for name, value in os.environ.items() if name not in AWS_VARIABLES}
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
    environment["AWS_CONFIG_FILE"] = environment["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    return environment


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerFailed(Exception):
    pass


class Server:
    def __init__(self, binary=None, data_dir=None, arguments=()):
        self.binary = str(binary or default_binary())
        self.own_folder = data_dir is None
        self.data_dir = data_dir or tempfile.mkdtemp(prefix="escapement-test-")
        self.arguments = list(arguments)
        self.environment_more = {}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.log_path = self.data_dir.rstrip("/") + ".log"
        self.ready_seconds = 0.0

    def start(self, timeout=60.0):
        """Returns when the server has said that it is ready; the time that took is in `ready_seconds`."""
        command = [self.binary, "serve", "--data-dir", self.data_dir, "--listen", f"127.0.0.1:{self.port}", *self.arguments]
        begin = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL,
                                            env=clean_environment() | self.environment_more)
        process = self.process
        watchdog = threading.Timer(timeout, process.kill)
        watchdog.start()
        try:
            for line in process.stdout:
                if line.decode().startswith(READY_LINE):
                    self.ready_seconds = time.monotonic() - begin
                    self.url = line.decode()[len(READY_LINE):].strip()
                    threading.Thread(target=process.stdout.read, daemon=True).start()
                    return self
        finally:
            watchdog.cancel()
        process.wait()
        raise ServerFailed(f"the server did not become ready (exit code {process.returncode}):\n{self.log_tail()}")

    def log_tail(self, lines=30):
        try:
            return "\n".join(pathlib.Path(self.log_path).read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def kill(self):
        """kill -9, as a crash."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=60.0):
        """SIGTERM; the exit code."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else 0
        self.process.terminate()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return -signal.SIGKILL

    def remove(self):
        self.stop()
        if self.own_folder:
            shutil.rmtree(self.data_dir, ignore_errors=True)
            pathlib.Path(self.log_path).unlink(missing_ok=True)

    def variables(self):
        """What `escapement env` prints."""
        output = subprocess.run([self.binary, "env", "--data-dir", self.data_dir], check=True, capture_output=True, text=True,
                                env=clean_environment()).stdout
        pairs = (line.removeprefix("export ").split("=", 1) for line in output.splitlines() if line.startswith("export "))
        return {name: value.strip("'\"") for name, value in pairs}

    def environment(self):
        return clean_environment() | self.variables()
