"""confluent-kafka's serializers through the registry and the broker: id in front and in a header."""

import importlib
import json
import struct
import sys
import time
import uuid

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import (
    Schema, SchemaReference, SchemaRegistryClient, header_schema_id_serializer)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from grpc_tools import protoc
from registry import record

WAIT = 20

PROTO = """syntax = "proto3";
package millrace.test;
import "millrace_address.proto";
import "google/protobuf/timestamp.proto";
message Other { string text = 1; }
message User {
  message Pet { string name = 1; }
  string id = 1;
  int32 age = 2;
  Address home = 3;
  repeated Pet pets = 4;
  google.protobuf.Timestamp born = 5;
  map<string, int64> counts = 6;
}
"""
ADDRESS = """syntax = "proto3";
package millrace.test;
message Address { string street = 1; }
"""

PERSON = {
    "$schema": "http://json-schema.org/draft-07/schema#", "title": "Person", "type": "object",
    "properties": {"id": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["id"], "additionalProperties": False,
}


@pytest.fixture(scope="module")
def proto(tmp_path_factory):
    """Message classes, made from texts at run time."""
    folder = tmp_path_factory.mktemp("proto")
    (folder / "millrace_user.proto").write_text(PROTO)
    (folder / "millrace_address.proto").write_text(ADDRESS)
    import grpc_tools
    includes = str(importlib.resources.files(grpc_tools) / "_proto")
    code = protoc.main(
        ["protoc", f"-I{folder}", f"-I{includes}", f"--python_out={folder}",
         "millrace_address.proto", "millrace_user.proto"])
    assert code == 0
    sys.path.insert(0, str(folder))
    yield importlib.import_module("millrace_user_pb2")
    sys.path.remove(str(folder))


@pytest.fixture
def client(stack):
    return SchemaRegistryClient({"url": stack.registry})


@pytest.fixture
def topic(stack):
    name = f"serialized-{uuid.uuid4()}"
    admin = AdminClient({"bootstrap.servers": stack.kafka})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(WAIT)
    return name


def round_trip(stack, topic, serialize, deserialize, *values):
    """Sends serialized values through the broker; returns the messages and what was read."""
    producer = Producer({"bootstrap.servers": stack.kafka})
    for value in values:
        headers = []
        context = SerializationContext(topic, MessageField.VALUE, headers)
        producer.produce(topic, serialize(value, context), headers=headers)
    assert producer.flush(WAIT) == 0
    consumer = Consumer({
        "bootstrap.servers": stack.kafka, "group.id": str(uuid.uuid4()),
        "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    found, end = [], time.monotonic() + WAIT
    try:
        while len(found) < len(values):
            assert time.monotonic() < end, "the records did not come back"
            message = consumer.poll(0.2)
            if message is None or message.error():
                continue
            context = SerializationContext(topic, MessageField.VALUE, message.headers() or [])
            found.append((message, deserialize(message.value(), context)))
    finally:
        consumer.close()
    return found


def check_place(client, topic, message, in_header, indexes=b""):
    """Where the id is: 00 and the id in front, or 01 and the GUID in the header."""
    latest = client.get_latest_version(f"{topic}-value")
    if in_header:
        header = dict(message.headers())["__value_schema_id"]
        assert header == b"\1" + uuid.UUID(latest.guid).bytes + indexes
    else:
        assert message.headers() is None
        assert message.value().startswith(struct.pack(">bI", 0, latest.schema_id) + indexes)


def options(in_header):
    return {"schema.id.serializer": header_schema_id_serializer} if in_header else {}


@pytest.mark.parametrize("in_header", [False, True])
def test_avro(stack, client, topic, in_header):
    schema = json.dumps(record("id", {"name": "age", "type": ["null", "int"], "default": None}))
    serialize = AvroSerializer(client, schema, conf=options(in_header))
    # Long enough: the client takes fewer than six bytes for a record without an id.
    values = [{"id": "a name", "age": 7}, {"id": "another", "age": None}]
    found = round_trip(stack, topic, serialize, AvroDeserializer(client), *values)
    assert [value for _, value in found] == values
    check_place(client, topic, found[0][0], in_header)


def test_avro_with_references(stack, client, topic):
    address = json.dumps(record("street", name="Address", namespace="a.b"))
    client.register_schema(f"{topic}-address", Schema(address, "AVRO"))
    user = record({"name": "home", "type": "a.b.Address"}, name="User", namespace="a.b")
    schema = Schema(
        json.dumps(user), "AVRO", [SchemaReference("a.b.Address", f"{topic}-address", 1)])
    value = {"home": {"street": "x"}}
    found = round_trip(
        stack, topic, AvroSerializer(client, schema), AvroDeserializer(client), value)
    assert found[0][1] == value


def test_avro_reader_of_an_older_version(stack, client, topic):
    old, new = record("id"), record("id", {"name": "age", "type": "int", "default": 3})
    read = AvroDeserializer(client, json.dumps(new))
    first = round_trip(stack, topic, AvroSerializer(client, json.dumps(old)), read, {"id": "a"})
    assert first[0][1] == {"id": "a", "age": 3}
    client.register_schema(f"{topic}-value", Schema(json.dumps(new), "AVRO"))


@pytest.mark.parametrize("in_header", [False, True])
def test_json(stack, client, topic, in_header):
    schema = json.dumps(PERSON)
    serialize = JSONSerializer(schema, client, conf=options(in_header))
    value = {"id": "a", "age": 7}
    found = round_trip(
        stack, topic, serialize, JSONDeserializer(schema, schema_registry_client=client), value)
    assert found[0][1] == value
    check_place(client, topic, found[0][0], in_header)


def test_json_with_references(stack, client, topic):
    address = {**PERSON, "title": "Address", "properties": {"id": {"type": "string"}}}
    client.register_schema(f"{topic}-address", Schema(json.dumps(address), "JSON"))
    schema = {
        "$schema": PERSON["$schema"], "title": "User", "type": "object",
        "properties": {"home": {"$ref": "address.json"}}}
    reference = SchemaReference("address.json", f"{topic}-address", 1)
    whole = Schema(json.dumps(schema), "JSON", [reference])
    value = {"home": {"id": "x"}}
    found = round_trip(
        stack, topic, JSONSerializer(whole, client),
        JSONDeserializer(whole, schema_registry_client=client), value)
    assert found[0][1] == value


@pytest.mark.parametrize("in_header", [False, True])
def test_protobuf(stack, client, topic, proto, in_header):
    conf = {"use.deprecated.format": False}
    serialize = ProtobufSerializer(proto.User, client, conf={**conf, **options(in_header)})
    value = proto.User(
        id="a", age=7, home={"street": "s"}, pets=[{"name": "p"}], counts={"x": 1})
    value.born.FromSeconds(1_700_000_000)
    read = ProtobufDeserializer(proto.User, conf, schema_registry_client=client)
    found = round_trip(stack, topic, serialize, read, value)
    assert found[0][1] == value
    # User is the second message of its file: a path of one number, zig-zag.
    check_place(client, topic, found[0][0], in_header, b"\2\2")
    latest = client.get_latest_version(f"{topic}-value")
    assert latest.schema.schema_type == "PROTOBUF"
    names = {reference.name for reference in latest.schema.references}
    assert "millrace_address.proto" in names


def test_protobuf_message_inside_another(stack, client, topic, proto):
    conf = {"use.deprecated.format": False}
    serialize = ProtobufSerializer(proto.User.Pet, client, conf=conf)
    read = ProtobufDeserializer(proto.User.Pet, conf, schema_registry_client=client)
    value = proto.User.Pet(name="p")
    found = round_trip(stack, topic, serialize, read, value)
    assert found[0][1] == value
    check_place(client, topic, found[0][0], False, b"\4\2\0")


def test_protobuf_first_message_is_a_lone_zero(stack, client, topic, proto):
    conf = {"use.deprecated.format": False}
    serialize = ProtobufSerializer(proto.Other, client, conf=conf)
    read = ProtobufDeserializer(proto.Other, conf, schema_registry_client=client)
    value = proto.Other(text="t")
    found = round_trip(stack, topic, serialize, read, value)
    assert found[0][1] == value
    check_place(client, topic, found[0][0], False, b"\0")


def test_protobuf_text_is_the_same_schema_as_its_descriptor(client, topic, proto):
    """The serializer registers a descriptor in base 64; people register the text."""
    conf = {"use.deprecated.format": False, "normalize.schemas": True}
    context = SerializationContext(topic, MessageField.VALUE)
    ProtobufSerializer(proto.Other, client, conf=conf)(proto.Other(text="t"), context)
    latest = client.get_latest_version(f"{topic}-value")
    assert latest.schema.schema_str.lstrip().startswith("syntax")
    text = Schema(PROTO, "PROTOBUF", latest.schema.references)
    found = client.register_schema(f"{topic}-value", text, normalize_schemas=True)
    assert found == latest.schema_id
