"""Producers that go on while the broker is killed, and remember what they were promised.

Each notes what it was told, and what it never heard of: a promise must be kept, an unknown may have
happened or not, but wholly, and once.
"""

import collections
import random
import threading
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from .second_protocol import Fenced, SecondProtocolProducer

IN_FLIGHT_MAX = 500


class Worker(threading.Thread):
    """A loop of `step` until told to stop. What goes wrong with the test itself ends up in `error`."""

    def __init__(self, name: str, address: str, seed: int):
        super().__init__(name=name, daemon=True)
        self.address = address
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.error = None

    def run(self):
        try:
            self.begin()
            while not self.stopping.is_set():
                self.step()
            self.end()
        except Exception as error:  # noqa: BLE001 - told by the main thread
            self.error = error

    def begin(self):
        pass

    def end(self):
        pass


class IdempotentWorker(Worker):
    """Numbers, each once, to random partitions of a topic; up to five batches in flight."""

    def __init__(
            self, name, address, seed, topic, partitions, pause=0.0005, timeout_ms=600_000):
        super().__init__(name, address, seed)
        self.topic, self.partitions, self.pause = topic, partitions, pause
        self.timeout_ms = timeout_ms
        self.next = 0
        self.sent = []
        self.acknowledged = {}
        self.unknown = set()
        self.room = threading.Semaphore(IN_FLIGHT_MAX)

    def begin(self):
        self.producer = Producer({
            "bootstrap.servers": self.address, "enable.idempotence": True, "linger.ms": 1,
            "message.timeout.ms": self.timeout_ms, "reconnect.backoff.max.ms": 200,
            "retry.backoff.ms": 20, "retry.backoff.max.ms": 200, "log_level": 0})

    def delivered(self, error, message):
        self.room.release()
        if error is None:
            self.acknowledged[message.value()] = (message.partition(), message.offset())
        else:
            self.unknown.add(message.value())

    def step(self):
        while not self.room.acquire(timeout=0.05):
            self.producer.poll(0)
            if self.stopping.is_set():
                return
        value = f"{self.name}:{self.next}".encode()
        partition = self.random.randrange(self.partitions)
        self.next += 1
        self.sent.append((partition, value))
        self.producer.produce(
            self.topic, value, partition=partition, on_delivery=self.delivered)
        self.producer.poll(0)
        time.sleep(self.pause)

    def end(self):
        if self.producer.flush(120):
            raise AssertionError(f"{self.name}: records were not answered within 120 s")


class TransactionWorker(Worker):
    """Transactions of a few records over several partitions; a fifth of them is aborted.

    `outcomes` holds for each transaction `committed`, `aborted` or `unknown`; `contents` how many
    records it has: {(partition, value)}.
    """

    def __init__(self, name, address, seed, topic, partitions):
        super().__init__(name, address, seed)
        self.topic, self.partitions = topic, partitions
        self.number = 0
        self.outcomes = {}
        self.contents = {}

    def plan(self):
        """A new transaction: its name and its records."""
        self.number += 1
        name = f"{self.name}/{self.number}"
        count = self.random.randint(2, 8)
        records = [
            (self.random.randrange(self.partitions), f"{name}/{index}".encode())
            for index in range(count)]
        self.contents[name] = records
        self.outcomes[name] = "unknown"
        return name, records, self.random.random() < 0.8


class FirstProtocolWorker(TransactionWorker):
    """By librdkafka: AddPartitionsToTxn, EndTxn without a new epoch."""

    producer = None

    def open(self):
        while not self.stopping.is_set():
            producer = Producer({
                "bootstrap.servers": self.address, "transactional.id": self.name,
                "transaction.timeout.ms": 60_000, "reconnect.backoff.max.ms": 200,
                "retry.backoff.ms": 20, "retry.backoff.max.ms": 200, "linger.ms": 1,
                "log_level": 0})
            try:
                producer.init_transactions(30)
                self.producer = producer
                return
            except KafkaException:
                continue

    def step(self):
        if self.producer is None:
            self.open()
            return
        name, records, commits = self.plan()
        try:
            self.producer.begin_transaction()
            for partition, value in records:
                self.producer.produce(self.topic, value, partition=partition)
            self.outcomes[name] = finish(self.producer, commits)
        except KafkaException as error:
            self.outcomes[name] = settle(self.producer, error)
        if self.outcomes[name] == "unknown":
            # Fenced or broken: the next one with this id ends what it left.
            self.producer = None

    def end(self):
        # Whatever is left open is ended by its successor.
        self.stopping.clear()
        self.open()
        self.stopping.set()


def finish(producer: Producer, commits: bool) -> str:
    """Ends a transaction as planned, as often as the client says that it may be tried again."""
    while True:
        try:
            if commits:
                producer.commit_transaction(30)
                return "committed"
            producer.abort_transaction(30)
            return "aborted"
        except KafkaException as error:
            if not error.args[0].retriable():
                return settle(producer, error)


def settle(producer: Producer, error: KafkaException) -> str:
    """What became of a transaction after an error."""
    if not error.args[0].txn_requires_abort():
        return "unknown"
    return finish(producer, False)


class SecondProtocolWorker(TransactionWorker):
    """By KIP-890: partitions added by Produce, a new epoch with each end."""

    def begin(self):
        self.producer = SecondProtocolProducer(self.address, self.name)
        self.producer.begin()

    def step(self):
        name, records, commits = self.plan()
        by_partition = collections.defaultdict(list)
        for partition, value in records:
            by_partition[partition].append(value)
        try:
            for partition, values in by_partition.items():
                self.producer.send(self.topic, partition, values)
        except Fenced:
            self.producer.begin()
            self.outcomes[name] = "aborted"
            return
        try:
            self.producer.end(commits)
            self.outcomes[name] = "committed" if commits else "aborted"
        except Fenced:
            self.producer.begin()

    def end(self):
        self.producer.begin()
        self.producer.close()


class CopyWorker(Worker):
    """Reads a topic and writes it to another, exactly once: the offsets go with the records.

    By the second protocol: librdkafka 2.16's send_offsets_to_transaction may hang for ever when the
    broker is restarted under it (its issues 5456 and 5511).
    """

    def __init__(self, name, address, seed, source, target, partitions):
        super().__init__(name, address, seed)
        self.source, self.target, self.partitions = source, target, partitions
        self.copied = 0
        self.idle = threading.Event()

    def begin(self):
        self.producer = SecondProtocolProducer(self.address, self.name)
        self.consumer = Consumer({
            "bootstrap.servers": self.address, "group.id": self.name,
            "isolation.level": "read_committed", "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "reconnect.backoff.max.ms": 200, "log_level": 0})
        self.begin_anew()

    def begin_anew(self):
        """What was not committed is read again."""
        self.producer.begin()
        places = [TopicPartition(self.source, number) for number in range(self.partitions)]
        while True:
            try:
                committed = self.consumer.committed(places, 10)
                if all(place.error is None for place in committed):
                    break
            except KafkaException:
                time.sleep(0.05)
        for place in committed:
            place.offset = max(place.offset, 0)
        self.consumer.assign(committed)

    def step(self):
        messages = [m for m in self.consumer.consume(200, 0.2) if m.error() is None]
        if not messages:
            self.idle.set()
            return
        self.idle.clear()
        positions, values = {}, collections.defaultdict(list)
        for message in messages:
            positions[message.partition()] = message.offset() + 1
            values[message.partition()].append(message.value())
        try:
            for partition, some in values.items():
                self.producer.send(self.target, partition, some)
            self.producer.commit_offsets(self.name, self.source, positions)
            commits = self.random.random() < 0.9
            self.producer.end(commits)
            if commits:
                self.copied += len(messages)
                return
        except Fenced:
            pass
        self.begin_anew()

    def end(self):
        self.consumer.close()
        self.producer.close()
