"""Starts and stops a server for a test: a free loopback port, a data directory of its own, credentials as `escapement env` prints them."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("ESC_BUILD", ROOT / "build")) / "escapement"


class Server:
    """`with Server() as server:` runs one. `server.env` is what a client needs in its environment."""

    def __init__(self, data_dir=None, config="", arguments=(), log_file=None):
        self.owns_data = data_dir is None
        self.data_dir = pathlib.Path(data_dir or tempfile.mkdtemp(prefix="escapement-test-"))
        self.arguments = list(arguments)
        if config:
            (self.data_dir / "escapement.toml").write_text(config)
        self.log_file = log_file or self.data_dir / "server.log"
        self.process = None
        self.url = None

    def start(self, wait_s=30):
        log = open(self.log_file, "ab")
        self.process = subprocess.Popen([BINARY, "serve", "--data-dir", self.data_dir, "--listen", "127.0.0.1:0", *self.arguments],
                                        stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            line = self.process.stdout.readline()
            if line.startswith("escapement listening on "):
                self.url = line.split()[-1]
                return self
            if not line and self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}: {self.log_tail()}")
        raise RuntimeError("the server did not become ready")

    @property
    def env(self):
        printed = subprocess.run([BINARY, "env", "--data-dir", self.data_dir], capture_output=True, text=True, check=True).stdout
        pairs = (line.removeprefix("export ").split("=", 1) for line in printed.splitlines() if line.startswith("export "))
        return {name: value.strip("'\"") for name, value in pairs}

    def kill(self):
        """kill -9, as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, wait_s=30):
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(wait_s)

    def log_tail(self, size=4000):
        return self.log_file.read_text(errors="replace")[-size:] if self.log_file.exists() else ""

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill()
        if self.owns_data:
            shutil.rmtree(self.data_dir, ignore_errors=True)
