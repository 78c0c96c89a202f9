"""The schema registry with its real clients: confluent-kafka's, its serializers, plain HTTP."""

import json
import time
import uuid

import pytest
import requests
from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

WAIT = 20
CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"

ID = {"name": "id", "type": "string"}
AGE = {"name": "age", "type": "int"}


def record(*fields):
    return json.dumps({"type": "record", "name": "User", "fields": list(fields)})


AVRO = record(ID)
AVRO_WITH_DEFAULT = record(ID, {**AGE, "default": 0})
AVRO_WITHOUT_DEFAULT = record(ID, {"name": "email", "type": "string"})

JSON_SCHEMA = json.dumps(
    {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "User",
        "type": "object",
        "properties": {"id": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["id"],
        "additionalProperties": False,
    }
)


@pytest.fixture
def client(stack):
    return SchemaRegistryClient({"url": stack.registry})


@pytest.fixture
def subject():
    return f"subject-{uuid.uuid4()}"


def request(stack, method, path, body=None):
    data = None if body is None else json.dumps(body)
    answer = requests.request(
        method, stack.registry + path, data=data, headers={"Content-Type": CONTENT_TYPE}, timeout=10
    )
    assert answer.headers["Content-Type"].startswith(CONTENT_TYPE)
    return answer.status_code, answer.json()


def register(stack, subject, schema, **more):
    return request(stack, "POST", f"/subjects/{subject}/versions", {"schema": schema, **more})


def test_register_look_up_and_read_back(client, subject):
    first = client.register_schema(subject, Schema(AVRO, "AVRO"))
    assert client.register_schema(subject, Schema(AVRO, "AVRO")) == first
    assert client.register_schema(subject + "-2", Schema(AVRO, "AVRO")) == first
    second = client.register_schema(subject, Schema(AVRO_WITH_DEFAULT, "AVRO"))
    assert second > first
    found = client.lookup_schema(subject, Schema(AVRO, "AVRO"))
    assert (found.schema_id, found.version, found.subject) == (first, 1, subject)
    assert json.loads(client.get_schema(first).schema_str) == json.loads(AVRO)
    assert client.get_versions(subject) == [1, 2]
    latest = client.get_latest_version(subject)
    assert (latest.version, latest.schema_id) == (2, second)
    assert subject in client.get_subjects()


def test_ids_survive_white_space(client, subject):
    spaced = json.dumps(json.loads(AVRO), indent=4)
    assert client.register_schema(subject, Schema(AVRO, "AVRO")) == client.register_schema(
        subject, Schema(spaced, "AVRO")
    )


def test_subjects_and_versions_of_an_id(stack, client, subject):
    schema = record(ID, {"name": "f" + uuid.uuid4().hex, "type": "long"})
    number = client.register_schema(subject, Schema(schema, "AVRO"))
    assert request(stack, "GET", f"/schemas/ids/{number}/subjects") == (200, [subject])
    assert request(stack, "GET", f"/schemas/ids/{number}/versions") == (
        200,
        [{"subject": subject, "version": 1}],
    )
    status, text = request(stack, "GET", f"/schemas/ids/{number}/schema")
    assert (status, text) == (200, json.loads(schema))


def test_compatibility_is_enforced(stack, client, subject):
    client.register_schema(subject, Schema(AVRO, "AVRO"))
    assert client.test_compatibility(subject, Schema(AVRO_WITH_DEFAULT, "AVRO"))
    assert not client.test_compatibility(subject, Schema(AVRO_WITHOUT_DEFAULT, "AVRO"))
    with pytest.raises(SchemaRegistryError) as refused:
        client.register_schema(subject, Schema(AVRO_WITHOUT_DEFAULT, "AVRO"))
    assert refused.value.http_status_code == 409
    assert "email" in str(refused.value)
    status, answer = request(
        stack,
        "POST",
        f"/compatibility/subjects/{subject}/versions/latest?verbose=true",
        {"schema": AVRO_WITHOUT_DEFAULT},
    )
    assert status == 200 and not answer["is_compatible"]
    assert any("email" in message for message in answer["messages"])
    client.set_compatibility(subject_name=subject, level="NONE")
    assert client.get_compatibility(subject) == "NONE"
    client.register_schema(subject, Schema(AVRO_WITHOUT_DEFAULT, "AVRO"))


def test_levels_of_all_and_of_one(stack, subject):
    assert request(stack, "GET", f"/config/{subject}")[1]["error_code"] == 40408
    status, answer = request(stack, "GET", f"/config/{subject}?defaultToGlobal=true")
    assert (status, answer) == (200, {"compatibilityLevel": "BACKWARD"})
    body = {"compatibility": "FULL"}
    assert request(stack, "PUT", f"/config/{subject}", body) == (200, body)
    assert request(stack, "DELETE", f"/config/{subject}") == (200, {"compatibilityLevel": "FULL"})
    bad = request(stack, "PUT", "/config", {"compatibility": "SOME"})
    assert (bad[0], bad[1]["error_code"]) == (422, 42203)


def test_soft_then_permanent_deletion(stack, client, subject):
    number = client.register_schema(subject, Schema(AVRO, "AVRO"))
    client.register_schema(subject, Schema(AVRO_WITH_DEFAULT, "AVRO"))
    path = f"/subjects/{subject}"
    assert request(stack, "DELETE", path + "?permanent=true")[1]["error_code"] == 40405
    assert request(stack, "DELETE", path + "/versions/1?permanent=true")[1]["error_code"] == 40407
    assert request(stack, "DELETE", path + "/versions/1") == (200, 1)
    assert request(stack, "DELETE", path + "/versions/1")[1]["error_code"] == 40406
    assert request(stack, "GET", path + "/versions") == (200, [2])
    assert request(stack, "GET", path + "/versions?deleted=true") == (200, [1, 2])
    assert client.delete_subject(subject) == [2]
    assert request(stack, "DELETE", path)[1]["error_code"] == 40404
    assert request(stack, "GET", path + "/versions")[1]["error_code"] == 40401
    assert subject not in client.get_subjects()
    assert subject in client.get_subjects(deleted=True)
    assert request(stack, "GET", f"/schemas/ids/{number}")[0] == 200
    # By HTTP: the client remembers what it registered.
    assert register(stack, subject, AVRO)[1]["id"] == number
    assert request(stack, "GET", path + "/versions") == (200, [3])
    client.delete_subject(subject)
    # The first version gave its place to the third, which is the same schema.
    assert request(stack, "DELETE", path + "?permanent=true") == (200, [2, 3])
    assert subject not in client.get_subjects(deleted=True)


@pytest.mark.parametrize(
    "method,path,body,expected",
    [
        ("GET", "/subjects/absent/versions", None, (404, 40401)),
        ("GET", "/subjects/absent/versions/1", None, (404, 40401)),
        ("POST", "/subjects/absent", {"schema": AVRO}, (404, 40401)),
        ("DELETE", "/subjects/absent", None, (404, 40401)),
        ("GET", "/schemas/ids/2147483647", None, (404, 40403)),
        ("POST", "/subjects/s/versions", {"schema": "{"}, (422, 42201)),
        ("POST", "/subjects/s/versions", {"schema": ""}, (422, 42201)),
        ("POST", "/subjects/s/versions", {"schema": AVRO, "schemaType": "XML"}, (422, 42201)),
        (
            "POST",
            "/subjects/s/versions",
            {"schema": 'syntax = "proto3"; message', "schemaType": "PROTOBUF"},
            (422, 42201),
        ),
        ("GET", "/subjects/s/versions/zero", None, (422, 42202)),
        ("GET", "/subjects/s/versions/0", None, (422, 42202)),
        ("PUT", "/mode", {"mode": "SOMETIMES"}, (422, 42204)),
        ("GET", "/nowhere", None, (404, 404)),
        ("DELETE", "/schemas/types", None, (405, 405)),
        ("POST", "/subjects/s/versions", ["no object"], (400, 400)),
    ],
)
def test_error_codes(stack, method, path, body, expected):
    status, answer = request(stack, method, path, body)
    assert (status, answer["error_code"]) == expected
    assert answer["message"]


def test_version_not_found(stack, subject):
    register(stack, subject, AVRO)
    assert request(stack, "GET", f"/subjects/{subject}/versions/9")[1]["error_code"] == 40402
    missing = request(stack, "POST", f"/subjects/{subject}", {"schema": AVRO_WITH_DEFAULT})
    assert (missing[0], missing[1]["error_code"]) == (404, 40403)


def test_slash_in_a_subject_name(stack, client):
    name = f"team/{uuid.uuid4()} ä"
    client.register_schema(name, Schema(AVRO, "AVRO"))
    assert client.get_versions(name) == [1]
    assert name in client.get_subjects()


def test_mode_stops_writes(stack, subject):
    register(stack, subject, AVRO)
    assert request(stack, "GET", "/mode") == (200, {"mode": "READWRITE"})
    body = {"mode": "READONLY"}
    assert request(stack, "PUT", f"/mode/{subject}", body) == (200, body)
    status, answer = register(stack, subject, AVRO_WITH_DEFAULT)
    assert (status, answer["error_code"]) == (422, 42205)
    assert request(stack, "DELETE", f"/mode/{subject}") == (200, body)
    assert register(stack, subject, AVRO_WITH_DEFAULT)[0] == 200


def test_list_of_schemas(stack, subject):
    register(stack, subject, AVRO)
    register(stack, subject, AVRO_WITH_DEFAULT)
    status, found = request(stack, "GET", f"/schemas?subjectPrefix={subject}")
    assert status == 200
    assert [entry["version"] for entry in found] == [1, 2]
    latest = request(stack, "GET", f"/schemas?subjectPrefix={subject}&latestOnly=true")[1]
    assert [entry["version"] for entry in latest] == [2]


def test_about_the_server(stack):
    assert request(stack, "GET", "/") == (200, {})
    assert set(request(stack, "GET", "/schemas/types")[1]) >= {"AVRO", "JSON"}
    assert request(stack, "GET", "/v1/metadata/id")[1]["scope"]["clusters"]["kafka-cluster"]


def round_trip(stack, topic, serialize, deserialize, value):
    """Sends one serialized value through the broker; returns its bytes and what was read."""
    context = SerializationContext(topic, MessageField.VALUE)
    producer = Producer({"bootstrap.servers": stack.kafka})
    producer.produce(topic, serialize(value, context))
    assert producer.flush(WAIT) == 0
    consumer = Consumer(
        {
            "bootstrap.servers": stack.kafka,
            "group.id": str(uuid.uuid4()),
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    end = time.monotonic() + WAIT
    try:
        while time.monotonic() < end:
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                return message.value(), deserialize(message.value(), context)
    finally:
        consumer.close()
    raise AssertionError("the record did not come back")


@pytest.fixture
def topic(stack):
    from confluent_kafka.admin import AdminClient, NewTopic

    name = f"serialized-{uuid.uuid4()}"
    admin = AdminClient({"bootstrap.servers": stack.kafka})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(WAIT)
    return name


def test_avro_serializer_round_trip(stack, client, topic):
    value = {"id": "x", "age": 7}
    data, read = round_trip(
        stack, topic, AvroSerializer(client, AVRO_WITH_DEFAULT), AvroDeserializer(client), value
    )
    assert read == value
    latest = client.get_latest_version(f"{topic}-value")
    assert data[:5] == b"\0" + latest.schema_id.to_bytes(4, "big")


def test_json_serializer_round_trip(stack, client, topic):
    value = {"id": "x", "age": 7}
    data, read = round_trip(
        stack, topic, JSONSerializer(JSON_SCHEMA, client), JSONDeserializer(JSON_SCHEMA), value
    )
    assert read == value
    assert json.loads(data[5:]) == value
    latest = client.get_latest_version(f"{topic}-value")
    assert latest.schema.schema_type == "JSON"


def test_registry_topic_has_confluents_form(stack, subject):
    register(stack, subject, AVRO)
    consumer = Consumer(
        {
            "bootstrap.servers": stack.kafka,
            "group.id": str(uuid.uuid4()),
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe(["_schemas"])
    end = time.monotonic() + WAIT
    try:
        while time.monotonic() < end:
            message = consumer.poll(0.2)
            if message is None or message.error() or not message.value():
                continue
            if not message.key().startswith(b"{"):
                continue  # Another test puts records there that are none.
            key, value = json.loads(message.key()), json.loads(message.value())
            if key.get("subject") == subject and key["keytype"] == "SCHEMA":
                assert key == {
                    "keytype": "SCHEMA", "subject": subject, "version": 1, "magic": 1
                }
                assert json.loads(value["schema"]) == json.loads(AVRO)
                assert value["deleted"] is False and value["id"] > 0
                return
    finally:
        consumer.close()
    raise AssertionError("the schema is not in _schemas")
