"""The registry as a service: users, two registries on one topic, crashes, topics of others."""

import json
import os
import signal
import subprocess
import threading
import time

import pytest
import requests
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from conftest import BINARY, start_stack
from registry import Registry, eventually, fresh, record


def kafka_alone(data=None):
    return start_stack("--only", "kafka", "--kafka", "embedded:?port=0", data=data)


def registry_alone(kafka, options="port=0"):
    return start_stack(
        "--only", "registry", "--kafka", kafka.addresses["kafka"], "--registry",
        f"embedded:?{options}")


@pytest.fixture(scope="module")
def kafka():
    started = kafka_alone()
    yield started
    started.stop()


def topic_of(kafka):
    """All records of _schemas that compaction would keep, by key."""
    consumer = Consumer({
        "bootstrap.servers": kafka.kafka, "group.id": fresh(), "auto.offset.reset": "earliest",
        "enable.partition.eof": True})
    consumer.subscribe(["_schemas"])
    found, end = {}, time.monotonic() + 20
    try:
        while time.monotonic() < end:
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error():
                return found
            found[message.key()] = message.value()
    finally:
        consumer.close()
    raise AssertionError("the end of _schemas is not reached")


def test_basic_authentication(kafka, tmp_path):
    users = tmp_path / "users.properties"
    # The second is MD5 of "hidden", as Jetty writes it.
    users.write_text(
        "# who may ask\nalice: secret,admin\nbob=MD5:662f707d5491e9bce8238a6c0be92190\n")
    stack = registry_alone(kafka, f"port=0&users={users}")
    try:
        url = "http://" + stack.registry.split("@")[-1].removeprefix("http://")
        answer = requests.get(url + "/subjects", timeout=10)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert answer.json() == {"error_code": 401, "message": "Unauthorized"}
        for wrong in (("alice", "wrong"), ("nobody", "secret"), ("alice", ""), ("bob", "MD5:662a")):
            assert Registry(url, wrong).get("/subjects")[0] == 401
        for right in (("alice", "secret"), ("bob", "hidden")):
            assert Registry(url, right).get("/subjects")[0] == 200
        client = SchemaRegistryClient({"url": url, "basic.auth.user.info": "alice:secret"})
        assert client.register_schema(fresh(), Schema(json.dumps(record("id")), "AVRO")) > 0
        refused = SchemaRegistryClient({"url": url, "basic.auth.user.info": "alice:no"})
        with pytest.raises(SchemaRegistryError) as caught:
            refused.get_subjects()
        assert caught.value.http_status_code == 401
    finally:
        stack.stop()


def test_https(kafka, tmp_path):
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
         certificate], check=True, capture_output=True)
    stack = registry_alone(
        kafka, f"port=0&ssl.certificate.location={certificate}&ssl.key.location={key}"
        f"&ssl.ca.location={certificate}")
    try:
        assert stack.registry.startswith("https://127.0.0.1:") and "?" not in stack.registry
        client = SchemaRegistryClient(
            {"url": stack.registry, "ssl.ca.location": str(certificate)})
        subject = fresh()
        assert client.register_schema(subject, Schema(json.dumps(record("id")), "AVRO")) > 0
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(stack.registry + "/subjects", timeout=10)
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(stack.registry.replace("https", "http") + "/subjects", timeout=10)
        listed = subprocess.run(
            [BINARY, "schemas", "list", "--registry",
             f"{stack.registry}?ssl.ca.location={certificate}"],
            capture_output=True, text=True, timeout=60)
        assert listed.returncode == 0 and subject in listed.stdout, listed.stderr
    finally:
        stack.stop()


def test_https_with_a_wrong_key(kafka, tmp_path):
    started = subprocess.run(
        [BINARY, "up", "--only", "registry", "--ephemeral", "--kafka",
         kafka.addresses["kafka"], "--registry",
         "embedded:?port=0&ssl.certificate.location=/nowhere.pem"],
        capture_output=True, text=True, timeout=60)
    assert started.returncode != 0 and "/nowhere.pem cannot be read" in started.stderr


def test_two_registries_never_give_one_id_twice(kafka):
    """Both write as fast as they can, to the same subjects; then both say the same."""
    stacks = [registry_alone(kafka), registry_alone(kafka)]
    try:
        registries = [Registry(stack.registry) for stack in stacks]
        registries[0].put("/config", {"compatibility": "NONE"})
        eventually(lambda: registries[1].get("/config")[1]["compatibilityLevel"] == "NONE")
        prefix, answers, failures = fresh(), [], []

        def write(number):
            registry = Registry(stacks[number].registry)
            for index in range(40):
                subject = f"{prefix}-{index % 4}"
                schema = record(f"f{number}_{index}")
                status, answer = registry.refuse(subject, schema)
                if status == 200:
                    answers.append((answer["id"], json.dumps(schema)))
                else:
                    failures.append(answer)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert len({number for number, _ in answers}) == len({text for _, text in answers}) == 80
        for number, text in answers:
            for registry in registries:
                found = eventually(lambda: registry.get(f"/schemas/ids/{number}")[1].get("schema"))
                assert json.loads(found) == json.loads(text)
        for index in range(4):
            path = f"/subjects/{prefix}-{index}/versions"
            eventually(lambda: len(registries[1].get(path)[1]) == 20)
            assert registries[0].get(path) == registries[1].get(path)
        # What compaction leaves is what was answered.
        kept = topic_of(kafka)
        by_id = {}
        for key, value in kept.items():
            if value and json.loads(key)["keytype"] == "SCHEMA":
                entry = json.loads(value)
                by_id.setdefault(entry["id"], set()).add(entry["schema"])
        for number, text in answers:
            assert [json.loads(t) for t in by_id[number]] == [json.loads(text)]
    finally:
        for stack in stacks:
            stack.stop()


def test_killed_while_it_writes(kafka):
    """What was answered is there after each kill, under the id that was answered."""
    subject, known = fresh(), {}
    for round_number in range(4):
        stack = registry_alone(kafka)
        registry = Registry(stack.registry)
        assert registry.put(f"/config/{subject}", {"compatibility": "NONE"})[0] == 200
        for schema, number in known.items():
            found = registry.get(f"/schemas/ids/{number}")
            assert json.loads(found[1]["schema"]) == json.loads(schema)
        killer = threading.Timer(0.3, lambda: os.kill(stack.process.pid, signal.SIGKILL))
        killer.start()
        for index in range(10_000):
            schema = json.dumps(record(f"f{round_number}_{index}"))
            try:
                known[schema] = registry.register(subject, schema)
            except requests.RequestException:
                break
        killer.join()
        stack.process.wait()
    assert len(set(known.values())) == len(known) > 0
    stack = registry_alone(kafka)
    try:
        registry = Registry(stack.registry)
        for schema, number in known.items():
            assert registry.register(subject, schema) == number
    finally:
        stack.stop()


def test_a_topic_that_another_registry_wrote():
    """Records as Confluent's and Karapace's registries write them, with all their kinds."""
    kafka = kafka_alone()
    try:
        admin = AdminClient({"bootstrap.servers": kafka.kafka})
        topic = NewTopic("_schemas", 1, 1, config={"cleanup.policy": "compact"})
        admin.create_topics([topic])["_schemas"].result(20)
        text = json.dumps(record("id"))
        two = {"subject": "b", "version": 1, "id": 9, "schema": text, "deleted": False}
        records = [
            ({"keytype": "NOOP", "magic": 0}, None),
            # Karapace's order of members.
            ({"subject": "a", "version": 1, "magic": 1, "keytype": "SCHEMA"},
             {"subject": "a", "version": 1, "id": 4, "schema": text, "deleted": False}),
            ({"keytype": "SCHEMA", "subject": "b", "version": 1, "magic": 1}, two),
            ({"keytype": "SCHEMA", "subject": "gone", "version": 1, "magic": 1},
             {**two, "subject": "gone", "id": 7, "md5": "x", "metadata": {"properties": {"k": "v"}}}),
            ({"keytype": "DELETE_SUBJECT", "subject": "gone", "magic": 0},
             {"subject": "gone", "version": 1}),
            ({"keytype": "CONFIG", "subject": None, "magic": 0}, {"compatibilityLevel": "FULL"}),
            ({"keytype": "CONFIG", "subject": "a", "magic": 0},
             {"subject": "a", "compatibilityLevel": "NONE", "validateFields": False}),
            ({"keytype": "MODE", "subject": "b", "magic": 0}, {"subject": "b", "mode": "READONLY"}),
            ({"keytype": "CONTEXT", "tenant": "default", "context": ".x", "magic": 0},
             {"tenant": "default", "context": ".x"}),
            ({"keytype": "ASSOC", "tenant": "default", "guid": "g"}, {"any": 1}),
        ]
        producer = Producer({"bootstrap.servers": kafka.kafka})
        for key, value in records:
            producer.produce(
                "_schemas", key=json.dumps(key, separators=(",", ":")),
                value=None if value is None else json.dumps(value))
        assert producer.flush(20) == 0
        stack = registry_alone(kafka)
        registry = Registry(stack.registry)
        assert registry.get("/subjects") == (200, ["a", "b"])
        assert registry.get("/subjects?deleted=true") == (200, ["a", "b", "gone"])
        assert registry.get("/config") == (200, {"compatibilityLevel": "FULL"})
        assert registry.get("/config/a")[1]["compatibilityLevel"] == "NONE"
        assert registry.get("/mode/b") == (200, {"mode": "READONLY"})
        assert registry.get("/contexts") == (200, [".", ".x"])
        assert registry.register("c", record("other")) == 10
        assert stack.stop() == 0
        kept = topic_of(kafka)
        key = b'{"keytype":"SCHEMA","subject":"c","version":1,"magic":1}'
        written = json.loads(kept[key])
        assert list(written) == ["subject", "version", "id", "schema", "deleted"]
        assert b'{"keytype":"CONFIG","subject":null,"magic":0}' in kept
    finally:
        kafka.stop()
