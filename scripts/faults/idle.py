"""Fault test 15, the end of it: thousands of connections that do nothing, or hardly anything.

Some are silent, some said hello, some claim a large request and send a few bytes of it, some drip a
byte now and then. Meanwhile a real client must be served; memory for each must stay small, and when
they are gone, so are their descriptors.
"""

import random
import resource
import socket
import struct
import time

from confluent_kafka import Producer

from . import broker, clients, verdict

TOPIC = "faults.idle"
# Beside the connections: files of the broker, sockets of the real client.
FILES_BESIDE = 200
BYTES_PER_CONNECTION_MAX = 48 << 10
BYTES_BESIDE = 64 << 20
FILES_LEFT_BEHIND_MAX = 32
RECORDS = 200
REQUEST_BYTES = 50 << 20
# ApiVersions 0: correlation id 7, no client id.
HELLO = struct.pack(">ihhih", 10, 18, 0, 7, -1)


def allowed(wanted: int) -> int:
    """As many as descriptors allow, in this process and in the broker, which inherits the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted + FILES_BESIDE:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + FILES_BESIDE,) * 2)
        except (OSError, ValueError):
            print(f"only {hard - FILES_BESIDE} connections: the hard limit of descriptors is {hard}")
            wanted = hard - FILES_BESIDE
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return wanted


def open_one(port: int, kind: str) -> socket.socket:
    # Many from one address: each needs a source port, of which there are 28,000.
    peer = socket.create_connection(("127.0.0.1", port), timeout=30)
    if kind == "hello":
        peer.sendall(HELLO)
    elif kind in ("claims", "drips"):
        peer.sendall(struct.pack(">i", REQUEST_BYTES) + b"\0\0")
    return peer


def is_served(server, name: str, result):
    """Records go in and come out, by a client that behaves."""
    failures = []

    def delivered(error, _):
        if error is not None:
            failures.append(str(error))

    producer = Producer({
        "bootstrap.servers": server.address, "enable.idempotence": True, "log_level": 0,
        "message.timeout.ms": 30_000})
    began = time.monotonic()
    for number in range(RECORDS):
        producer.produce(TOPIC, f"{name}/{number}".encode(), partition=0, on_delivery=delivered)
    left = producer.flush(40)
    found = verdict.occurrences(clients.read_all(server.address, TOPIC, 1))
    if left or failures or any(found[f"{name}/{n}".encode()] != 1 for n in range(RECORDS)):
        result.fault("not served", f"{name}: {left} unanswered, {failures[:3]}")
    return time.monotonic() - began


def run(options, seed, folder) -> verdict.Verdict:
    rng = random.Random(seed)
    result = verdict.Verdict()
    count = allowed(options.connections)
    with broker.Broker(folder / "data", options.binary) as server:
        clients.make_topics(server.address, {TOPIC: 1})
        is_served(server, "before", result)
        memory, files = server.memory(), server.files()
        kinds = [rng.choice(("silent", "hello", "claims", "drips")) for _ in range(count)]
        peers = [(kind, open_one(server.port, kind)) for kind in kinds]
        broker.wait_until(lambda: server.files() >= count, "all are accepted")
        seconds = []
        for round_ in range(3):
            for kind, peer in peers:
                if kind == "drips" and rng.random() < 0.5:
                    peer.sendall(b"\0")
            seconds.append(is_served(server, f"round {round_}", result))
        grown = server.memory() - memory
        for kind, peer in peers:
            if rng.random() < 0.5:
                # A reset instead of an end.
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        broker.wait_until(
            lambda: server.files() <= files + FILES_LEFT_BEHIND_MAX, "descriptors are given back")
        is_served(server, "after", result)
        left = server.memory() - memory
        if server.stop() != 0:
            result.fault("did not stop in order", server.process.returncode)
    if grown > count * BYTES_PER_CONNECTION_MAX + BYTES_BESIDE:
        result.fault("memory", f"{grown} bytes for {count} connections")
    print(f"{count} connections; memory {memory >> 20} MiB before, {grown >> 20} MiB more with them "
          f"({grown / count / 1024:.1f} KiB each), {left >> 20} MiB more after; a real client took "
          f"{max(seconds):.1f} s at most for {RECORDS} records and reading all")
    return result
