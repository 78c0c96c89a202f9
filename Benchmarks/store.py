"""Figures of the embedded CQL store, beside what cassandra-driver gets from it in the same run.

Method
  load         cql-load (Benchmarks/CQLLoad), over our own client, against `millrace up --only store` in a process of
               its own; both share the processors, so this is a floor of what the store can do. Each load is run
               --repeats times, and the one with the middle throughput counts. Rows are (bigint, int, 100 B).
  insert       prepared INSERTs of one row, at each concurrency; select the same rows by their whole key.
  batch        logged batches of ten prepared INSERTs into ten partitions.
  range        partitions of 100 rows, whole; scan: all rows by ranges of tokens, 8 at once.
  peer         the same INSERTs and SELECTs by one Python process with cassandra-driver (128 under way).
  append       20,000 appends to one list, and the time of one read of it.
  start        from exec to the line that says the store answers: empty, with --rows rows after a clean stop, and after
               kill -9 behind --log-megabytes of writes (median of 5); memory then, and during the loads.

Example: Benchmarks/run store --quick
"""

import argparse
import pathlib
import shutil
import statistics
import time

from measuring import Server, line, measured, median, run, starts

# The store keeps 24 MB of log at most.
LOG_MEGABYTES_MIN = 18


class Store(Server):
    def __init__(self, sync, data):
        super().__init__("store", f"sync={sync}", data)
        self.port = int(self.url.rsplit(":", 1)[1])


def load(store, verb, **options):
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return run("cql-load", verb, "--store", store.url, *arguments)


def middle(repeats, store, verb, **options):
    return median(repeats, store, lambda: load(store, verb, **options), "operations_per_second")


def peer(store, operations, table):
    """INSERTs and SELECTs a second of one process with the Python driver."""
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
    from cassandra.concurrent import execute_concurrent_with_args
    from cassandra.policies import WhiteListRoundRobinPolicy
    profile = ExecutionProfile(load_balancing_policy=WhiteListRoundRobinPolicy(["127.0.0.1"]))
    cluster = Cluster(["127.0.0.1"], port=store.port, execution_profiles={EXEC_PROFILE_DEFAULT: profile})
    session, rates = cluster.connect("load"), []
    insert = session.prepare(f"INSERT INTO {table} (p, c, v) VALUES (?, 0, ?)")
    select = session.prepare(f"SELECT v FROM {table} WHERE p = ? AND c = 0")
    for statement, values in ((insert, [(n, b"x" * 100) for n in range(operations)]),
                              (select, [(n,) for n in range(operations)])):
        began = time.monotonic()
        execute_concurrent_with_args(session, statement, values, concurrency=128)
        rates.append(operations / (time.monotonic() - began))
    cluster.shutdown()
    return rates


def latency(got):
    ms = got["latency_ms"]
    return f"p50 {ms['p50']:.2f} p99 {ms['p99']:.2f} p99.9 {ms['p999']:.2f} ms"


def throughput(args, folder, results):
    for sync in args.modes:
        data = pathlib.Path(folder) / sync
        store = Store(sync, data)
        try:
            line(f"{sync}")
            for verb in ("insert", "select", "batch"):
                for concurrency in args.concurrency:
                    count = args.operations // (10 if verb == "batch" else 1) // (10 if concurrency == 1 else 1)
                    got = middle(args.repeats, store, verb, operations=count, concurrency=concurrency)
                    got.update(sync=sync, verb=verb, concurrency=concurrency)
                    results["loads"].append(got)
                    line(f"  {verb:<7}{concurrency:>4} under way {got['operations_per_second']:>8,}/s  {latency(got)}; "
                         f"store {1e6 * got['cpu'] / max(got['operations'], 1):.1f} µs CPU each; failed {got['failed']}")
            inserts, selects = peer(store, args.operations // 10, "items")
            results["peer"].append({"sync": sync, "inserts": inserts, "selects": selects})
            line(f"  peer   one Python process: {inserts:,.0f} INSERT/s, {selects:,.0f} SELECT/s")
            line(f"  memory {store.resident_megabytes():.0f} MB now, {store.resident_megabytes('VmHWM'):.0f} MB at most")
            if sync == args.modes[0]:
                wide(args, store, results)
        finally:
            store.stop()
        shutil.rmtree(data, ignore_errors=True)


def wide(args, store, results):
    load(store, "bulk", table="wide", operations=args.operations, partitions=args.operations // 100, rows=100)
    got = middle(args.repeats, store, "range", table="wide", operations=args.operations // 100,
                 partitions=args.operations // 100, rows=100)
    results["range"] = got
    line(f"  range  {got['operations_per_second']:,} partitions/s = {got['rows_per_second']:,} rows/s  {latency(got)}")
    filled = load(store, "bulk", table="big", operations=args.rows, partitions=args.rows)
    line(f"  bulk   {filled['rows_per_second']:,} rows/s for {args.rows:,} rows")
    got = middle(args.repeats, store, "scan", table="big", concurrency=8)
    results["scan"] = got
    line(f"  scan   {got['rows_per_second']:,} rows/s over {got['rows']:,} rows")
    got = load(store, "append", operations=20_000, concurrency=32)
    results["append"] = got
    line(f"  append {got['operations_per_second']:,}/s to one list of 20,000  {latency(got)}")


def start(args, folder, results):
    data = pathlib.Path(folder) / "start"
    took, idle = starts(lambda: Store("group", data), data, 7, empty=True)
    results["start_ms"], results["idle_mb"] = took, idle
    line(f"start    empty {took:.0f} ms (median of 7), idle {idle:.0f} MB resident")
    store = Store("periodic", data)
    load(store, "bulk", operations=args.rows, partitions=args.rows)
    store.stop()
    took, idle = starts(lambda: Store("group", data), data, 5)
    results["start_rows_ms"] = took
    line(f"start    with {args.rows:,} rows: {took:.0f} ms after a clean stop, idle {idle:.0f} MB")
    recovery(args, data, results)
    shutil.rmtree(data, ignore_errors=True)


def log_megabytes(data):
    return sum(path.stat().st_size for path in data.rglob("*.log")) / 1e6


def recovery(args, data, results):
    """Starts after kill -9. The log is bounded and shrinks when a memtable is full, so it is filled up until it is
    nearly as long as it gets; what a GB costs is what such a start takes longer than a clean one."""
    store = Store("periodic", data)
    load(store, "bulk", table="log", operations=args.log_megabytes * 1000, size=1000, partitions=10**9)
    for _ in range(20):
        if log_megabytes(data) >= LOG_MEGABYTES_MIN:
            break
        load(store, "bulk", table="log", operations=2000, size=1000, partitions=10**9)
    store.kill()
    log, killed, clean, copy = log_megabytes(data), [], [], data.parent / "copy"
    for _ in range(5):
        shutil.copytree(data, copy)
        for times in (killed, clean):
            store = Store("group", copy)
            times.append(store.start_seconds)
            store.stop()
        shutil.rmtree(copy)
    killed, clean = statistics.median(killed), statistics.median(clean)
    results.update(start_killed_ms=killed * 1e3, log_megabytes=log, seconds_per_gb=(killed - clean) / log * 1e3)
    line(f"start    {killed * 1e3:.0f} ms after kill -9 with {log:.0f} MB of log, {clean * 1e3:.0f} ms without: "
         f"{(killed - clean) / log * 1e3:.1f} s for a GB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller loads, once each")
    parser.add_argument("--operations", type=int, default=300_000)
    parser.add_argument("--rows", type=int, default=5_000_000, help="of the scan and of the start with data")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--modes", type=lambda t: t.split(","), default=["periodic", "batch", "group"])
    parser.add_argument("--concurrency", type=lambda t: [int(p) for p in t.split(",")], default=[1, 32, 200])
    parser.add_argument("--log-megabytes", type=int, default=100)
    parser.add_argument("--json", help="file for all figures")
    parser.add_argument("--only", choices=["throughput", "start"])
    args = parser.parse_args()
    if args.quick:
        args.operations, args.rows, args.repeats = 60_000, 300_000, 1
    results = {"loads": [], "peer": []}
    measured(args, results, start, throughput)


if __name__ == "__main__":
    main()
