# Fetch sessions (KIP-227) as kafka-python keeps them: it says itself when an answer does not fit its session.

import logging
import time
import uuid

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka import TopicPartition as Partition
from kafka.admin import KafkaAdminClient, NewTopic

WAIT = 20


@pytest.fixture
def complaints(caplog):
    """What kafka-python says of answers that are not what its session expects."""
    caplog.set_level(logging.INFO, logger="kafka.consumer.fetcher")

    def found():
        words = ("invalid full fetch", "invalid incremental", "unable to process the fetch")
        return [r.getMessage() for r in caplog.records if any(w in r.getMessage() for w in words)]

    return found


def topics(stack, count, partitions):
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    names = [f"fs-{uuid.uuid4().hex[:10]}" for _ in range(count)]
    admin.create_topics([NewTopic(name, partitions, 1) for name in names])
    admin.close()
    return names


def session(consumer):
    """The id and the epoch of the one session of a consumer."""
    (handler,) = consumer._fetcher._session_handlers.values()
    return handler.next_metadata.session_id, handler.next_metadata.epoch


def poll(consumer, wanted):
    """Polls until so many records came; their values by partition, in order."""
    found = {}
    deadline = time.monotonic() + WAIT
    while sum(map(len, found.values())) < wanted and time.monotonic() < deadline:
        for partition, records in consumer.poll(timeout_ms=500).items():
            found.setdefault(partition, []).extend(r.value for r in records)
    return found


def consumer_of(stack, **config):
    return KafkaConsumer(
        bootstrap_servers=stack.kafka, auto_offset_reset="earliest", enable_auto_commit=False, **config)


@pytest.mark.parametrize("isolation", ["read_uncommitted", "read_committed"])
def test_everything_comes_once_and_in_order(stack, complaints, isolation):
    """Many partitions, few bytes for each answer: the partitions take turns, and none is left out."""
    names = topics(stack, 3, 8)
    producer = KafkaProducer(bootstrap_servers=stack.kafka, linger_ms=2)
    for n in range(2400):
        producer.send(names[n % 3], b"%d" % n + b"x" * 300, partition=n // 3 % 8)
    producer.flush(WAIT)
    consumer = consumer_of(
        stack, isolation_level=isolation, fetch_max_bytes=20_000, max_partition_fetch_bytes=8_000)
    consumer.assign([Partition(name, p) for name in names for p in range(8)])
    found = poll(consumer, 2400)
    for (name, p), values in found.items():
        numbers = [int(v.rstrip(b"x")) for v in values]
        assert numbers == [n for n in range(2400) if names[n % 3] == name and n // 3 % 8 == p]
    assert sum(map(len, found.values())) == 2400
    number, epoch = session(consumer)
    assert number > 0 and epoch > 10
    assert complaints() == []
    producer.close()
    consumer.close()


def test_a_partition_the_client_does_not_name_is_told(stack, complaints):
    """The consumer waits with requests that name nothing, longer than the test does; a record in any partition wakes it."""
    (name,) = topics(stack, 1, 30)
    producer = KafkaProducer(bootstrap_servers=stack.kafka)
    consumer = consumer_of(stack, fetch_max_wait_ms=25_000)
    consumer.assign([Partition(name, p) for p in range(30)])
    producer.send(name, b"first", partition=0).get(WAIT)
    assert poll(consumer, 1) == {Partition(name, 0): [b"first"]}
    for p in (29, 7, 7, 13):
        producer.send(name, b"%d" % p, partition=p).get(WAIT)
        assert poll(consumer, 1) == {Partition(name, p): [b"%d" % p]}
    assert session(consumer)[0] > 0
    assert complaints() == []
    producer.close()
    consumer.close()


def test_pause_seek_and_another_assignment(stack, complaints):
    """What the client forgets does not come; what it names anew comes from where it says."""
    one, two = topics(stack, 2, 2)
    producer = KafkaProducer(bootstrap_servers=stack.kafka)
    for n in range(10):
        for name in (one, two):
            for p in (0, 1):
                producer.send(name, b"%d" % n, partition=p)
    producer.flush(WAIT)
    consumer = consumer_of(stack, fetch_max_wait_ms=100)
    consumer.assign([Partition(one, 0), Partition(one, 1)])
    assert sum(map(len, poll(consumer, 20).values())) == 20
    number = session(consumer)[0]
    assert number > 0
    consumer.pause(Partition(one, 0))
    producer.send(one, b"paused", partition=0).get(WAIT)
    producer.send(one, b"runs", partition=1).get(WAIT)
    assert poll(consumer, 1) == {Partition(one, 1): [b"runs"]}
    consumer.resume(Partition(one, 0))
    assert poll(consumer, 1) == {Partition(one, 0): [b"paused"]}
    consumer.seek(Partition(one, 1), 8)
    assert poll(consumer, 3) == {Partition(one, 1): [b"8", b"9", b"runs"]}
    consumer.assign([Partition(two, 0), Partition(one, 1)])
    consumer.seek(Partition(one, 1), 10)
    assert sum(map(len, poll(consumer, 11).values())) == 11
    # The session is the first one still: all this was changes in it.
    assert session(consumer)[0] == number
    assert complaints() == []
    producer.close()
    consumer.close()


def test_a_new_topic_of_an_old_name(stack):
    """The session outlives its topic, and reads the new one of that name."""
    (name,) = topics(stack, 1, 1)
    producer = KafkaProducer(bootstrap_servers=stack.kafka)
    producer.send(name, b"old").get(WAIT)
    consumer = consumer_of(stack, fetch_max_wait_ms=100, metadata_max_age_ms=500)
    consumer.assign([Partition(name, 0)])
    assert poll(consumer, 1) == {Partition(name, 0): [b"old"]}
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    admin.delete_topics([name])
    admin.create_topics([NewTopic(name, 1, 1)])
    admin.close()
    # By a producer of its own: the first one may still believe in the old topic.
    fresh = KafkaProducer(bootstrap_servers=stack.kafka)
    fresh.send(name, b"new").get(WAIT)
    fresh.send(name, b"newer").get(WAIT)
    consumer.seek(Partition(name, 0), 0)
    assert poll(consumer, 2) == {Partition(name, 0): [b"new", b"newer"]}
    for client in (producer, fresh, consumer):
        client.close()


def test_the_number_of_sessions_is_shown(stack):
    """By Kafka's name; what happens when there are more is told in BrokerTests."""
    from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

    admin = AdminClient({"bootstrap.servers": stack.kafka})
    resource = ConfigResource(ResourceType.BROKER, "1")
    settings = admin.describe_configs([resource])[resource].result(WAIT)
    assert settings["max.incremental.fetch.session.cache.slots"].value == "1000"
