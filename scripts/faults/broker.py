"""A broker process on one port and one data directory that is killed and started again."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("MILLRACE_BINARY", str(ROOT / ".build" / "debug" / "millrace"))
# Settings of the person who tests must not reach the broker under test.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Skipped(Exception):
    """A program cannot be run here; why."""


class Broker:
    """`millrace up --only kafka`; clients find it again after each start."""

    def __init__(
            self, data: pathlib.Path, binary=BINARY, durability="group", advertised=None,
            settings=None):
        self.data, self.binary = data, binary
        self.port = free_port()
        self.kafka = f"embedded:?durability={durability}"
        if advertised:
            self.kafka += (f"&listeners=PLAINTEXT://127.0.0.1:{self.port}"
                           f"&advertised.listeners=PLAINTEXT://127.0.0.1:{advertised}")
        else:
            self.kafka += f"&port={self.port}"
        for name, value in (settings or {}).items():
            self.kafka += f"&{name}={value}"
        self.process = None
        self.starts = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self):
        log = (self.data.parent / "broker.log").open("a")
        self.process = subprocess.Popen(
            [self.binary, "up", "--json", "--only", "kafka", "--data", str(self.data),
             "--kafka", self.kafka],
            stdout=subprocess.PIPE, stderr=log, text=True, env=CLEAN)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the broker did not start; see {log.name}")
        json.loads(line)
        self.starts += 1

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def memory(self) -> int:
        """Bytes of the process that are in memory."""
        return self._status("VmRSS") << 10

    def threads(self) -> int:
        return self._status("Threads")

    def _status(self, name: str) -> int:
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            for line in lines:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        raise AssertionError(f"no {name} in the status of the broker")

    def files(self) -> int:
        """Open descriptors."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def disk(self) -> int:
        """Bytes of all files in the data directory; those that go away meanwhile are not counted."""
        total = 0
        for folder, _, names in os.walk(self.data):
            for name in names:
                try:
                    total += os.stat(os.path.join(folder, name)).st_size
                except FileNotFoundError:
                    pass
        return total

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        if self.alive():
            self.kill()


def wait_until(check, what: str, seconds=120):
    """Polls until `check` gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")
