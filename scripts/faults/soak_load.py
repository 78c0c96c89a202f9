"""What goes on during a soak: producers at a rate, consumers, topics and connections that come and go."""

import socket
import struct
import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from . import clients
from .workers import IN_FLIGHT_MAX, Worker

VALUE_BYTES = (100, 1_000)
LATENCIES_KEPT_MAX = 100_000
TRANSACTION_RECORDS = 20
# Of what this does between two looks at the clock.
TICK_SECONDS = 0.02
CHURN_SECONDS = 1
HELLO = struct.pack(">ihhih", 10, 18, 0, 7, -1)


class Load(Worker):
    """Idempotent; so many records a second, or as many as go."""

    def __init__(self, name, address, seed, topic, partitions, per_second):
        super().__init__(name, address, seed)
        self.topic, self.partitions, self.per_second = topic, partitions, per_second
        self.acknowledged = 0
        self.refused = {}
        self.latencies = []
        self.lock = threading.Lock()
        self.room = threading.Semaphore(4 * IN_FLIGHT_MAX)
        # The same bytes over and over, at another place each time: making them is not what is tested.
        self.bytes = self.random.randbytes(2 * VALUE_BYTES[1])

    def begin(self):
        self.producer = self.make_producer()
        self.due = time.monotonic()

    def make_producer(self, **more) -> Producer:
        return Producer({
            "bootstrap.servers": self.address, "linger.ms": 5, "log_level": 0,
            **({"enable.idempotence": True} if not more else more)})

    def take_latencies(self) -> list:
        with self.lock:
            taken, self.latencies = self.latencies, []
            return taken

    def delivered(self, error, message):
        self.room.release()
        if error is not None:
            self.refused[error.name()] = self.refused.get(error.name(), 0) + 1
            return
        self.acknowledged += 1
        with self.lock:
            if len(self.latencies) < LATENCIES_KEPT_MAX:
                self.latencies.append(message.latency())

    def send(self):
        while not self.room.acquire(timeout=0.05):
            self.producer.poll(0)
        start = self.random.randrange(VALUE_BYTES[1])
        value = self.bytes[start:start + self.random.randint(*VALUE_BYTES)]
        self.producer.produce(
            self.topic, value, partition=self.random.randrange(self.partitions),
            on_delivery=self.delivered)

    def count_due(self) -> int:
        """How many are to be sent now."""
        if self.per_second is None:
            return 200
        now = time.monotonic()
        # After a pause of the machine the rest is not made up for.
        count = int(min(now - self.due, 1) * self.per_second)
        if count:
            self.due = max(self.due + count / self.per_second, now - 1)
        return count

    def step(self):
        for _ in range(self.count_due()):
            self.send()
        self.producer.poll(0)
        if self.per_second is not None:
            time.sleep(TICK_SECONDS)

    def end(self):
        if self.producer.flush(60):
            raise AssertionError(f"{self.name}: records were not answered within 60 s")


class Transacting(Load):
    """The same in transactions, of which a tenth is aborted."""

    def begin(self):
        self.producer = self.make_producer(**{"transactional.id": f"soak-{self.name}"})
        self.producer.init_transactions(60)
        self.due = time.monotonic()

    def delivered(self, error, message):
        if error is not None and error.code() == KafkaError._PURGE_QUEUE:
            self.room.release()
            return
        super().delivered(error, message)

    def step(self):
        if (time.monotonic() - self.due) * self.per_second < TRANSACTION_RECORDS:
            time.sleep(TICK_SECONDS)
            return
        self.due = max(
            self.due + TRANSACTION_RECORDS / self.per_second, time.monotonic() - 1)
        self.producer.begin_transaction()
        for _ in range(TRANSACTION_RECORDS):
            self.send()
        if self.random.random() < 0.9:
            self.producer.commit_transaction(60)
        else:
            self.producer.flush(60)
            self.producer.abort_transaction(60)


class Consuming(Worker):
    """A member of the group of its protocol; commits as clients do by default."""

    def __init__(self, name, address, seed, topic, partitions, protocol):
        super().__init__(name, address, seed)
        self.topic, self.protocol = topic, protocol
        self.consumed = 0

    def begin(self):
        self.consumer = Consumer({
            "bootstrap.servers": self.address, "group.id": f"soak-{self.protocol}", "log_level": 0,
            "group.protocol": self.protocol, "auto.offset.reset": "latest",
            "isolation.level": "read_committed"})
        self.consumer.subscribe([self.topic])

    def step(self):
        for message in self.consumer.consume(1000, 0.2):
            if message.error() is None:
                self.consumed += 1
            elif not message.error().retriable():
                raise KafkaException(message.error())

    def end(self):
        self.consumer.close()


class ChurnWorker(Worker):
    """A topic that is made, written to and deleted; connections, some of which say nothing or vanish."""

    def __init__(self, name, address, seed):
        super().__init__(name, address, seed)
        self.topics = self.connections = 0

    def step(self):
        self.come_and_go()
        if self.random.random() < 0.2:
            self.make_and_delete()
        self.stopping.wait(CHURN_SECONDS)

    def come_and_go(self):
        host, port = self.address.rsplit(":", 1)
        for _ in range(self.random.randint(1, 10)):
            with socket.create_connection((host, int(port)), timeout=30) as peer:
                if self.random.random() < 0.7:
                    peer.sendall(HELLO[:self.random.randint(1, len(HELLO))])
                if self.random.random() < 0.3:
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connections += 1

    def make_and_delete(self):
        self.topics += 1
        topic = f"soak-{self.topics}"
        clients.make_topics(self.address, {topic: self.random.randint(1, 8)})
        producer = Producer({"bootstrap.servers": self.address, "log_level": 0})
        for number in range(50):
            producer.produce(topic, f"{number}".encode())
        producer.flush(30)
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        for future in admin.delete_topics([topic]).values():
            future.result(30)
