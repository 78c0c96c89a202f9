"""Fault test 9: producers share a transactional id; all but the newest are refused for ever.

By both protocols, over kills of the broker: what a fenced producer wrote is never seen.
"""

import random

from confluent_kafka import KafkaException, Producer

from . import broker, clients, verdict
from .second_protocol import Fenced, SecondProtocolProducer

TOPIC, PARTITIONS = "faults.zombies", 2
# INVALID_PRODUCER_EPOCH, PRODUCER_FENCED; librdkafka calls both _FENCED (-144).
FENCED_CODES = {47, 90, -144}


class First:
    """By librdkafka."""

    def __init__(self, address, name):
        self.producer = Producer({
            "bootstrap.servers": address, "transactional.id": name, "linger.ms": 0,
            "reconnect.backoff.max.ms": 100, "retry.backoff.ms": 10, "log_level": 0})
        self.producer.init_transactions(60)
        self.is_fenced = False

    def write(self, value, partition) -> bool:
        """A whole transaction. False: it is fenced."""
        try:
            self.producer.begin_transaction()
            self.producer.produce(TOPIC, value, partition=partition)
            self.producer.commit_transaction(60)
            return True
        except KafkaException as error:
            # Once fenced, the client refuses in words of its own.
            if not self.is_fenced and error.args[0].code() not in FENCED_CODES:
                raise
            self.is_fenced = True
            return False


class Second:
    """By KIP-890."""

    def __init__(self, address, name):
        self.producer = SecondProtocolProducer(address, name)
        self.producer.begin()

    def write(self, value, partition) -> bool:
        try:
            self.producer.send(TOPIC, partition, [value])
            self.producer.end(True)
            return True
        except Fenced:
            return False


def run(options, seed, folder) -> verdict.Verdict:
    rng = random.Random(seed)
    result = verdict.Verdict()
    kept = []
    refused = 0
    with broker.Broker(folder / "data", options.binary) as server:
        clients.make_topics(server.address, {TOPIC: PARTITIONS})
        for kind in (First, Second):
            older = []
            newest = kind(server.address, f"zombie-{kind.__name__}")
            for round_ in range(options.rounds):
                for number in range(3):
                    value = f"{kind.__name__}-{round_}-{number}".encode()
                    if newest.write(value, rng.randrange(PARTITIONS)):
                        kept.append(value)
                    else:
                        result.fault("lost", f"{value}: the newest producer was fenced")
                if rng.random() < 0.3:
                    server.kill()
                    server.start()
                for zombie in older:
                    value = f"zombie-{kind.__name__}-{round_}".encode()
                    if zombie.write(value, rng.randrange(PARTITIONS)):
                        result.fault("unaborted", f"{value}: a zombie committed")
                    refused += 1
                older.append(newest)
                newest = kind(server.address, f"zombie-{kind.__name__}")
        found = clients.read_all(server.address, TOPIC, PARTITIONS)
        server.stop()
    counts = verdict.occurrences(found)
    for value in kept:
        if counts.pop(value, 0) != 1:
            result.fault("lost", str(value))
    for value in counts:
        result.fault("unaborted", str(value))
    print(f"{len(kept)} transactions of the newest kept, {refused} of zombies refused")
    return result
