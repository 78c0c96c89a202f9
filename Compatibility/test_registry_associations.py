"""Associations of topics and subjects: confluent-kafka's calls, and what Confluent's own tests of its
registry assert of them (RestApiAssociationTest), in our words."""

import json

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.common.schema_registry_client import (
    AssociationCreateOrUpdateInfo, AssociationCreateOrUpdateRequest)
from confluent_kafka.serialization import MessageField, SerializationContext
from registry import Registry, fresh, record


@pytest.fixture
def http(stack):
    return Registry(stack.registry)


@pytest.fixture
def topic():
    return fresh("t")


def text(name):
    return json.dumps(record("id", name=name.replace("-", "_")))


def entry(subject, kind, lifecycle=None, frozen=None, schema=None, **more):
    members = {"subject": subject, "associationType": kind, "lifecycle": lifecycle,
               "frozen": frozen, "schema": schema, **more}
    return {name: value for name, value in members.items() if value is not None}


def body(topic, *entries, resource=True):
    members = {"resourceName": topic, "resourceNamespace": "default", "resourceType": "topic",
               "associations": list(entries)}
    return {**members, "resourceId": "id-" + topic} if resource else members


def of_resource(http, topic, query=""):
    status, found = http.get(f"/associations/resources/id-{topic}{query}")
    assert status == 200
    return [(a["associationType"], a["lifecycle"], a["frozen"]) for a in found]


@pytest.fixture
def subjects(http, topic):
    names = [f"{topic}-a", f"{topic}-b"]
    for name in names:
        http.register(name, text(name))
    return names


def test_life(http, topic, subjects):
    wanted = [entry(subjects[0], "key", "WEAK", False), entry(subjects[1], "value", "STRONG", False)]
    dry = http.post("/associations?dryRun=true", body(topic, *wanted, resource=False))
    assert dry[0] == 200 and "associations" not in dry[1] and "resourceId" not in dry[1]
    assert of_resource(http, topic) == []
    status, made = http.post("/associations", body(topic, *wanted))
    assert status == 200 and made["resourceId"] == f"id-{topic}"
    assert [a["lifecycle"] for a in made["associations"]] == ["WEAK", "STRONG"]
    for path in [f"/associations/resources/-/{topic}", f"/associations/resources/default/{topic}"]:
        found = http.get(path + "?associationType=key&associationType=value")[1]
        assert [a["subject"] for a in found] == subjects
        assert all(a["guid"] and a["createTs"] <= a["updateTs"] for a in found)
    assert http.get(f"/associations/resources/other/{topic}") == (200, [])
    assert len(http.get(f"/associations/subjects/{subjects[0]}?lifecycle=WEAK")[1]) == 1
    assert http.get(f"/associations/subjects/{subjects[0]}?lifecycle=STRONG") == (200, [])
    # The same again changes nothing, another life is a conflict until it is put.
    assert http.post("/associations", body(topic, *wanted))[0] == 200
    stronger = body(topic, entry(subjects[0], "key", "STRONG", False))
    http.code(http.post("/associations", stronger), 409, 40903)
    assert http.put(f"/associations/resources/id-{topic}", stronger)[0] == 200
    assert of_resource(http, topic)[0] == ("key", "STRONG", False)
    http.code(http.put("/associations/resources/another", stronger), 422, 42212)
    # Subjects live as long as something hangs on them.
    http.code(http.delete(f"/subjects/{subjects[0]}"), 409, 40904)
    http.code(http.delete(f"/subjects/{subjects[0]}/versions/1"), 409, 40907)
    assert http.delete(f"/associations/resources/id-{topic}?associationType=key")[0] == 204
    assert http.get(f"/subjects/{subjects[0]}/versions") == (200, [1])
    cascade = f"/associations/resources/id-{topic}?cascadeLifecycle=true"
    assert http.delete(cascade + "&dryRun=true")[0] == 204
    assert http.delete(cascade)[0] == 204
    http.code(http.get(f"/subjects/{subjects[1]}/versions?deleted=true"), 404, 40401)
    http.code(http.delete(cascade), 404, 40410)


def test_a_schema_makes_it_strong_and_frozen(http, topic):
    standard = f":.default:{topic}-value"
    status, made = http.post(
        "/associations", body(topic, entry(None, "value", schema={"schema": text(topic)})))
    assert status == 200, made
    only = made["associations"][0]
    assert (only["subject"], only["lifecycle"], only["frozen"]) == (standard, "STRONG", True)
    assert only["schema"]["version"] == 1 and only["schema"]["subject"] == standard
    path = f"/associations/resources/id-{topic}"
    http.code(http.put(path, body(topic, entry(standard, "value", "WEAK"))), 422, 42212)
    http.code(http.put(path, body(topic, entry(None, "value", None, False))), 422, 42212)
    other = f"{topic}-other"
    http.register(other, text(other))
    http.code(http.put(path, body(topic, entry(other, "key", "STRONG", False))), 422, 42212)
    http.code(http.delete(path), 409, 40908)
    assert http.delete(path + "?cascadeLifecycle=true")[0] == 204


@pytest.mark.parametrize("more", [
    {"lifecycle": "WEAK", "schema": {"schema": '"string"'}},
    {"frozen": False, "schema": {"schema": '"string"'}},
    {"frozen": True},
    {"lifecycle": "WEAK"},
    {"subject": "mine", "lifecycle": "STRONG", "frozen": True, "schema": {"schema": '"string"'}},
    {"subject": "mine", "lifecycle": "WEAK", "frozen": True},
    {"subject": "mine", "associationType": "header"},
    {"subject": "mine", "lifecycle": "EVER"},
])
def test_what_contradicts_itself(http, topic, more):
    request = body(topic, {"associationType": "value", **more})
    http.code(http.post("/associations", request), 422, 42212)


@pytest.mark.parametrize("change", [
    {"resourceName": "a.b"}, {"resourceName": ""}, {"resourceNamespace": None},
    {"resourceType": "table"}, {"associations": []}, {"resourceId": ""},
])
def test_resources_that_are_none(http, topic, change):
    request = {**body(topic, entry("s", "value")), **change}
    http.code(http.post("/associations", request), 422, 42212)


def test_a_strong_one_has_its_subject_to_itself(http, topic, subjects):
    weak = entry(subjects[0], "key", "WEAK")
    assert http.post("/associations", body(topic, weak))[0] == 200
    other = fresh("t")
    strong = body(other, entry(subjects[0], "value", "STRONG"))
    http.code(http.post("/associations", strong), 409, 40904)
    assert http.post("/associations", body(other, entry(subjects[1], "value", "STRONG")))[0] == 200
    third = body(fresh("t"), entry(subjects[1], "value", "WEAK"))
    http.code(http.post("/associations", third), 409, 40905)
    http.code(http.post("/associations", body(topic, entry("nobody", "value"))), 409, 40907)
    moved = body(topic, entry(subjects[1], "key", "WEAK"))
    http.code(http.put(f"/associations/resources/id-{topic}", moved), 422, 42212)
    twice = body(topic, weak, weak)
    http.code(http.post("/associations", twice), 422, 42212)


def test_batches(http, topic, subjects):
    assert http.post("/associations", body(topic, entry(subjects[0], "key", "WEAK")))[0] == 200
    operations = [
        entry(subjects[1], "value", "STRONG", opType="CREATE"),
        entry(subjects[0], "key", "STRONG", opType="UPSERT"),
        {"associationType": "key", "opType": "DELETE"}]
    broken = body(fresh("t"), entry("nobody", "value", "WEAK", opType="CREATE"))
    status, answer = http.post(
        "/associations:batchMutate", {"requests": [body(topic, *operations), broken]})
    assert status == 200
    first, second = answer["results"]
    assert [a["associationType"] for a in first["result"]["associations"]] == ["value"]
    assert second["error"]["error_code"] == 40907 and "result" not in second
    status, answer = http.post(
        "/associations:batchGet?includeSchemas=true",
        {"requests": [{"resourceId": f"id-{topic}"}, {"resourceName": topic},
                      {"resourceId": "unknown"}]})
    for result in answer["results"][:2]:
        only = result["result"]["associations"][0]
        assert only["lifecycle"] == "STRONG" and only["schema"]["subject"] == subjects[1]
    assert "associations" not in answer["results"][2]["result"]
    http.code(http.post("/associations:batchGet", {"requests": []}), 422, 42212)


def test_schemas_with_their_associations(http, topic, subjects):
    assert http.post("/associations", body(topic, entry(subjects[0], "key", "WEAK")))[0] == 200
    path = f"/schemas?subjectPrefix={topic}&resourceType=topic"
    found = {s["subject"]: s.get("associations", []) for s in http.get(path)[1]}
    assert [a["resourceId"] for a in found[subjects[0]]] == [f"id-{topic}"]
    assert found[subjects[1]] == []
    assert all("associations" not in s for s in http.get(path + "&lifecycle=STRONG")[1])


def test_the_client(stack, topic, subjects):
    client = SchemaRegistryClient({"url": stack.registry})
    made = client.create_association(AssociationCreateOrUpdateRequest(
        resource_name=topic, resource_namespace="lkc-1", resource_id="r-" + topic,
        resource_type="topic", associations=[AssociationCreateOrUpdateInfo(
            subject=subjects[0], association_type="value", lifecycle="STRONG")]))
    assert made.associations[0].subject == subjects[0]
    found = client.get_associations_by_resource_name(topic, "-", "topic", ["value"])
    assert [(a.subject, a.resource_id, a.frozen) for a in found] == [
        (subjects[0], "r-" + topic, False)]
    assert client.get_associations_by_resource_name(topic, "lkc-1", offset=1) == []
    client.delete_associations("r-" + topic, "topic", ["value"])
    assert client.get_associations_by_resource_name(topic, "lkc-1") == []


def test_a_serializer_finds_its_subject_by_it(stack, http, topic, subjects):
    assert http.post("/associations", body(topic, entry(subjects[1], "value", "STRONG")))[0] == 200
    client = SchemaRegistryClient({"url": stack.registry})
    serializer = AvroSerializer(
        client, text(subjects[1]),
        conf={"auto.register.schemas": False, "subject.name.strategy.type": "ASSOCIATED"})
    data = serializer({"id": "x"}, SerializationContext(topic, MessageField.VALUE))
    number = client.get_latest_version(subjects[1]).schema_id
    assert data[:5] == b"\0" + number.to_bytes(4, "big")
