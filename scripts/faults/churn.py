"""Group churn: members join, leave, are killed and are stopped for a while.

No partition may be owned twice at once, and all must be owned again soon after it calms down, with the
classic protocol (eager and cooperative) and with KIP-848.

A stopped member cannot know that its time is over: what it has counts as its own until its session
ends, and no longer. A killed one owns nothing from then on.
"""

import collections
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

from confluent_kafka.admin import (
    AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType,
)

from .broker import Broker, wait_until
from .clients import make_topics
from .verdict import Verdict

SESSION_SECONDS = 6
HEARTBEAT_SECONDS = 0.5
# A session is counted from the last heartbeat, not from the moment the member was stopped.
SURE_SECONDS = SESSION_SECONDS - 2 * HEARTBEAT_SECONDS
# Clocks are read before and after a call, not at the moment of it.
SLACK_SECONDS = 0.05
KINDS = {
    "eager": {"partition.assignment.strategy": "range,roundrobin"},
    "cooperative": {"partition.assignment.strategy": "cooperative-sticky"},
    "848": {"group.protocol": "consumer"},
}


class Member:
    """A process, what it said, and since when it was stopped or dead."""

    def __init__(self, number: int, address: str, group: str, kind: str, topic: str):
        self.name = f"{kind}-{number}"
        settings = {
            "bootstrap.servers": address, "group.id": group, "client.id": self.name,
            "auto.offset.reset": "earliest", "enable.auto.commit": False, "log_level": 0,
            **KINDS[kind]}
        if kind != "848":
            settings["session.timeout.ms"] = SESSION_SECONDS * 1000
            settings["heartbeat.interval.ms"] = int(HEARTBEAT_SECONDS * 1000)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "faults.member", json.dumps(settings), topic],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.owned = {}
        self.intervals = []
        self.stopped_at = None
        self.lock = threading.Lock()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for text in self.process.stdout:
            line = json.loads(text)
            with self.lock:
                if line["event"] == "assigned":
                    for partition in line["partitions"]:
                        self.owned.setdefault(partition, line["at"])
                else:
                    for partition in line["partitions"]:
                        self.end(partition, line["at"])

    def end(self, partition: int, at: float):
        since = self.owned.pop(partition, None)
        if since is not None:
            self.intervals.append((partition, since, at, self.name))

    def doubt(self, at: float):
        """From then on it may have been given to another, or not; the member itself will tell."""
        for partition in list(self.owned):
            self.end(partition, at)
            self.owned[partition] = None

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def partitions(self) -> set:
        with self.lock:
            return set(self.owned)

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)
        self.stopped_at = time.monotonic()

    def resume(self):
        """What it had while it was away for as long as its session was its own only so long."""
        if time.monotonic() - self.stopped_at >= SURE_SECONDS:
            with self.lock:
                self.doubt(self.stopped_at + SURE_SECONDS)
        self.stopped_at = None
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        at = time.monotonic()
        self.process.kill()
        self.process.wait()
        with self.lock:
            for partition in list(self.owned):
                self.end(partition, at)

    def leave(self):
        self.process.terminate()

    def finish(self):
        self.process.wait(timeout=60)
        with self.lock:
            for partition in list(self.owned):
                self.end(partition, time.monotonic())


class Churn:
    def __init__(self, options, kind: str, address: str, seed: int):
        self.kind, self.address, self.random = kind, address, random.Random(seed)
        self.members_max, self.partitions = options.members, options.partitions
        self.topic = self.group = f"churn-{kind}"
        self.members, self.gone = [], []
        self.number = 0

    def begin(self):
        make_topics(self.address, {self.topic: self.partitions})
        if self.kind == "848":
            admin = AdminClient({"bootstrap.servers": self.address})
            resource = ConfigResource(ResourceType.GROUP, self.group, incremental_configs=[
                ConfigEntry("consumer.session.timeout.ms", str(SESSION_SECONDS * 1000),
                            incremental_operation=AlterConfigOpType.SET),
                ConfigEntry("consumer.heartbeat.interval.ms", str(int(HEARTBEAT_SECONDS * 1000)),
                            incremental_operation=AlterConfigOpType.SET)])
            admin.incremental_alter_configs([resource])[resource].result(30)
        for _ in range(max(2, self.members_max // 2)):
            self.join()

    def join(self):
        self.number += 1
        self.members.append(
            Member(self.number, self.address, self.group, self.kind, self.topic))

    def awake(self) -> list:
        return [member for member in self.members if member.stopped_at is None]

    def act(self) -> str:
        asleep = [member for member in self.members if member.stopped_at is not None]
        choice = self.random.random()
        if len(self.members) < 2 or choice < 0.35 and len(self.members) < self.members_max:
            self.join()
            return "join"
        if asleep and choice < 0.55:
            self.random.choice(asleep).resume()
            return "resume"
        if len(self.awake()) < 2:
            return "nothing"
        member = self.random.choice(self.awake())
        if choice < 0.7:
            member.stop()
            return "stop"
        self.members.remove(member)
        self.gone.append(member)
        if choice < 0.85:
            member.leave()
            return "leave"
        member.kill()
        return "kill"

    def all_owned(self) -> bool:
        owned = [partition for member in self.awake() for partition in member.partitions]
        return sorted(owned) == list(range(self.partitions))

    def calm(self) -> float:
        """Waits until everything is owned again, and says how long that took."""
        for member in self.members:
            if member.stopped_at is not None:
                member.resume()
        start = time.monotonic()
        wait_until(self.all_owned, f"all {self.partitions} partitions are owned ({self.kind})")
        return time.monotonic() - start

    def run(self, events: int, verdict: Verdict):
        try:
            self.go(events, verdict)
        finally:
            for member in self.members + self.gone:
                if member.alive:
                    member.process.kill()

    def go(self, events: int, verdict: Verdict):
        self.begin()
        worst = self.calm()
        counts = collections.Counter()
        for index in range(events):
            counts[self.act()] += 1
            time.sleep(self.random.choice([0, 0.1, 0.5, 2]))
            if index % 10 == 9:
                worst = max(worst, self.calm())
        worst = max(worst, self.calm())
        for member in self.members:
            member.leave()
        for member in self.members + self.gone:
            member.finish()
        self.judge(verdict)
        held = sum(len(member.intervals) for member in self.members + self.gone)
        print(f"  {self.kind}: {dict(counts)}; {held} times a partition was held; all owned again after {worst:.1f} s at most",
              flush=True)

    def judge(self, verdict: Verdict):
        intervals = [line for member in self.members + self.gone for line in member.intervals]
        by_partition = collections.defaultdict(list)
        for partition, start, end, name in intervals:
            by_partition[partition].append((start, end, name))
        for partition, lines in by_partition.items():
            lines.sort()
            for index, (_, end, name) in enumerate(lines):
                for start, _, other in lines[index + 1:]:
                    if start >= end - SLACK_SECONDS:
                        break
                    if other != name:
                        verdict.fault(
                            "owned twice", f"{partition} by {name} and {other} for {end - start:.2f} s")


def run(options, seed: int, folder) -> Verdict:
    verdict = Verdict()
    with Broker(folder / "data", options.binary) as broker:
        for kind in KINDS:
            Churn(options, kind, broker.address, seed).run(options.events, verdict)
    return verdict
