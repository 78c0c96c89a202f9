"""What Karapace's users expect of a registry. Where Karapace and Confluent differ, Confluent counts.

Source of the expectations: Aiven-Open/karapace tests/integration; written anew in our own words.
"""

import json
import uuid

import pytest
import requests
from confluent_kafka import Producer
from registry import TYPE, Registry, eventually, fresh, record


@pytest.fixture
def http(stack):
    return Registry(stack.registry)


@pytest.fixture
def subject():
    return fresh()


def unique():
    return "u" + uuid.uuid4().hex


def level(http, subject, name):
    assert http.put(f"/config/{subject}", {"compatibility": name})[0] == 200


def fits(http, subject, schema):
    status, answer = http.post(
        f"/compatibility/subjects/{subject}/versions/latest", {"schema": json.dumps(schema)})
    assert status == 200
    assert set(answer) == {"is_compatible"}
    return answer["is_compatible"]


# Which type can be read as which: (reads it back when new, can be read by the old one).
PROMOTIONS = {
    ("int", "long"): (True, False), ("int", "float"): (True, False),
    ("int", "double"): (True, False), ("long", "float"): (True, False),
    ("float", "double"): (True, False), ("bytes", "string"): (True, True),
    ("int", "int"): (True, True), ("boolean", "boolean"): (True, True),
    ("int", "boolean"): (False, False), ("int", "string"): (False, False),
    ("long", "bytes"): (False, False), ("float", "boolean"): (False, False),
    ("double", "string"): (False, False), ("double", "bytes"): (False, False),
}


@pytest.mark.parametrize("old,new", PROMOTIONS)
def test_promotions_at_each_level(http, old, new):
    backward, forward = PROMOTIONS[old, new]
    expected = {"BACKWARD": backward, "FORWARD": forward, "FULL": backward and forward}
    for name, is_compatible in expected.items():
        subject = fresh()
        level(http, subject, name)
        http.register(subject, record({"name": "field", "type": old}))
        assert fits(http, subject, record({"name": "field", "type": new})) == is_compatible


@pytest.mark.parametrize("trail", ["", "/"])
def test_a_slash_at_the_end_changes_nothing(http, subject, trail):
    assert http.put(f"/config/{subject}{trail}", {"compatibility": "NONE"})[0] == 200
    body = {"schema": json.dumps(record(unique()))}
    number = http.post(f"/subjects/{subject}/versions{trail}", body)[1]["id"]
    assert http.get(f"/schemas/ids/{number}{trail}")[0] == 200
    assert http.get(f"/schemas/ids/{number}/versions{trail}") == (
        200, [{"subject": subject, "version": 1}])
    assert len(http.get(f"/schemas/types{trail}")[1]) == 3
    http.code(http.get(f"/schemas/ids/no-number{trail}"), 404, 404)


def test_unions(http, subject):
    level(http, subject, "BACKWARD")

    def inner(*types):
        return record({"name": "inner", "type": list(types)})

    http.register(subject, inner("string", "int"))
    http.code(http.refuse(subject, inner("null", "string")), 409, 40901)
    http.register(subject, inner("int", "string", record("foo", name="More")))
    arrays = fresh()
    level(http, arrays, "BACKWARD")
    array = {"type": "array", "items": "string"}
    http.register(arrays, array)
    http.register(arrays, [array, "string"])
    http.code(http.refuse(arrays, {"type": "int"}), 409, 40901)


def test_nested_records(http, subject):
    def outer(kind):
        return record("a", {"name": "b", "type": record({"name": "c", "type": kind}, name="In")})

    http.register(subject, outer("string"))
    http.code(http.refuse(subject, outer("int")), 409, 40901)


def test_forward(http, subject):
    http.register(subject, record("first"))
    level(http, subject, "FORWARD")
    age = {"name": "age", "type": "int"}
    http.register(subject, record("first", "last", age))
    http.code(http.refuse(subject, record("last", age)), 409, 40901)
    http.code(http.refuse(subject, record("first", "last", {**age, "type": "long"})), 409, 40901)
    third = {"name": "third", "type": "string", "default": "x"}
    http.register(subject, record("first", "last", third, age))


def test_transitive_looks_at_all(http):
    age = {"name": "age", "type": "int"}
    middle = record(age, {"name": "name", "type": "string", "default": "J"})
    last = record(age, "name", {"name": "more", "type": "string", "default": "D"})
    for name, is_compatible in (("BACKWARD", True), ("BACKWARD_TRANSITIVE", False)):
        subject = fresh()
        level(http, subject, name)
        http.register(subject, record(age))
        http.register(subject, middle)
        assert fits(http, subject, last)  # with the latest alone
        status = http.refuse(subject, last)[0]
        assert status == (200 if is_compatible else 409)


def test_documentation_and_logical_types_make_new_versions(http, subject):
    first = http.register(subject, record({"name": "at", "type": "long"}))
    timed = {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}
    second = http.register(subject, record(timed))
    assert http.register(subject, record({**timed, "doc": "when"})) > second > first


def test_an_id_for_a_schema(http):
    schema = {**record(unique()), unique(): "kept"}
    subjects = [fresh() for _ in range(3)]
    numbers = {http.register(subject, schema) for subject in subjects[:2]}
    level(http, subjects[2], "NONE")
    http.register(subjects[2], {"type": "string"})
    numbers.add(http.register(subjects[2], schema))
    assert len(numbers) == 1
    places = http.get(f"/schemas/ids/{numbers.pop()}/versions")[1]
    assert sorted((p["subject"], p["version"]) for p in places) == sorted(
        [(subjects[0], 1), (subjects[1], 1), (subjects[2], 2)])


def test_a_schema_stays_as_it_was_written(http, subject):
    schema = {
        "type": "record", "name": "Foo", "namespace": "foo-bar-baz", unique(): "x",
        "fields": [{"name": "bla", "type": "string", "extra": [1, {"a": None}]}]}
    number = http.register(subject, schema)
    assert json.loads(http.get(f"/schemas/ids/{number}")[1]["schema"]) == schema
    assert http.get(f"/subjects/{subject}/versions/1/schema") == (200, schema)
    assert http.get(f"/subjects/{subject}/versions/latest/schema") == (200, schema)


def test_life_of_a_subject(http, subject):
    one = http.register(subject, {"type": "string", unique(): "x"})
    two = http.register(subject, {"type": "string", unique(): "x"})
    path = f"/subjects/{subject}"
    assert http.delete(path + "/versions/1") == (200, 1)
    assert http.get(f"/schemas/ids/{one}")[0] == 200
    assert http.get(f"/schemas/ids/{one}/versions") == (200, [])
    assert http.get(f"/schemas/ids/{two}/versions") == (200, [{"subject": subject, "version": 2}])
    assert http.delete(path) == (200, [2])
    assert subject not in http.get("/subjects")[1]
    http.register(subject, {"type": "string", unique(): "x"})
    assert http.get(path + "/versions") == (200, [3])
    assert http.delete(path + "/versions/3") == (200, 3)
    assert subject not in http.get("/subjects")[1]
    for rest in ("/versions", "/versions/latest"):
        message = http.code(http.get(path + rest), 404, 40401)
        assert message == f"Subject '{subject}' not found."
    http.register(subject, {"type": "string", unique(): "x"})
    assert http.get(path + "/versions") == (200, [4])


def test_deletion_for_good(http, subject):
    schemas = [{"type": "enum", "name": "E", "symbols": ["A", "B", "C"][:n]} for n in (2, 3)]
    first, _ = [http.register(subject, schema) for schema in schemas]
    one = f"/subjects/{subject}/versions/1"
    assert http.code(http.delete(one + "?permanent=true"), 404, 40407) == (
        f"Subject '{subject}' Version 1 was not deleted first before being permanently deleted")
    assert http.delete(one) == (200, 1)
    assert http.code(http.delete(one), 404, 40406) == (
        f"Subject '{subject}' Version 1 was soft deleted.Set permanent=true to delete permanently")
    assert http.code(http.get(one), 404, 40402) == "Version 1 not found."
    assert http.get(one + "?deleted=true")[1]["deleted"] is True
    assert http.get(f"/subjects/{subject}/versions/2?deleted=true")[1]["deleted"] is False
    assert http.delete(one + "?permanent=true") == (200, 1)
    http.code(http.delete(one + "?permanent=true"), 404, 40402)
    whole = f"/subjects/{subject}"
    assert http.code(http.delete(whole + "?permanent=true"), 404, 40405) == (
        f"Subject '{subject}' was not deleted first before being permanently deleted")
    assert http.delete(whole) == (200, [2])
    assert http.code(http.delete(whole), 404, 40404) == (
        f"Subject '{subject}' was soft deleted.Set permanent=true to delete permanently")
    assert http.delete(whole + "?permanent=true") == (200, [2])
    http.code(http.get(whole + "/versions"), 404, 40401)
    assert http.register(subject, schemas[0]) == first


def test_versions_that_are_none(http, subject):
    http.register(subject, {"type": "string"})
    for wrong in ("0", "invalid", "-2", "2147483648"):
        for rest in ("", "/schema"):
            message = http.code(http.get(f"/subjects/{subject}/versions/{wrong}{rest}"), 422, 42202)
            assert message == (
                f"The specified version '{wrong}' is not a valid version id. Allowed values are "
                'between [1, 2^31-1] and the string "latest"')
    http.code(http.delete(f"/subjects/{subject}/versions/0"), 422, 42202)
    for rest in ("", "/schema", "/referencedby"):
        answer = http.get(f"/subjects/{subject}/versions/15{rest}")
        assert http.code(answer, 404, 40402) == "Version 15 not found."
        http.code(http.get(f"/subjects/{fresh()}/versions/1{rest}"), 404, 40401)


def test_look_up(http, subject):
    http.register(subject, {"type": "string"})
    path = f"/subjects/{subject}"
    http.code(http.post(path, {"schema": '{"type": "nothing"}'}), 422, 42201)
    message = http.code(http.post(path, {"schema": '{"type": "int"}'}), 404, 40403)
    assert message == "Schema not found"
    http.code(http.post(f"/subjects/{fresh()}", {"schema": '{"type": "int"}'}), 404, 40401)
    http.code(http.post(f"/subjects/{fresh()}", {}), 404, 40401)


def test_bodies(http, subject):
    for path in (f"/subjects/{subject}", f"/subjects/{subject}/versions"):
        for body in ({"wrong": 1}, {"schema": '{"type": "string"}', "wrong": 1}):
            assert http.code(http.post(path, body), 422, 422) == "Unrecognized field: wrong"
        assert http.post(path, "text")[0] == 400
        assert http.call("POST", path, data="{")[0] == 400
    message = http.code(http.post(f"/subjects/{subject}/versions", {}), 422, 42201)
    assert message == "Empty schema"
    http.code(http.refuse(subject, record("twice", "twice")), 422, 42201)
    http.code(http.refuse(subject, {"type": "enum", "name": "E", "symbols": {}}), 422, 42201)


def test_levels(http, subject):
    answer = http.put("/config", {"compatibility": "nonsense"})
    assert http.code(answer, 422, 42203).startswith("Invalid compatibility level.")
    assert http.get(f"/config/{subject}")[0] == 404
    assert http.get(f"/config/{subject}?defaultToGlobal=false")[0] == 404
    assert "compatibilityLevel" in http.get(f"/config/{subject}?defaultToGlobal=true")[1]
    level(http, subject, "full")
    assert http.get(f"/config/{subject}") == (200, {"compatibilityLevel": "FULL"})
    http.code(http.get(f"/subjects/{subject}/versions"), 404, 40401)
    http.register(subject, {"type": "string"})
    assert http.get(f"/config/{subject}") == (200, {"compatibilityLevel": "FULL"})


@pytest.mark.parametrize(
    "accept,expected",
    [
        ("application/json", "application/json"),
        ("application/vnd.schemaregistry.v2+json", None),
        ("text/html, image/gif, *; q=.2, */*; q=.2", TYPE),
        ("application/vnd.schemaregistry.v2+json; q=0.1, application/vnd.schemaregistry+json; q=0.9",
         "application/vnd.schemaregistry+json"),
        ("application/*", TYPE), ("text/*", None), ("*/does_not_matter", TYPE), ("*", TYPE),
        ("*/*", TYPE), ("application/octet-stream", None), ("", TYPE),
    ],
)
def test_accept(stack, accept, expected):
    answer = requests.get(stack.registry + "/subjects", headers={"Accept": accept}, timeout=10)
    if expected is None:
        assert answer.status_code == 406
        assert answer.json()["message"] == "HTTP 406 Not Acceptable"
    else:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, expected)


@pytest.mark.parametrize(
    "content_type,encoding,status",
    [
        ("text/html", "utf-8", 415), ("application/octet-stream", "utf-8", 200),
        (f"{TYPE}; charset=utf-8", "utf-8", 200), (f"{TYPE}; charset=utf-16", "utf-16", 200),
        ("application/json", "utf-8", 200), ("APPLICATION/json", "utf-8", 200), (None, "utf-8", 200),
    ],
)
def test_content_type(stack, subject, content_type, encoding, status):
    answer = requests.put(
        f"{stack.registry}/config/{subject}", data='{"compatibility": "NONE"}'.encode(encoding),
        headers={"Content-Type": content_type} if content_type else {}, timeout=10)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == TYPE
    if status == 415:
        assert answer.json()["message"] == "HTTP 415 Unsupported Media Type"


def test_records_of_others_in_the_topic(stack, http):
    """A schema that nobody could register is still answered by its id: data was written with it."""
    number = 1_500_000 + uuid.uuid4().int % 100_000
    name = fresh("foreign")
    key = {"subject": name, "version": 1, "magic": 1, "keytype": "SCHEMA"}
    value = {
        "deleted": False, "id": number, "subject": name, "version": 1, "schema": '{"foo":"bar"}',
        "schemaType": "AVRO", "references": []}
    producer = Producer({"bootstrap.servers": stack.kafka})
    for record_key, record_value in (
        (b"no json", b"x"), (json.dumps({"keytype": "NOOP", "magic": 0}).encode(), None),
        (json.dumps({"keytype": "OTHER"}).encode(), b"{}"),
        (json.dumps(key).encode(), json.dumps(value).encode()),
    ):
        producer.produce("_schemas", key=record_key, value=record_value)
    assert producer.flush(10) == 0
    eventually(lambda: http.get(f"/schemas/ids/{number}")[0] == 200)
    assert http.get(f"/schemas/ids/{number}")[1]["schema"] == '{"foo":"bar"}'
    assert http.get(f"/subjects/{name}/versions") == (200, [1])


def test_health(http):
    assert http.get("/_health")[1]["healthy"] is True
    assert http.get("/master_available") == (200, {"master_available": True})


COUNTRY = record("name", "code", name="Country", namespace="com.n")
JOB = record("title", {"name": "salary", "type": "double"}, name="Job", namespace="com.n")


def person(age="int", **more):
    fields = ("name", {"name": "age", "type": age}, {"name": "job", "type": "Job"})
    return record(*fields, name="Person", namespace="com.n", **more)


def test_avro_references(http):
    prefix = fresh()
    http.register(f"{prefix}-job", JOB)
    references = [{"name": "job.avsc", "subject": f"{prefix}-job", "version": 1}]
    number = http.register(f"{prefix}-person", person(), "AVRO", references=references)
    latest = http.get(f"/subjects/{prefix}-person/versions/latest")[1]
    assert (latest["id"], latest["references"]) == (number, references)

    def is_compatible(age):
        body = {"schema": json.dumps(person(age)), "references": references}
        path = f"/compatibility/subjects/{prefix}-person/versions/latest"
        return http.post(path, body)[1]["is_compatible"]

    assert is_compatible("long") and not is_compatible("string")
    union = [person(), record("name", name="Unemployed", namespace="com.n")]
    http.register(f"{prefix}-union", union, references=references)
    father = {"name": "father", "type": "PersonRecursive"}
    recursive = record({"name": "job", "type": "Job"}, father, name="PersonRecursive", namespace="com.n")
    http.register(f"{prefix}-recursive", recursive, references=references)
    consultant = record({"name": "who", "type": "Person"}, name="Contract", namespace="com.n")
    indirect = [{"name": "person.avsc", "subject": f"{prefix}-person", "version": 1}]
    http.register(f"{prefix}-indirect", consultant, references=indirect)
    ids = http.get(f"/subjects/{prefix}-job/versions/1/referencedby")[1]
    assert number in ids and len(ids) == 3
    message = http.code(http.delete(f"/subjects/{prefix}-job"), 422, 42206)
    assert message.startswith("One or more references exist to the schema {magic=1,keytype=SCHEMA,")
