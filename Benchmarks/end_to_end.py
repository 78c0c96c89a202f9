"""End-to-end figures of the release binary, and the same work by a peer in the same run.

Method
  ready        `millrace up --ephemeral --json`: from exec to the line that says all stages answer; median of runs.
  throughput   `millrace run` of N people from `file:` (the sample repeated with new ids) on an empty data
               directory: people divided by the time from the trigger to the end of `confirm`, which has read
               every person back from the store. Peak resident memory is the kernel's (VmHWM).
  latency      a live stack, small runs triggered so that people arrive at about 1,000 a second for some
               seconds; from the fetch to the acknowledged row in the store, as the stack's own histogram.
  peer         the way the pipeline is usually written: one Python process with requests-style JSON, psycopg-free
               SQLite, confluent-kafka and cassandra-driver against the same kind of stack, the same people.
               The ratio is ours divided by the peer's people/s.

Example: Benchmarks/run --people 100000
"""

import argparse
import json
import os
import pathlib
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from urllib.parse import urlsplit

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = str(ROOT / ".build" / "release" / "millrace")
FREE = sum((["--" + s, "embedded:?port=0"] for s in ("source", "kafka", "registry", "store", "orchestrator", "console")), [])


def sample():
    path = ROOT.parent / "shared" / "data" / "randomuser-sample.ndjson"
    if not path.exists():
        path = ROOT / "Tests" / "Fixtures" / "people.ndjson"
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def make_people(path, count, seed=1):
    rng, base = random.Random(seed), sample()
    with open(path, "w", encoding="utf-8") as out:
        for index in range(count):
            person = dict(base[index % len(base)])
            digits = f"{rng.getrandbits(128):032x}"
            uuid = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
            person["login"] = {**person["login"], "uuid": uuid}
            out.write(json.dumps(person, ensure_ascii=False, separators=(",", ":")) + "\n")


def peak_megabytes(pid) -> float:
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def up(*flags):
    process = subprocess.Popen([BINARY, "up", "--json", *flags], stdout=subprocess.PIPE, text=True)
    answer = json.loads(process.stdout.readline())
    return process, answer["addresses"]


def down(process):
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)


def ready(runs):
    times = []
    for flags in (["--ephemeral"], ["--only", "kafka,registry,store", "--ephemeral"]):
        some = []
        for _ in range(runs):
            began = time.perf_counter()
            process, _ = up(*flags)
            some.append(time.perf_counter() - began)
            if flags == ["--ephemeral"]:
                time.sleep(0.3)
                idle = peak_megabytes(process.pid)
            down(process)
        times.append(statistics.median(some))
    print(f"ready        all stages {times[0] * 1000:.0f} ms, kafka+registry+store {times[1] * 1000:.0f} ms "
          f"(medians of {runs}); idle peak memory {idle:.0f} MB")


def throughput(people, folder):
    source = folder / "people.ndjson"
    make_people(source, people)
    peak = 0.0
    process = subprocess.Popen(
        [BINARY, "run", "--users", str(people), "--source", f"file:{source}", "--data", str(folder / "data"), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    stop = threading.Event()

    def watch():
        nonlocal peak
        while not stop.wait(0.05):
            try:
                peak = max(peak, peak_megabytes(process.pid))
            except OSError:
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, errors = process.communicate(timeout=1800)
    stop.set()
    watcher.join()
    if process.returncode != 0:
        sys.exit(f"the run failed: {errors}")
    result = json.loads(output)
    rate = people / result["seconds"]
    print(f"throughput   {rate:,.0f} people/s: {people:,} in {result['seconds']:.2f} s; peak memory {peak:.0f} MB")
    for task, seconds in sorted(result.get("tasks", {}).items(), key=lambda item: -item[1]):
        print(f"               {task:16} {seconds:7.2f} s")
    return rate


def get(url):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def percentile(latency, share):
    """Upper edge of the bucket in µs; the layout of LatencyHistogram.swift."""
    total = sum(count for _, count in latency["buckets"])
    rank, seen = max(1, -(-total * share // 1)), 0
    for bucket, count in sorted(latency["buckets"]):
        seen += count
        if seen >= rank:
            return bucket if bucket < 32 else (32 + bucket % 32 + 1) << (bucket // 32 - 1)
    return 0


def latency(seconds, users):
    process, addresses = up("--ephemeral")
    url = addresses["orchestrator"] + "/api/v2/dags/user_automation/dagRuns"

    def trigger():
        body = json.dumps({"logical_date": None, "conf": {"users": users}}).encode()
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            answer.read()

    pause, began, triggered = users / 1000, time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        trigger()
        triggered += 1
        time.sleep(max(0, began + triggered * pause - time.perf_counter()))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        progress = get(addresses["console"] + "/api/progress")
        if progress["stages"]["stored"]["count"] >= triggered * users:
            break
        time.sleep(0.1)
    stored = progress["stages"]["stored"]
    took = time.perf_counter() - began
    figures = ", ".join(
        f"{stage} {percentile(progress['stages'][stage]['latency'], 0.5) / 1000:.1f}/"
        f"{percentile(progress['stages'][stage]['latency'], 0.99) / 1000:.1f} ms"
        for stage in ("landed", "streamed", "processed", "stored"))
    print(f"latency      {stored['count']:,} people in runs of {users} at {stored['count'] / took:,.0f}/s; "
          f"p50/p99 since the fetch: {figures}")
    down(process)


def peer(people, folder):
    import confluent_kafka
    from cassandra.cluster import Cluster
    from cassandra.concurrent import execute_concurrent_with_args

    source = folder / "peer.ndjson"
    make_people(source, people, seed=2)
    process, addresses = up("--ephemeral", "--only", "kafka,store")
    kafka = urlsplit(addresses["kafka"]).netloc
    store = urlsplit(addresses["store"])
    cluster = Cluster([store.hostname], port=store.port)
    session = cluster.connect()
    session.execute("CREATE KEYSPACE peer WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
    columns = ["first_name", "last_name", "gender", "address", "post_code", "email", "username", "dob",
               "registered_date", "phone", "picture"]
    session.execute(f"CREATE TABLE peer.users (id uuid PRIMARY KEY, {', '.join(c + ' text' for c in columns)})")
    insert = session.prepare(
        f"INSERT INTO peer.users (id, {', '.join(columns)}) VALUES (?{', ?' * len(columns)})")
    database = sqlite3.connect(folder / "peer.sqlite")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE users (id TEXT PRIMARY KEY, record TEXT)")
    began = time.perf_counter()
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka, "enable.idempotence": True, "linger.ms": 1})
    landed = []
    for line in source.open(encoding="utf-8"):
        user = json.loads(line)
        place = user["location"]
        landed.append({
            "id": user["login"]["uuid"], "first_name": user["name"]["first"], "last_name": user["name"]["last"],
            "gender": user["gender"], "post_code": str(place["postcode"]), "email": user["email"],
            "address": f"{place['street']['number']} {place['street']['name']}, {place['city']}, {place['state']}, {place['country']}",
            "username": user["login"]["username"], "dob": user["dob"]["date"],
            "registered_date": user["registered"]["date"], "phone": user["phone"], "picture": user["picture"]["medium"]})
    with database:
        database.executemany("INSERT INTO users VALUES (?, ?)", [(p["id"], json.dumps(p)) for p in landed])
    for person in landed:
        while True:
            try:
                producer.produce("peer", json.dumps(person).encode(), person["id"])
                break
            except BufferError:
                producer.poll(0.01)
    producer.flush()
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": kafka, "group.id": "peer", "auto.offset.reset": "earliest"})
    consumer.subscribe(["peer"])
    done = 0
    import uuid
    while done < people:
        rows = [json.loads(m.value()) for m in consumer.consume(1000, 0.2) if m.error() is None]
        if rows:
            execute_concurrent_with_args(
                session, insert, [(uuid.UUID(r["id"]), *(r[c] for c in columns)) for r in rows], concurrency=100)
            done += len(rows)
    rate = people / (time.perf_counter() - began)
    consumer.close()
    cluster.shutdown()
    down(process)
    print(f"peer         {rate:,.0f} people/s: {people:,} by one Python process against the same engines")
    return rate


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--peer-people", type=int, default=10_000)
    parser.add_argument("--latency-seconds", type=int, default=20)
    parser.add_argument("--run-size", type=int, default=100, help="people in each small run of the latency figure")
    parser.add_argument("--ready-runs", type=int, default=7)
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, {time.strftime('%Y-%m-%d')}, release build")
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as path:
        folder = pathlib.Path(path)
        ready(options.ready_runs)
        ours = throughput(options.people, folder)
        theirs = peer(options.peer_people, folder)
        print(f"ratio        {ours / theirs:.1f} times the peer")
        latency(options.latency_seconds, options.run_size)


if __name__ == "__main__":
    main()
