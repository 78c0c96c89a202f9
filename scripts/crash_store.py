"""kill -9 of the CQL store at random moments, under writers of all kinds.

Inserts with ids of their own, a compare-and-set counter, counters, logged batches over two tables,
rows that expire, rows that are deleted by key and by range, and an indexed table go on while the
store is killed and started again. At the end nothing that was acknowledged may be missing, a batch is
there wholly or not at all, counters lie between what was acknowledged and what may have been done, and
nothing deleted or expired is back. Prints its seed; --seed repeats the choices (not the scheduling of
threads).

Example: scripts/crash-store --rounds 100
"""

import logging
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from faults import cql_workers as workers  # noqa: E402
from faults import crashes  # noqa: E402
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
        crashes.crash(store, rounds, rng, all_of_them)
        time.sleep(1)
        crashes.stop(all_of_them)
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
    return not complaints, "\n".join(complaints) or "nothing lost, nothing torn, nothing back"


if __name__ == "__main__":
    sys.exit(crashes.main(__doc__, "store", "sync", ("periodic", "batch", "group"), stores.BINARY, run))
