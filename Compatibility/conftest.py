"""A live stack of the built binary, for tests with real third-party clients."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("MILLRACE_BINARY", str(ROOT / ".build" / "debug" / "millrace"))

# Real servers for the session's stack, in place of ours: kafka://host:9092, http://host:8081.
REAL = {"--kafka": os.environ.get("MILLRACE_TEST_KAFKA"), "--registry": os.environ.get("MILLRACE_TEST_REGISTRY")}


@dataclass
class Stack:
    """Where each stage of a live stack is to be reached."""

    process: subprocess.Popen
    addresses: dict
    errors: list = field(default_factory=list)

    @property
    def kafka(self) -> str:
        """Bootstrap servers: 127.0.0.1:port."""
        return urlsplit(self.addresses["kafka"]).netloc

    @property
    def cql(self) -> tuple:
        url = urlsplit(self.addresses["store"])
        return url.hostname, url.port

    @property
    def registry(self) -> str:
        return self.addresses["registry"]

    @property
    def source(self) -> str:
        """The API's URL, /api/ included."""
        return self.addresses["source"]

    @property
    def orchestrator(self) -> str:
        return self.addresses["orchestrator"]

    @property
    def console(self) -> str:
        return self.addresses["console"]

    @property
    def data(self) -> str:
        return self.addresses["data"]

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def kill(self):
        self.process.kill()
        self.process.wait()


def environment(more=None) -> dict:
    """This process's, without the settings of a developer's own shell."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
    return {**own, **(more or {})}


def start_stack(*flags, data=None, env=None) -> Stack:
    """Starts `millrace up --json`; ephemeral unless a data directory is given."""
    command = [BINARY, "up", "--json", *flags]
    if data is None:
        command.append("--ephemeral")
    else:
        free = "embedded:?port=0"
        command += ["--data", str(data)]
        for stage in ("source", "kafka", "registry", "store", "orchestrator", "console"):
            if f"--{stage}" not in flags:
                command += [f"--{stage}", free]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(env),
    )
    errors = []
    drain = threading.Thread(target=lambda: errors.extend(process.stderr), daemon=True)
    drain.start()
    line = process.stdout.readline()
    if not line:
        process.wait(timeout=30)
        drain.join(timeout=5)
        raise RuntimeError(f"the stack did not start: {''.join(errors)}")
    answer = json.loads(line)
    return Stack(process, {**answer["addresses"], "data": answer["data"]}, errors)


@pytest.fixture(scope="session")
def binary() -> str:
    return BINARY


@pytest.fixture(scope="session")
def stack():
    """One ephemeral stack for the whole session, on a real Kafka and registry if these are given.

    Tests use topics and tables of their own.
    """
    started = start_stack(*(part for flag, url in REAL.items() if url for part in (flag, url)))
    yield started
    code = started.stop()
    sys.stderr.write("".join(started.errors))
    assert code == 0, "the stack did not stop cleanly"


@pytest.fixture
def folder():
    """A data directory that goes away."""
    with tempfile.TemporaryDirectory(prefix="millrace-test-") as path:
        yield pathlib.Path(path)
