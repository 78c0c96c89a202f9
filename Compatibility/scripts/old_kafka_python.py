"""What Debian's kafka-python (2.0.2, of 2020) does with a broker; run by Debian's own Python, not ours.

`/usr/bin/python3 old_kafka_python.py CASE OPTIONS` with the clients' options as JSON; prints what was found as
JSON. The client is told no `api_version`: it must find out from the broker what it may ask.
"""

import json
import sys
import threading
import time
import uuid

import kafka
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import (
    ACL, ACLFilter, ACLOperation, ACLPermissionType, ConfigResource, ConfigResourceType, NewPartitions, NewTopic,
    ResourcePattern, ResourcePatternFilter, ResourceType)
from kafka.admin.acl_resource import ACLResourcePatternType
from kafka.codec import has_lz4, has_snappy, has_zstd
from kafka.errors import KafkaError

PATIENCE_SECONDS = 30
CODECS = [None, "gzip", *(name for name, there in (
    ("snappy", has_snappy), ("lz4", has_lz4), ("zstd", has_zstd)) if there())]


def fresh(prefix) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def take(consumer, count) -> list:
    """The next records, or fewer when patience ends."""
    found = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found) < count and time.monotonic() < deadline:
        for records in consumer.poll(500).values():
            found += records
    return found


def versions(options):
    """The probe's answer, and the package's own version."""
    consumer = KafkaConsumer(**options)
    found = consumer.config["api_version"]
    consumer.close()
    return {"client": kafka.__version__, "broker": list(found), "codecs": CODECS}


def codecs(options):
    """A topic with each codec's records in it, read back by one consumer."""
    topic = fresh("old-codecs")
    sent = {}
    for codec in CODECS:
        producer = KafkaProducer(**options, compression_type=codec, acks="all", linger_ms=5)
        futures = [
            producer.send(topic, f"{codec} {number} ".encode() * 20, str(number).encode(),
                          headers=[("codec", str(codec).encode())], timestamp_ms=1_600_000_000_000 + number)
            for number in range(100)]
        sent[str(codec)] = [future.get(PATIENCE_SECONDS).offset for future in futures]
        producer.close()
    consumer = KafkaConsumer(topic, **options, auto_offset_reset="earliest", group_id=None, check_crcs=True)
    records = take(consumer, 100 * len(CODECS))
    end = consumer.end_offsets([TopicPartition(topic, 0)])[TopicPartition(topic, 0)]
    by_time = consumer.offsets_for_times({TopicPartition(topic, 0): 1_600_000_000_050})
    consumer.close()
    whole = all(
        record.headers[0][1].decode() == record.value.split(b" ")[0].decode()
        and record.value.split(b" ")[1] == record.key
        and record.timestamp == 1_600_000_000_000 + int(record.key) for record in records)
    return {"sent": sent, "read": [record.offset for record in records], "whole": whole, "end": end,
            "by_time": by_time[TopicPartition(topic, 0)].offset}


class Member(threading.Thread):
    """A consumer of a group with a thread of its own: the client's `poll` waits for all others to join."""

    def __init__(self, topic, settings):
        super().__init__(daemon=True)
        self.consumer = KafkaConsumer(topic, **settings)
        self.seen, self.share = {}, []
        self.ending = threading.Event()
        self.start()

    def run(self):
        while not self.ending.is_set():
            for records in self.consumer.poll(200).values():
                self.seen.update({(record.partition, record.offset): record.value.decode() for record in records})
            self.share = sorted(part.partition for part in self.consumer.assignment())

    def end(self):
        """The consumer, which the caller's thread may use from now on."""
        self.ending.set()
        self.join(PATIENCE_SECONDS)
        return self.consumer


def wait(check, what):
    """Looks every 50 ms, and fails loudly when it does not come within the patience of all waits here."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not check():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.05)


def group(options):
    """Two members share four partitions; one leaves, the other goes on where it stood."""
    admin = KafkaAdminClient(**options)
    topic, name = fresh("old-group"), fresh("g")
    admin.create_topics([NewTopic(topic, 4, 1)])
    producer = KafkaProducer(**options)

    def send(values):
        for number, value in enumerate(values):
            producer.send(topic, value.encode(), partition=number % 4)
        producer.flush(PATIENCE_SECONDS)

    send(str(number) for number in range(200))
    settings = dict(options, group_id=name, auto_offset_reset="earliest", auto_commit_interval_ms=100,
                    heartbeat_interval_ms=300, session_timeout_ms=10_000)
    members = [Member(topic, settings) for _ in range(2)]
    wait(lambda: [len(member.share) for member in members] == [2, 2], "two members share four partitions")
    shares = [member.share for member in members]
    described = admin.describe_consumer_groups([name])[0]
    wait(lambda: len({**members[0].seen, **members[1].seen}) == 200, "all 200 records are read")
    wait(lambda: sum(offset.offset for offset in admin.list_consumer_group_offsets(name).values()) == 200,
         "all offsets are committed")
    offsets = admin.list_consumer_group_offsets(name)
    values = sorted(int(value) for value in {**members[0].seen, **members[1].seen}.values())
    members[0].end().close()
    wait(lambda: len(members[1].share) == 4, "the member that stays has all partitions")
    send(["later"] * 4)
    wait(lambda: list(members[1].seen.values()).count("later") == 4, "the later records are read")
    later = list(members[1].seen.values()).count("later")
    last = members[1].end()
    part = TopicPartition(topic, 0)
    last.commit({part: OffsetAndMetadata(7, "by hand")})
    committed = last.committed(part)
    last.close(autocommit=False)
    listed = name in [entry[0] for entry in admin.list_consumer_groups()]
    deleted = admin.delete_consumer_groups([name])[0][1]
    return {
        "values": values, "shares": shares, "state": described.state, "members": len(described.members),
        "offsets": [offset.offset for offset in offsets.values()], "later": later, "committed": committed,
        "listed": listed, "deleted": deleted.__name__}


def admin(options):
    """Topics, partitions, settings, the cluster; and what is refused."""
    client = KafkaAdminClient(**options)
    topic = fresh("old-admin")
    client.create_topics([NewTopic(topic, 2, 1, topic_configs={"retention.ms": "123456"})])
    try:
        client.create_topics([NewTopic(topic, 1, 1)])
        again = None
    except KafkaError as error:
        again = type(error).__name__
    client.create_partitions({topic: NewPartitions(5)})

    def setting(name):
        answers = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        entries = answers[0].resources[0][4]
        return next(entry[1] for entry in entries if entry[0] == name)

    before = setting("retention.ms")
    client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "654321"})])
    described = client.describe_topics([topic])[0]
    cluster = client.describe_cluster()
    found = {
        "again": again, "before": before, "after": setting("retention.ms"),
        "partitions": len(described["partitions"]), "listed": topic in client.list_topics(),
        "controller": cluster["controller_id"], "brokers": len(cluster["brokers"])}
    client.delete_topics([topic])
    wait(lambda: topic not in client.list_topics(), "the deleted topic is gone")
    found["gone"] = topic not in client.list_topics()
    return found


def acls(options):
    """A rule is made, found and removed."""
    client = KafkaAdminClient(**options)
    topic = fresh("old-acl")
    rule = ACL("User:bob", "*", ACLOperation.READ, ACLPermissionType.ALLOW,
               ResourcePattern(ResourceType.TOPIC, topic, ACLResourcePatternType.LITERAL))
    wanted = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY,
                       ResourcePatternFilter(ResourceType.TOPIC, topic, ACLResourcePatternType.ANY))
    created = client.create_acls([rule])
    found, _ = client.describe_acls(wanted)
    deleted = client.delete_acls([wanted])
    left, _ = client.describe_acls(wanted)
    return {"created": len(created["succeeded"]), "found": [entry.principal for entry in found],
            "deleted": len(deleted[0][1]), "left": len(left)}


def round_trip(options):
    """One record out and back."""
    topic = fresh("old-trip")
    producer = KafkaProducer(**options)
    producer.send(topic, b"value").get(PATIENCE_SECONDS)
    producer.close()
    consumer = KafkaConsumer(topic, **options, group_id=topic, auto_offset_reset="earliest")
    records = take(consumer, 1)
    consumer.close()
    return [record.value.decode() for record in records]


def refused(options):
    """The error that the first connection ends with."""
    try:
        KafkaConsumer(**options).topics()
    except KafkaError as error:
        return type(error).__name__
    return None


CASES = {case.__name__: case for case in (versions, codecs, group, admin, acls, round_trip, refused)}

if __name__ == "__main__":
    print(json.dumps(CASES[sys.argv[1]](json.loads(sys.argv[2]))))
