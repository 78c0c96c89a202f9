"""Random Kafka messages, encoded by kafka-python's schema classes: what our own codec must agree with.

`python Compatibility/codec_oracle.py SEED [PER_VERSION]` prints one JSON object a line: the message's
name, the version, its bytes, its header's, and the values by Kafka's field names. `CodecOracleTests` reads them.
"""

import importlib
import json
import pkgutil
import random
import struct
import sys
import uuid

import kafka.protocol.admin
import kafka.protocol.consumer
import kafka.protocol.metadata
import kafka.protocol.producer
import kafka.protocol.sasl
from kafka.protocol.api_message import ApiMessage
from kafka.protocol.schemas.fields.codecs import BitField

# Not spoken by Kafka 4 brokers without a switch (two-phase commit).
LEFT_OUT_VERSIONS = {("InitProducerIdRequest", 6), ("InitProducerIdResponse", 6)}
# Where kafka-python patches a schema or has an older one, Kafka's own name.
KAFKA_NAMES = {
    ("TxnOffsetCommitRequest", "GenerationId"): "GenerationIdOrMemberEpoch",
    ("MetadataResponse", "authorized_operations"): "ClusterAuthorizedOperations",
    ("MetadataResponseMetadataResponseTopic", "authorized_operations"): "TopicAuthorizedOperations",
    ("DescribeClusterResponse", "authorized_operations"): "ClusterAuthorizedOperations",
}
# The long one needs a length of two bytes.
TEXTS = ["", "a", "topic-1", "größe.東京"] * 8 + ["x" * 140]
ELEMENTS_MAX = 3
# What `CodecOracleTests` puts into headers, too.
CORRELATION = 7
CLIENT = "größe"


def message_classes() -> dict:
    """Each request and response class by its name."""
    packages = [
        kafka.protocol.admin, kafka.protocol.consumer, kafka.protocol.metadata, kafka.protocol.producer]
    modules = [*packages, kafka.protocol.sasl]
    for package in packages:
        for part in pkgutil.iter_modules(package.__path__):
            modules.append(importlib.import_module(f"{package.__name__}.{part.name}"))
    return {
        name: thing for module in modules for name, thing in vars(module).items()
        if isinstance(thing, type) and issubclass(thing, ApiMessage) and thing is not ApiMessage}


class Draw:
    """Values for one message of one version: `own` as kafka-python takes them, `named` as JSON."""

    def __init__(self, rng: random.Random, version: int, nulls: bool):
        self.rng = rng
        self.version = version
        self.nulls = nulls

    def structure(self, fields, owner: str) -> tuple:
        own, named = {}, {}
        for field in fields:
            if not field.for_version_q(self.version):
                continue
            label = KAFKA_NAMES.get((owner, field._name), field._name)
            own[field.name], named[label] = self.field(field, owner + field.type_str.strip("[]"))
        return own, named

    def field(self, field, owner: str) -> tuple:
        if field.tagged_field_q(self.version):
            return self.tagged(field, owner)
        if field.nullable_for_version_q(self.version) and self.nulls and self.rng.random() < 0.7:
            return None, None
        return self.value(field, owner)

    def tagged(self, field, owner: str) -> tuple:
        """A tagged field at its default is left out by both; a struct's default is all its own."""
        if field.is_struct():
            if self.rng.random() < 0.3:
                return None, default_structure(field, self.version)
            while True:
                own, named = self.value(field, owner)
                if named != default_structure(field, self.version):
                    return own, named
        if field.nullable_for_version_q(self.version) and self.rng.random() < 0.3:
            return None, None
        return self.value(field, owner)

    def value(self, field, owner: str) -> tuple:
        if field.is_struct():
            return self.structure(field._fields, owner)
        if field.is_struct_array():
            count = self.rng.randint(0, ELEMENTS_MAX)
            pairs = [self.structure(field.array_of._fields, owner) for _ in range(count)]
            return [own for own, _ in pairs], [named for _, named in pairs]
        if field.is_array():
            values = [self.simple(field.array_of) for _ in range(self.rng.randint(0, ELEMENTS_MAX))]
            return [own for own, _ in values], [named for _, named in values]
        return self.simple(field)

    def simple(self, field) -> tuple:
        kind = field.type_str
        if kind == "bool":
            value = self.rng.random() < 0.5
            return value, value
        if kind in ("int8", "int16", "int32", "int64"):
            value = self.integer(int(kind[3:]), True)
            return value, value
        if kind == "uint16":
            value = self.integer(16, False)
            return value, value
        if kind == "bitfield":
            bits = {bit for bit in range(32) if self.rng.random() < 0.3}
            value = struct.unpack(">i", BitField.encode(bits))[0]
            return bits, value
        if kind == "float64":
            value = self.rng.choice([0.0, -1.5, 1e300, self.rng.random()])
            return value, "f:" + struct.pack(">d", value).hex()
        if kind == "uuid":
            value = uuid.UUID(int=self.rng.getrandbits(128))
            return value, "u:" + value.bytes.hex()
        if kind == "string":
            value = self.rng.choice(TEXTS)
            return value, value
        assert kind in ("bytes", "records"), kind
        value = self.rng.randbytes(self.rng.choice([0, 1, 5, 7, 130]))
        return value, "b:" + value.hex()

    def integer(self, bits: int, signed: bool) -> int:
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        return self.rng.choice([low, high, 0, self.rng.randint(low, high), self.rng.randint(0, 100)])


def default_structure(field, version: int) -> dict:
    """A tagged struct's default by Kafka's names: the defaults of its fields."""
    return {part._name: part.default for part in field._fields if part.for_version_q(version)}


def vectors(seed: int, per_version: int = 3):
    """Dictionaries for each message at each version that kafka-python has."""
    rng = random.Random(seed)
    for name, kind in sorted(message_classes().items()):
        first, last = kind.valid_versions
        for version in range(first, last + 1):
            if (name, version) in LEFT_OUT_VERSIONS:
                continue
            flexible = kind.flexible_version_q(version)
            for turn in range(per_version):
                draw = Draw(rng, version, nulls=turn % 3 == 1)
                own, named = draw.structure(kind._struct._fields, name)
                data = kind._struct.encode(own, version=version, compact=flexible, tagged=flexible)
                # Not `kind.decode`: ApiVersionsResponse reads every error as version 0.
                decoded = ApiMessage.decode.__func__(kind, data, version=version)
                assert again(decoded, version, flexible) == data, f"{name} v{version}"
                yield {
                    "message": name, "version": version, "bytes": data.hex(),
                    "header": header(kind, flexible, version).hex(), "values": named}


def header(kind, flexible: bool, version: int) -> bytes:
    """What stands in front of the message."""
    if kind.is_request():
        front = kind.header_class(
            request_api_key=kind.API_KEY, request_api_version=version, correlation_id=CORRELATION,
            client_id=CLIENT)
    else:
        front = kind.header_class(correlation_id=CORRELATION)
    # A client that does not know the broker yet must be able to read its first answer.
    return front.encode(flexible=flexible and kind.name != "ApiVersionsResponse")


def again(message, version: int, flexible: bool) -> bytes:
    """What kafka-python writes for a message it has read."""
    return message._struct.encode(message, version=version, compact=flexible, tagged=flexible)


def write(path, seed: int, per_version: int = 3) -> int:
    """Writes the vectors to a file; returns how many."""
    count = 0
    with open(path, "w", encoding="utf-8") as out:
        for vector in vectors(seed, per_version):
            out.write(json.dumps(vector, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return count


if __name__ == "__main__":
    write("/dev/stdout", int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
