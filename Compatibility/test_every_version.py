"""Every API at every version that the broker announces, asked and read by an independent codec.

Each request is one that means something: a topic and a group that exist, one element in each array. The
answer has to come back on the same connection, and kafka-python's schema classes must read all of it.
"""

import socket
import struct
import time
import uuid

import pytest
from codec_oracle import LEFT_OUT_VERSIONS, again, message_classes
from kafka.protocol.api_message import ApiMessage
from kafka.record._crc32c import crc as crc32c

WAIT = 30
CLASSES = message_classes()
BY_KEY = {kind.API_KEY: name[: -len("Request")] for name, kind in CLASSES.items() if kind.is_request()}
# Errors that say that the broker does not do what it announced.
BROKEN = {-1: "UNKNOWN_SERVER_ERROR", 35: "UNSUPPORTED_VERSION", 42: "INVALID_REQUEST"}
# Whose requests here deserve one of them; UNKNOWN_SERVER_ERROR nobody does.
DESERVED = {
    "InitProducerId": {42},  # a producer id without its epoch, from version 3
    "AlterClientQuotas": {42},  # a user without a name
}


def batch() -> bytes:
    """One record without a key, of no producer."""
    record = bytes([14, 0, 0, 0, 1, 2, ord("v"), 0])
    covered = struct.pack(">hiqqqhii", 0, 0, 1, 1, -1, -1, -1, 1) + record
    rest = struct.pack(">iBI", 0, 2, crc32c(covered)) + covered
    return struct.pack(">qi", 0, len(rest)) + rest


BATCH = batch()


class Peer:
    """One connection and what it asks for."""

    def __init__(self, stack, topic="", topic_id=None):
        host, port = stack.kafka.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=WAIT)
        self.topic = topic
        self.topic_id = topic_id
        self.correlation = 0

    def ask(self, name: str, version: int, values: dict):
        """The answer as kafka-python reads it; all its bytes must be accounted for."""
        request, response = CLASSES[name + "Request"], CLASSES[name + "Response"]
        flexible = request.flexible_version_q(version)
        self.correlation += 1
        front = request.header_class(
            request_api_key=request.API_KEY, request_api_version=version,
            correlation_id=self.correlation, client_id="oracle").encode(flexible=flexible)
        body = request._struct.encode(values, version=version, compact=flexible, tagged=flexible)
        self.socket.sendall(struct.pack(">i", len(front) + len(body)) + front + body)
        data = self.exactly(struct.unpack(">i", self.exactly(4))[0])
        assert struct.unpack_from(">i", data)[0] == self.correlation
        start = 4
        if flexible and name != "ApiVersions":
            assert data[4] == 0, "the header's tagged fields"
            start = 5
        message = ApiMessage.decode.__func__(response, data[start:], version=version)
        assert again(message, version, flexible).hex() == data[start:].hex(), message
        return message

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            assert piece, "the broker closed the connection"
            data += piece
        return data

    def values(self, fields, version: int, name: str) -> dict:
        return {
            field.name: self.value(field, version, name) for field in fields
            if field.for_version_q(version) and not field.tagged_field_q(version)}

    def value(self, field, version: int, name: str):
        if field.name in ("assignments", "configs", "forgotten_topics_data"):
            return []
        if field.is_struct_array():
            return [self.values(field.array_of._fields, version, name)]
        if field.is_struct():
            nullable = field.nullable_for_version_q(version)
            return None if nullable else self.values(field._fields, version, name)
        if field.is_array():
            return [self.simple(field, field.array_of.type_str, name)]
        return self.simple(field, field.type_str, name)

    def simple(self, field, kind: str, name: str):
        label = field.name
        if kind == "uuid":
            # Not with a name at the same time, and none to delete.
            others = {"DeleteTopics": uuid.uuid4(), "Metadata": uuid.UUID(int=0)}
            return others.get(name, self.topic_id)
        if kind == "string":
            return self.text(label, name)
        if kind in ("bytes", "records"):
            return BATCH if kind == "records" else b""
        if kind == "bool":
            return label in ("include_authorized_operations", "validate_only")
        if kind == "float64":
            return 0.0
        return NUMBERS.get(label, field.default if isinstance(field.default, int) else 0)

    def text(self, label: str, name: str):
        if name == "DeleteTopics" and label == "name":
            return None
        if name in ("DeleteTopics", "CreateTopics") and label in ("name", "topic_names"):
            return f"every-{uuid.uuid4().hex}"
        if name == "JoinGroup" and label == "group_id":
            return f"every-{uuid.uuid4().hex}"
        if name == "Produce" and label == "transactional_id":
            return None
        if label in ("name", "topic", "topic_name", "topics", "resource_name"):
            return self.topic
        return TEXTS.get(label, "")


NUMBERS = {
    "max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1 << 20, "partition_max_bytes": 1 << 20,
    "session_timeout_ms": 10_000, "rebalance_timeout_ms": 10_000, "timeout_ms": 5_000,
    "num_partitions": 1, "replication_factor": 1, "replica_id": -1, "current_leader_epoch": -1,
    "leader_epoch": 0, "timestamp": -1, "session_id": 0, "session_epoch": -1, "acks": 1,
    "last_fetched_epoch": -1, "resource_type": 2, "resource_type_filter": 2, "pattern_type": 3,
    "pattern_type_filter": 3, "operation": 3, "permission_type": 3, "count": 2, "producer_id": 1,
    "transaction_timeout_ms": 5_000, "replicas": 1, "broker_ids": 1, "resource_types": 2,
    "response_partition_limit": 10, "max_num_offsets": 1, "endpoint_type": 1, "iterations": 4096,
    "mechanism": 1, "upgrade_type": 1, "max_version_level": 1, "match_type": 0,
    "authorized_operations": 0,
}
TEXTS = {
    "group_id": "every-group", "groups": "every-group", "groups_names": "every-group", "key": "every-group",
    "coordinator_keys": "every-group", "protocol_type": "consumer", "transactional_id": "every-tx",
    "transactional_ids": "every-tx", "v3_and_below_transactional_id": "every-tx",
    "client_software_name": "oracle", "client_software_version": "1", "mechanism": "PLAIN",
    "host_filter": None, "principal_filter": None, "resource_name_filter": None, "rack_id": "",
    "config_name": "retention.ms", "configuration_keys": "retention.ms", "principal": "User:every",
    "host": "*", "entity_type": "user", "group_instance_id": None, "member_id": "",
    "transactional_id_pattern": None, "match": "every",
}


@pytest.fixture(scope="module")
def asked(stack):
    """A topic, its id and the announced versions."""
    peer = Peer(stack)
    announced = peer.ask("ApiVersions", 4, {"client_software_name": "oracle", "client_software_version": "1"})
    topic = f"every-{uuid.uuid4().hex}"
    deadline = time.monotonic() + WAIT
    while True:
        answer = peer.ask("Metadata", 12, {
            "topics": [{"topic_id": uuid.UUID(int=0), "name": topic}], "allow_auto_topic_creation": True,
            "include_topic_authorized_operations": False})
        if answer.topics[0].error_code == 0:
            break
        assert time.monotonic() < deadline
    peer.socket.close()
    ranges = {api.api_key: (api.min_version, api.max_version) for api in announced.api_keys}
    return stack, topic, answer.topics[0].topic_id, ranges


def errors(message):
    """All error codes in a message, wherever they stand."""
    for label, value in message.to_dict(json=False).items() if hasattr(message, "to_dict") else message.items():
        if label.endswith("error_code"):
            yield value
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from errors(part)


@pytest.mark.parametrize("key", sorted(BY_KEY))
def test_every_version_is_answered(asked, key):
    stack, topic, topic_id, ranges = asked
    name = BY_KEY[key]
    assert key in ranges, f"{name} is not announced"
    first, last = CLASSES[name + "Request"].valid_versions
    assert ranges[key][1] >= last or (name + "Request", last) in LEFT_OUT_VERSIONS
    for version in range(max(first, ranges[key][0]), min(last, ranges[key][1]) + 1):
        peer = Peer(stack, topic, topic_id)
        values = peer.values(CLASSES[name + "Request"]._struct._fields, version, name)
        message = peer.ask(name, version, values)
        peer.socket.close()
        broken = BROKEN.keys() & set(errors(message)) - DESERVED.get(name, set())
        assert not broken, f"{name} v{version}: {[BROKEN[code] for code in broken]} {message}"


@pytest.mark.parametrize("version", [99, 32_767, -1])
def test_apiversions_of_the_future(stack, version):
    """Answered in version 0 with error 35 and the versions to choose from; the connection lives on."""
    peer = Peer(stack)
    peer.socket.sendall(struct.pack(">ihhihB", 11, 18, version, 7, 0, 0))
    data = peer.exactly(struct.unpack(">i", peer.exactly(4))[0])
    correlation, error, count = struct.unpack_from(">ihi", data)
    assert (correlation, error, count) == (7, 35, 1)
    assert struct.unpack_from(">hhh", data, 10) == (18, 0, 5)
    assert peer.ask("ApiVersions", 0, {}).error_code == 0
