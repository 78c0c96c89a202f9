"""Fault test 10: answers are lost after the broker did the work; five requests are in flight.

An idempotent producer sends all of it again. Every record must be there, once, in its order.
"""

import random

from confluent_kafka import Producer

from . import broker, clients, proxy, verdict

TOPIC, PARTITIONS = "faults.duplicates", 3
# Small batches, so that there are many answers to lose.
BATCH_RECORDS = 50


def run(options, seed, folder) -> verdict.Verdict:
    rng = random.Random(seed)
    lossy = proxy.LossyProxy(rng.getrandbits(32), options.lost_share)
    failures = []
    with broker.Broker(folder / "data", options.binary, advertised=lossy.port) as server:
        lossy.start(server.port)
        address = f"127.0.0.1:{lossy.port}"
        clients.make_topics(address, {TOPIC: PARTITIONS})
        producer = Producer({
            "bootstrap.servers": address, "enable.idempotence": True, "linger.ms": 2,
            "max.in.flight.requests.per.connection": 5, "batch.num.messages": BATCH_RECORDS,
            "message.timeout.ms": 600_000, "reconnect.backoff.ms": 5,
            "reconnect.backoff.max.ms": 20, "retry.backoff.ms": 5, "log_level": 0,
            "queue.buffering.max.messages": 20_000})

        def delivered(error, message):
            if error is not None:
                failures.append(str(error))

        sent = {number: [] for number in range(PARTITIONS)}
        for number in range(options.records):
            partition = rng.randrange(PARTITIONS)
            value = b"%d" % number
            sent[partition].append(value)
            while True:
                try:
                    producer.produce(TOPIC, value, partition=partition, on_delivery=delivered)
                    break
                except BufferError:
                    producer.poll(0.05)
            producer.poll(0)
        left = producer.flush(600)
        # Straight to the broker: readers are not what is tested.
        result = verdict.Verdict()
        found = clients.read_all(address, TOPIC, PARTITIONS)
        server.stop()
    lossy.close()
    if left or failures:
        result.fault("lost", f"{left} records unanswered, {len(failures)} failed: {failures[:3]}")
    compare(sent, found, result)
    print(f"{options.records} records, {lossy.answered} answers delivered, {lossy.lost} lost")
    return result


def compare(sent, found, result):
    """The log of each partition must be what was sent to it."""
    for partition, wanted in sent.items():
        got = [value for _, _, value in found[partition]]
        if got == wanted:
            continue
        seen = set()
        for value in got:
            if value in seen:
                result.fault("duplicated", f"{value} in partition {partition}")
            seen.add(value)
        for value in wanted:
            if value not in seen:
                result.fault("lost", f"{value} in partition {partition}")
        if len(got) == len(wanted) and seen == set(wanted):
            result.fault("disordered", f"partition {partition}")
