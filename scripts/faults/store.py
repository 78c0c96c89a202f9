"""A CQL store process on one port and one data directory that is killed and started again."""

import json
import pathlib
import signal
import subprocess
import time

from . import broker

BINARY = broker.BINARY


class Store:
    """`millrace up --only store`; clients find it again after each start."""

    def __init__(self, data: pathlib.Path, binary=BINARY, sync="group", settings="", environment=None):
        self.data, self.binary = data, binary
        self.environment = {**broker.CLEAN, **(environment or {})}
        self.port = broker.free_port()
        self.store = f"embedded:?port={self.port}&sync={sync}{settings}"
        self.process = None
        self.starts = 0
        self.start_seconds = 0.0

    def start(self):
        began = time.monotonic()
        log = (self.data.parent / "store.log").open("a")
        self.process = subprocess.Popen(
            [self.binary, "up", "--json", "--only", "store", "--data", str(self.data),
             "--store", self.store],
            stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            log = pathlib.Path(log.name).read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"the store did not start: {log[-2000:]}")
        json.loads(line)
        self.start_seconds = max(self.start_seconds, time.monotonic() - began)
        self.starts += 1

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        if self.alive():
            self.kill()
