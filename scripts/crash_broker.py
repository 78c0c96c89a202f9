"""kill -9 of the broker at random moments, under idempotent and transactional producers.

Two idempotent producers, two transactional ones of each protocol, and a copier that reads a topic and
writes it to another exactly once go on while the broker is killed and started again. At the end
every acknowledged record must be there, once, at its offset; every transaction wholly or not at all.
Prints its seed; --seed repeats the choices (not the scheduling of threads).

Example: scripts/crash-broker --rounds 100
"""

import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from faults import broker, clients, crashes, verdict, workers  # noqa: E402

PARTITIONS = 4
PLAIN, TRANSACTIONS, COPY = "crash.plain", "crash.transactions", "crash.copy"


def make_workers(address, seed):
    def plain(number):
        return workers.IdempotentWorker(
            f"plain{number}", address, seed + number, PLAIN, PARTITIONS)

    def first(number):
        return workers.FirstProtocolWorker(
            f"first{number}", address, seed + 10 + number, TRANSACTIONS, PARTITIONS)

    def second(number):
        return workers.SecondProtocolWorker(
            f"second{number}", address, seed + 20 + number, TRANSACTIONS, PARTITIONS)

    copier = workers.CopyWorker("copier", address, seed + 30, PLAIN, COPY, PARTITIONS)
    return [plain(0), plain(1)], [first(0), first(1), second(0), second(1)], copier


def drain(copier, address):
    """Lets the copier come to the end of what it copies."""
    wanted = len(verdict.occurrences(clients.read_all(address, PLAIN, PARTITIONS)))

    def done():
        crashes.complain([copier])
        copies = verdict.occurrences(clients.read_all(address, COPY, PARTITIONS))
        return len(copies) >= wanted and copier.idle.is_set()

    broker.wait_until(done, "the copier has copied all")


def judge(plain, transactional, address):
    result = verdict.Verdict()
    source = clients.read_all(address, PLAIN, PARTITIONS)
    for worker in plain:
        verdict.judge_idempotent(worker, source, result)
    found = clients.read_all(address, TRANSACTIONS, PARTITIONS)
    for worker in transactional:
        verdict.judge_transactions(worker, found, result)
    verdict.judge_copy(source, clients.read_all(address, COPY, PARTITIONS), result)
    return result


def report(plain, transactional, copier, rounds, seconds):
    acknowledged = sum(len(worker.acknowledged) for worker in plain)
    unknown = sum(len(worker.unknown) for worker in plain)
    outcomes = [o for worker in transactional for o in worker.outcomes.values()]
    first = sum(len(w.outcomes) for w in transactional
                if isinstance(w, workers.FirstProtocolWorker))
    print(f"{rounds} kills in {seconds:.0f} s; {acknowledged} records acknowledged, {unknown} unknown; "
          f"{len(outcomes)} transactions ({first} by the first protocol, {len(outcomes) - first} by the "
          f"second): {outcomes.count('committed')} committed, {outcomes.count('aborted')} aborted, "
          f"{outcomes.count('unknown')} unknown; {copier.copied} records copied")


def run(rounds, seed, binary, durability, folder):
    rng = random.Random(seed)
    began = time.monotonic()
    with broker.Broker(folder / "data", binary, durability) as server:
        clients.make_topics(
            server.address, {PLAIN: PARTITIONS, TRANSACTIONS: PARTITIONS, COPY: PARTITIONS})
        plain, transactional, copier = make_workers(server.address, seed)
        everybody = [*plain, *transactional, copier]
        for worker in everybody:
            worker.start()
        time.sleep(1)
        crashes.crash(server, rounds, rng, everybody)
        crashes.stop([*plain, *transactional])
        drain(copier, server.address)
        crashes.stop([copier])
        result = judge(plain, transactional, server.address)
        report(plain, transactional, copier, rounds, time.monotonic() - began)
        server.stop()
    return result.is_good, str(result)


if __name__ == "__main__":
    sys.exit(crashes.main(__doc__, "broker", "durability", ("none", "group", "always"), broker.BINARY, run))
