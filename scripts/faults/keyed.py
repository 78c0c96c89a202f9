"""Writers of records with keys and tombstones, and the model of all they wrote to one topic.

Each record carries its number in a header, since a tombstone has no value to know it by. A key belongs
to one writer, so its numbers rise in the order of the log.
"""

import collections
import dataclasses
import threading
import time

from confluent_kafka import KafkaException, Producer

from .workers import IN_FLIGHT_MAX, Worker, finish, settle

NUMBER_HEADER = "n"
TOMBSTONE_SHARE = 0.15
CLIENT = {
    "reconnect.backoff.max.ms": 200, "retry.backoff.ms": 20, "retry.backoff.max.ms": 200,
    "linger.ms": 2, "log_level": 0}


@dataclasses.dataclass
class Written:
    partition: int
    key: bytes
    value: bytes | None
    # Its time, of this machine's clock.
    milliseconds: int
    # Once acknowledged.
    offset: int | None = None
    # committed (also without a transaction, once acknowledged), aborted, unknown
    outcome: str = "unknown"


class Model:
    """What was written to one topic, by number."""

    def __init__(self):
        self.lock = threading.Lock()
        self.records = {}
        self.numbers = collections.defaultdict(list)
        # The highest number of each key that was promised to stay.
        self.confirmed = {}
        self.next = 0

    def new(self, written: Written) -> int:
        with self.lock:
            number = self.next
            self.next += 1
            self.records[number] = written
            self.numbers[written.key].append(number)
            return number

    def confirm(self, number: int):
        with self.lock:
            written = self.records[number]
            written.outcome = "committed"
            self.confirmed[written.key] = max(number, self.confirmed.get(written.key, -1))

    def promised(self) -> dict:
        with self.lock:
            return dict(self.confirmed)

    def placed(self) -> list:
        """Number and record of all that were acknowledged."""
        with self.lock:
            return [(n, written) for n, written in self.records.items() if written.offset is not None]

    def may_be_gone(self, key: bytes, since: int) -> bool:
        """Whether a reader may find nothing of a key from a number on: a tombstone may have ended it."""
        with self.lock:
            return any(
                number >= since and self.records[number].value is None
                and self.records[number].outcome != "aborted" for number in self.numbers[key])


class KeyedWriter(Worker):
    """Idempotent; `pick` chooses the key of a number."""

    def __init__(self, name, address, seed, topic, partitions, model, pick, per_second):
        super().__init__(name, address, seed)
        self.topic, self.partitions, self.model, self.pick = topic, partitions, model, pick
        self.pause = 1 / per_second
        self.room = threading.Semaphore(IN_FLIGHT_MAX)
        self.count = 0

    def begin(self):
        self.producer = Producer({
            "bootstrap.servers": self.address, "enable.idempotence": True,
            "message.timeout.ms": 600_000, **CLIENT})

    def make(self) -> tuple:
        """A new record, already in the model."""
        self.count += 1
        key = f"{self.name}:{self.pick(self.random, self.count)}".encode()
        text = f"{self.count}".encode() + b"." * self.random.randint(10, 400)
        value = None if self.random.random() < TOMBSTONE_SHARE else text
        # A key stays in its partition.
        written = Written(
            sum(key) % self.partitions, key, value, int(time.time() * 1000))
        return self.model.new(written), written

    def hand_over(self, number: int, written: Written):
        def delivered(error, message):
            self.room.release()
            if error is None:
                written.offset = message.offset()
                self.delivered(number)
            else:
                self.refused(error)

        while not self.room.acquire(timeout=0.05):
            self.producer.poll(0)
        self.producer.produce(
            self.topic, written.value, written.key, partition=written.partition,
            timestamp=written.milliseconds, headers=[(NUMBER_HEADER, str(number).encode())],
            on_delivery=delivered)
        self.producer.poll(0)

    def delivered(self, number: int):
        self.model.confirm(number)

    def refused(self, error):
        self.error = AssertionError(f"{self.name}: a record was refused: {error}")

    def step(self):
        self.hand_over(*self.make())
        time.sleep(self.pause)

    def end(self):
        if self.producer.flush(120):
            raise AssertionError(f"{self.name}: records were not answered within 120 s")


class KeyedTransactionWriter(KeyedWriter):
    """The same in transactions of a few records; a third of them is aborted."""

    producer = None

    def begin(self):
        while not self.stopping.is_set():
            producer = Producer({
                "bootstrap.servers": self.address, "transactional.id": self.name, **CLIENT})
            try:
                producer.init_transactions(30)
                self.producer = producer
                return
            except KafkaException:
                continue

    def delivered(self, number: int):
        """Not before the transaction is committed."""

    def refused(self, error):
        """Then the transaction is not committed either."""

    def step(self):
        if self.producer is None:
            self.begin()
            return
        records = [self.make() for _ in range(self.random.randint(2, 8))]
        commits = self.random.random() < 0.66
        try:
            self.producer.begin_transaction()
            for number, written in records:
                self.hand_over(number, written)
            outcome = finish(self.producer, commits)
        except KafkaException as error:
            outcome = settle(self.producer, error)
        for number, written in records:
            if outcome == "committed":
                self.model.confirm(number)
            else:
                written.outcome = outcome
        if outcome == "unknown":
            # Its successor ends what it left.
            self.producer = None
        time.sleep(self.pause * len(records))

    def end(self):
        # Ends whatever is left open.
        self.stopping.clear()
        self.begin()
        self.stopping.set()
