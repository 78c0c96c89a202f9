"""What Debian's confluent-kafka (1.7.0 over librdkafka 2.0.2) does with a broker; run by Debian's own Python.

`/usr/bin/python3 old_confluent_kafka.py CASE OPTIONS` with librdkafka's properties as JSON; prints JSON.
"""

import json
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

PATIENCE_SECONDS = 30


def fresh(prefix) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def take(consumer, count) -> list:
    """The next records, or fewer when patience ends."""
    found = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found) < count and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            found.append(message)
    return found


def codecs(options):
    """An idempotent producer of each codec; one group reads all, commits, and asks for what it committed."""
    topic = fresh("old-codecs")
    names = ["none", "gzip", "snappy", "lz4", "zstd"]
    errors = []
    for codec in names:
        producer = Producer({**options, "compression.type": codec, "enable.idempotence": True})
        for number in range(100):
            producer.produce(topic, f"{codec} {number} " * 20, on_delivery=lambda error, _: error and errors.append(1))
        producer.flush(PATIENCE_SECONDS)
    consumer = Consumer({**options, "group.id": topic, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([topic])
    records = take(consumer, 100 * len(names))
    consumer.commit(asynchronous=False)
    committed = consumer.committed([TopicPartition(topic, 0)], timeout=PATIENCE_SECONDS)[0].offset
    consumer.close()
    return {"errors": len(errors), "read": [record.offset() for record in records], "committed": committed,
            "codecs": sorted({record.value().decode().split(" ")[0] for record in records}), "names": sorted(names)}


def transactions(options):
    """One that commits with its offsets, one that is aborted; a reader of what is committed."""
    source, target, group = fresh("old-in"), fresh("old-out"), fresh("g")
    feeder = Producer(options)
    feeder.produce(source, b"in")
    feeder.flush(PATIENCE_SECONDS)
    consumer = Consumer({**options, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([source])
    taken = take(consumer, 1)
    producer = Producer({**options, "transactional.id": target})
    producer.init_transactions(PATIENCE_SECONDS)
    producer.begin_transaction()
    producer.produce(target, b"aborted")
    producer.flush(PATIENCE_SECONDS)
    producer.abort_transaction(PATIENCE_SECONDS)
    producer.begin_transaction()
    producer.produce(target, b"committed")
    producer.send_offsets_to_transaction(
        consumer.position(consumer.assignment()), consumer.consumer_group_metadata(), PATIENCE_SECONDS)
    producer.commit_transaction(PATIENCE_SECONDS)
    reader = Consumer({**options, "group.id": target, "auto.offset.reset": "earliest",
                       "isolation.level": "read_committed"})
    reader.subscribe([target])
    found = take(reader, 1)
    reader.close()
    offset = consumer.committed([TopicPartition(source, 0)], timeout=PATIENCE_SECONDS)[0].offset
    consumer.close()
    return {"taken": len(taken), "found": [record.value().decode() for record in found], "offset": offset}


def admin(options):
    """Topics, partitions, settings, groups."""
    client = AdminClient(options)
    topic = fresh("old-admin")
    client.create_topics([NewTopic(topic, 2, 1, config={"retention.ms": "123456"})])[topic].result()
    client.create_partitions([NewPartitions(topic, 5)])[topic].result()
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)

    def setting():
        return client.describe_configs([resource])[resource].result()["retention.ms"].value

    before = setting()
    changed = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config={"retention.ms": "654321"})
    client.alter_configs([changed])[changed].result()
    partitions = len(client.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic].partitions)
    after = setting()
    consumer = Consumer({**options, "group.id": topic})
    consumer.subscribe([topic])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not consumer.assignment() and time.monotonic() < deadline:
        consumer.poll(0.1)
    groups = {entry.id: entry.state for entry in client.list_groups(timeout=PATIENCE_SECONDS)}
    consumer.close()
    client.delete_topics([topic])[topic].result()
    return {"before": before, "after": after, "partitions": partitions, "group": groups.get(topic)}


def round_trip(options):
    """One record out and back."""
    topic = fresh("old-trip")
    producer = Producer(options)
    producer.produce(topic, b"value")
    producer.flush(PATIENCE_SECONDS)
    consumer = Consumer({**options, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    records = take(consumer, 1)
    consumer.close()
    return [record.value().decode() for record in records]


CASES = {case.__name__: case for case in (codecs, transactions, admin, round_trip)}

if __name__ == "__main__":
    print(json.dumps(CASES[sys.argv[1]](json.loads(sys.argv[2]))))
