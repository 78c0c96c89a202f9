# Groups as unmodified clients use them: classic and KIP-848, by librdkafka, kafka-python and aiokafka.

import asyncio
import pathlib
import subprocess
import sys
import threading
import time
import uuid

import pytest
from aiokafka import AIOKafkaConsumer
from clients import until
from conftest import BINARY, ROOT, environment
from confluent_kafka import (
    Consumer, ConsumerGroupState, ConsumerGroupTopicPartitions, ConsumerGroupType, KafkaError,
    KafkaException, Producer, TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic,
    ResourceType,
)
from kafka import KafkaConsumer
from kafka import TopicPartition as PythonPartition
from kafka.structs import OffsetAndMetadata

WAIT = 30
PARTITIONS = 6
PROTOCOLS = ["classic", "consumer"]


def fresh(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def admin(stack):
    return AdminClient({"bootstrap.servers": stack.kafka})


def make_topic(admin, name=None, partitions=PARTITIONS):
    name = name or fresh("groups")
    admin.create_topics([NewTopic(name, partitions, 1)])[name].result(WAIT)
    return name


@pytest.fixture
def topic(admin):
    return make_topic(admin)


def fill(stack, topic, count=60, partitions=PARTITIONS):
    producer = Producer({"bootstrap.servers": stack.kafka})
    for number in range(count):
        producer.produce(topic, f"{number}", partition=number % partitions)
    assert producer.flush(WAIT) == 0


def quick_sessions(admin, group):
    """Heartbeats of a 848 group come twice a second, so that tests need not wait for them."""
    resource = ConfigResource(ResourceType.GROUP, group, incremental_configs=[
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in (("consumer.session.timeout.ms", "6000"),
                            ("consumer.heartbeat.interval.ms", "500"))])
    admin.incremental_alter_configs([resource])[resource].result(WAIT)


class Members:
    """Consumers of one group that are polled in turn."""

    def __init__(self, stack, group, topics, protocol="classic"):
        self.stack, self.group, self.topics, self.protocol = stack, group, topics, protocol
        self.all, self.read = [], []

    def add(self, protocol=None, topics=None, **more):
        settings = {
            "bootstrap.servers": self.stack.kafka, "group.id": self.group,
            "auto.offset.reset": "earliest", "enable.auto.commit": False,
            "group.protocol": protocol or self.protocol}
        if settings["group.protocol"] == "classic":
            settings |= {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500}
        consumer = Consumer(settings | {key.replace("_", "."): value for key, value in more.items()})
        consumer.subscribe(topics or self.topics)
        self.all.append(consumer)
        return consumer

    def remove(self, consumer):
        self.all.remove(consumer)
        consumer.close()

    def poll(self):
        for consumer in self.all:
            message = consumer.poll(0.05)
            if message is None:
                continue
            error = message.error()
            if error is None:
                self.read.append(message)
            elif error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise KafkaException(error)

    def counts(self):
        self.poll()
        return sorted(len(consumer.assignment()) for consumer in self.all)

    def settle(self, *counts):
        until(lambda: self.counts() == sorted(counts), f"assignments of {counts}")
        owned = [(p.topic, p.partition) for one in self.all for p in one.assignment()]
        assert len(owned) == len(set(owned)), f"owned twice: {owned}"

    def read_all(self, count):
        """Nothing is committed meanwhile, so that some come twice after a rebalance."""
        def seen():
            self.poll()
            return {(m.topic(), m.partition(), m.offset()) for m in self.read}

        until(lambda: len(seen()) == count, f"{count} records")

    def close(self):
        for consumer in self.all:
            consumer.close()


@pytest.fixture
def members(stack, admin, topic):
    made = []

    def make(protocol, topics=None):
        group = fresh(f"g-{protocol}")
        if protocol == "consumer":
            quick_sessions(admin, group)
        made.append(Members(stack, group, topics or [topic], protocol))
        return made[-1]

    yield make
    for group in made:
        group.close()


# Both protocols


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_members_come_and_go(stack, admin, topic, members, protocol):
    group = members(protocol)
    fill(stack, topic)
    first = group.add()
    group.settle(6)
    group.add()
    group.settle(3, 3)
    third = group.add()
    group.settle(2, 2, 2)
    group.read_all(60)
    described = admin.describe_consumer_groups([group.group])[group.group].result(WAIT)
    assert described.state == ConsumerGroupState.STABLE
    assert described.type == (
        ConsumerGroupType.CONSUMER if protocol == "consumer" else ConsumerGroupType.CLASSIC)
    assert sorted(len(m.assignment.topic_partitions) for m in described.members) == [2, 2, 2]
    listed = {one.group_id: one for one in admin.list_consumer_groups().result(WAIT).valid}
    assert listed[group.group].type == described.type
    group.remove(first)
    group.settle(3, 3)
    group.remove(third)
    group.settle(6)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_offsets_are_kept(stack, admin, topic, members, protocol):
    group = members(protocol)
    fill(stack, topic)
    consumer = group.add()
    group.read_all(60)
    done = consumer.commit(
        offsets=[TopicPartition(topic, 0, 7, metadata="here")], asynchronous=False)
    assert done[0].error is None
    kept = consumer.committed([TopicPartition(topic, 0), TopicPartition(topic, 1)], timeout=WAIT)
    assert (kept[0].offset, kept[0].metadata) == (7, "here")
    assert kept[1].offset == -1001
    group.remove(consumer)
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group.group)])
    offsets = asked[group.group].result(WAIT).topic_partitions
    assert [(p.partition, p.offset) for p in offsets] == [(0, 7)]
    again = group.add()
    group.settle(6)
    assert again.committed([TopicPartition(topic, 0)], timeout=WAIT)[0].offset == 7


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_killed_member_is_replaced(stack, topic, members, protocol):
    """Its session ends by the clock; the others need not do anything."""
    group = members(protocol)
    group.add()
    group.settle(6)
    code = (
        "from confluent_kafka import Consumer; import sys\n"
        f"c = Consumer({{'bootstrap.servers': '{stack.kafka}', 'group.id': '{group.group}',"
        f"'group.protocol': '{protocol}'"
        + (", 'session.timeout.ms': 6000, 'heartbeat.interval.ms': 500"
           if protocol == "classic" else "") + "})\n"
        f"c.subscribe(['{topic}'])\n"
        "while True: c.poll(0.1)\n")
    child = subprocess.Popen([sys.executable, "-c", code])
    try:
        group.settle(3)
    finally:
        child.kill()
        child.wait()
    group.settle(6)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_static_member_keeps_its_place(stack, admin, topic, members, protocol):
    group = members(protocol)
    group.add(group_instance_id="one")
    second = group.add(group_instance_id="two")
    group.settle(3, 3)
    before = sorted(p.partition for p in second.assignment())
    group.remove(second)
    back = group.add(group_instance_id="two")
    group.settle(3, 3)
    assert sorted(p.partition for p in back.assignment()) == before
    described = admin.describe_consumer_groups([group.group])[group.group].result(WAIT)
    assert sorted(m.group_instance_id for m in described.members) == ["one", "two"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_two_of_one_instance(stack, topic, members, protocol):
    """Classic: the older one is fenced. KIP-848: the younger one is refused while the older lives."""
    group = members(protocol)
    older = group.add(group_instance_id="one")
    group.settle(6)
    younger = group.add(group_instance_id="one")
    fenced = older if protocol == "classic" else younger
    code = KafkaError.FENCED_INSTANCE_ID if protocol == "classic" else KafkaError.UNRELEASED_INSTANCE_ID
    seen = []

    def look():
        for consumer in group.all:
            try:
                message = consumer.poll(0.1)
            except KafkaException as error:
                seen.append((consumer, error.args[0].code()))
                continue
            if message is not None and message.error() is not None:
                seen.append((consumer, message.error().code()))
        return any(one is fenced and error in (code, KafkaError._FATAL) for one, error in seen)

    until(look, "one of them is told")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_topics_by_expression(stack, admin, members, protocol):
    prefix = fresh("exp")
    make_topic(admin, f"{prefix}-1", 2)
    make_topic(admin, f"other-{prefix}-1", 2)
    group = members(protocol, [f"^{prefix}-[0-9]+$"])
    group.add(topic_metadata_refresh_interval_ms=500)
    group.settle(2)
    make_topic(admin, f"{prefix}-2", 3)
    group.settle(5)
    assert {p.topic for p in group.all[0].assignment()} == {f"{prefix}-1", f"{prefix}-2"}
    admin.delete_topics([f"{prefix}-1"])[f"{prefix}-1"].result(WAIT)
    group.settle(3)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_new_partitions_are_read(stack, admin, topic, members, protocol):
    group = members(protocol)
    group.add(topic_metadata_refresh_interval_ms=500)
    group.settle(6)
    admin.create_partitions([NewPartitions(topic, 8)])[topic].result(WAIT)
    group.settle(8)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_groups_are_deleted_when_empty(stack, admin, topic, members, protocol):
    group = members(protocol)
    consumer = group.add()
    group.settle(6)
    consumer.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
    with pytest.raises(KafkaException) as refused:
        admin.delete_consumer_groups([group.group])[group.group].result(WAIT)
    assert refused.value.args[0].code() == KafkaError.NON_EMPTY_GROUP
    group.remove(consumer)

    def state():
        return admin.describe_consumer_groups([group.group])[group.group].result(WAIT).state

    until(lambda: state() == ConsumerGroupState.EMPTY, "the group is empty")
    admin.delete_consumer_groups([group.group])[group.group].result(WAIT)
    listed = admin.list_consumer_groups().result(WAIT).valid
    assert group.group not in [one.group_id for one in listed]


# KIP-848 only


@pytest.mark.parametrize("assignor", ["uniform", "range"])
def test_server_assignors(stack, admin, topic, members, assignor):
    other = make_topic(admin, partitions=3)
    group = members("consumer", [topic, other])
    group.add(group_remote_assignor=assignor)
    group.add(group_remote_assignor=assignor)
    group.settle(*([4, 5] if assignor == "uniform" else [4, 5]))
    described = admin.describe_consumer_groups([group.group])[group.group].result(WAIT)
    assert described.partition_assignor == assignor


def test_an_unknown_assignor_is_refused(stack, topic, members):
    group = members("consumer")
    consumer = group.add(group_remote_assignor="sticky")

    def refused():
        try:
            message = consumer.poll(0.2)
        except KafkaException as error:
            return error.args[0].code()
        return message.error().code() if message is not None and message.error() else None

    assert until(refused, "the member is told") in (
        KafkaError.UNSUPPORTED_ASSIGNOR, KafkaError._FATAL)


def test_a_bad_expression_is_refused(stack, members):
    group = members("consumer", [r"^(a)\1$"])
    consumer = group.add()

    def refused():
        try:
            message = consumer.poll(0.2)
        except KafkaException as error:
            return error.args[0].code()
        return message.error().code() if message is not None and message.error() else None

    assert until(refused, "the member is told") in (128, KafkaError._FATAL)


@pytest.mark.parametrize("strategy", ["roundrobin", "range", "cooperative-sticky"])
def test_online_upgrade_and_downgrade(stack, admin, topic, members, strategy):
    """As confluent-kafka-python's test_consumer_upgrade_downgrade."""
    group = members("classic")
    quick_sessions(admin, group.group)

    def kind():
        return admin.describe_consumer_groups([group.group])[group.group].result(WAIT).type

    group.add(partition_assignment_strategy=strategy)
    group.settle(6)
    assert kind() == ConsumerGroupType.CLASSIC
    modern = group.add("consumer")
    group.settle(3, 3)
    assert kind() == ConsumerGroupType.CONSUMER
    fill(stack, topic)
    group.read_all(60)
    group.add(partition_assignment_strategy=strategy)
    group.settle(2, 2, 2)
    group.remove(modern)
    group.settle(3, 3)
    assert kind() == ConsumerGroupType.CLASSIC
    fill(stack, topic)
    group.read_all(120)


def test_settings_of_a_group(admin):
    group = fresh("g")
    quick_sessions(admin, group)
    resource = ConfigResource(ResourceType.GROUP, group)
    shown = admin.describe_configs([resource])[resource].result(WAIT)
    assert shown["consumer.session.timeout.ms"].value == "6000"
    bad = ConfigResource(ResourceType.GROUP, group, incremental_configs=[ConfigEntry(
        "consumer.session.timeout.ms", "1", incremental_operation=AlterConfigOpType.SET)])
    with pytest.raises(KafkaException) as refused:
        admin.incremental_alter_configs([bad])[bad].result(WAIT)
    assert refused.value.args[0].code() == KafkaError.INVALID_CONFIG


# kafka-python and aiokafka


def python_consumer(stack, group, topic, **more):
    return KafkaConsumer(
        topic, bootstrap_servers=stack.kafka, group_id=group, auto_offset_reset="earliest",
        enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=500, **more)


def test_kafka_python_shares_out(stack, topic):
    fill(stack, topic)
    group, seen, stop = fresh("kp"), [], threading.Event()

    def work():
        consumer = python_consumer(stack, group, topic)
        while not stop.is_set():
            for records in consumer.poll(timeout_ms=100).values():
                seen.extend((record.partition, record.offset) for record in records)
            shares[threading.get_ident()] = len(consumer.assignment())
            consumer.commit()
        consumer.close()

    shares = {}
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: sorted(shares.values()) == [2, 2, 2] and len(set(seen)) == 60, "three shares")
    finally:
        stop.set()
        for thread in threads:
            thread.join(WAIT)
    back = python_consumer(stack, group, topic)
    try:
        places = [PythonPartition(topic, number) for number in range(PARTITIONS)]
        assert [back.committed(place) for place in places] == [10] * PARTITIONS
        assert back.committed(PythonPartition(topic, 99)) is None
    finally:
        back.close()


def test_aiokafka_shares_out(stack, topic):
    fill(stack, topic)

    async def run():
        group = fresh("aio")
        consumers = [
            AIOKafkaConsumer(
                topic, bootstrap_servers=stack.kafka, group_id=group, auto_offset_reset="earliest",
                enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=500,
                metadata_max_age_ms=1000)
            for _ in range(2)]
        seen = set()
        try:
            for consumer in consumers:
                await consumer.start()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                for consumer in consumers:
                    for records in (await consumer.getmany(timeout_ms=100)).values():
                        seen.update((record.partition, record.offset) for record in records)
                shares = [len(consumer.assignment()) for consumer in consumers]
                if shares == [3, 3] and len(seen) == 60:
                    break
            assert shares == [3, 3]
            assert len(seen) == 60
            for consumer in consumers:
                await consumer.commit()
            committed = [
                await consumer.committed(place)
                for consumer in consumers for place in consumer.assignment()]
            assert committed == [10] * PARTITIONS
        finally:
            for consumer in consumers:
                await consumer.stop()

    asyncio.run(run())


def test_lag_tools_read_the_offsets_topic(stack, admin, topic):
    """The keys and values of __consumer_offsets are Kafka's."""
    group = fresh("lag")
    consumer = python_consumer(stack, group, topic)
    place = PythonPartition(topic, 3)
    until(lambda: consumer.poll(timeout_ms=100) is not None and consumer.assignment(), "joined")
    consumer.commit({place: OffsetAndMetadata(42, "note", 5)})
    consumer.close()
    reader = KafkaConsumer(
        bootstrap_servers=stack.kafka, auto_offset_reset="earliest", exclude_internal_topics=False,
        consumer_timeout_ms=3000)
    numbers = reader.partitions_for_topic("__consumer_offsets")
    assert len(numbers) == 50
    reader.assign([PythonPartition("__consumer_offsets", number) for number in numbers])
    reader.seek_to_beginning()
    found = []
    for record in reader:
        key = record.key
        if int.from_bytes(key[:2], "big") != 1 or record.value is None:
            continue
        size = int.from_bytes(key[2:4], "big")
        if key[4:4 + size].decode() == group:
            rest = key[4 + size:]
            length = int.from_bytes(rest[:2], "big")
            found.append((
                rest[2:2 + length].decode(), int.from_bytes(rest[2 + length:], "big"),
                int.from_bytes(record.value[2:10], "big"),
                int.from_bytes(record.value[10:14], "big")))
    reader.close()
    assert (topic, 3, 42, 5) in found


# The fault programs


@pytest.mark.parametrize("arguments", [
    ["churn", "--members", "5", "--events", "12"], ["offsets", "--rounds", "3"]], ids=lambda a: a[0])
def test_fault(arguments):
    """Each prints its seed, which repeats its choices."""
    script = pathlib.Path(ROOT) / "scripts" / "broker_faults.py"
    ended = subprocess.run(
        [sys.executable, str(script), *arguments, "--binary", BINARY],
        capture_output=True, text=True, timeout=600, env=environment())
    print(ended.stdout, ended.stderr)
    assert ended.returncode == 0, ended.stdout + ended.stderr
