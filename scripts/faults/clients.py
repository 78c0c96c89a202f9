"""What the fault programs ask librdkafka for: topics, and all that a partition holds."""

import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

PATIENCE_SECONDS = 120
# The broker is being started again.
LOST_BROKER = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN}


def make_topics(address: str, topics: dict, settings=None):
    """Topics by name with their partitions, and what is set of some of them."""
    admin = AdminClient({"bootstrap.servers": address})
    made = admin.create_topics([
        NewTopic(name, count, 1, config=(settings or {}).get(name, {}))
        for name, count in topics.items()])
    for future in made.values():
        future.result(30)


def read_all(address: str, topic: str, partitions: int, isolation="read_committed") -> dict:
    """Every record up to the end, by partition: lists of (offset, key, value)."""
    return read(address, topic, range(partitions), isolation)


def read_all_of(address: str, topic: str, partition: int) -> list:
    """Every committed record of one partition up to what is stable when its end is reached."""
    return read(address, topic, [partition], "read_committed")[partition]


def read(address: str, topic: str, partitions, isolation: str) -> dict:
    consumer = Consumer({
        "bootstrap.servers": address, "group.id": "reader", "enable.auto.commit": False,
        "isolation.level": isolation, "enable.partition.eof": True,
        "auto.offset.reset": "earliest", "check.crcs": True, "log_level": 0,
        "reconnect.backoff.max.ms": 200, "fetch.wait.max.ms": 50})
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    found = {number: [] for number in partitions}
    ended = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while len(ended) < len(found):
            message = consumer.poll(1)
            if time.monotonic() > deadline:
                raise AssertionError(f"no end of {topic} within {PATIENCE_SECONDS} s")
            if message is None:
                continue
            if message.error() is None:
                found[message.partition()].append(
                    (message.offset(), message.key(), message.value()))
                ended.discard(message.partition())
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
            elif not message.error().retriable() and message.error().code() not in LOST_BROKER:
                raise KafkaException(message.error())
    finally:
        consumer.close()
    return found
