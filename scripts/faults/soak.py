"""Fault test 17: hours at half load; memory, descriptors and threads must not grow.

Producers (one of them transactions) at a given rate, a group of consumers of each protocol, topics that
are made and deleted, connections that come and go. What the process holds is sampled, and the last
third of the samples compared with the first. The time of a produce is told, not judged: the machine
has other work too.
"""

import json
import random
import statistics
import time

from . import broker, clients, verdict
from .soak_load import ChurnWorker, Consuming, Load, Transacting
from .soak_picture import picture, row

TOPIC, PARTITIONS = "soak", 4
SEGMENT_BYTES, RETENTION_BYTES = 1 << 20, 4 << 20
SAMPLE_SECONDS = 10
# So that short runs have something to compare as well.
SAMPLES_MIN = 12
# The load takes a moment to be there, and logs to fill up to what is kept of them.
WARM_UP_SHARE = 0.1
# Tolerances, of the median of the last third over that of the first.
RSS_GROWTH_SHARE, RSS_GROWTH_BYTES = 0.10, 24 << 20
FILES_GROWTH, THREADS_GROWTH = 24, 4
MEASURE_SECONDS = 5
BROKER = {"log.retention.check.interval.ms": 2_000, "log.cleaner.backoff.ms": 5_000}
COLUMNS = ("seconds", "rss_mib", "files", "threads", "disk_mib", "p99_ms", "records")


def measured_half(address, seed) -> int:
    """Half of the records a second that one producer gets through, without a limit."""
    load = Load("measure", address, seed, TOPIC, PARTITIONS, None)
    load.start()
    time.sleep(MEASURE_SECONDS)
    count = load.acknowledged
    load.stopping.set()
    load.join(60)
    return max(100, count // MEASURE_SECONDS // 2)


def sample(server, loads, began) -> dict:
    latencies = sorted(second for load in loads for second in load.take_latencies())
    p99 = latencies[len(latencies) * 99 // 100] if latencies else 0.0
    return {
        "seconds": round(time.monotonic() - began), "rss_mib": round(server.memory() / (1 << 20), 1),
        "files": server.files(), "threads": server.threads(),
        "disk_mib": round(server.disk() / (1 << 20), 1), "p99_ms": round(p99 * 1000, 1),
        "records": sum(load.acknowledged for load in loads)}


def thirds(samples, column) -> tuple:
    """Medians of the first and of the last third, without the warm-up."""
    kept = [line[column] for line in samples[int(len(samples) * WARM_UP_SHARE):]]
    third = max(1, len(kept) // 3)
    return statistics.median(kept[:third]), statistics.median(kept[-third:])


def judge(samples, result):
    first, last = thirds(samples, "rss_mib")
    if last > first * (1 + RSS_GROWTH_SHARE) + RSS_GROWTH_BYTES / (1 << 20):
        result.fault("memory grows", f"{first:.1f} MiB in the first third, {last:.1f} in the last")
    for column, tolerance in (("files", FILES_GROWTH), ("threads", THREADS_GROWTH)):
        first, last = thirds(samples, column)
        if last > first + tolerance:
            result.fault(f"{column} grow", f"{first} in the first third, {last} in the last")


def judge_work(loads, consumers, result):
    """All of it did something, and nothing was refused."""
    for load in loads:
        if load.refused or not load.acknowledged:
            result.fault("refused", f"{load.name}: {load.acknowledged} records, {load.refused}")
    for consumer in consumers:
        if not consumer.consumed:
            result.fault("not read", consumer.name)


def complain(workers):
    for worker in workers:
        if worker.error is not None:
            raise AssertionError(f"{worker.name} gave up: {worker.error!r}") from worker.error


def watch(server, seconds, loads, workers) -> list:
    """Samples until the time is over."""
    began = time.monotonic()
    step = min(SAMPLE_SECONDS, seconds / SAMPLES_MIN)
    samples = []
    print(row({name: name for name in COLUMNS}, COLUMNS), flush=True)
    while time.monotonic() - began < seconds:
        time.sleep(step)
        complain(workers)
        samples.append(sample(server, loads, began))
        print(row(samples[-1], COLUMNS), flush=True)
    return samples


def go(server, options, seed, result) -> tuple:
    clients.make_topics(server.address, {TOPIC: PARTITIONS}, {TOPIC: {
        "segment.bytes": str(SEGMENT_BYTES), "retention.bytes": str(RETENTION_BYTES)}})
    rate = options.rate or measured_half(server.address, seed)
    print(f"{rate} records a second for {options.minutes} minutes", flush=True)
    place = (server.address, seed, TOPIC, PARTITIONS)
    loads = [
        Load("one", *place, rate * 0.45), Load("two", *place, rate * 0.45),
        Transacting("transactions", *place, rate * 0.1)]
    consumers = [
        Consuming(f"{protocol}-{number}", *place, protocol)
        for protocol in ("classic", "consumer") for number in range(2)]
    workers = [*loads, *consumers, ChurnWorker("churn", server.address, seed)]
    for worker in workers:
        worker.start()
    samples = watch(server, options.minutes * 60, loads, workers)
    for worker in workers:
        worker.stopping.set()
    for worker in workers:
        worker.join(120)
        if worker.is_alive():
            raise AssertionError(f"{worker.name} did not stop within 120 s")
    complain(workers)
    judge(samples, result)
    judge_work(loads, consumers, result)
    return rate, samples, consumers, workers[-1]


def run(options, seed, folder) -> verdict.Verdict:
    result = verdict.Verdict()
    with broker.Broker(folder / "data", options.binary, settings=BROKER) as server:
        rate, samples, consumers, churn = go(
            server, options, random.Random(seed).getrandbits(31), result)
        if server.stop() != 0:
            result.fault("did not stop in order", server.process.returncode)
    print(picture([line["rss_mib"] for line in samples], "RSS, MiB"))
    print(f"{sum(c.consumed for c in consumers)} records read by two groups; {churn.topics} topics made "
          f"and deleted, {churn.connections} connections came and went")
    if options.json:
        compared = {name: thirds(samples, name) for name in COLUMNS[1:-1]}
        print(json.dumps({
            "seed": seed, "rate": rate, "minutes": options.minutes, "samples": samples,
            "thirds": compared, "faults": dict(result.counts)}))
    return result
