"""Fault test 4: bits flip in old segments of a broker that is down.

A fetch of the spoiled batch must be answered with CORRUPT_MESSAGE and never with its data; what lies
before and behind it in the partition, and the other partitions, are served as they were.
"""

import random

from . import broker, clients, damage, verdict
from .torn import PARTITIONS, RECORDS_PER_ROUND, SETTINGS, TOPIC, produce

CORRUPT_MESSAGE = 2
PRODUCE_ROUNDS = 3


def spoil(server, rng) -> tuple:
    """Flips a bit that the checksum covers; gives the partition, the batch, the file and where."""
    partition = rng.randrange(PARTITIONS)
    # Never in the last one: its end is looked at by a start after a crash, and may be cut off.
    path = rng.choice(damage.segments(server.data, TOPIC, partition)[:-1])
    base, last, place, size = rng.choice(damage.batches(path))
    where, bit = place + rng.randrange(damage.COVERED_FROM, size), rng.randrange(8)
    damage.flip(path, where, bit)
    return partition, (base, last), path, (where, bit)


def check(server, before, partition, batch, words, result):
    base, last = batch
    code = damage.fetch_error(server.address, TOPIC, partition, base)
    if code != CORRUPT_MESSAGE:
        result.fault("not refused", f"{words}: a fetch is answered with {code}")
    for number, records in before.items():
        for offset in {0, base - 1, last + 1, records[-1][0]}:
            spoiled = number == partition and base <= offset <= last
            if spoiled or not 0 <= offset <= records[-1][0]:
                continue
            code = damage.fetch_error(server.address, TOPIC, number, offset)
            if code != 0:
                result.fault("not served", f"{words}: {number}@{offset} is answered with {code}")
        if number != partition:
            found = clients.read(server.address, TOPIC, [number], "read_committed")[number]
            if found != records:
                result.fault("changed", f"{words}: partition {number} reads otherwise")


def run(options, seed, folder) -> verdict.Verdict:
    rng = random.Random(seed)
    result = verdict.Verdict()
    with broker.Broker(folder / "data", options.binary) as server:
        clients.make_topics(server.address, {TOPIC: PARTITIONS}, {TOPIC: SETTINGS})
        for round_ in range(PRODUCE_ROUNDS):
            produce(server.address, f"{round_}", rng)
        before = clients.read_all(server.address, TOPIC, PARTITIONS)
        for _ in range(options.rounds):
            server.stop() if rng.random() < 0.5 else server.kill()
            partition, batch, path, place = spoil(server, rng)
            server.start()
            words = f"{path.parent.name}/{path.name}, byte {place[0]}, bit {place[1]}"
            check(server, before, partition, batch, words, result)
            server.stop()
            # Good again for the next one.
            damage.flip(path, *place)
            server.start()
        found = clients.read_all(server.address, TOPIC, PARTITIONS)
        if found != before:
            result.fault("changed", "after all bits were flipped back")
        if server.stop() != 0:
            result.fault("did not stop in order", server.process.returncode)
    print(f"{options.rounds} bits flipped under {PRODUCE_ROUNDS * RECORDS_PER_ROUND} records")
    return result
