"""Requests that are no requests, byte by byte: Cassandra's errors, and connections that go on where they can."""

import struct

import pytest
from conftest import start_stack
from test_cql_protocol import BATCH, ERROR, OPTIONS, QUERY, READY, REGISTER, RESULT, STARTUP, SUPPORTED, Client, strings


@pytest.fixture(scope="module")
def store():
    started = start_stack("--only", "store")
    yield started
    assert started.stop() == 0


def message(answer):
    assert answer[0] == ERROR, answer
    code, length = struct.unpack(">ih", answer[2][:6])
    return code, answer[2][6:6 + length].decode()


@pytest.mark.parametrize("opcode, body, text", [
    (99, b"", "Unknown opcode 99"),
    (RESULT, b"", "Wrong protocol direction (expected RESPONSE, got REQUEST) for opcode 8 (RESULT)"),
    (STARTUP, strings({"CQL_VERSION": "3.4.7"}), "Unexpected message STARTUP, the connection is already initialized"),
    (REGISTER, b"\0\1\0\3FOO", "Invalid value 'FOO' for Type"),
    (QUERY, struct.pack(">i6sHB", 6, b"SELECT", 99, 0), "Unknown code 99 for a consistency level"),
    (BATCH, b"\0\0\1\xff", "Invalid query kind in BATCH messages. Must be 0 or 1 but got -1"),
    (BATCH, b"\7\0\0\0\1\0", "Invalid BATCH message type 7"),
])
def test_the_connection_goes_on(store, opcode, body, text):
    with Client(store) as client:
        assert message(client.ask(opcode, body, stream=3)) == (0x0A, text)
        assert client.ask(OPTIONS)[:2] == (SUPPORTED, 1)


def test_a_response_is_no_request(store):
    with Client(store) as client:
        client.socket.sendall(struct.pack(">BBhBi", 0x84, 0, 7, OPTIONS, 0))
        answer = client.answer()
        assert answer[1] == 7
        assert message(answer)[1] == "Wrong protocol direction (expected REQUEST, got RESPONSE) for opcode 5 (OPTIONS)"


def test_what_comes_before_startup(store):
    with Client(store, starts=False) as client:
        assert message(client.query("SELECT key FROM system.local"))[1] == (
            "Unexpected message QUERY, expecting STARTUP or OPTIONS")
        assert client.ask(STARTUP, strings({"CQL_VERSION": "3.0.0"}))[0] == READY


@pytest.mark.parametrize("length, text", [
    (-10, "Invalid value for envelope header body length field: -10"),
    (0x10000001, "Request is too big: length 268435457 exceeds maximum allowed length 268435456"),
])
def test_lengths_that_cannot_be(store, length, text):
    with Client(store) as client:
        assert message(client.ask(OPTIONS, length=length))[1] == text
        with pytest.raises((EOFError, ConnectionError)):
            client.answer()
