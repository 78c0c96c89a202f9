"""Fault test 6: the disk is full, and has room again later, under a real idempotent producer.

The data are on a small tmpfs; a ballast file takes what is left of it. Then records are refused with
KAFKA_STORAGE_ERROR and reads go on; when the ballast is gone the same producer goes on. At the end
each acknowledged record must be there once, at its offset, in order.
"""

import os
import pathlib
import random
import subprocess
import time

from confluent_kafka import KafkaError
from kafka.protocol.producer import ProduceRequest, ProduceResponse
from kafka.record.default_records import DefaultRecordBatchBuilder

from . import broker, clients, verdict, workers
from .second_protocol import SecondProtocolProducer

TOPIC, PROBE, PARTITIONS = "faults.full", "faults.full.probe", 3
KAFKA_STORAGE_ERROR = 56
DISK_MIB = 48
PROBE_BYTES = 8_000
# What a producer may be told of a record it has to give up: told as unknown, not as acknowledged.
SHORT_TIMEOUT_MS = 2_500


class SmallDisk:
    """A tmpfs on a folder."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.ballast = folder / "ballast"
        if os.geteuid() != 0:
            raise broker.Skipped("mounting a small tmpfs needs root")
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(folder)],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise broker.Skipped(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")

    def fill(self):
        """Takes all that is left, to the last byte."""
        with self.ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def unmount(self):
        subprocess.run(["umount", "-l", str(self.folder)], check=False)


class Sender(workers.IdempotentWorker):
    """What is refused or timed out is unknown; the producer goes on."""

    def __init__(self, name, address, seed, timeout_ms):
        super().__init__(
            name, address, seed, TOPIC, PARTITIONS, pause=0.002, timeout_ms=timeout_ms)
        self.refusals = {}

    def delivered(self, error, message):
        if error is not None:
            self.refusals[error.name()] = self.refusals.get(error.name(), 0) + 1
            if error.code() == KafkaError._FATAL:
                self.error = AssertionError(f"{self.name}: {error}")
        super().delivered(error, message)


def produce_once(address: str) -> int:
    """The code that one batch is answered with, without a client that tries again."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    builder.append(0, int(time.time() * 1000), None, b"." * PROBE_BYTES, [])
    request = ProduceRequest[9](transactional_id=None, acks=-1, timeout_ms=10_000, topic_data=[
        ProduceRequest.TopicProduceData(name=PROBE, partition_data=[
            ProduceRequest.TopicProduceData.PartitionProduceData(
                index=0, records=bytes(builder.build()))])])
    client = SecondProtocolProducer(address, "probe")
    try:
        answer = client.ask_once(request, ProduceResponse)
        return answer.responses[0].partition_responses[0].error_code
    finally:
        client.close()


def fill_up(disk: SmallDisk, server, result):
    """Until records are refused, and by the right name."""
    def is_refused():
        disk.fill()
        code = produce_once(server.address)
        if code not in (0, KAFKA_STORAGE_ERROR):
            result.fault("another error", f"{code} instead of {KAFKA_STORAGE_ERROR}")
        return code != 0

    broker.wait_until(is_refused, "records are refused", seconds=30)


def check_reads(server, senders, result):
    """What was acknowledged is read while nothing can be written."""
    acknowledged = [set(sender.acknowledged.copy()) for sender in senders]
    counts = verdict.occurrences(clients.read_all(server.address, TOPIC, PARTITIONS))
    for values in acknowledged:
        for value in values:
            if counts[value] != 1:
                result.fault("not read", f"{value} {counts[value]} times, while the disk is full")


def rounds(options, rng, disk, server, senders, result):
    for number in range(options.rounds):
        time.sleep(rng.uniform(0.3, 1.5))
        fill_up(disk, server, result)
        check_reads(server, senders, result)
        time.sleep(rng.uniform(0, 4))
        if rng.random() < 0.25:
            # Killed on a full disk; it starts when there is room.
            server.kill()
            disk.free()
            server.start()
        disk.free()
        acknowledged = [len(sender.acknowledged) for sender in senders]
        broker.wait_until(
            lambda before=acknowledged: any(s.error for s in senders) or all(
                len(s.acknowledged) > n for s, n in zip(senders, before)),
            f"the producers go on after round {number + 1}")
        if produce_once(server.address) != 0:
            result.fault("refused with room", f"round {number + 1}")
        for sender in senders:
            if sender.error is not None:
                raise AssertionError(f"{sender.name} gave up") from sender.error


def run(options, seed, folder) -> verdict.Verdict:
    rng = random.Random(seed)
    result = verdict.Verdict()
    disk = SmallDisk(folder / "disk")
    try:
        # The broker's own messages go beside the mount.
        with broker.Broker(disk.folder, options.binary) as server:
            clients.make_topics(server.address, {TOPIC: PARTITIONS, PROBE: 1})
            senders = [
                Sender("patient", server.address, seed, 600_000),
                Sender("hasty", server.address, seed + 1, SHORT_TIMEOUT_MS)]
            for sender in senders:
                sender.start()
            rounds(options, rng, disk, server, senders, result)
            for sender in senders:
                sender.stopping.set()
            for sender in senders:
                sender.join(180)
                if sender.is_alive() or sender.error is not None:
                    raise AssertionError(f"{sender.name} did not end well: {sender.error!r}")
            found = clients.read_all(server.address, TOPIC, PARTITIONS)
            if server.stop() != 0:
                result.fault("did not stop in order", server.process.returncode)
    finally:
        disk.unmount()
    for sender in senders:
        verdict.judge_idempotent(sender, found, result)
        print(f"  {sender.name}: {len(sender.acknowledged)} acknowledged, refused: {sender.refusals}")
    if senders[0].refusals:
        result.fault("refused", f"the patient producer: {senders[0].refusals}")
    print(f"{options.rounds} times full, on a disk of {DISK_MIB} MiB")
    return result
