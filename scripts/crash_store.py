"""kill -9 of the CQL store at random moments, under writers of all kinds.

Inserts with ids of their own, a compare-and-set counter, counters, logged batches over two tables,
rows that expire, rows that are deleted by key and by range, and an indexed table go on while the
store is killed and started again. At the end nothing that was acknowledged may be missing, a batch is
there wholly or not at all, counters lie between what was acknowledged and what may have been done, and
nothing deleted or expired is back. Prints its seed; --seed repeats the choices (not the scheduling of
threads).

Example: scripts/crash-store --rounds 100
"""

import argparse
import logging
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from faults import cql_workers as workers  # noqa: E402
from faults import store as stores  # noqa: E402

# The driver tells of each lost connection; here that is the point.
logging.getLogger("cassandra").setLevel(logging.CRITICAL)


def make_workers(session, seed, has_index):
    everybody = {
        "insert": [workers.InsertWorker(n, session, seed + n) for n in range(2)],
        "cas": [workers.CompareAndSetWorker(n, session, seed + 10 + n) for n in range(3)],
        "counter": [workers.CounterWorker(n, session, seed + 20 + n) for n in range(2)],
        "batch": [workers.BatchWorker(n, session, seed + 30 + n) for n in range(2)],
        "vanishing": [workers.VanishingWorker(n, session, seed + 40 + n) for n in range(2)],
    }
    if has_index:
        everybody["index"] = [workers.IndexWorker(f"index{n}", session, seed + 50 + n) for n in range(2)]
    return everybody


def complain(everybody):
    for worker in everybody:
        if worker.error is not None:
            raise AssertionError(f"{worker.name} gave up: {worker.error!r}") from worker.error


def crash(store, rounds, rng, everybody):
    for number in range(rounds):
        # Now and then in the middle of a start.
        early = rng.random() < 0.1
        time.sleep(rng.uniform(0, 0.05) if early else rng.uniform(0.1, 1.5))
        store.kill()
        complain(everybody)
        store.start()
        print(f"\rkilled {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def judge(everybody, session):
    complaints = []
    for name, some in everybody.items():
        if name == "cas":
            complaints += workers.judge_compare_and_set(some, session)
        elif name == "counter":
            complaints += workers.judge_counters(some, session)
        else:
            for worker in some:
                complaints += worker.judge(session)
    return complaints


def run(rounds, seed, binary, sync, folder):
    rng = random.Random(seed)
    began = time.monotonic()
    with stores.Store(folder / "data", binary, sync) as store:
        cluster, session = workers.connect(store.port)
        session.default_fetch_size = 5000
        has_index = workers.make_schema(session)
        everybody = make_workers(session, seed, has_index)
        all_of_them = [worker for some in everybody.values() for worker in some]
        for worker in all_of_them:
            worker.start()
        time.sleep(1)
        crash(store, rounds, rng, all_of_them)
        time.sleep(1)
        for worker in all_of_them:
            worker.stopping.set()
        for worker in all_of_them:
            worker.join(120)
            if worker.is_alive():
                raise AssertionError(f"{worker.name} did not stop within 120 s")
        complain(all_of_them)
        cluster.shutdown()
        cluster, session = workers.connect(store.port)
        complaints = judge(everybody, session)
        cluster.shutdown()
        store.stop()
    told = ", ".join(
        f"{sum(w.acknowledged for w in some)} {name}" for name, some in everybody.items())
    unknown = sum(worker.unknown for worker in all_of_them)
    print(f"{rounds} kills in {time.monotonic() - began:.0f} s; acknowledged: {told}; {unknown} unknown; "
          f"longest start {store.start_seconds * 1000:.0f} ms"
          + ("" if has_index else "; no index in this release"))
    return complaints


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--sync", choices=("periodic", "batch", "group"), default="group")
    parser.add_argument("--binary", default=stores.BINARY)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"seed {seed}, commitlog_sync {options.sync}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-crash-store-"))
    complaints = run(options.rounds, seed, options.binary, options.sync, folder)
    for complaint in complaints:
        print(complaint)
    if not complaints:
        shutil.rmtree(folder)
        print("nothing lost, nothing torn, nothing back")
        return 0
    print(f"failed; repeat with --seed {seed}; the data are in {folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
