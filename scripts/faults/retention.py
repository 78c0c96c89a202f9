"""Fault test 13: retention and compaction under load, with readers at the start, over kills.

Four topics of small segments: kept by size, kept by time, compacted, and compacted and kept by size.
Writers use keys and tombstones, one of them transactions, some of which are aborted. Of each topic
there are a slow reader that began at the start, one that keeps up, and one that begins again and
again. What they may not see: a gap that retention did not make, a record that was never written or
was aborted, a value older than one seen before; what they must: the last value of each key, and a
tombstone while it is kept. At the end the logs must be as small as their settings say, and no smaller.
"""

import random
import threading
import time

from . import broker, clients, verdict
from .keyed import KeyedTransactionWriter, KeyedWriter, Model
from .keyed_readers import Follower, Stream, scan
from .workers import Worker

PARTITIONS = 2
SEGMENT_BYTES = 16_384
# A batch of librdkafka may be larger than what is left in a segment: the one it opens is that large.
SEGMENT_SLACK_BYTES = 3 * SEGMENT_BYTES
RETENTION_BYTES = 98_304
RETENTION_MS = 3_000
TOMBSTONES_KEPT_MS = 5_000
RECORDS_PER_SECOND = 250
SLOW_PER_SECOND = 60
KEYS = 150
SIZE, AGE, COMPACT, BOTH = (f"retention.{kind}" for kind in ("size", "age", "compact", "both"))
SMALL = {"segment.bytes": str(SEGMENT_BYTES)}
CLEANED = {
    **SMALL, "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": str(TOMBSTONES_KEPT_MS)}
TOPICS = {
    SIZE: {**SMALL, "retention.bytes": str(RETENTION_BYTES), "retention.ms": "-1"},
    AGE: {**SMALL, "retention.ms": str(RETENTION_MS)},
    COMPACT: {**CLEANED, "cleanup.policy": "compact"},
    BOTH: {
        **CLEANED, "cleanup.policy": "compact,delete", "retention.bytes": str(RETENTION_BYTES),
        "retention.ms": "-1"},
}
DENSE = {SIZE, AGE}
# So that much of both happens in a short time.
BROKER = {"log.retention.check.interval.ms": 300, "log.cleaner.backoff.ms": 200}


def some_key(rng, _) -> str:
    return str(rng.randrange(KEYS))


def drifting_key(rng, count) -> str:
    """New keys all the time, so that a compacted log grows as well."""
    return str(count // 4 + rng.randrange(20))


class Again(Worker):
    """Begins again from the start, reads to the end, judges."""

    def __init__(self, stage, topic):
        super().__init__(f"again-{topic}", "", 0)
        self.stage, self.topic = stage, topic
        self.scans = 0

    def step(self):
        self.stage.scan(self.topic)
        self.scans += 1
        self.stopping.wait(0.3)


class Stage:
    """The models, the writers and the readers of all topics."""

    def __init__(self, server, seed, result):
        self.server, self.result = server, result
        self.models = {topic: Model() for topic in TOPICS}
        self.lock = threading.Lock()
        self.writers = []
        for index, topic in enumerate(TOPICS):
            pick = drifting_key if topic == BOTH else some_key
            kinds = (KeyedWriter,) if topic in DENSE else (KeyedWriter, KeyedTransactionWriter)
            for kind in kinds:
                self.writers.append(kind(
                    f"{kind.__name__[5:]}-{topic}", server.address, seed + len(self.writers), topic,
                    PARTITIONS, self.models[topic], pick, RECORDS_PER_SECOND / len(kinds)))
        self.slow = [self.follower("slow", topic, SLOW_PER_SECOND) for topic in TOPICS]
        self.quick = [self.follower("quick", topic, None) for topic in TOPICS]
        self.again = [Again(self, topic) for topic in TOPICS]

    @property
    def workers(self) -> list:
        return [*self.writers, *self.slow, *self.quick, *self.again]

    def stream(self, topic) -> Stream:
        return Stream(
            self.server.address, topic, PARTITIONS, self.models[topic], topic in DENSE, self.result)

    def follower(self, name, topic, per_second) -> Follower:
        return Follower(f"{name}-{topic}", lambda: self.stream(topic), per_second)

    def scan(self, topic) -> Stream:
        """One reading from the start."""
        stream = self.stream(topic)
        try:
            after = scan(stream, TOMBSTONES_KEPT_MS / 1000)
        finally:
            stream.close()
        if topic == AGE:
            self.judge_age(after)
        return stream

    def judge_age(self, lows):
        """What is gone was old enough."""
        now = time.time() * 1000
        for number, written in self.models[AGE].placed():
            is_gone = written.offset < lows[written.partition]
            if is_gone and now - written.milliseconds < RETENTION_MS:
                self.result.fault("removed too soon", f"{AGE}: number {number}")

    def complain(self):
        for worker in self.workers:
            if worker.error is not None:
                raise AssertionError(f"{worker.name} gave up: {worker.error!r}") from worker.error

    def stop(self, some):
        for worker in some:
            worker.stopping.set()
        for worker in some:
            worker.join(180)
            if worker.is_alive():
                raise AssertionError(f"{worker.name} did not stop within 180 s")
        self.complain()

    def judge_followers(self):
        for follower in (*self.slow, *self.quick):
            stream = follower.stream
            if stream.topic not in DENSE:
                keeps_up = follower.behind_seconds_max < TOMBSTONES_KEPT_MS / 1000
                lows = stream.lows()
                stream.judge_keys(stream.model.promised(), lows, keeps_up)
            stream.judge_places()
            stream.close()

    # When nobody writes any more

    def settle(self, seed):
        """Waits until the logs are what their settings say: rolled on, and looked at once more."""
        rollers = {
            topic: KeyedWriter(
                f"roller-{topic}", self.server.address, seed, topic, PARTITIONS, self.models[topic],
                lambda _, count: f"roll{count % 2}", 1_000)
            for topic in TOPICS if topic != AGE}
        for roller in rollers.values():
            roller.begin()
        try:
            broker.wait_until(lambda: self.is_clean(COMPACT, rollers), "all of it is compacted")
            broker.wait_until(lambda: self.is_sized(SIZE, rollers), "it is as small as it may be")
            broker.wait_until(lambda: self.is_sized(BOTH, rollers), "that too")
            broker.wait_until(self.is_gone, "what is old is gone")
        finally:
            for roller in rollers.values():
                roller.end()
        if self.bytes_of(SIZE) < PARTITIONS * RETENTION_BYTES:
            self.result.fault("removed too soon", f"{SIZE}: {self.bytes_of(SIZE)} bytes are left")

    @staticmethod
    def roll(writer):
        """More than one segment's worth, so that all before it is closed."""
        for _ in range(4 * PARTITIONS * SEGMENT_BYTES // 200):
            writer.hand_over(*writer.make())
        writer.end()

    def is_clean(self, topic, rollers) -> bool:
        """One record for each key that has a value, and no tombstones."""
        self.roll(rollers[topic])
        stream = self.scan(topic)
        records = self.models[topic].records
        own = [n for n in stream.found if not records[n].key.startswith(b"roller")]
        return len({records[n].key for n in own}) == len(own) and all(
            records[n].value is not None for n in own)

    def is_sized(self, topic, rollers) -> bool:
        self.roll(rollers[topic])
        time.sleep(2 * BROKER["log.retention.check.interval.ms"] / 1000)
        return self.bytes_of(topic) <= PARTITIONS * (RETENTION_BYTES + SEGMENT_SLACK_BYTES)

    def is_gone(self) -> bool:
        stream = self.stream(AGE)
        try:
            after = scan(stream, 0)
            return all(after[partition] == end for partition, end in stream.ends.items())
        finally:
            stream.close()

    def bytes_of(self, topic) -> int:
        folders = self.server.data.glob(f"**/{topic}-*")
        return sum(path.stat().st_size for folder in folders for path in folder.glob("*.log"))

    def report(self, kills, seconds):
        written = sum(len(model.records) for model in self.models.values())
        scans = sum(worker.scans for worker in self.again)
        jumps = sum(follower.stream.jumps for follower in self.slow)
        left = ", ".join(f"{topic} {self.bytes_of(topic)}" for topic in TOPICS)
        behind = max(follower.behind_seconds_max for follower in self.quick)
        print(f"{kills} kills in {seconds:.0f} s; {written} records; {scans} readings from the start; "
              f"slow readers fell out {jumps} times, quick ones were {behind:.1f} s behind at most; "
              f"bytes left: {left}")


def run(options, seed, folder) -> verdict.Verdict:
    rng = random.Random(seed)
    began = time.monotonic()
    result = verdict.Verdict()
    with broker.Broker(folder / "data", options.binary, settings=BROKER) as server:
        clients.make_topics(server.address, {topic: PARTITIONS for topic in TOPICS}, TOPICS)
        stage = Stage(server, rng.getrandbits(32), result)
        for worker in stage.workers:
            worker.start()
        for _ in range(options.kills):
            time.sleep(rng.uniform(0.5, 4))
            server.kill()
            stage.complain()
            server.start()
        time.sleep(5)
        stage.stop(stage.writers)
        stage.stop([*stage.again, *stage.slow, *stage.quick])
        stage.judge_followers()
        for topic in TOPICS:
            stage.scan(topic).judge_places()
        stage.settle(rng.getrandbits(32))
        stage.report(options.kills, time.monotonic() - began)
        if server.stop() != 0:
            result.fault("did not stop in order", server.process.returncode)
    return result
