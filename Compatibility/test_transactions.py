# Transactions as unmodified clients use them: confluent-kafka (librdkafka), kafka-python and aiokafka.

import asyncio
import random
import sys
import uuid

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as AioPartition
from aiokafka.errors import ProducerFenced
from clients import PATIENCE_SECONDS, ROOT
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from kafka import KafkaConsumer, KafkaProducer
from kafka import TopicPartition as PythonPartition
from kafka.errors import ProducerFencedError
from kafka.structs import OffsetAndMetadata

sys.path.insert(0, str(ROOT / "scripts"))
from faults.clients import make_topics, read_all  # noqa: E402

WAIT = 30


def fresh(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def topic(stack):
    name = fresh("txn")
    make_topics(stack.kafka, {name: 2})
    return name


def values(stack, topic, isolation="read_committed", partitions=2):
    found = read_all(stack.kafka, topic, partitions, isolation)
    return sorted(v.decode() for records in found.values() for _, _, v in records)


# confluent-kafka


def confluent_producer(stack, name, **more):
    producer = Producer({
        "bootstrap.servers": stack.kafka, "transactional.id": name,
        **{key.replace("_", "."): value for key, value in more.items()}})
    producer.init_transactions(WAIT)
    return producer


def test_confluent_commits_and_aborts(stack, topic):
    producer = confluent_producer(stack, fresh("c"))
    for round_ in range(10):
        producer.begin_transaction()
        for number in range(20):
            producer.produce(topic, f"{round_}-{number}", partition=number % 2)
        if round_ % 2:
            producer.abort_transaction(WAIT)
        else:
            producer.commit_transaction(WAIT)
    expected = sorted(f"{r}-{n}" for r in range(0, 10, 2) for n in range(20))
    assert values(stack, topic) == expected
    # An abort may come before its records were sent; what was sent is in the log.
    assert set(values(stack, topic, "read_uncommitted")) >= set(expected)


def test_confluent_fences_the_older_producer(stack, topic):
    name = fresh("c")
    older = confluent_producer(stack, name)
    older.begin_transaction()
    older.produce(topic, "lost", partition=0)
    older.flush(WAIT)
    newer = confluent_producer(stack, name)
    newer.begin_transaction()
    newer.produce(topic, "kept", partition=0)
    newer.commit_transaction(WAIT)
    with pytest.raises(KafkaException) as refused:
        older.commit_transaction(WAIT)
    assert refused.value.args[0].fatal()
    assert refused.value.args[0].code() == KafkaError._FENCED
    assert values(stack, topic) == ["kept"]


def test_confluent_is_refused_a_long_timeout(stack):
    with pytest.raises(KafkaException) as refused:
        confluent_producer(stack, fresh("c"), transaction_timeout_ms=900_001)
    assert refused.value.args[0].code() == KafkaError.INVALID_TRANSACTION_TIMEOUT


def test_confluent_learns_that_its_time_is_over(stack, topic):
    producer = confluent_producer(stack, fresh("c"), transaction_timeout_ms=1_000)
    producer.begin_transaction()
    producer.produce(topic, "late", partition=0)
    producer.flush(WAIT)
    # Readers go on as soon as the broker has ended it.
    plain = Producer({"bootstrap.servers": stack.kafka})
    plain.produce(topic, "after", partition=0)
    plain.flush(WAIT)
    consumer = Consumer({
        "bootstrap.servers": stack.kafka, "group.id": fresh("g"),
        "isolation.level": "read_committed"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    assert consumer.poll(WAIT).value() == b"after"
    consumer.close()
    with pytest.raises(KafkaException):
        producer.commit_transaction(WAIT)
    assert values(stack, topic) == ["after"]


def fill(stack, topic, count):
    producer = Producer({"bootstrap.servers": stack.kafka, "enable.idempotence": True})
    for number in range(count):
        producer.produce(topic, str(number), partition=number % 2)
    assert producer.flush(WAIT) == 0


def test_confluent_copies_exactly_once(stack, topic):
    """Consume, transform, produce; a third of the transactions is aborted and done again."""
    fill(stack, topic, 300)
    target, group, rng = topic + ".copy", fresh("g"), random.Random(1)
    make_topics(stack.kafka, {target: 2})
    producer = confluent_producer(stack, fresh("c"))
    copied = 0
    while copied < 300:
        consumer = Consumer({
            "bootstrap.servers": stack.kafka, "group.id": group, "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "isolation.level": "read_committed"})
        consumer.subscribe([topic])
        while copied < 300:
            batch = [m for m in consumer.consume(40, 1) if m.error() is None]
            if not batch:
                continue
            producer.begin_transaction()
            for message in batch:
                producer.produce(target, b"x" + message.value(), partition=message.partition())
            producer.send_offsets_to_transaction(
                consumer.position(consumer.assignment()), consumer.consumer_group_metadata(),
                WAIT)
            if rng.random() < 0.33:
                producer.abort_transaction(WAIT)
                break
            producer.commit_transaction(WAIT)
            copied += len(batch)
        consumer.close()
    assert values(stack, target) == sorted(f"x{n}" for n in range(300))


# kafka-python


def python_producer(stack, name):
    producer = KafkaProducer(bootstrap_servers=stack.kafka, transactional_id=name)
    producer.init_transactions()
    return producer


def test_kafka_python_commits_and_aborts(stack, topic):
    producer = python_producer(stack, fresh("p"))
    for round_ in range(6):
        producer.begin_transaction()
        for number in range(10):
            producer.send(topic, f"{round_}-{number}".encode(), partition=number % 2)
        if round_ % 2:
            producer.flush(WAIT)
            producer.abort_transaction()
        else:
            producer.commit_transaction()
    producer.close()
    expected = sorted(f"{r}-{n}" for r in range(0, 6, 2) for n in range(10))
    assert values(stack, topic) == expected
    consumer = KafkaConsumer(
        bootstrap_servers=stack.kafka, isolation_level="read_committed",
        auto_offset_reset="earliest", group_id=None, consumer_timeout_ms=3_000)
    consumer.assign([PythonPartition(topic, 0), PythonPartition(topic, 1)])
    got = []
    for record in consumer:
        got.append(record.value.decode())
        if len(got) == len(expected):
            break
    consumer.close()
    assert sorted(got) == expected


def test_kafka_python_fences_the_older_producer(stack, topic):
    name = fresh("p")
    older = python_producer(stack, name)
    older.begin_transaction()
    older.send(topic, b"lost", partition=0)
    older.flush(WAIT)
    newer = python_producer(stack, name)
    with pytest.raises(ProducerFencedError):
        older.commit_transaction()
    newer.begin_transaction()
    newer.send(topic, b"kept", partition=0)
    newer.commit_transaction()
    newer.close()
    assert values(stack, topic) == ["kept"]


def test_kafka_python_copies_exactly_once(stack, topic):
    fill(stack, topic, 100)
    target, group = topic + ".copy", fresh("g")
    make_topics(stack.kafka, {target: 2})
    producer = python_producer(stack, fresh("p"))
    copied, round_ = 0, 0
    while copied < 100:
        consumer = KafkaConsumer(
            topic, bootstrap_servers=stack.kafka, group_id=group, enable_auto_commit=False,
            auto_offset_reset="earliest", isolation_level="read_committed")
        while copied < 100:
            polled = consumer.poll(timeout_ms=1_000, max_records=30)
            if not polled:
                continue
            round_ += 1
            producer.begin_transaction()
            offsets, count = {}, 0
            for partition, records in polled.items():
                for record in records:
                    producer.send(target, b"x" + record.value, partition=partition.partition)
                    count += 1
                offsets[partition] = OffsetAndMetadata(records[-1].offset + 1, "", -1)
            producer.send_offsets_to_transaction(offsets, consumer.group_metadata())
            if round_ % 3 == 0:
                producer.abort_transaction()
                break
            producer.commit_transaction()
            copied += count
        consumer.close()
    producer.close()
    assert values(stack, target) == sorted(f"x{n}" for n in range(100))


# aiokafka


def test_aiokafka_commits_aborts_and_fences(stack, topic):
    async def scene():
        name = fresh("a")
        producer = AIOKafkaProducer(bootstrap_servers=stack.kafka, transactional_id=name)
        await producer.start()
        for round_ in range(4):
            await producer.begin_transaction()
            for number in range(10):
                await producer.send_and_wait(
                    topic, f"{round_}-{number}".encode(), partition=number % 2)
            if round_ % 2:
                await producer.abort_transaction()
            else:
                await producer.commit_transaction()
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"lost", partition=0)
        newer = AIOKafkaProducer(bootstrap_servers=stack.kafka, transactional_id=name)
        await newer.start()
        with pytest.raises(ProducerFenced):
            await producer.commit_transaction()
        await newer.stop()
        await producer.stop()
        consumer = AIOKafkaConsumer(
            bootstrap_servers=stack.kafka, isolation_level="read_committed",
            auto_offset_reset="earliest")
        await consumer.start()
        consumer.assign([AioPartition(topic, 0), AioPartition(topic, 1)])
        got = []
        while len(got) < 20:
            got.append((await consumer.getone()).value.decode())
        await consumer.stop()
        return sorted(got)

    expected = sorted(f"{r}-{n}" for r in range(0, 4, 2) for n in range(10))
    assert asyncio.run(asyncio.wait_for(scene(), PATIENCE_SECONDS)) == expected
    assert values(stack, topic) == expected


def test_aiokafka_copies_exactly_once(stack, topic):
    fill(stack, topic, 100)
    target, group = topic + ".copy", fresh("g")
    make_topics(stack.kafka, {target: 2})

    async def scene():
        producer = AIOKafkaProducer(
            bootstrap_servers=stack.kafka, transactional_id=fresh("a"))
        await producer.start()
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=stack.kafka, group_id=group, enable_auto_commit=False,
            auto_offset_reset="earliest", isolation_level="read_committed")
        await consumer.start()
        copied = round_ = 0
        while copied < 100:
            polled = await consumer.getmany(timeout_ms=1_000, max_records=30)
            if not polled:
                continue
            round_ += 1
            await producer.begin_transaction()
            offsets = {}
            for partition, records in polled.items():
                for record in records:
                    await producer.send(target, b"x" + record.value, partition=partition.partition)
                offsets[partition] = records[-1].offset + 1
            await producer.send_offsets_to_transaction(offsets, group)
            if round_ % 3 == 0:
                await producer.abort_transaction()
                for partition, records in polled.items():
                    consumer.seek(partition, records[0].offset)
                continue
            await producer.commit_transaction()
            copied += sum(map(len, polled.values()))
        await consumer.stop()
        await producer.stop()

    asyncio.run(asyncio.wait_for(scene(), PATIENCE_SECONDS))
    assert values(stack, target) == sorted(f"x{n}" for n in range(100))
