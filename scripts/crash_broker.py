"""kill -9 of the broker at random moments, under idempotent and transactional producers.

Two idempotent producers, two transactional ones of each protocol, and a copier that reads a topic and
writes it to another exactly once go on while the broker is killed and started again. At the end
every acknowledged record must be there, once, at its offset; every transaction wholly or not at all.
Prints its seed; --seed repeats the choices (not the scheduling of threads).

Example: scripts/crash-broker --rounds 100
"""

import argparse
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from faults import broker, clients, verdict, workers  # noqa: E402

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


def complain(everybody):
    for worker in everybody:
        if worker.error is not None:
            raise AssertionError(f"{worker.name} gave up: {worker.error!r}") from worker.error


def crash(server, rounds, rng, everybody):
    for number in range(rounds):
        # Now and then in the middle of a start.
        early = rng.random() < 0.1
        time.sleep(rng.uniform(0, 0.05) if early else rng.uniform(0.1, 1.5))
        server.kill()
        complain(everybody)
        server.start()
        print(f"\rkilled {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def stop(some):
    for worker in some:
        worker.stopping.set()
    for worker in some:
        worker.join(180)
        if worker.is_alive():
            raise AssertionError(f"{worker.name} did not stop within 180 s")
    complain(some)


def drain(copier, address):
    """Lets the copier come to the end of what it copies."""
    wanted = len(verdict.occurrences(clients.read_all(address, PLAIN, PARTITIONS)))

    def done():
        complain([copier])
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


def run(rounds, seed, binary, durability, folder) -> verdict.Verdict:
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
        crash(server, rounds, rng, everybody)
        stop([*plain, *transactional])
        drain(copier, server.address)
        stop([copier])
        result = judge(plain, transactional, server.address)
        report(plain, transactional, copier, rounds, time.monotonic() - began)
        server.stop()
    return result


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--durability", choices=("none", "group", "always"), default="group")
    parser.add_argument("--binary", default=broker.BINARY)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"seed {seed}, durability {options.durability}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-crash-broker-"))
    result = run(options.rounds, seed, options.binary, options.durability, folder)
    print(result)
    if result.is_good:
        shutil.rmtree(folder)
        return 0
    print(f"failed; repeat with --seed {seed}; the data are in {folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
