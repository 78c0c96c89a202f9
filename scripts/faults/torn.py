"""Fault test 3: the broker is killed, and the end of one of a partition's files is torn.

The last 1 to 4,096 bytes of a log, an index, a snapshot or a checkpoint are cut off or overwritten. The
next start must find a prefix of what was there: all of it when the log was not the file that was torn.
Then the same producer's successor appends, and what it appends is there.
"""

import random

from confluent_kafka import Producer

from . import broker, clients, damage, verdict

TOPIC, PARTITIONS = "faults.torn", 3
SETTINGS = {"segment.bytes": "16384"}
RECORDS_PER_ROUND = 300
TORN_BYTES_MAX = 4096


def produce(address, name, rng) -> list:
    """Records in their order, by partition, all acknowledged."""
    sent = {number: [] for number in range(PARTITIONS)}
    failures = []

    def delivered(error, _):
        if error is not None:
            failures.append(str(error))

    producer = Producer({
        "bootstrap.servers": address, "enable.idempotence": True, "log_level": 0, "linger.ms": 0,
        "batch.num.messages": 7})
    for number in range(RECORDS_PER_ROUND):
        partition = rng.randrange(PARTITIONS)
        value = f"{name}/{number}".encode() + b"." * rng.randint(0, 300)
        sent[partition].append(value)
        producer.produce(TOPIC, value, partition=partition, on_delivery=delivered)
    if producer.flush(60) or failures:
        raise AssertionError(f"{name}: not all was taken: {failures[:3]}")
    return sent


def tear_one(server, rng) -> tuple:
    """Damages one file of one partition; gives the partition, whether it was its log, and words."""
    partition = rng.randrange(PARTITIONS)
    log = damage.segments(server.data, TOPIC, partition)[-1]
    others = [
        path for path in sorted(log.parent.iterdir())
        if path.suffix != ".log" and path.name != "partition.metadata" and path.stat().st_size]
    path = log if not others or rng.random() < 0.5 else rng.choice(others)
    words = damage.tear(path, rng.randint(1, TORN_BYTES_MAX), rng)
    return partition, path == log, words


def compare(found, wanted, partition, is_log, words, result):
    """Gives what may be relied on from now on."""
    for number, values in wanted.items():
        got = [value for _, _, value in found[number]]
        offsets = [offset for offset, _, _ in found[number]]
        if offsets != list(range(len(offsets))):
            result.fault("gap", f"{words}: offsets of partition {number}")
        if got != values[:len(got)]:
            result.fault("no prefix", f"{words}: partition {number}")
        elif len(got) < len(values) and not (is_log and number == partition):
            result.fault("lost", f"{words}: {len(values) - len(got)} records of partition {number}")
        wanted[number] = got


def run(options, seed, folder) -> verdict.Verdict:
    rng = random.Random(seed)
    result = verdict.Verdict()
    wanted = {number: [] for number in range(PARTITIONS)}
    cut = 0
    with broker.Broker(folder / "data", options.binary) as server:
        clients.make_topics(server.address, {TOPIC: PARTITIONS}, {TOPIC: SETTINGS})
        for round_ in range(options.rounds):
            for number, values in produce(server.address, f"{round_}", rng).items():
                wanted[number] += values
            server.kill()
            partition, is_log, words = tear_one(server, rng)
            server.start()
            before = sum(map(len, wanted.values()))
            found = clients.read_all(server.address, TOPIC, PARTITIONS)
            compare(found, wanted, partition, is_log, words, result)
            cut += before - sum(map(len, wanted.values()))
        for number, values in produce(server.address, "last", rng).items():
            wanted[number] += values
        found = clients.read_all(server.address, TOPIC, PARTITIONS)
        compare(found, wanted, None, False, "after the last round", result)
        if server.stop() != 0:
            result.fault("did not stop in order", server.process.returncode)
    print(f"{options.rounds} files torn; {cut} records of the torn logs were cut off")
    return result
