"""Readers of topics that are retained and compacted under them, and what they may and must see."""

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from . import clients
from .keyed import NUMBER_HEADER, Model
from .workers import Worker

# Errors that a broker which is being started again explains.
EXPECTED = {
    *clients.LOST_BROKER, KafkaError._TIMED_OUT, KafkaError._RESOLVE, KafkaError._WAIT_COORD}


class Stream:
    """One consumer of all partitions from the start, whose every record is checked as it comes.

    Records come in the order of offsets; where nothing is compacted without a gap, but for what
    retention took from under the reader; and each key's numbers rise.
    """

    def __init__(self, address: str, topic: str, partitions: int, model: Model, dense: bool, verdict):
        self.topic, self.partitions, self.model = topic, partitions, model
        self.dense, self.verdict = dense, verdict
        self.next = {}
        self.last = {}
        self.found = {}
        # Where the log ended when the end was reached last; the first only while that is still so.
        self.ends, self.reached = {}, {}
        self.reached_at = dict.fromkeys(range(partitions), time.monotonic())
        self.jumps = 0
        self.consumer = Consumer({
            "bootstrap.servers": address, "group.id": "keyed", "enable.auto.commit": False,
            "isolation.level": "read_committed", "enable.partition.eof": True,
            # A reset is an event here, not something that happens silently.
            "auto.offset.reset": "error", "check.crcs": True, "log_level": 0,
            "reconnect.backoff.max.ms": 200, "fetch.wait.max.ms": 50,
            "fetch.message.max.bytes": 16_384, "queued.max.messages.kbytes": 64})
        self.assign()

    def assign(self):
        self.consumer.assign([
            TopicPartition(self.topic, number, self.next.get(number, OFFSET_BEGINNING))
            for number in range(self.partitions)])

    def close(self):
        self.consumer.close()

    @property
    def is_at_end(self) -> bool:
        return len(self.ends) == self.partitions

    def low(self, partition: int) -> int:
        """Where the log starts now."""
        deadline = time.monotonic() + clients.PATIENCE_SECONDS
        while True:
            try:
                place = TopicPartition(self.topic, partition)
                return self.consumer.get_watermark_offsets(place, timeout=5)[0]
            except KafkaException:
                if time.monotonic() > deadline:
                    raise

    def lows(self) -> dict:
        return {number: self.low(number) for number in range(self.partitions)}

    def take(self, count: int, timeout: float) -> int:
        """Reads up to `count` records and checks them; gives how many there were."""
        taken, is_reset = 0, False
        for message in self.consumer.consume(count, timeout):
            error = message.error()
            if error is None:
                taken += 1
                self.ends.pop(message.partition(), None)
                self.check(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                self.ends[message.partition()] = message.offset()
                self.reached[message.partition()] = message.offset()
                self.reached_at[message.partition()] = time.monotonic()
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:
                self.reset(message)
                is_reset = True
            elif error.code() not in EXPECTED and not error.retriable():
                self.verdict.fault("refused", f"{self.topic}-{message.partition()}: {error}")
                raise KafkaException(error)
        if is_reset:
            self.assign()
        return taken

    def reset(self, message):
        """Out of range: only for who asked for what is below the start of the log."""
        partition, asked = message.partition(), message.offset()
        low, wanted = self.low(partition), self.next.get(partition, 0)
        if asked >= low:
            self.verdict.fault(
                "out of range", f"{self.topic}-{partition}: asked for {asked}, read up to {wanted}, "
                f"the log starts at {low}: {message.error()}")
        self.jumps += 1
        # The client may tell of one it asked for before it was sent elsewhere.
        self.next[partition] = max(low, wanted)

    def check(self, message):
        place = f"{self.topic}-{message.partition()}@{message.offset()}"
        wanted = self.next.get(message.partition())
        self.next[message.partition()] = message.offset() + 1
        if wanted is not None and message.offset() < wanted:
            self.verdict.fault("disordered", f"{place}, expected {wanted}")
        if self.dense and wanted is not None and message.offset() > wanted:
            self.verdict.fault("gap", f"{place}, expected {wanted}")
        headers = dict(message.headers() or [])
        number = int(headers.get(NUMBER_HEADER, b"-1"))
        written = self.model.records.get(number)
        if written is None:
            self.verdict.fault("never written", f"{place}: number {number}")
            return
        if (written.partition, written.key, written.value) != (
                message.partition(), message.key(), message.value()):
            self.verdict.fault("changed", f"{place}: number {number}")
        before = self.last.get(message.key(), -1)
        if number <= before:
            self.verdict.fault("older", f"{place}: number {number} of a key after {before}")
        self.last[message.key()] = number
        self.found[number] = message.offset()

    def judge_places(self):
        """Once all is known: records are where it was said, and none of an aborted transaction."""
        for number, offset in self.found.items():
            written = self.model.records[number]
            if written.outcome == "aborted":
                self.verdict.fault("unaborted", f"{self.topic}@{offset}: number {number}")
            if written.offset is not None and written.offset != offset:
                self.verdict.fault("moved", f"{self.topic}: {written.offset} is at {offset}")

    def judge_keys(self, promised: dict, lows: dict, keeps_up: bool):
        """The last promised value of each key was seen, or a newer one.

        A tombstone may be gone: for who saw nothing of its key, or was slower than it is kept.
        """
        for key in promised:
            number = self.last_stable(key, promised[key])
            seen = self.last.get(key)
            if number is None or (seen is not None and seen >= number):
                continue
            written = self.model.records[number]
            if written.offset < lows[written.partition]:
                continue
            if (seen is None or not keeps_up) and self.model.may_be_gone(key, number):
                continue
            kind = "stale" if seen is not None else "lost"
            self.verdict.fault(
                kind, f"{self.topic}: {key}: number {number} at {written.offset}, seen {seen}")

    def last_stable(self, key: bytes, promised: int):
        """The last promised one before the end that was reached: before the first open transaction."""
        for number in reversed(self.model.numbers[key].copy()):
            written = self.model.records[number]
            if (number <= promised and written.outcome == "committed" and written.offset is not None
                    and written.offset < self.reached.get(written.partition, 0)):
                return number
        return None


def scan(stream: Stream, kept_seconds: float) -> dict:
    """One reading from the start to the end that is judged; gives where the log starts afterwards."""
    promised, lows, began = stream.model.promised(), stream.lows(), time.monotonic()
    deadline = began + clients.PATIENCE_SECONDS
    while len(stream.reached) < stream.partitions:
        stream.take(500, 0.2)
        if time.monotonic() > deadline:
            raise AssertionError(f"no end of {stream.topic} within {clients.PATIENCE_SECONDS} s")
    keeps_up = time.monotonic() - began < kept_seconds
    after = stream.lows()
    for partition, low in lows.items():
        if after[partition] < low:
            stream.verdict.fault("log start went back", f"{stream.topic}-{partition}")
    if stream.dense:
        judge_end(stream, promised)
    else:
        stream.judge_keys(promised, after, keeps_up)
    return after


def judge_end(stream: Stream, promised: dict):
    """Without transactions the end lies behind all that was acknowledged."""
    for number in promised.values():
        written = stream.model.records[number]
        end = stream.reached[written.partition]
        if written.offset is not None and written.offset >= end:
            stream.verdict.fault(
                "lost", f"{stream.topic}-{written.partition} ends at {end}, {written.offset} was there")


class Follower(Worker):
    """Reads on from the start of the topic, slowly or as fast as it can."""

    def __init__(self, name, make_stream, per_second=None):
        super().__init__(name, "", 0)
        self.make_stream, self.per_second = make_stream, per_second
        self.behind_seconds_max = 0.0

    def begin(self):
        self.stream = self.make_stream()

    def step(self):
        count = 1000 if self.per_second is None else max(1, int(self.per_second / 10))
        self.stream.take(count, 0.1)
        self.note()
        if self.per_second is not None:
            time.sleep(0.1)

    def note(self):
        behind = time.monotonic() - min(self.stream.reached_at.values())
        self.behind_seconds_max = max(self.behind_seconds_max, behind)

    def end(self):
        """To the end, now that nobody writes."""
        deadline = time.monotonic() + clients.PATIENCE_SECONDS
        quiet = time.monotonic()
        while not self.stream.is_at_end or time.monotonic() - quiet < 1:
            if self.stream.take(1000, 0.1):
                quiet = time.monotonic()
            self.note()
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name} found no end")
