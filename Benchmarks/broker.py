"""Figures of the embedded broker, beside what the disk and the loopback of this machine give in the same run.

Method
  load         kafka-load (Benchmarks/KafkaLoad), over librdkafka with acks=all, against `millrace up --only kafka`
               in a process of its own; both share the processors, so this is a floor of what the broker can do.
               Each load is run --repeats times, and the one in the middle counts.
  disk         the same bytes written to one file in blocks of 256 KiB, with one fdatasync at the end (none) or after
               each block (group, always); the ratio is the broker's MB/s divided by the disk's.
  loopback     the same bytes through one TCP connection between two processes; the ratio is by its MB/s.
  latency      20 MB/s of 1 KB records; from the produce call to its acknowledgement, and from the produce call of
               one client to the read of another (tail).
  start        from exec to the line that says the broker answers: empty, and with --data-gigabytes of log, after a
               clean stop and after kill -9 with 100 MB written since then.

Example: Benchmarks/run broker --quick
"""

import argparse
import os
import pathlib
import shutil
import socket
import time

from measuring import Server, line, measured, median, run, starts

BLOCK = 256 << 10
UNCLEAN_RECORDS = 100_000


class Broker(Server):
    def __init__(self, policy, data):
        super().__init__("kafka", f"durability={policy}", data)
        self.address = self.url.removeprefix("kafka://")


def topic(broker, name, partitions):
    from confluent_kafka.admin import AdminClient, NewTopic
    admin = AdminClient({"bootstrap.servers": broker.address})
    for future in admin.create_topics([NewTopic(name, partitions, 1)]).values():
        future.result(30)
    return name


def load(broker, *arguments):
    return run("kafka-load", *arguments, "--brokers", broker.address)


def middle(repeats, broker, *arguments):
    return median(repeats, broker, lambda: load(broker, *arguments), "megabytes_per_second")


def disk(folder, size_bytes, flush_each):
    block, path = os.urandom(BLOCK), os.path.join(folder, "disk-floor")
    started = time.monotonic()
    with open(path, "wb", buffering=0) as file:
        for _ in range(max(size_bytes // BLOCK, 1)):
            file.write(block)
            if flush_each:
                os.fdatasync(file.fileno())
        os.fdatasync(file.fileno())
    seconds = time.monotonic() - started
    os.unlink(path)
    return size_bytes / seconds / 1e6


def loopback(size_bytes):
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if child == 0:
        taken, _ = listener.accept()
        while taken.recv(BLOCK):
            pass
        os._exit(0)
    sender, block = socket.create_connection(listener.getsockname()), os.urandom(BLOCK)
    started = time.monotonic()
    for _ in range(max(size_bytes // BLOCK, 1)):
        sender.sendall(block)
    sender.close()
    os.waitpid(child, 0)
    return size_bytes / (time.monotonic() - started) / 1e6


def throughput(args, folder, results):
    tcp = loopback(args.bytes)
    line(f"loopback     {tcp:,.0f} MB/s through one connection")
    results["loopback_mb_s"] = tcp
    for policy in args.policies:
        floor = disk(folder, args.bytes, policy != "none")
        line(f"{policy:<8} disk {floor:,.0f} MB/s in blocks of 256 KiB" + ("" if policy == "none" else ", each flushed"))
        data = pathlib.Path(folder) / policy
        broker = Broker(policy, data)
        try:
            for size in (100, 1000):
                for partitions in args.partitions:
                    for producers in args.producers:
                        name = topic(broker, f"load-{size}-{partitions}-{producers}", partitions)
                        got = middle(args.repeats, broker, "produce", "--topic", name, "--records",
                                     args.bytes // max(size, 200), "--size", size, "--producers", producers)
                        got.update(policy=policy, size=size, partitions=partitions, producers=producers,
                                   disk_ratio=got["megabytes_per_second"] / floor,
                                   loopback_ratio=got["megabytes_per_second"] / tcp)
                        results["produce"].append(got)
                        line(f"  produce {size:>5} B {partitions:>3} partitions {producers:>2} producers "
                             f"{got['records_per_second']:>9,} rec/s {got['megabytes_per_second']:>6.0f} MB/s "
                             f"= {got['disk_ratio']:.2f} of disk, {got['loopback_ratio']:.2f} of loopback; "
                             f"broker {got['cpu']:.1f} s CPU; failed {got['failed']}")
            for size in (100, 1000):
                name = f"load-{size}-{args.partitions[0]}-{args.producers[0]}"
                got = middle(args.repeats, broker, "consume", "--topic", name, "--records",
                             args.bytes // max(size, 200))
                got.update(policy=policy, size=size)
                results["consume"].append(got)
                line(f"  catch-up {size:>4} B {got['records_per_second']:>9,} rec/s "
                     f"{got['megabytes_per_second']:>6.0f} MB/s = {got['megabytes_per_second'] / tcp:.2f} of loopback; "
                     f"broker {got['cpu']:.1f} s CPU")
            latency(broker, args, policy, results)
        finally:
            broker.stop()
        shutil.rmtree(data, ignore_errors=True)


def latency(broker, args, policy, results):
    records = 20_000 * args.seconds
    for name, verb in (("acknowledged", "produce"), ("read by another", "tail")):
        made = topic(broker, f"rate-{verb}", 6)
        got = load(broker, verb, "--topic", made, "--records", records, "--size", 1000, "--rate", 20_000_000)
        ms = got["latency_ms"]
        results["latency"].append(dict(got, policy=policy, what=name))
        line(f"  20 MB/s of 1 KB, {name}: p50 {ms['p50']:.1f} p99 {ms['p99']:.1f} p99.9 {ms['p999']:.1f} ms")


def start(args, folder, results):
    data = pathlib.Path(folder) / "start"
    took, idle = starts(lambda: Broker("group", data), data, 7, empty=True)
    results["start_ms"], results["idle_mb"] = took, idle
    line(f"start        empty {took:.0f} ms (median of 7), idle {idle:.0f} MB resident")
    if not args.data_gigabytes:
        return
    broker = Broker("none", data)
    name = topic(broker, "big", 6)
    load(broker, "produce", "--topic", name, "--records", int(args.data_gigabytes * 1e6), "--size", 1000)
    broker.stop()
    took, idle = starts(lambda: Broker("group", data), data, 5)
    broker = Broker("group", data)
    # What was written since the last clean stop is what a start after a kill has to look at.
    load(broker, "produce", "--topic", name, "--records", UNCLEAN_RECORDS, "--size", 1000)
    broker.kill()
    broker = Broker("group", data)
    killed = broker.start_seconds * 1e3
    broker.stop()
    results["start_big_ms"], results["start_killed_ms"] = took, killed
    line(f"start        with {args.data_gigabytes} GB: {took:.0f} ms after a clean stop, "
         f"{killed:.0f} ms after kill -9 under 100 MB more; idle {idle:.0f} MB")
    shutil.rmtree(data, ignore_errors=True)


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller loads, and no start with data")
    parser.add_argument("--bytes", type=int, default=400_000_000, help="payload of each 1 KB load; a 100 B load has half")
    parser.add_argument("--repeats", type=int, default=3, help="of each load; the one in the middle counts")
    parser.add_argument("--policies", type=lambda t: t.split(","), default=["none", "group", "always"])
    parser.add_argument("--partitions", type=numbers, default=[1, 6, 100])
    parser.add_argument("--producers", type=numbers, default=[1, 4, 16])
    parser.add_argument("--seconds", type=int, default=10, help="of the load at 20 MB/s")
    parser.add_argument("--data-gigabytes", type=float, default=10, help="of log for the start; 0: not measured")
    parser.add_argument("--json", help="file for all figures")
    parser.add_argument("--only", choices=["throughput", "start"])
    args = parser.parse_args()
    if args.quick:
        args.bytes, args.seconds, args.data_gigabytes, args.repeats = 100_000_000, 4, 0, 1
    results = {"produce": [], "consume": [], "latency": []}
    measured(args, results, start, throughput)


if __name__ == "__main__":
    main()
