"""Hostile and broken clients: the broker goes on serving the others, and keeps its memory.

Frames that are random, damaged, cut short or claim what is not there; slow ones, silent ones, and those
whose few bytes stand for very many. The seed is printed; set MILLRACE_FUZZ_SEED to repeat a run.
"""

import os
import random
import resource
import socket
import struct
import threading
import time
import uuid
import zlib

import pytest
from codec_oracle import vectors
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from conftest import start_stack
from kafka.record._crc32c import crc as crc32c

SEED = int(os.environ.get("MILLRACE_FUZZ_SEED", random.randrange(1 << 30)))
WAIT = 30
# More than any of these attacks may leave behind, or take for a while.
RSS_LEFT_BEHIND_MAX = 200 << 20
RSS_PEAK_MAX = 900 << 20
# The budget of all groups, and what requests and answers take meanwhile.
GROUPS_GROWN_MAX = 400 << 20
REQUEST_BYTES_MAX = 104_857_600
MIB = 1 << 20
# Messages that change much on disk by themselves, or that wait as long as they were told to.
LEFT_OUT = {"CreateTopicsRequest", "CreatePartitionsRequest", "FetchRequest", "JoinGroupRequest"}


class Broker:
    """A broker of its own, since it is treated badly."""

    def __init__(self):
        self.stack = start_stack("--only", "kafka")
        host, port = self.stack.kafka.rsplit(":", 1)
        self.address = (host, int(port))

    def connect(self, timeout=WAIT) -> socket.socket:
        return socket.create_connection(self.address, timeout=timeout)

    def memory(self, name="VmRSS") -> int:
        with open(f"/proc/{self.stack.process.pid}/status", encoding="ascii") as lines:
            for line in lines:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) << 10
        raise AssertionError(f"no {name}")

    def serves(self):
        """A record goes in and comes out again, by a client that behaves."""
        topic = f"fuzz-{uuid.uuid4().hex}"
        settings = {"bootstrap.servers": self.stack.kafka, "log_level": 0}
        admin = AdminClient(settings)
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(WAIT)
        failures = []
        producer = Producer({**settings, "enable.idempotence": True})
        producer.produce(topic, b"still here", on_delivery=lambda error, _: failures.append(error))
        assert producer.flush(WAIT) == 0
        assert failures == [None]
        consumer = Consumer({**settings, "group.id": topic, "auto.offset.reset": "earliest"})
        consumer.assign([TopicPartition(topic, 0, 0)])
        message = consumer.poll(WAIT)
        consumer.close()
        assert message is not None and message.error() is None
        assert message.value() == b"still here"


@pytest.fixture(scope="module")
def broker():
    print(f"fuzz seed {SEED}")
    started = Broker()
    started.serves()
    yield started
    assert started.stack.process.poll() is None, "".join(started.stack.errors)[-4000:]
    assert started.stack.stop() == 0
    assert "Fatal error" not in "".join(started.stack.errors)


@pytest.fixture(autouse=True)
def unharmed(broker):
    """Each attack leaves the broker serving, and about as large as it was."""
    before = broker.memory()
    with open(f"/proc/{broker.stack.process.pid}/clear_refs", "w", encoding="ascii") as reset:
        reset.write("5")  # VmHWM counts from here on
    yield
    broker.serves()
    deadline = time.monotonic() + WAIT
    while broker.memory() > before + RSS_LEFT_BEHIND_MAX and time.monotonic() < deadline:
        time.sleep(0.2)
    left, peak = broker.memory() - before, broker.memory("VmHWM") - before
    print(f"memory: {left / MIB:.0f} MiB left behind, {peak / MIB:.0f} MiB at the peak")
    assert left < RSS_LEFT_BEHIND_MAX
    assert peak < RSS_PEAK_MAX


def header(key: int, version: int, flexible=True) -> bytes:
    front = struct.pack(">hhih", key, version, 7, 4) + b"fuzz"
    return front + b"\0" if flexible else front


def frame(content: bytes) -> bytes:
    return struct.pack(">i", len(content)) + content


def throw(broker, data: bytes, read=True):
    """Sends bytes on a connection of their own; whatever the broker does with it is fine."""
    with broker.connect() as peer:
        try:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            peer.settimeout(2)
            while read and peer.recv(65_536):
                pass
        except OSError:
            pass


def is_closed(peer) -> bool:
    peer.settimeout(WAIT)
    try:
        return peer.recv(1) == b""
    except ConnectionError:
        return True


def damage(rng: random.Random, data: bytes) -> bytes:
    parts = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(parts) + 1)
        turn = rng.randrange(5)
        if turn == 0:
            del parts[place:]
        elif turn == 1:
            parts[place:place] = rng.randbytes(rng.randint(1, 9))
        elif turn == 2:
            del parts[place:place + 1]
        elif turn == 3 and place < len(parts):
            parts[place] ^= 1 << rng.randrange(8)
        else:
            claim = rng.choice([b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\xff\xff\xff\xff\x0f"])
            parts[place:place + len(claim)] = claim
    return bytes(parts)


def test_random_bytes(broker):
    rng = random.Random(SEED)
    for _ in range(150):
        throw(broker, rng.randbytes(rng.randint(1, 400)))
    for _ in range(150):
        throw(broker, frame(rng.randbytes(rng.randint(0, 400))))


def test_damaged_requests(broker):
    """Requests of every API and version, with random values, as they are and damaged."""
    rng = random.Random(SEED)
    for vector in vectors(SEED, per_version=1):
        if not vector["message"].endswith("Request") or vector["message"] in LEFT_OUT:
            continue
        body = bytes.fromhex(vector["header"] + vector["bytes"])
        throw(broker, frame(body))
        throw(broker, frame(damage(rng, body)))
        # The size is right for the whole, and the rest never comes.
        throw(broker, frame(body)[: rng.randrange(4 + len(body))], read=False)


@pytest.mark.parametrize("size", [-1, -(1 << 31), (1 << 31) - 1, REQUEST_BYTES_MAX + 1])
def test_sizes_that_no_request_has(broker, size):
    with broker.connect() as peer:
        peer.sendall(struct.pack(">i", size) + b"\0" * 8)
        assert is_closed(peer)


def test_an_empty_frame(broker):
    with broker.connect() as peer:
        peer.sendall(struct.pack(">i", 0))
        assert is_closed(peer)


def test_large_claims_cost_nothing(broker):
    """Many connections claim a frame of 100 MB each and send a few bytes of it, slowly."""
    before = broker.memory()
    peers = [broker.connect() for _ in range(100)]
    for _ in range(5):
        for peer in peers:
            peer.sendall(struct.pack(">i", REQUEST_BYTES_MAX) if _ == 0 else b"\0")
        broker.serves()
    assert broker.memory() - before < 64 * MIB
    for peer in peers:
        peer.close()


def test_many_that_begin_a_request_of_middle_size(broker):
    """600 claim 1.9 MiB each and send all but the last bytes: they would hold 1.1 GiB. Small requests pass."""
    raise_limit_of_files()
    before = broker.memory()
    claimed = 1_990_000
    sent = struct.pack(">i", claimed) + header(0, 9) + bytes(claimed - 1000)
    peers = [broker.connect() for _ in range(600)]
    positions = dict.fromkeys(peers, 0)
    for peer in peers:
        peer.setblocking(False)
    still = 0
    while still < 20:  # a second in which nobody could send more
        moved = 0
        for peer in [peer for peer in peers if positions[peer] < len(sent)]:
            try:
                moved += (count := peer.send(sent[positions[peer]:positions[peer] + 262_144]))
                positions[peer] += count
            except BlockingIOError:
                pass
            except OSError:  # given up by the broker: it came too slowly
                positions[peer] = len(sent)
        still = 0 if moved else still + 1
        time.sleep(0 if moved else 0.05)
    broker.serves()
    grown = broker.memory("VmHWM") - before
    print(f"{grown / MIB:.0f} MiB for {len(peers)} begun requests")
    assert grown < 400 * MIB
    for peer in peers:
        peer.close()


def raise_limit_of_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))


def test_many_silent_connections(broker):
    raise_limit_of_files()
    before = broker.memory()
    peers = [broker.connect() for _ in range(2000)]
    broker.serves()
    grown = broker.memory() - before
    print(f"{grown / len(peers) / 1024:.1f} KiB for each silent connection")
    assert grown < 100 * MIB
    for peer in peers:
        peer.close()


def test_connections_that_come_and_go(broker):
    """Closed in the middle of a frame, and with answers that nobody reads."""
    versions = frame(header(18, 0, flexible=False))
    for number in range(600):
        with broker.connect() as peer:
            peer.sendall(versions * 20 if number % 2 else versions[:-3])
            if number % 3 == 0:
                # A reset instead of an end.
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_answers_that_nobody_reads(broker):
    """Pipelined requests with large answers: the broker stops working instead of hoarding them."""
    topic = f"wide-{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": broker.stack.kafka, "log_level": 0})
    admin.create_topics([NewTopic(topic, 200, 1)])[topic].result(WAIT)
    name = struct.pack(">ih", 1, len(topic)) + topic.encode()
    requests = frame(header(3, 1, flexible=False) + name) * 4000
    # 4000 answers of 5 KB for each would be 20 MB, and 400 MB for all.
    before = broker.memory()
    peers = [broker.connect() for _ in range(20)]
    for peer in peers:
        peer.sendall(requests)
    broker.serves()
    assert broker.memory() - before < 250 * MIB
    for peer in peers:
        peer.close()


def test_tiny_elements(broker):
    """3 MB of names without a letter would be 48 MB of names: DescribeGroups v5, twenty at once."""
    count = 3_000_000
    length = b""
    rest = count + 1
    while rest > 0x7F:
        length += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    request = frame(header(15, 5) + length + bytes([rest]) + b"\x01" * count + b"\0\0")
    at_once(20, lambda _: throw(broker, request))


def joining(group: str, metadata: bytes) -> bytes:
    """JoinGroup version 3, which needs no id, with a session of 30 seconds."""
    name = group.encode()
    body = header(11, 3, flexible=False) + struct.pack(">h", len(name)) + name
    body += struct.pack(">iihh", 30_000, 30_000, 0, 8) + b"consumer"
    body += struct.pack(">ih", 1, 5) + b"range" + struct.pack(">i", len(metadata)) + metadata
    return frame(body)


def join_error(broker, request: bytes) -> int:
    with broker.connect() as peer:
        peer.sendall(request)
        # Correlation id, throttle time, error.
        return struct.unpack_from(">h", receive(peer), 8)[0]


def test_members_that_bring_much(broker):
    """300 groups with a member of 900 KB each: their budget is 128 MiB, and the rest is refused."""
    before = broker.memory()
    errors = []

    def join(number):
        for group in range(15):
            request = joining(f"greedy-{number}-{group}", b"m" * 900_000)
            errors.append(join_error(broker, request))

    at_once(20, join)
    grown = broker.memory() - before
    print(f"{errors.count(0)} joined, {grown / MIB:.0f} MiB")
    # GROUP_MAX_SIZE_REACHED
    assert set(errors) == {0, 81}
    assert grown < GROUPS_GROWN_MAX


def test_a_member_that_brings_too_much(broker):
    """One member with 50 MB: UNKNOWN_SERVER_ERROR, as for a record too large."""
    assert join_error(broker, joining("huge", b"m" * 50_000_000)) == -1


def test_zip_bombs(broker):
    """A megabyte of compressed zeros, to a topic whose keys the broker has to look at."""
    topic = f"bombs-{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": broker.stack.kafka, "log_level": 0})
    config = {"cleanup.policy": "compact"}
    admin.create_topics([NewTopic(topic, 8, 1, config=config)])[topic].result(WAIT)
    records = zeros(800)
    # Attributes: gzip. Then one record, of no producer.
    covered = struct.pack(">hiqqqhii", 1, 0, 1, 1, -1, -1, -1, 1) + records
    batch = struct.pack(">iBI", 0, 2, crc32c(covered)) + covered
    batch = struct.pack(">qi", 0, len(batch)) + batch
    assert len(batch) < MIB

    def produce(partition):
        body = struct.pack(">hhih", 0, 7, 7, 4) + b"fuzz" + struct.pack(">hhii", -1, -1, 30_000, 1)
        body += struct.pack(">h", len(topic)) + topic.encode() + struct.pack(">ii", 1, partition)
        body += struct.pack(">i", len(batch)) + batch
        with broker.connect() as peer:
            peer.sendall(frame(body))
            answer = receive(peer)
        # Correlation id, one topic with its name, one partition with its index.
        error = struct.unpack_from(">h", answer, 4 + 4 + 2 + len(topic) + 4 + 4)[0]
        assert error != 0, "a bomb was taken for records"

    at_once(8, produce)


def at_once(count: int, attack):
    failures = []

    def run(number):
        try:
            attack(number)
        except BaseException as failure:  # handed to the test's own thread
            failures.append(failure)

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def receive(peer) -> bytes:
    def exactly(count):
        data = b""
        while len(data) < count:
            piece = peer.recv(count - len(data))
            assert piece, "the connection was closed"
            data += piece
        return data

    return exactly(struct.unpack(">i", exactly(4))[0])


def zeros(mebibytes: int) -> bytes:
    """So many of zeros, by gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b"\0" * MIB) for _ in range(mebibytes)) + packer.flush()
