"""The native protocol byte by byte: what no driver sends by itself. Source: native_protocol_v4.spec and v5."""

import pathlib
import random
import socket
import struct

import pytest
from conftest import start_stack

ERROR, STARTUP, READY, OPTIONS, SUPPORTED, QUERY, RESULT, REGISTER, EVENT, BATCH = 0, 1, 2, 5, 6, 7, 8, 0x0B, 0x0C, 0x0D
MEGABYTE = 1 << 20


class Client:
    """One connection; v4 unless told otherwise."""

    def __init__(self, store, version=4, options=None, starts=True):
        self.socket = socket.create_connection(store.cql, timeout=20)
        self.version = version
        if starts:
            assert self.ask(STARTUP, strings({"CQL_VERSION": "3.0.0", **(options or {})}))[0] == READY

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, opcode, body=b"", stream=1, flags=0, length=None):
        header = struct.pack(">BBhBi", self.version, flags, stream, opcode, len(body) if length is None else length)
        self.socket.sendall(header + body)

    def read(self, count):
        parts = b""
        while len(parts) < count:
            part = self.socket.recv(count - len(parts))
            if not part:
                raise EOFError
            parts += part
        return parts

    def answer(self):
        """Opcode, stream, body."""
        _, _, stream, opcode, length = struct.unpack(">BBhBi", self.read(9))
        return opcode, stream, self.read(length)

    def ask(self, opcode, body=b"", **how):
        self.send(opcode, body, **how)
        return self.answer()

    def query(self, text, **how):
        return self.ask(QUERY, query(text), **how)


def strings(pairs):
    body = struct.pack(">H", len(pairs))
    for pair in pairs.items():
        for text in pair:
            body += struct.pack(">H", len(text)) + text.encode()
    return body


def query(text, flags=b"\x00"):
    return struct.pack(">i", len(text.encode())) + text.encode() + struct.pack(">H", 1) + flags


def code(answer):
    assert answer[0] == ERROR, answer
    return struct.unpack(">i", answer[2][:4])[0]


def memory(store):
    """Resident bytes of the store's process."""
    for line in pathlib.Path(f"/proc/{store.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


@pytest.fixture(scope="module")
def store():
    started = start_stack("--only", "store")
    yield started
    assert started.stop() == 0


def is_well(store):
    with Client(store) as client:
        return client.query("SELECT key FROM system.local")[0] == RESULT


def test_what_is_offered(store):
    with Client(store, starts=False) as client:
        opcode, _, body = client.ask(OPTIONS)
        assert opcode == SUPPORTED
        for text in (b"CQL_VERSION", b"3.4.7", b"COMPRESSION", b"snappy", b"lz4", b"3/v3", b"4/v4", b"5/v5"):
            assert text in body
        # Also once it has started: heartbeats.
        client.ask(STARTUP, strings({"CQL_VERSION": "3.4.5", "NO_COMPACT": "true", "SOMETHING": "x"}))
        assert client.ask(OPTIONS)[0] == SUPPORTED


@pytest.mark.parametrize("version, options, text", [
    (4, {}, b"Missing value CQL_VERSION"), (4, {"CQL_VERSION": "2.0.0"}, b"is not supported"),
    (4, {"CQL_VERSION": "3.0.0", "COMPRESSION": "zip"}, b"Unknown compression algorithm: zip"),
    (5, {"CQL_VERSION": "3.0.0", "COMPRESSION": "snappy"}, b"Snappy compression is not supported in protocol V5"),
])
def test_startups_that_are_refused(store, version, options, text):
    with Client(store, version, starts=False) as client:
        answer = client.ask(STARTUP, strings(options))
        assert code(answer) == 0x000A and text in answer[2]


def test_requests_that_make_no_sense_leave_the_connection_alone(store):
    with Client(store) as client:
        for opcode, body in [
            (0x33, b""), (RESULT, b""), (QUERY, b"\x00\x00\x00\x50short"), (QUERY, query("SELECT 1")[:-3]),
            (BATCH, b"\x09\x00\x00\x00\x01\x00"), (BATCH, b"\x00\x00\x01\xff"),
            (BATCH, b"\x00\x00\x00\x00\x01\x40"), (REGISTER, b"\x00\x01\x00\x03XYZ"),
            (STARTUP, strings({"CQL_VERSION": "3.0.0"})),
        ]:
            assert code(client.ask(opcode, body, stream=77)) == 0x000A
        assert client.query("SELECT key FROM system.local")[0] == RESULT


def test_another_version_in_the_middle_ends_it(store):
    with Client(store) as client:
        client.version = 3
        assert code(client.query("SELECT key FROM system.local")) == 0x000A
        with pytest.raises(EOFError):
            client.answer()


def test_all_streams_are_answered_in_any_order(store):
    with Client(store) as client:
        streams = [0, 1, 32767] + list(range(100, 900))
        for stream in streams:
            text = "SELECT key FROM system.local" if stream % 3 else "SELECT * FROM system_schema.columns"
            client.send(QUERY, query(text), stream=stream)
        seen = [client.answer() for _ in streams]
        assert all(opcode == RESULT for opcode, _, _ in seen)
        assert sorted(stream for _, stream, _ in seen) == sorted(streams)


def test_payloads_are_taken_and_traces_have_an_id(store):
    with Client(store) as client:
        payload = b"\x00\x01\x00\x01k\x00\x00\x00\x01v"
        assert client.ask(QUERY, payload + query("SELECT key FROM system.local"), flags=4)[0] == RESULT
        client.send(QUERY, query("SELECT key FROM system.local"), flags=2)
        _, flags, _, opcode, length = struct.unpack(">BBhBi", client.read(9))
        body = client.read(length)
        # A version 1 UUID stands before the result.
        assert (flags, opcode, body[6] >> 4, body[16:20]) == (2, RESULT, 1, b"\x00\x00\x00\x02")


def test_events_of_the_schema_come_to_who_asked(store):
    with Client(store) as listener, Client(store) as client:
        kinds = ("TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE")
        body = struct.pack(">H", 3) + b"".join(struct.pack(">H", len(kind)) + kind.encode() for kind in kinds)
        assert listener.ask(REGISTER, body)[0] == READY
        made = client.query("CREATE KEYSPACE seen WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
        assert made[0] == RESULT and made[2][:4] == b"\x00\x00\x00\x05"
        opcode, stream, told = listener.answer()
        assert (opcode, stream) == (EVENT, -1)
        assert told == b"\x00\x0dSCHEMA_CHANGE" + made[2][4:]
        client.query("DROP KEYSPACE seen")
        assert b"DROPPED" in listener.answer()[2]


def test_a_request_that_is_too_big_is_refused_and_the_next_one_is_served(store):
    with Client(store) as client:
        text = b"x" * (17 * MEGABYTE)
        answer = client.ask(QUERY, struct.pack(">i", len(text)) + text + b"\x00\x01\x00", stream=9)
        assert code(answer) == 0x2200 and answer[1] == 9 and b"Request is too big" in answer[2]
        assert client.query("SELECT key FROM system.local")[0] == RESULT


def test_claims_take_no_memory_and_keep_nobody_away(store):
    before = memory(store)
    clients = [Client(store) for _ in range(40)]
    try:
        for index, client in enumerate(clients):
            # What is claimed does not fit; what comes is little.
            length = 256 * MEGABYTE if index % 2 else 15 * MEGABYTE
            client.send(QUERY, b"\x00" * 1000, length=length)
        assert is_well(store)
        assert memory(store) - before < 64 * MEGABYTE
        with Client(store, options={"THROW_ON_OVERLOAD": "1"}) as eager:
            body = b"x" * (15 * MEGABYTE)
            assert code(eager.ask(QUERY, body)) == 0x1001
            assert eager.query("SELECT key FROM system.local")[0] == RESULT
    finally:
        for client in clients:
            client.socket.close()
    with Client(store) as client:
        # The room is there again once they are gone.
        text = "SELECT key FROM system.local -- " + "x" * (14 * MEGABYTE)
        assert client.query(text)[0] == RESULT


def test_who_does_not_read_is_not_answered_without_end(store):
    with Client(store) as client:
        client.query("CREATE KEYSPACE slow WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
        client.query("CREATE TABLE slow.t (k int PRIMARY KEY, v text)")
        for key in range(40):
            client.query(f"INSERT INTO slow.t (k, v) VALUES ({key}, '{'y' * 100_000}')")
    before = memory(store)
    lazy = [Client(store) for _ in range(3)]
    try:
        for client in lazy:
            # 4 MB each: 2.4 GB if all were made.
            for stream in range(200):
                client.send(QUERY, query("SELECT * FROM slow.t"), stream=stream)
        for _ in range(20):
            assert is_well(store)
        assert memory(store) - before < 400 * MEGABYTE
        # Who begins to read gets everything.
        assert sorted(lazy[0].answer()[1] for _ in range(200)) == list(range(200))
    finally:
        for client in lazy:
            client.socket.close()
    with Client(store) as client:
        assert client.query("DROP KEYSPACE slow")[0] == RESULT


def test_a_wrong_checksum_ends_a_connection_of_version_5(store):
    with Client(store, 5) as client:
        client.socket.sendall(bytes.fromhex("090002000000") + b"\x05\x00\x00\x01\x05\x00\x00\x00\x00" + b"\x00" * 4)
        rest = b""
        while part := client.socket.recv(65536):
            rest += part
        assert b"unrecoverable CRC mismatch detected in frame header" in rest
    assert is_well(store)


def test_random_bytes_end_only_their_own_connection(store):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    noise = random.Random(seed)
    for turn in range(150):
        with Client(store, version=noise.choice([3, 4, 5]), starts=turn % 2 == 0) as client:
            client.socket.settimeout(0.2)
            try:
                for _ in range(3):
                    body = noise.randbytes(noise.randrange(80))
                    if noise.random() < 0.5:
                        client.send(noise.randrange(20), body, flags=noise.randrange(32))
                    else:
                        client.socket.sendall(body)
                client.socket.shutdown(socket.SHUT_WR)
                while client.socket.recv(65536):
                    pass
            except OSError:
                pass
    assert is_well(store)
