# The broker as unmodified clients see it: kcat, confluent-kafka (librdkafka) and kafka-python.

import subprocess
import threading
import time
import uuid

import pytest
from confluent_kafka import (
    Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic,
    OffsetSpec, ResourceType,
)

WAIT = 20


def fresh(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def admin(stack):
    return AdminClient({"bootstrap.servers": stack.kafka})


def make_topic(admin, partitions=1, config=None, prefix="t"):
    name = fresh(prefix)
    futures = admin.create_topics([NewTopic(name, partitions, 1, config=config or {})])
    futures[name].result(WAIT)
    return name


def producer(stack, **config):
    settings = {"bootstrap.servers": stack.kafka, "enable.idempotence": True, "linger.ms": 5}
    settings.update({key.replace("_", "."): value for key, value in config.items()})
    return Producer(settings)


def produce(stack, topic, values, partition=None, key=None, **config):
    client = producer(stack, **config)
    failures = []

    def done(error, message):
        if error is not None:
            failures.append(error)

    for index, value in enumerate(values):
        extra = {} if partition is None else {"partition": partition}
        client.produce(topic, value=value, key=key(index) if key else None, on_delivery=done, **extra)
        client.poll(0)
    assert client.flush(WAIT) == 0
    assert failures == []


def consume(stack, topic, count, group=None, **config):
    settings = {
        "bootstrap.servers": stack.kafka, "group.id": group or fresh("g"),
        "auto.offset.reset": "earliest", "enable.auto.commit": False,
    }
    settings.update({key.replace("_", "."): value for key, value in config.items()})
    client = Consumer(settings)
    client.subscribe([topic])
    messages = []
    deadline = time.monotonic() + WAIT
    while len(messages) < count and time.monotonic() < deadline:
        message = client.poll(0.5)
        if message is not None:
            assert message.error() is None, message.error()
            messages.append(message)
    client.close()
    return messages


def error_code(future):
    with pytest.raises(KafkaException) as caught:
        future.result(WAIT)
    return caught.value.args[0].code()


class TestKcat:
    def run(self, stack, *arguments, stdin=None):
        command = ["kcat", "-b", stack.kafka, *arguments]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=WAIT + 10)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_lists_brokers_and_topics(self, stack, admin):
        topic = make_topic(admin, partitions=3)
        listing = self.run(stack, "-L", "-t", topic)
        assert "1 brokers" in listing
        assert f'topic "{topic}" with 3 partitions' in listing

    def test_produces_and_consumes(self, stack):
        topic = fresh("kcat")
        lines = "".join(f"key{n}:value{n}\n" for n in range(500))
        self.run(stack, "-P", "-t", topic, "-K", ":", stdin=lines)
        out = self.run(stack, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-K", ":")
        assert out == lines

    @pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
    def test_passes_every_codec(self, stack, codec):
        topic = fresh("codec")
        lines = "".join(f"{'x' * 50}{n}\n" for n in range(300))
        self.run(stack, "-P", "-t", topic, "-z", codec, stdin=lines)
        assert self.run(stack, "-C", "-t", topic, "-o", "beginning", "-e", "-q") == lines

    def test_reads_the_last_messages(self, stack):
        topic = fresh("tail")
        self.run(stack, "-P", "-t", topic, stdin="".join(f"{n}\n" for n in range(50)))
        assert self.run(stack, "-C", "-t", topic, "-o", "-3", "-e", "-q") == "47\n48\n49\n"

    def test_consumes_in_a_group(self, stack):
        topic = fresh("group")
        self.run(stack, "-P", "-t", topic, stdin="a\nb\nc\n")
        out = self.run(
            stack, "-G", fresh("g"), "-c", "3", "-q", "-X", "auto.offset.reset=earliest", topic)
        assert out == "a\nb\nc\n"

    def test_queries_offsets_by_time(self, stack):
        topic = fresh("time")
        self.run(stack, "-P", "-t", topic, stdin="a\nb\n")
        assert f"{topic} [0] offset 0" in self.run(stack, "-Q", "-t", f"{topic}:0:0")
        assert f"{topic} [0] offset 2" in self.run(stack, "-Q", "-t", f"{topic}:0:-1")


class TestConfluentProducer:
    def test_idempotent_records_come_once_and_in_order(self, stack, admin):
        topic = make_topic(admin)
        values = [str(n).encode() for n in range(20_000)]
        produce(stack, topic, values, queue_buffering_max_messages=200_000)
        messages = consume(stack, topic, len(values))
        assert [message.value() for message in messages] == values
        assert [message.offset() for message in messages] == list(range(len(values)))

    def test_headers_keys_and_timestamps_survive(self, stack, admin):
        topic = make_topic(admin)
        client = producer(stack)
        client.produce(
            topic, key=b"k", value=None, headers=[("a", b"1"), ("a", None)],
            timestamp=1_700_000_000_123)
        assert client.flush(WAIT) == 0
        [message] = consume(stack, topic, 1)
        assert (message.key(), message.value()) == (b"k", None)
        assert message.headers() == [("a", b"1"), ("a", None)]
        assert message.timestamp()[1] == 1_700_000_000_123

    def test_acks_0_and_1(self, stack, admin):
        for acks in (0, 1):
            topic = make_topic(admin)
            produce(stack, topic, [b"x"] * 100, acks=acks, enable_idempotence=False)
            assert len(consume(stack, topic, 100)) == 100

    def test_too_large_a_message_is_refused(self, stack, admin):
        topic = make_topic(admin, config={"max.message.bytes": "2000"})
        client = producer(stack, enable_idempotence=False)
        failures = []
        client.produce(topic, b"x" * 5000, on_delivery=lambda error, _: failures.append(error))
        client.flush(WAIT)
        assert failures[0].code() == KafkaError.MSG_SIZE_TOO_LARGE

    def test_a_compacted_topic_wants_keys(self, stack, admin):
        topic = make_topic(admin, config={"cleanup.policy": "compact"})
        client = producer(stack, enable_idempotence=False)
        failures = []
        client.produce(topic, b"no key", on_delivery=lambda error, _: failures.append(error))
        client.produce(topic, b"v", key=b"k")
        client.flush(WAIT)
        assert failures[0].code() == KafkaError.INVALID_RECORD

    def test_log_append_time_replaces_the_clients(self, stack, admin):
        topic = make_topic(admin, config={"message.timestamp.type": "LogAppendTime"})
        client = producer(stack)
        client.produce(topic, b"v", timestamp=1_000)
        assert client.flush(WAIT) == 0
        [message] = consume(stack, topic, 1)
        kind, when = message.timestamp()
        assert kind == 2 and abs(when - time.time() * 1000) < 60_000


class TestConfluentConsumer:
    def test_two_members_share_the_partitions(self, stack, admin):
        topic = make_topic(admin, partitions=4)
        group = fresh("share")
        settings = {
            "bootstrap.servers": stack.kafka, "group.id": group,
            "auto.offset.reset": "earliest", "session.timeout.ms": 6000,
        }
        first, second = Consumer(settings), Consumer(settings)
        first.subscribe([topic])
        second.subscribe([topic])
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            first.poll(0.2)
            second.poll(0.2)
            if len(first.assignment()) == 2 and len(second.assignment()) == 2:
                break
        both = {p.partition for p in first.assignment()} | {p.partition for p in second.assignment()}
        assert both == {0, 1, 2, 3}
        second.close()
        while time.monotonic() < deadline and len(first.assignment()) < 4:
            first.poll(0.2)
        assert len(first.assignment()) == 4
        first.close()

    def test_committed_offsets_are_resumed(self, stack, admin):
        topic = make_topic(admin)
        group = fresh("resume")
        produce(stack, topic, [str(n).encode() for n in range(10)])
        settings = {
            "bootstrap.servers": stack.kafka, "group.id": group,
            "auto.offset.reset": "earliest", "enable.auto.commit": False,
        }
        client = Consumer(settings)
        client.subscribe([topic])
        for _ in range(4):
            message = client.poll(WAIT)
        client.commit(message=message, asynchronous=False)
        client.close()
        rest = consume(stack, topic, 6, group=group)
        assert [m.value() for m in rest] == [b"4", b"5", b"6", b"7", b"8", b"9"]

    def test_a_waiting_fetch_is_woken_by_the_append(self, stack, admin):
        topic = make_topic(admin)
        client = Consumer({
            "bootstrap.servers": stack.kafka, "group.id": fresh("wake"), "fetch.wait.max.ms": 30_000,
            "auto.offset.reset": "earliest",
        })
        client.assign([TopicPartition(topic, 0, 0)])
        assert client.poll(1) is None
        threading.Timer(0.5, lambda: produce(stack, topic, [b"now"])).start()
        message = client.poll(WAIT)
        assert message is not None and message.value() == b"now"
        client.close()

    def test_watermarks_and_times(self, stack, admin):
        topic = make_topic(admin)
        client = producer(stack)
        for n in range(10):
            client.produce(topic, str(n).encode(), timestamp=1_700_000_000_000 + n * 1000)
        assert client.flush(WAIT) == 0
        consumer = Consumer({"bootstrap.servers": stack.kafka, "group.id": fresh("w")})
        partition = TopicPartition(topic, 0)
        assert consumer.get_watermark_offsets(partition, WAIT) == (0, 10)
        [found] = consumer.offsets_for_times([TopicPartition(topic, 0, 1_700_000_003_500)], WAIT)
        assert found.offset == 4
        consumer.close()


class TestConfluentAdmin:
    def test_creates_and_deletes_topics(self, stack, admin):
        topic = make_topic(admin, partitions=2)
        assert len(admin.list_topics(topic, timeout=WAIT).topics[topic].partitions) == 2
        again = admin.create_topics([NewTopic(topic, 1, 1)])[topic]
        assert error_code(again) == KafkaError.TOPIC_ALREADY_EXISTS
        admin.delete_topics([topic])[topic].result(WAIT)
        assert topic not in admin.list_topics(timeout=WAIT).topics
        gone = admin.delete_topics([topic])[topic]
        assert error_code(gone) == KafkaError.UNKNOWN_TOPIC_OR_PART

    @pytest.mark.parametrize("name", [".", "..", "a" * 250, "with space", "ünicode"])
    def test_refuses_names_that_are_none(self, admin, name):
        future = admin.create_topics([NewTopic(name, 1, 1)])[name]
        assert error_code(future) == KafkaError.TOPIC_EXCEPTION

    def test_refuses_more_replicas_than_nodes(self, admin):
        topic = fresh("t")
        future = admin.create_topics([NewTopic(topic, 1, 2)])[topic]
        assert error_code(future) == KafkaError.INVALID_REPLICATION_FACTOR

    def test_refuses_bad_settings(self, admin):
        for config in ({"no.such": "1"}, {"retention.ms": "soon"}):
            topic = fresh("t")
            future = admin.create_topics([NewTopic(topic, 1, 1, config=config)])[topic]
            assert error_code(future) == KafkaError.INVALID_CONFIG

    def test_validate_only_creates_nothing(self, admin):
        topic = fresh("t")
        admin.create_topics([NewTopic(topic, 1, 1)], validate_only=True)[topic].result(WAIT)
        assert topic not in admin.list_topics(timeout=WAIT).topics

    def test_more_partitions(self, admin):
        topic = make_topic(admin)
        admin.create_partitions([NewPartitions(topic, 3)])[topic].result(WAIT)
        assert len(admin.list_topics(topic, timeout=WAIT).topics[topic].partitions) == 3
        fewer = admin.create_partitions([NewPartitions(topic, 2)])[topic]
        assert error_code(fewer) == KafkaError.INVALID_PARTITIONS

    def test_describes_and_alters_configs(self, admin):
        topic = make_topic(admin, config={"retention.ms": "1000"})
        resource = ConfigResource(ResourceType.TOPIC, topic)
        described = admin.describe_configs([resource])[resource].result(WAIT)
        assert described["retention.ms"].value == "1000"
        assert described["cleanup.policy"].value == "delete"
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[
            ConfigEntry("retention.ms", "2000", incremental_operation=AlterConfigOpType.SET),
            ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.APPEND),
        ])
        admin.incremental_alter_configs([resource])[resource].result(WAIT)
        resource = ConfigResource(ResourceType.TOPIC, topic)
        described = admin.describe_configs([resource])[resource].result(WAIT)
        assert described["retention.ms"].value == "2000"
        assert described["cleanup.policy"].value == "delete,compact"

    def test_describes_the_broker(self, admin):
        resource = ConfigResource(ResourceType.BROKER, "1")
        described = admin.describe_configs([resource])[resource].result(WAIT)
        assert "log.dirs" in described and "num.partitions" in described

    def test_describes_the_cluster(self, admin):
        cluster = admin.describe_cluster(request_timeout=WAIT).result(WAIT)
        assert len(cluster.cluster_id) == 22
        assert cluster.controller.id == cluster.nodes[0].id

    def test_describes_topics(self, admin):
        from confluent_kafka import TopicCollection
        topic = make_topic(admin, partitions=3)
        found = admin.describe_topics(TopicCollection([topic]))[topic].result(WAIT)
        assert [p.id for p in found.partitions] == [0, 1, 2]
        assert str(found.topic_id) != ""

    def test_lists_offsets(self, stack, admin):
        topic = make_topic(admin)
        client = producer(stack)
        for when in (1_700_000_001_000, 1_700_000_009_000, 1_700_000_005_000):
            client.produce(topic, b"v", timestamp=when)
        assert client.flush(WAIT) == 0
        partition = TopicPartition(topic, 0)
        expected = [
            (OffsetSpec.earliest(), 0), (OffsetSpec.latest(), 3), (OffsetSpec.max_timestamp(), 1),
            (OffsetSpec.for_timestamp(1_700_000_002_000), 1),
        ]
        for spec, offset in expected:
            assert admin.list_offsets({partition: spec})[partition].result(WAIT).offset == offset

    def test_deletes_records(self, stack, admin):
        topic = make_topic(admin)
        produce(stack, topic, [b"v"] * 10)
        partition = TopicPartition(topic, 0, 6)
        assert admin.delete_records([partition])[partition].result(WAIT).low_watermark == 6
        assert [m.offset() for m in consume(stack, topic, 4)] == [6, 7, 8, 9]

    def test_describes_and_deletes_groups(self, stack, admin):
        topic = make_topic(admin)
        group = fresh("g")
        produce(stack, topic, [b"v"] * 3)
        client = Consumer({
            "bootstrap.servers": stack.kafka, "group.id": group, "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        })
        client.subscribe([topic])
        client.poll(WAIT)
        client.commit(asynchronous=False)
        assert group in [g.group_id for g in admin.list_consumer_groups().result(WAIT).valid]
        found = admin.describe_consumer_groups([group])[group].result(WAIT)
        assert found.state.name == "STABLE" and len(found.members) == 1
        client.close()
        asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0)])
        offsets = admin.list_consumer_group_offsets([asked])[group].result(WAIT)
        assert offsets.topic_partitions[0].offset >= 1
        admin.delete_consumer_groups([group])[group].result(WAIT)
        assert group not in [g.group_id for g in admin.list_consumer_groups().result(WAIT).valid]

    def test_unknown_group_has_no_offsets_and_no_error(self, admin, stack):
        topic = make_topic(admin)
        group = fresh("unknown")
        asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0)])
        offsets = admin.list_consumer_group_offsets([asked])[group].result(WAIT)
        assert offsets.topic_partitions[0].offset == -1001


class TestKafkaPython:
    @pytest.mark.parametrize("codec", [None, "gzip", "lz4", "snappy", "zstd"])
    def test_produces_and_consumes(self, stack, codec):
        from kafka import KafkaConsumer, KafkaProducer
        topic = fresh("kp")
        client = KafkaProducer(bootstrap_servers=stack.kafka, compression_type=codec, acks="all")
        futures = [client.send(topic, b"v%d" % n, key=b"k") for n in range(200)]
        offsets = [future.get(WAIT).offset for future in futures]
        assert offsets == list(range(200))
        client.close()
        consumer = KafkaConsumer(
            topic, bootstrap_servers=stack.kafka, auto_offset_reset="earliest",
            group_id=fresh("kp"), consumer_timeout_ms=WAIT * 1000)
        values = [next(consumer).value for _ in range(200)]
        assert values == [b"v%d" % n for n in range(200)]
        consumer.close()

    def test_idempotent_producer(self, stack):
        from kafka import KafkaProducer
        topic = fresh("kpi")
        client = KafkaProducer(bootstrap_servers=stack.kafka, enable_idempotence=True)
        futures = [client.send(topic, b"v") for _ in range(1000)]
        assert sorted(f.get(WAIT).offset for f in futures) == list(range(1000))
        client.close()

    def test_positions_and_commits(self, stack):
        from kafka import KafkaConsumer, KafkaProducer
        from kafka import TopicPartition as Partition
        topic = fresh("kpc")
        client = KafkaProducer(bootstrap_servers=stack.kafka)
        for n in range(10):
            client.send(topic, b"v", timestamp_ms=1_700_000_000_000 + n)
        client.flush(WAIT)
        client.close()
        group = fresh("kpc")
        partition = Partition(topic, 0)
        consumer = KafkaConsumer(
            bootstrap_servers=stack.kafka, group_id=group, enable_auto_commit=False)
        consumer.assign([partition])
        assert consumer.beginning_offsets([partition])[partition] == 0
        assert consumer.end_offsets([partition])[partition] == 10
        found = consumer.offsets_for_times({partition: 1_700_000_000_004})
        assert found[partition].offset == 4
        consumer.seek(partition, 7)
        assert next(iter(consumer)).offset == 7
        consumer.commit()
        assert consumer.committed(partition) == 8
        consumer.close()

    def test_admin(self, stack):
        from kafka.admin import KafkaAdminClient
        from kafka.admin import NewTopic as NewKafkaPythonTopic
        admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
        topic = fresh("kpa")
        admin.create_topics([NewKafkaPythonTopic(topic, 2, 1)])
        assert topic in admin.list_topics()
        described = admin.describe_topics([topic])
        assert len(described[0]["partitions"]) == 2
        assert admin.describe_cluster()["cluster_id"]
        admin.delete_topics([topic])
        assert topic not in admin.list_topics()
        admin.close()
