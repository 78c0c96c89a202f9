"""Committed offsets over kills of the broker: none that was acknowledged is lost, none is ever newer
than what was asked for.
"""

import random
import threading
import time

from confluent_kafka import (
    Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition,
)
from confluent_kafka.admin import AdminClient

from .broker import Broker, wait_until
from .clients import make_topics
from .verdict import Verdict
from .workers import Worker

TOPIC = "offsets"
PARTITIONS = 4
RECORDS = 2000


class Committer(Worker):
    """Commits higher and higher offsets, one at a time, as a member or without a group's help."""

    def __init__(self, name, address, seed, settings, assigns):
        super().__init__(name, address, seed)
        self.settings, self.assigns = settings, assigns
        self.lock = threading.Lock()
        self.asked = {}
        self.acknowledged = {}

    def begin(self):
        self.consumer = Consumer({
            "bootstrap.servers": self.address, "group.id": self.name, "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "reconnect.backoff.max.ms": 200, "log_level": 0,
            "socket.timeout.ms": 10_000, **self.settings})
        if self.assigns:
            self.consumer.assign([TopicPartition(TOPIC, number) for number in range(PARTITIONS)])
        else:
            self.consumer.subscribe([TOPIC])

    def step(self):
        self.consumer.poll(0.01)
        owned = self.consumer.assignment()
        if not owned:
            return
        partition = self.random.choice(owned).partition
        with self.lock:
            offset = self.asked.get(partition, 0) + self.random.randint(1, 3)
            self.asked[partition] = offset
        try:
            done = self.consumer.commit(
                offsets=[TopicPartition(TOPIC, partition, offset)], asynchronous=False)
            if done[0].error is not None:
                return
        except KafkaException:
            return
        with self.lock:
            self.acknowledged[partition] = max(offset, self.acknowledged.get(partition, 0))

    def end(self):
        self.consumer.close()


def committed(address: str, group: str) -> dict:
    admin = AdminClient({"bootstrap.servers": address, "log_level": 0})
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
    found = asked[group].result(10).topic_partitions
    return {partition.partition: partition.offset for partition in found}


def check(worker: Committer, address: str, verdict: Verdict, what: str):
    with worker.lock:
        before = dict(worker.acknowledged)

    def fetch():
        try:
            return committed(address, worker.name)
        except KafkaException:
            return None

    found = wait_until(lambda: fetch() if before else fetch() or {None: 0}, "offsets are answered")
    with worker.lock:
        asked = dict(worker.asked)
    for partition, offset in before.items():
        if found.get(partition, -1) < offset:
            verdict.fault("lost", f"{worker.name}-{partition} {what}: {found.get(partition)} < {offset}")
    for partition, offset in found.items():
        if partition is not None and offset > asked.get(partition, 0):
            verdict.fault("newer", f"{worker.name}-{partition} {what}: {offset}")


def run(options, seed: int, folder) -> Verdict:
    verdict = Verdict()
    chance = random.Random(seed)
    with Broker(folder / "data", options.binary) as broker:
        make_topics(broker.address, {TOPIC: PARTITIONS})
        producer = Producer({"bootstrap.servers": broker.address, "log_level": 0})
        for number in range(RECORDS):
            producer.produce(TOPIC, str(number), partition=number % PARTITIONS)
        producer.flush(30)
        workers = [
            Committer("simple", broker.address, seed, {}, assigns=True),
            Committer("classic", broker.address, seed + 1, {"session.timeout.ms": 6000}, False),
            Committer("consumer", broker.address, seed + 2, {"group.protocol": "consumer"}, False),
        ]
        for worker in workers:
            worker.start()
        for number in range(options.rounds):
            time.sleep(chance.uniform(0.5, 2.5))
            broker.kill()
            broker.start()
            for worker in workers:
                check(worker, broker.address, verdict, f"after kill {number + 1}")
        for worker in workers:
            wait_until(lambda worker=worker: worker.acknowledged or worker.error, worker.name)
            worker.stopping.set()
        for worker in workers:
            worker.join(60)
            if worker.error is not None:
                raise worker.error
        assert broker.stop() == 0, "the broker did not stop in order"
        broker.start()
        for worker in workers:
            check(worker, broker.address, verdict, "after a stop in order")
            print(f"  {worker.name}: {sum(worker.acknowledged.values())} in all", flush=True)
    return verdict
