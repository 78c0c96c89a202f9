"""Fault test 8: an EndTxn is held on its way and arrives after the next transaction began.

By the second protocol it must be refused, and the transaction that is open then go on untouched. (In
the first one a late end has the epoch of the next transaction, and nobody can tell: Kafka neither.)
"""

import random

from kafka.protocol.producer import EndTxnRequest, EndTxnResponse

from . import broker, clients, proxy, verdict
from .second_protocol import FENCED, SecondProtocolProducer

TOPIC, PARTITIONS = "faults.stale", 3
END_TXN = 26


class Late:
    """An end that was sent, and is still on its way."""

    def __init__(self, holding: proxy.HoldingProxy, producer: SecondProtocolProducer, commits: bool):
        self.client = SecondProtocolProducer(
            f"127.0.0.1:{holding.port}", producer.transactional_id)
        self.request = EndTxnRequest[5](
            transactional_id=producer.transactional_id, producer_id=producer.producer_id,
            producer_epoch=producer.epoch, committed=commits)
        holding.hold(END_TXN)
        self.client.send_only(self.request)
        holding.wait_for_held()

    def arrive(self, holding: proxy.HoldingProxy) -> int:
        """Lets it go on; gives the error it is answered with."""
        holding.release()
        answer = self.client.receive(self.request, EndTxnResponse)
        self.client.close()
        return answer.error_code

    def again(self, holding: proxy.HoldingProxy, address: str) -> int:
        """It arrives by another connection, since its own ended with the broker."""
        holding.forget()
        self.client.close()
        self.client = SecondProtocolProducer(address, self.client.transactional_id)
        answer = self.client.ask_once(self.request, EndTxnResponse)
        self.client.close()
        return answer.error_code


def write(producer, name, rng, wanted):
    """A few records of a transaction that is to be committed or not."""
    for number in range(rng.randint(1, 4)):
        value = f"{name}/{number}".encode()
        producer.send(TOPIC, rng.randrange(PARTITIONS), [value])
        wanted.append(value)


def go(server, holding, rng, rounds, result) -> tuple:
    """Gives the values of committed transactions, and how many late ends there were of each kind."""
    kept, codes = [], {}
    producer = SecondProtocolProducer(server.address, "stale")
    producer.begin()
    for number in range(rounds):
        first, second = [], []
        write(producer, f"{number}/first", rng, first)
        commits, commits_next, late_commits = (rng.random() < 0.5 for _ in range(3))
        late = Late(holding, producer, late_commits)
        # It is given up, and the same transaction is ended another way.
        producer.end(commits)
        write(producer, f"{number}/second", rng, second)
        if rng.random() < 0.2:
            server.kill()
            server.start()
            # The connection of the late one is gone with the broker: it comes by a new one.
            code = late.again(holding, server.address)
        else:
            code = late.arrive(holding)
        codes[code] = codes.get(code, 0) + 1
        if code not in FENCED:
            result.fault("late end taken", f"round {number}: answered with {code}")
        write(producer, f"{number}/third", rng, second)
        producer.end(commits_next)
        kept += (first if commits else []) + (second if commits_next else [])
    producer.close()
    return kept, codes


def run(options, seed, folder) -> verdict.Verdict:
    rng = random.Random(seed)
    result = verdict.Verdict()
    with broker.Broker(folder / "data", options.binary) as server:
        holding = proxy.HoldingProxy(server.port)
        clients.make_topics(server.address, {TOPIC: PARTITIONS})
        kept, codes = go(server, holding, rng, options.rounds, result)
        counts = verdict.occurrences(clients.read_all(server.address, TOPIC, PARTITIONS))
        server.stop()
        holding.close()
    for value in kept:
        count = counts.pop(value, 0)
        if count != 1:
            result.fault("lost" if count == 0 else "duplicated", str(value))
    for value in counts:
        result.fault("unaborted", str(value))
    print(f"{options.rounds} late ends, answered with {codes}; {len(kept)} records kept")
    return result
