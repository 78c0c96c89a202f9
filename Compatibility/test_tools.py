"""`millrace topics|produce|consume|groups|schemas|acls` against a broker, checked by other clients."""

import json
import subprocess

import pytest
from clients import answer, millrace, refuse, succeed
from conftest import BINARY, environment, start_stack
from confluent_kafka import Consumer, Producer, TopicPartition


@pytest.fixture(scope="module")
def kafka():
    stack = start_stack("--only", "kafka,registry")
    yield stack
    stack.stop()


@pytest.fixture
def on(kafka):
    """Flags that point a command at the broker and registry of this module."""
    return ("--kafka", f"kafka://{kafka.kafka}", "--registry", kafka.registry)


def feed(text, *arguments):
    return subprocess.run([BINARY, *arguments], input=text, capture_output=True, text=True, timeout=60,
                          env=environment())


def test_a_topic_is_made_changed_and_removed(on):
    succeed("topics", "create", "orders", "--partitions", "3", "--setting", "retention.ms=1000", *on)
    shown = answer("topics", "describe", "orders", *on)
    assert len(shown["partitions"]) == 3 and len(shown["id"]) == 22
    assert {"retention.ms"} == {entry["name"] for entry in shown["settings"]}
    refuse("topics", "create", "orders", *on, says=("there already",))
    succeed("topics", "create", "orders", "--if-missing", *on)
    succeed("topics", "alter", "orders", "--set", "max.message.bytes=2000", "--unset", "retention.ms",
            "--partitions", "4", *on)
    shown = answer("topics", "describe", "orders", *on)
    assert len(shown["partitions"]) == 4
    assert [entry["name"] for entry in shown["settings"]] == ["max.message.bytes"]
    refuse("topics", "alter", "orders", "--set", "retention.ms=never", *on, says=("INVALID_CONFIG",))
    refuse("topics", "alter", "orders", "--partitions", "2", *on, says=("INVALID_PARTITIONS",))
    assert "orders" in [topic["name"] for topic in answer("topics", "list", *on)]
    succeed("topics", "delete", "orders", *on)
    refuse("topics", "describe", "orders", *on, says=("millrace topics list",))


def test_lines_become_records_and_records_lines(kafka, on):
    succeed("topics", "create", "lines", *on)
    sent = feed("a:1\nb:2\nc:3\n", "produce", "lines", "--key-separator", ":", "--header", "from=test", *on)
    assert sent.returncode == 0 and "3 records" in sent.stderr
    reader = Consumer({"bootstrap.servers": kafka.kafka, "group.id": "lines"})
    reader.assign([TopicPartition("lines", 0, 0)])
    got = [reader.poll(10) for _ in range(3)]
    reader.close()
    assert [(m.key(), m.value()) for m in got] == [(b"a", b"1"), (b"b", b"2"), (b"c", b"3")]
    assert got[0].headers() == [("from", b"test")]
    lines = [json.loads(line) for line in succeed("consume", "lines", "--json", *on).splitlines()]
    assert [(line["key"], line["value"]) for line in lines] == [("a", "1"), ("b", "2"), ("c", "3")]
    assert [line["offset"] for line in lines] == [0, 1, 2]
    found = succeed("consume", "lines", "--contains", "b", "--max", "1", *on)
    assert found.startswith("0:1 ") and found.count("\n") == 1
    assert succeed("consume", "lines", "--last", "1", *on).startswith("0:2 ")
    assert succeed("consume", "lines", "--from", "0:1", *on).count("\n") == 2
    refuse("consume", "lines", "--from", "yesterday", *on)
    refuse("consume", "nowhere", *on, says=("UNKNOWN_TOPIC_OR_PARTITION",))
    wrong = feed("no separator\n", "produce", "lines", "--key-separator", ":", *on)
    assert wrong.returncode == 1 and "line 1" in wrong.stderr


def test_json_lines_go_round(on):
    succeed("topics", "create", "there", *on)
    line = {"key": "k", "value": "v", "headers": {"h": "x"}, "timestamp": 1700000000000, "partition": 0}
    sent = feed(json.dumps(line) + "\n" + '{"key": "gone", "value": null}\n', "produce", "there", "--json", *on)
    assert sent.returncode == 0, sent.stderr
    first, second = [json.loads(text) for text in succeed("consume", "there", "--json", *on).splitlines()]
    assert first["headers"] == [{"name": "h", "value": "x"}] and first["timestamp"] == 1700000000000
    assert second["key"] == "gone" and second["value"] is None
    bad = feed("[]\n", "produce", "there", "--json", *on)
    assert bad.returncode == 1 and "no JSON object" in bad.stderr


def test_values_are_encoded_and_decoded_by_their_schema(kafka, on, tmp_path):
    schema = {"type": "record", "name": "Order", "fields": [
        {"name": "id", "type": "long"}, {"name": "note", "type": ["null", "string"], "default": None}]}
    path = tmp_path / "order.avsc"
    path.write_text(json.dumps(schema))
    succeed("schemas", "register", "avro-value", path, *on)
    succeed("topics", "create", "avro", *on)
    sent = feed('{"id": 7, "note": "x"}\n{"id": 8}\n', "produce", "avro", "--subject", "avro-value", *on)
    assert sent.returncode == 0, sent.stderr
    wrong = feed('{"id": "seven"}\n', "produce", "avro", "--subject", "avro-value", *on)
    assert wrong.returncode == 1 and "id" in wrong.stderr
    lines = [json.loads(line) for line in succeed("consume", "avro", "--json", *on).splitlines()]
    assert [line["value"] for line in lines] == [{"id": 7, "note": "x"}, {"id": 8, "note": None}]
    raw = [json.loads(line) for line in succeed("consume", "avro", "--json", "--raw", *on).splitlines()]
    assert all("valueSchema" not in line for line in raw)
    # The Avro library of others reads the same bytes.
    import fastavro
    import io
    reader = Consumer({"bootstrap.servers": kafka.kafka, "group.id": "avro"})
    reader.assign([TopicPartition("avro", 0, 0)])
    bytes_ = reader.poll(10).value()
    reader.close()
    assert fastavro.schemaless_reader(io.BytesIO(bytes_[5:]), schema, None) == {"id": 7, "note": "x"}


def test_schemas_are_listed_checked_and_deleted(on, tmp_path):
    good, bad = tmp_path / "good.avsc", tmp_path / "bad.avsc"
    good.write_text('{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}')
    bad.write_text('{"type": "record", "name": "R", "fields": [{"name": "b", "type": "int"}]}')
    succeed("schemas", "register", "s-value", good, *on)
    assert "s-value" in [s["subject"] for s in answer("schemas", "list", *on)]
    assert answer("schemas", "show", "s-value", *on)["version"] == 1
    succeed("schemas", "check", "s-value", good, *on)
    refuse("schemas", "check", "s-value", bad, *on, says=("not compatible",))
    assert "BACKWARD" in succeed("schemas", "level", "s-value", *on)
    assert "NONE" in succeed("schemas", "level", "s-value", "--set", "none", *on)
    succeed("schemas", "check", "s-value", bad, *on)
    refuse("schemas", "level", "s-value", "--set", "SOMEWHAT", *on)
    succeed("schemas", "delete", "s-value", *on)
    refuse("schemas", "show", "s-value", *on, says=("millrace schemas list",))


def test_a_group_is_shown_moved_and_removed(kafka, on):
    succeed("topics", "create", "read", "--partitions", "2", *on)
    producer = Producer({"bootstrap.servers": kafka.kafka})
    for number in range(10):
        producer.produce("read", str(number), partition=number % 2)
    producer.flush(30)
    reader = Consumer({"bootstrap.servers": kafka.kafka, "group.id": "readers", "auto.offset.reset": "earliest"})
    reader.subscribe(["read"])
    for _ in range(10):
        assert reader.poll(30) is not None
    reader.commit(asynchronous=False)
    shown = answer("groups", "describe", "readers", *on)
    assert shown["state"] == "Stable" and shown["lag"] == 0 and len(shown["members"]) == 1
    refuse("groups", "reset", "readers", "--to", "earliest", *on, says=("UNKNOWN_MEMBER_ID",))
    refuse("groups", "delete", "readers", *on, says=("NON_EMPTY_GROUP",))
    reader.close()
    far = answer("groups", "reset", "readers", "--shift", str(2**63 - 1), "--dry-run", *on)
    assert [move["to"] for move in far] == [5, 5]
    planned = answer("groups", "reset", "readers", "--shift", "-2", "--dry-run", *on)
    assert [(move["from"], move["to"]) for move in planned] == [(5, 3), (5, 3)]
    assert answer("groups", "describe", "readers", *on)["lag"] == 0
    succeed("groups", "reset", "readers", "--to", "earliest", "--topic", "read", *on)
    assert answer("groups", "describe", "readers", *on)["lag"] == 10
    succeed("groups", "delete", "readers", *on)
    refuse("groups", "describe", "readers", *on, says=("millrace groups list",))


def test_records_are_removed_up_to_an_offset(on):
    succeed("topics", "create", "old", *on)
    feed("1\n2\n3\n", "produce", "old", *on)
    succeed("topics", "delete-records", "old", "--before", "0:2", *on)
    assert [json.loads(line)["value"] for line in succeed("consume", "old", "--json", *on).splitlines()] == ["3"]
    succeed("topics", "delete-records", "old", *on)
    assert succeed("consume", "old", "--json", *on) == ""


def test_a_topic_is_copied_to_another_cluster_and_goes_on(kafka, on):
    other = start_stack("--only", "kafka")
    try:
        succeed("topics", "create", "moved", "--partitions", "3", "--setting", "retention.ms=-1", *on)
        producer = Producer({"bootstrap.servers": kafka.kafka})
        for number in range(300):
            producer.produce("moved", f"v{number}", key=f"k{number}", headers=[("n", str(number))])
        producer.flush(30)
        there = ("--kafka", f"kafka://{other.kafka}", "--registry", kafka.registry)
        assert "300 records" in succeed("topics", "copy", "moved", "--to", f"kafka://{other.kafka}", *on)
        assert "0 records" in succeed("topics", "copy", "moved", "--to", f"kafka://{other.kafka}", *on)
        producer.produce("moved", "late")
        producer.flush(30)
        assert "1 records" in succeed("topics", "copy", "moved", "--to", f"kafka://{other.kafka}", *on)
        shown = answer("topics", "describe", "moved", *there)
        assert [entry["name"] for entry in shown["settings"]] == ["retention.ms"]

        def read(flags):
            lines = [json.loads(line) for line in succeed("consume", "moved", "--json", *flags).splitlines()]
            return sorted((l["partition"], l["key"] or "", l["value"], l["timestamp"], str(l.get("headers"))) for l in lines)

        assert read(on) == read(there) and len(read(on)) == 301
        # Another cluster has a place of its own, and a topic that was removed there is copied anew.
        third = start_stack("--only", "kafka")
        try:
            assert "301 records" in succeed("topics", "copy", "moved", "--to", f"kafka://{third.kafka}", *on)
        finally:
            third.stop()
        succeed("topics", "delete", "moved", *there)
        assert "301 records" in succeed("topics", "copy", "moved", "--to", f"kafka://{other.kafka}", *on)
    finally:
        other.stop()


def test_rights_need_an_authorizer(on):
    refuse("acls", "list", *on, says=("SECURITY_DISABLED",))
    refuse("acls", "add-user", "alice", *on, says=("SCRAM_PASSWORD",))
    ended = millrace("acls", "add-user", "alice", *on, env={"SCRAM_PASSWORD": "secret-word"})
    assert ended.returncode == 0, ended.stderr
    assert [user["user"] for user in answer("acls", "users", *on)] == ["alice"]
    assert "secret-word" not in ended.stdout + ended.stderr
    succeed("acls", "remove-user", "alice", *on)


def test_what_cannot_be_reached_is_told():
    refuse("topics", "list", "--kafka", "kafka://127.0.0.1:1", says=("127.0.0.1:1",))
