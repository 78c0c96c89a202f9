"""Every call of confluent-kafka's registry client, and the API's corners by plain HTTP."""

import json
import threading

import pytest
from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel, Metadata, MetadataProperties, Rule, RuleKind, RuleMode, RuleParams,
    RuleSet, Schema, SchemaReference, SchemaRegistryClient, ServerConfig)
from confluent_kafka.schema_registry.error import SchemaRegistryError
from registry import Registry, fresh, record


@pytest.fixture
def http(stack):
    return Registry(stack.registry)


@pytest.fixture
def client(stack):
    return SchemaRegistryClient({"url": stack.registry})


@pytest.fixture
def subject():
    return fresh()


def avro(*fields, **more):
    return Schema(json.dumps(record(*fields, **more)), "AVRO")


def refused(call, *arguments, **options):
    with pytest.raises(SchemaRegistryError) as caught:
        call(*arguments, **options)
    return caught.value.http_status_code, caught.value.error_code


# --- the client's calls, one by one


def test_register_and_look_up(client, subject):
    schema = avro("id", name=fresh("R").replace("-", "_"))
    full = client.register_schema_full_response(subject, schema)
    assert (full.version, full.subject) == (1, subject) and full.guid
    assert client.register_schema(subject, schema) == full.schema_id
    found = client.lookup_schema(subject, schema)
    assert (found.schema_id, found.version, found.guid) == (full.schema_id, 1, full.guid)
    by_id = client.get_schema(full.schema_id, subject)
    assert json.loads(by_id.schema_str) == json.loads(schema.schema_str)
    by_guid = client.get_schema_by_guid(full.guid)
    assert json.loads(by_guid.schema_str) == json.loads(schema.schema_str)


def test_lists(client, subject):
    schema = avro("id", name=fresh("R").replace("-", "_"))
    number = client.register_schema(subject, schema)
    client.register_schema(subject + "-b", schema)
    assert set(client.get_schema_types()) == {"AVRO", "JSON", "PROTOBUF"}
    assert client.get_subjects_by_schema_id(number) == [subject, subject + "-b"]
    assert client.get_subjects_by_schema_id(number, offset=1, limit=1) == [subject + "-b"]
    places = [(p.subject, p.version) for p in client.get_schema_versions(number)]
    assert places == [(subject, 1), (subject + "-b", 1)]
    assert client.get_subjects(subject_prefix=subject) == [subject, subject + "-b"]
    assert client.get_subjects(subject_prefix=subject, offset=1) == [subject + "-b"]
    assert client.get_versions(subject) == [1]


def test_versions_and_deletions(client, subject):
    client.register_schema(subject, avro("id"))
    client.register_schema(subject, avro("id", {"name": "n", "type": "int", "default": 0}))
    assert client.get_version(subject, 1).version == 1
    assert client.get_latest_version(subject).version == 2
    assert client.delete_version(subject, 1) == 1
    assert refused(client.get_version, subject, 1) == (404, 40402)
    assert client.get_version(subject, 1, deleted=True).version == 1
    assert client.get_versions(subject, deleted=True) == [1, 2]
    assert client.get_versions(subject, deleted_only=True) == [1]
    assert client.delete_version(subject, 1, permanent=True) == 1
    assert client.delete_subject(subject) == [2]
    assert subject in client.get_subjects(deleted_only=True)
    assert client.delete_subject(subject, permanent=True) == [2]
    assert subject not in client.get_subjects(deleted=True)


def test_compatibility(client, subject):
    client.register_schema(subject, avro("id"))
    good = avro("id", {"name": "n", "type": "int", "default": 0})
    bad = avro("id", "more")
    assert client.test_compatibility(subject, good)
    assert not client.test_compatibility(subject, bad)
    assert client.test_compatibility(subject, good, version=1)
    assert client.test_compatibility_all_versions(subject, good)
    assert not client.test_compatibility_all_versions(subject, bad)
    assert refused(client.register_schema, subject, bad) == (409, 40901)


def test_levels_and_configs(client, subject):
    assert refused(client.get_compatibility, subject) == (404, 40408)
    client.set_compatibility(subject, "FULL")
    assert client.get_compatibility(subject) == "FULL"
    config = ServerConfig(
        compatibility=ConfigCompatibilityLevel.BACKWARD, compatibility_group="major",
        default_metadata=Metadata(None, MetadataProperties({"team": "a"}), None))
    client.set_config(subject, config)
    kept = client.get_config(subject)
    assert kept.compatibility_level == ConfigCompatibilityLevel.BACKWARD
    assert kept.compatibility_group == "major"
    assert kept.default_metadata.properties.properties == {"team": "a"}
    assert client.delete_config(subject).compatibility_group == "major"
    assert refused(client.get_config, subject) == (404, 40408)
    assert client.get_config().compatibility_level is not None


def test_modes(client, subject):
    assert client.get_global_mode() == "READWRITE"
    assert client.update_mode(subject, "READONLY") == "READONLY"
    assert client.get_mode(subject) == "READONLY"
    assert refused(client.register_schema, subject, avro("id")) == (422, 42205)
    assert client.delete_mode(subject) == "READONLY"
    assert refused(client.get_mode, subject) == (404, 40409)
    client.register_schema(subject, avro("id"))
    assert client.update_global_mode("READWRITE") == "READWRITE"


def test_metadata_and_rules_are_part_of_a_schema(client, subject):
    rule = Rule(
        "check", "no empty ids", RuleKind.CONDITION, RuleMode.WRITE, "CEL", ["PII"],
        RuleParams({"x": "1"}), "message.id != ''", None, "ERROR", False)
    plain = avro("id", name=fresh("R").replace("-", "_"))
    first = client.register_schema(subject, plain)
    tagged = Schema(
        plain.schema_str, "AVRO", [], Metadata(None, MetadataProperties({"owner": "me"}), ["owner"]),
        RuleSet([], [rule]))
    second = client.register_schema(subject, tagged)
    assert second != first
    found = client.get_latest_with_metadata(subject, {"owner": "me"})
    assert (found.schema_id, found.version) == (second, 2)
    assert found.schema.rule_set.domain_rules[0].name == "check"
    assert found.schema.metadata.sensitive == ["owner"]
    assert refused(client.get_latest_with_metadata, subject, {"owner": "you"}) == (404, 40403)


def test_references(client, http, subject):
    address = record("street", name="Address", namespace="a.b")
    client.register_schema(subject + "-address", Schema(json.dumps(address), "AVRO"))
    user = record({"name": "home", "type": "a.b.Address"}, name="User", namespace="a.b")
    schema = Schema(
        json.dumps(user), "AVRO", [SchemaReference("a.b.Address", subject + "-address", 1)])
    number = client.register_schema(subject, schema)
    assert client.get_referenced_by(subject + "-address", 1) == [number]
    assert refused(client.delete_subject, subject + "-address") == (422, 42206)
    assert refused(client.delete_version, subject + "-address", 1) == (422, 42206)
    kept = client.get_latest_version(subject).schema.references
    assert [(r.name, r.subject, r.version) for r in kept] == [
        ("a.b.Address", subject + "-address", 1)]
    resolved = http.get(f"/schemas/ids/{number}?format=resolved")[1]["schema"]
    assert json.loads(resolved)["fields"][0]["type"]["name"] == "Address"
    # The same schema with all of its text in it is the one that is registered.
    whole = {**user, "fields": [{"name": "home", "type": address}]}
    assert client.lookup_schema(subject, Schema(json.dumps(whole), "AVRO")).schema_id == number
    missing = Schema(json.dumps(user), "AVRO", [SchemaReference("a.b.Address", "nowhere", 1)])
    assert refused(client.register_schema, subject + "-c", missing) == (422, 42201)
    client.delete_subject(subject)
    assert client.delete_subject(subject + "-address") == [1]


def test_contexts_keep_ids_apart(client, http):
    context = fresh(".c")
    inside = f":{context}:orders"
    schema = avro("id", name=fresh("R").replace("-", "_"))
    assert client.register_schema(inside, schema) == 1
    assert context in client.get_contexts()
    assert client.get_versions(inside) == [1]
    assert inside in client.get_subjects(subject_prefix=f":{context}:")
    assert http.get(f"/schemas/ids/1?subject=:{context}:")[1]["schema"]
    assert http.get(f"/contexts/{context}/subjects") == (200, [inside])
    assert http.get(f"/contexts/{context}/subjects/orders/versions") == (200, [1])
    assert http.get(f"/contexts/{context}/schemas/ids/1")[0] == 200
    assert http.put(f"/contexts/{context}/config", {"compatibility": "NONE"})[0] == 200
    assert http.get(f"/config/{inside}?defaultToGlobal=true")[1]["compatibilityLevel"] == "NONE"
    guid = client.lookup_schema(inside, schema).guid
    assert {"context": context, "id": 1} in http.get(f"/schemas/guids/{guid}/ids")[1]
    http.code(http.delete(f"/contexts/{context}"), 422, 42211)
    client.delete_subject(inside)
    client.delete_subject(inside, permanent=True)
    assert http.delete(f"/contexts/{context}") == (204, None)
    assert context not in client.get_contexts()


def test_a_plain_name_is_looked_for_in_other_contexts(client, http):
    context, name = fresh(".c"), fresh("only-there")
    client.register_schema(f":{context}:{name}", avro("id"))
    assert http.get(f"/subjects/{name}/versions/latest")[1]["subject"] == f":{context}:{name}"
    found = http.post(f"/subjects/{name}", {"schema": avro("id").schema_str})
    assert found[1]["subject"] == f":{context}:{name}"


# --- what the client has no call for


def test_import_takes_ids_and_versions(http, subject):
    number = 700_000 + hash(subject) % 100_000
    http.code(http.refuse(subject, record("id"), id=number), 422, 42205)
    assert http.put(f"/mode/{subject}", {"mode": "IMPORT"})[0] == 200
    assert http.register(subject, record("id"), id=number, version=7) == number
    assert http.get(f"/subjects/{subject}/versions") == (200, [7])
    message = http.code(http.refuse(subject, record("other"), id=number, version=8), 422, 42205)
    assert f"id {number}" in message
    http.code(http.refuse(subject, record("id", "b")), 422, 42205)
    for large in (2**31, 2**63 - 1, 2**63):
        assert http.refuse(subject, record("x"), id=large)[0] == 400
        assert http.refuse(subject, record("x"), id=5, version=large)[0] == 400
    assert http.delete(f"/mode/{subject}")[0] == 200
    later = http.register(fresh(), record(fresh("f").replace("-", "_")))
    assert later > number
    taken = fresh()
    http.register(taken, record("id"))
    http.code(http.put(f"/mode/{taken}", {"mode": "IMPORT"}), 422, 42205)
    assert http.put(f"/mode/{taken}?force=true", {"mode": "IMPORT"})[0] == 200


def test_alias(http, subject):
    http.register(subject, record("id"))
    other = fresh("alias")
    assert http.put(f"/config/{other}", {"alias": subject})[0] == 200
    assert http.get(f"/subjects/{other}/versions/1")[1]["subject"] == subject
    shown = http.get(f"/schemas?subjectPrefix={other}&aliases=true")[1]
    assert [(s["subject"], s["aliases"]) for s in shown] == [(subject, [other])]
    assert http.put(f"/config/{other}", {"alias": None})[0] == 200
    http.code(http.get(f"/subjects/{other}/versions/1"), 404, 40401)


def test_config_defaults_and_overrides(http, subject):
    config = {
        "defaultMetadata": {"properties": {"a": "1", "b": "1"}},
        "overrideMetadata": {"properties": {"b": "2"}},
        "defaultRuleSet": {"domainRules": [{"name": "r", "type": "CEL", "mode": "WRITE"}]},
    }
    assert http.put(f"/config/{subject}", config)[0] == 200
    http.register(subject, record("id"), metadata={"properties": {"a": "x", "b": "x"}})
    found = http.get(f"/subjects/{subject}/versions/1")[1]
    assert found["metadata"]["properties"] == {"a": "x", "b": "2"}
    assert found["ruleSet"]["domainRules"][0]["name"] == "r"
    bad = {"defaultRuleSet": {"domainRules": [{"name": "r", "type": "T", "mode": "UPGRADE"}]}}
    http.code(http.put(f"/config/{subject}", bad), 422, 42210)
    http.code(http.refuse(subject, record("id"), ruleSet=bad["defaultRuleSet"]), 422, 42210)
    listed = http.get(f"/schemas?subjectPrefix={subject}&ruleType=CEL")[1]
    assert [s["version"] for s in listed] == [1]
    assert http.get(f"/schemas?subjectPrefix={subject}&ruleType=OTHER")[1] == []


def test_compatibility_group(http, subject):
    http.put(f"/config/{subject}", {"compatibilityGroup": "major"})
    http.register(subject, record("id"), metadata={"properties": {"major": "1"}})
    http.code(
        http.refuse(subject, record("id", "b"), metadata={"properties": {"major": "1"}}), 409, 40901)
    http.register(subject, record("id", "b"), metadata={"properties": {"major": "2"}})


def test_version_in_metadata(http, subject):
    http.register(subject, record("id"), version=-1)
    found = http.get(f"/subjects/{subject}/versions/1")[1]
    assert found["metadata"]["properties"]["confluent:version"] == "1"
    # The same text without it is the same schema.
    assert http.register(subject, record("id")) == found["id"]
    http.code(http.refuse(subject, record("id", "b"), version=5), 409, 40901)
    plus = record("id", {"name": "n", "type": "int", "default": 0})
    message = http.code(http.refuse(subject, plus, version=5), 422, 42201)
    assert message == "Version is not one more than previous version"


def test_text_may_be_left_out(http, subject):
    http.code(http.post(f"/subjects/{subject}/versions", {}), 422, 42201)
    number = http.register(subject, record("id"))
    body = {"metadata": {"properties": {"k": "v"}}}
    status, answer = http.post(f"/subjects/{subject}/versions", body)
    assert status == 200 and answer["id"] != number and answer["version"] == 2


def test_tags(http, subject):
    http.register(subject, record("id", namespace="n"))
    entity = {"entityPath": "n.User.id", "entityType": "sr_field"}
    body = {"tagsToAdd": [{"schemaEntity": entity, "tags": ["PII"]}]}
    status, answer = http.post(f"/subjects/{subject}/versions/1/tags", body)
    assert status == 200 and answer["version"] == 2, answer
    assert json.loads(answer["schema"])["fields"][0]["confluent:tags"] == ["PII"]
    found = http.get(f"/schemas/ids/{answer['id']}?findTags=PII")[1]["schemaTags"]
    assert found == [{"schemaEntity": entity, "tags": ["PII"]}]
    bad = {"tagsToAdd": [{"schemaEntity": {**entity, "entityPath": "n.User.no"}, "tags": ["X"]}]}
    http.code(http.post(f"/subjects/{subject}/versions/1/tags", bad), 422, 42201)


def test_normalize(http, subject):
    schema = {"properties": {"b": {"type": "string"}, "a": {"type": "string"}}, "type": "object"}
    turned = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    first = http.register(subject, schema, "JSON", query="?normalize=true")
    assert http.register(subject, turned, "JSON", query="?normalize=true") == first
    http.put(f"/config/{subject}", {"normalize": True, "compatibility": "NONE"})
    assert http.register(subject, turned, "JSON") == first


def test_pages_and_filters(http):
    prefix = fresh()
    for index in range(5):
        http.register(f"{prefix}-{index}", record(f"f{index}"))
    http.delete(f"/subjects/{prefix}-4")
    base = f"/subjects?subjectPrefix={prefix}"
    names = [f"{prefix}-{index}" for index in range(5)]
    assert http.get(base) == (200, names[:4])
    assert http.get(base + "&offset=1&limit=2") == (200, names[1:3])
    assert http.get(base + "&deleted=true") == (200, names)
    assert http.get(base + "&deletedOnly=true") == (200, names[4:])
    assert len(http.get(f"/schemas?subjectPrefix={prefix}&limit=3")[1]) == 3
    assert len(http.get(f"/schemas?subjectPrefix={prefix}&deleted=true")[1]) == 5
    assert http.get(f"/subjects/{names[4]}/versions?deleted=true&deletedAsNegative=true") == (200, [-1])
    assert http.get(f"/subjects?subjectPrefix=:*:{prefix}&limit=1") == (200, names[:1])


def test_highest_id(http, subject):
    number = http.register(subject, record(fresh("f").replace("-", "_")))
    answer = http.get(f"/schemas/ids/{number}?fetchMaxId=true")[1]
    assert answer["maxId"] >= number


def test_verbose_compatibility(http, subject):
    path = f"/compatibility/subjects/{subject}/versions"
    body = {"schema": json.dumps(record("id", "b"))}
    assert http.post(path + "/latest", body) == (200, {"is_compatible": True})
    http.code(http.post(path + "/3", body), 404, 40402)
    http.register(subject, record("id"))
    answer = http.post(path + "?verbose=true", body)[1]
    assert not answer["is_compatible"] and len(answer["messages"]) >= 2
    assert answer["messages"][-1] == "{validateFields: 'false', compatibility: 'BACKWARD'}"
    invalid = http.post(path + "?verbose=true", {"schema": "{"})[1]
    assert not invalid["is_compatible"] and invalid["messages"]
    http.code(http.post(path, {"schema": "{"}), 422, 42201)


def test_names_in_paths(http):
    for name in ("a/b c", 'q"uote', "per%cent", "plus+", "ümläut", ":colon", "a:b"):
        name = fresh() + name
        http.register(name, record("id"))
        assert name in http.get("/subjects")[1]
    http.code(http.post("/subjects/a%01b/versions", {"schema": '"string"'}), 422, 42208)
    http.code(http.post("/subjects/__GLOBAL/versions", {"schema": '"string"'}), 422, 42208)


def test_too_large(http, subject):
    big = record("id", doc="x" * (1 << 20))
    http.code(http.refuse(subject, big), 422, 42209)
    http.code(http.refuse(subject, record("id", doc="x" * (3 << 20))), 422, 42209)


def test_server(http):
    assert http.get("/") == (200, {})
    assert http.get("/v1/metadata/id")[1]["scope"]["clusters"]["schema-registry-cluster"]
    assert "version" in http.get("/v1/metadata/version")[1]
    assert http.get("/v1/metadata/deployment")[0] == 200
    assert http.call("HEAD", "/subjects") == (200, None)
    assert http.call("PATCH", "/subjects")[0] == 405
    assert http.call(
        "PUT", "/config", {"compatibility": "BACKWARD"}, {"Origin": "http://evil.example"})[0] == 403


def test_concurrent_registrations_of_one_schema(http, stack, subject):
    schema = record(fresh("f").replace("-", "_"))
    ids = []

    def run(index):
        ids.append(Registry(stack.registry).register(f"{subject}-{index % 3}", schema))

    threads = [threading.Thread(target=run, args=(index,)) for index in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 24 and len(set(ids)) == 1
    for index in range(3):
        assert http.get(f"/subjects/{subject}-{index}/versions") == (200, [1])
