"""What the tests of Confluent's registry assert of its REST API (RestApiTest, RestApiModeTest,
RestApiContextTest, RestApiRegisterSchemaTagsTest), in our words."""

import json
from urllib.parse import quote

import pytest
import requests
from registry import Registry, fresh, record


@pytest.fixture
def http(stack):
    return Registry(stack.registry)


@pytest.fixture
def subject():
    return fresh()


def name():
    return fresh("R").replace("-", "_")


def test_force_compares_nothing(http, subject):
    http.register(subject, record("id", name="A"))
    other = record({"name": "id", "type": "int"}, name="A")
    http.code(http.refuse(subject, other), 409, 40901)
    http.register(subject, other, query="?force=true")
    assert http.get(f"/subjects/{subject}/versions") == (200, [1, 2])
    http.code(http.refuse(subject, {"type": "nonsense"}, query="?force=true"), 422, 42201)


def test_references_said_in_full(http):
    context = f":.{fresh('c')}:"
    base = {"type": "record", "name": "Base", "fields": [{"name": "id", "type": "string"}]}
    http.register(context + "base", base)
    http.register(
        context + "top", record({"name": "base", "type": "Base"}, name="Top"),
        references=[{"name": "Base", "subject": "base", "version": 1}])
    top = quote(context + "top", safe="")
    for path in [f"/subjects/{top}/versions/1?", f"/schemas/ids/2?subject={top}&"]:
        assert http.get(path)[1]["references"][0]["subject"] == "base"
        qualified = http.get(path + "referenceFormat=qualified")[1]
        assert qualified["references"][0]["subject"] == context + "base"


def test_prefixes_without_a_context(http):
    context, word = fresh("c"), fresh()
    http.register(f":.{context}:{word}", record("id"))
    http.register(word, record("id"))

    def listed(prefix):
        return http.get(f"/subjects?subjectPrefix={quote(prefix, safe='')}")[1]

    assert listed(word) == listed(f":.:{word}") == [word]
    assert listed(f":*:{word}") == [f":.{context}:{word}", word]
    assert listed(f":.{context}:") == [f":.{context}:{word}"]
    assert not [s for s in listed("") if s.startswith(":.")]
    assert http.get(f"/contexts?contextPrefix=.{context[:-2]}")[1] == [f".{context}"]
    assert http.get("/contexts?contextPrefix=.none") == (200, [])
    assert http.get("/contexts?contextPrefix=&limit=1") == (200, ["."])


def test_references_that_dangle(http):
    low, high = fresh("low"), fresh("high")
    base = {"type": "record", "name": "Low", "fields": []}
    http.register(low, base)
    more = {"references": [{"name": "Low", "subject": low, "version": 1}]}
    top = record({"name": "low", "type": "Low"}, name="High")
    http.register(high, top, **more)
    http.code(http.delete(f"/subjects/{low}/versions/1"), 422, 42206)
    assert http.delete(f"/subjects/{high}/versions/1") == (200, 1)
    assert http.get(f"/subjects/{low}/versions/1/referencedby") == (200, [])
    assert len(http.get(f"/subjects/{low}/versions/1/referencedby?deleted=true")[1]) == 1
    assert http.delete(f"/subjects/{low}/versions/1") == (200, 1)
    http.code(http.refuse(high, top, **more), 422, 42201)
    # The deleted one can still be asked for by its id, so what it refers to stays.
    http.code(http.delete(f"/subjects/{low}/versions/1?permanent=true"), 422, 42206)
    assert http.delete(f"/subjects/{high}/versions/1?permanent=true") == (200, 1)
    assert http.delete(f"/subjects/{low}/versions/1?permanent=true") == (200, 1)


def test_references_inside_a_subject_go_with_it(http, subject):
    http.register(subject, {"type": "record", "name": "Low", "fields": []})
    assert http.put(f"/config/{subject}", {"compatibility": "NONE"})[0] == 200
    http.register(
        subject, record({"name": "low", "type": "Low"}, name="High"),
        references=[{"name": "Low", "subject": subject, "version": 1}])
    assert http.delete(f"/subjects/{subject}") == (200, [1, 2])
    assert http.delete(f"/subjects/{subject}?permanent=true") == (200, [1, 2])


def test_tags_of_protobuf(http, subject):
    text = ('syntax = "proto3";\npackage com.example;\n\nmessage Message1 {\n  string f1 = 1;\n'
            '  oneof choice {\n    string f2 = 2;\n  }\n  message Inner {\n    string f3 = 1;\n'
            '  }\n}\n')
    http.register(subject, text, "PROTOBUF")

    def tags(path, kind, *names):
        return {"schemaEntity": {"entityPath": path, "entityType": kind}, "tags": list(names)}

    path = f"/subjects/{subject}/versions/latest"
    status, answer = http.post(path + "/tags", {"tagsToAdd": [
        tags("Message1.f1", "sr_field", "TAG1"), tags(".Message1.f1", "sr_field", "TAG2"),
        tags("Message1.choice.f2", "sr_field", "TAG3"),
        tags("Message1.Inner", "sr_record", "TAG4")]})
    assert status == 200, answer
    kept = http.get(path + "?findTags=*")[1]
    assert ('  string f1 = 1 [(confluent.field_meta) = {\n    tags: [\n      "TAG1",\n'
            '      "TAG2"\n    ]\n  }];\n') in kept["schema"]
    assert 'option (confluent.message_meta) = {' in kept["schema"]
    assert kept["metadata"]["properties"]["confluent:version"] == "2"
    assert kept["schemaTags"] == [
        tags("Message1.f1", "sr_field", "TAG1", "TAG2"),
        tags("Message1.f2", "sr_field", "TAG3"), tags("Message1.Inner", "sr_record", "TAG4")]
    assert len(http.get(path + "?findTags=TAG3")[1]["schemaTags"]) == 1
    status, answer = http.post(path + "/tags", {"tagsToRemove": [
        tags("Message1.f1", "sr_field", "TAG1", "TAG2"),
        tags("Message1.f2", "sr_field", "TAG3"), tags("Message1.Inner", "sr_record", "TAG4")]})
    assert status == 200 and "meta" not in http.get(path)[1]["schema"]
    wrong = {"tagsToAdd": [tags("Message1.none", "sr_field", "T")]}
    http.code(http.post(path + "/tags", wrong), 422, 42201)
    # A client may send a descriptor, and tags with it.
    descriptor = requests.get(f"{http.url}{path}/schema?format=serialized", timeout=20).text
    http.register(subject, descriptor, "PROTOBUF",
                  schemaTagsToAdd=[tags("Message1.f1", "sr_field", "NEW")])
    assert "NEW" in http.get(path)[1]["schema"]
    assert "NEW" not in http.get(path + "?format=ignore_extensions")[1]["schema"]


def test_tags_and_rules_at_once(http, subject):
    http.register(subject, record("id"))
    rules = {"domainRules": []}
    path = f"/subjects/{subject}/versions/latest/tags"
    body = {"ruleSet": rules, "rulesToMerge": rules}
    http.code(http.post(path, body), 422, 42210)


def test_the_version_in_the_metadata(http, subject):
    """Confluent's testConfluentVersion, step by step: what is given, and the version it leads to."""
    text = record("f1", name=name())

    def give(version=None, properties=None, look_up=False):
        body = {"schema": json.dumps(text), "version": version}
        if properties is not None:
            body["metadata"] = {"properties": properties}
        path = f"/subjects/{subject}" + ("" if look_up else "/versions")
        status, answer = http.post(path, body)
        return answer["version"] if status == 200 else answer["error_code"]

    def latest():
        answer = http.get(f"/subjects/{subject}/versions/latest")[1]
        own = answer.get("metadata", {}).get("properties", {}).get("confluent:version")
        return answer["version"], own

    def said(number):
        return {"confluent:version": str(number)}

    assert give() == 1 and latest() == (1, None)
    assert give(-1) == 1
    assert give(2) == 2 and give(-1) == 2 and latest() == (2, "2")
    assert give(look_up=True) == 1
    assert give(properties=said(1), look_up=True) == 1
    assert give(properties=said(2), look_up=True) == 2
    assert http.delete(f"/subjects/{subject}/versions/1") == (200, 1)
    assert give(look_up=True) == 2 and give() == 2
    assert give(3) == 3 and give(-1) == 3 and latest() == (3, "3")
    assert give(3) == 42201
    assert give(4) == 4 and give(look_up=True) == 4
    assert give(properties=said(-1)) == 5 and latest() == (5, "5")
    assert give(properties=said(2)) == 2 and give(properties=said(3)) == 3
    assert give(properties=said(0)) == 6 and latest() == (6, "6")
    assert give(properties={}) == 6
    assert give(properties={"mykey": "myvalue"}) == 7 and latest() == (7, None)
    assert give(-1) == 8 and latest() == (8, "8")
    assert give(properties={"mykey": "myvalue"}, look_up=True) == 7
    assert http.delete(f"/subjects/{subject}/versions/7") == (200, 7)
    assert give(properties={"mykey": "myvalue"}, look_up=True) == 8


def test_modes_of_a_whole_context(http):
    context = fresh("c")
    places = [f":.{context}:", f":.{context}:a", f":.{context}:b"]
    paths = ["/mode/" + quote(place, safe="") for place in places]
    for path in paths[1:]:
        assert http.put(path, {"mode": "READONLY"}) == (200, {"mode": "READONLY"})
    http.code(http.delete(paths[0]), 404, 40401)
    assert http.delete(paths[0] + "?recursive=true") == (200, {})
    for path in paths:
        http.code(http.get(path), 404, 40409)
    assert http.put(paths[0], {"mode": "IMPORT"})[0] == 200
    sentence = http.code(
        http.refuse(places[1] + "x", record("id")), 422, 42205)
    assert sentence.endswith("is not in read-write mode")
    assert http.put(paths[0], {"mode": None}) == (200, {})
    http.code(http.put(paths[0], {"mode": "BEST"}), 422, 42204)
    answer = http.refuse(places[1] + "x", record("id"), id=7, version=1)
    assert http.code(answer, 422, 42205).endswith("is not in import or forward mode")


def test_names_are_checked_as_configured(http, subject):
    odd = record("id", name="R", namespace="a-bad.namespace")
    field = record("a-b", name="R")
    http.code(http.refuse(subject, field), 422, 42201)
    assert http.put(f"/config/{subject}", {"validateNames": True})[0] == 200
    http.code(http.refuse(subject, odd), 422, 42201)
    assert http.put(f"/config/{subject}", {"validateNames": False})[0] == 200
    http.register(subject, odd)
    http.register(subject + "-2", record("id", name="R", namespace="b-ad"))
    assert http.put(f"/config/{subject}-3", {"validateNames": False})[0] == 200
    http.register(subject + "-3", field)


def test_verbose_answers_say_what_is_no_schema(http, subject):
    http.register(subject, record("id"))
    body = {"schema": json.dumps(record({"name": "id", "type": "string", "default": None}))}
    path = f"/compatibility/subjects/{subject}/versions"
    http.code(http.post(path, body), 422, 42201)
    status, answer = http.post(path + "?verbose=true&normalize=true", body)
    assert status == 200 and answer["is_compatible"] is False
    assert "Invalid schema" in answer["messages"][0]


def test_headers_and_methods(http):
    answer = requests.get(http.url + "/v1/metadata/id", timeout=20)
    assert answer.headers["cache-control"] == "no-cache, no-store, must-revalidate"
    assert answer.headers["x-xss-protection"] == "1; mode=block"
    head = requests.head(http.url + "/subjects", timeout=20)
    assert head.status_code == 200 and not head.content
    options = requests.options(http.url + "/subjects", timeout=20)
    assert options.status_code == 200 and "GET" in options.headers["allow"]
    assert requests.patch(http.url + "/subjects", timeout=20).status_code == 405
    assert requests.delete(http.url + "/schemas/ids/1", timeout=20).status_code == 405


@pytest.mark.parametrize("path", [
    "/exporters", "/dek-registry/v1/keks", "/catalog/v1/search/basic", "/v1/metadata",
    "/schemas/guids", "/subjects/a/b/c/d/e", "/associations/topics/t"])
def test_paths_that_are_not_served(http, path):
    assert http.get(path)[1]["error_code"] == 404


@pytest.mark.parametrize("kind, text", [
    ("AVRO", '{"type":"array","items":' * 5000 + '"int"' + "}" * 5000),
    ("AVRO", "[" * 100_000), ("AVRO", '{"type":' * 100_000),
    ("JSON", '{"not":' * 20_000 + "{}" + "}" * 20_000),
    ("JSON", '{"properties":{"a":' * 300 + "{}" + "}}" * 300),
    ("JSON", json.dumps({"allOf": [{"$ref": "#"}], "$ref": "#/allOf/0"})),
    ("PROTOBUF", "message A {" * 5000 + "}" * 5000),
    ("PROTOBUF", "option a = {b: " * 5000), ("PROTOBUF", "A" * 400_000),
    ("PROTOBUF", 'syntax = "proto3"; message A { int32 a = 99999999999999999999; }')])
def test_schemas_to_choke_on(http, subject, kind, text):
    """Each is refused or kept, and the registry lives on."""
    status, answer = http.refuse(subject, text, kind)
    assert status in (200, 400, 422), answer
    assert http.get("/schemas/types")[0] == 200
