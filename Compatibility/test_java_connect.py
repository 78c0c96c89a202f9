"""Kafka Connect 4.3, a real application over the Java client, with its file connectors."""

import pytest
import requests
from clients import until
from conftest import start_stack
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from java_tools import compiled
from security import free_port

RUNNER = "org.apache.kafka.connect.cli."
STRINGS = "org.apache.kafka.connect.storage.StringConverter"
CONVERTERS = {"key.converter": STRINGS, "value.converter": STRINGS, "offset.flush.interval.ms": 200,
              "plugin.discovery": "service_load"}


@pytest.fixture(scope="module")
def java():
    return compiled()


@pytest.fixture(scope="module")
def broker():
    started = start_stack("--only", "kafka")
    yield started
    assert started.stop() == 0


def properties(path, **settings):
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return path


def stop(worker):
    """Ctrl-C's kinder sister; the worker leaves its group and flushes its offsets."""
    worker.terminate()
    output, _ = worker.communicate(timeout=30)
    return output


def arrived(path, lines, worker):
    def is_there():
        assert worker.poll() is None, worker.communicate()[0]
        return path.exists() and path.read_text() == lines

    until(is_there, f"{path.name} holds {lines!r}")


def test_standalone(java, broker, tmp_path):
    source, sink = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("one\ntwo\n")
    files = [
        properties(tmp_path / "worker.properties", **CONVERTERS, **{
            "bootstrap.servers": broker.kafka, "offset.storage.file.filename": tmp_path / "offsets",
            "listeners": "http://127.0.0.1:0"}),
        properties(tmp_path / "source.properties", name="lines-in", file=source, topic="lines-alone",
                   **{"connector.class": "FileStreamSource"}),
        properties(tmp_path / "sink.properties", name="lines-out", file=sink, topics="lines-alone",
                   **{"connector.class": "FileStreamSink"})]
    worker = java.start(RUNNER + "ConnectStandalone", *files)
    try:
        arrived(sink, "one\ntwo\n", worker)
        with source.open("a") as lines:
            lines.write("three\n")
        arrived(sink, "one\ntwo\nthree\n", worker)
    finally:
        stop(worker)


def test_distributed_with_exactly_once_sources(java, broker, tmp_path):
    """Two workers share the work; when the one that holds the source dies, the other goes on behind its last commit."""
    source, sink = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("one\ntwo\n")
    ports = [free_port(), free_port()]
    workers = [java.start(RUNNER + "ConnectDistributed", properties(
        tmp_path / f"worker-{port}.properties", **CONVERTERS, **{
            "bootstrap.servers": broker.kafka, "group.id": "connect", "listeners": f"http://127.0.0.1:{port}",
            "config.storage.topic": "connect-configs", "config.storage.replication.factor": 1,
            "offset.storage.topic": "connect-offsets", "offset.storage.replication.factor": 1,
            "status.storage.topic": "connect-status", "status.storage.replication.factor": 1,
            "offset.storage.partitions": 2, "status.storage.partitions": 2,
            "exactly.once.source.support": "enabled", "heartbeat.interval.ms": 300, "session.timeout.ms": 6000,
            "scheduled.rebalance.max.delay.ms": 0})) for port in ports]
    first = f"http://127.0.0.1:{ports[0]}"
    try:
        until(lambda: answers(first), "the first worker answers")
        until(lambda: answers(f"http://127.0.0.1:{ports[1]}"), "the second worker answers")
        put(first, "lines-in", {"connector.class": "FileStreamSource", "file": str(source), "topic": "lines",
                                "exactly.once.support": "required", "transaction.boundary": "poll"})
        put(first, "lines-out", {"connector.class": "FileStreamSink", "file": str(sink), "topics": "lines",
                                 "consumer.override.isolation.level": "read_committed"})
        arrived(sink, "one\ntwo\n", workers[0])
        until(lambda: running(first), "all tasks run")
        stop(workers.pop())
        until(lambda: running(first), "all tasks run in the one that is left")
        with source.open("a") as lines:
            lines.write("three\n")
        arrived(sink, "one\ntwo\nthree\n", workers[0])
        offsets = requests.get(f"{first}/connectors/lines-in/offsets", timeout=10).json()["offsets"]
        assert [each["offset"] for each in offsets] == [{"position": len("one\ntwo\nthree\n")}]
    finally:
        for worker in workers:
            stop(worker)
    # The topics that Connect made for itself are compacted.
    resource = ConfigResource(ResourceType.TOPIC, "connect-configs")
    admin = AdminClient({"bootstrap.servers": broker.kafka})
    settings = admin.describe_configs([resource])[resource].result()
    assert settings["cleanup.policy"].value == "compact"


def answers(worker) -> bool:
    try:
        return requests.get(f"{worker}/connectors", timeout=5).ok
    except requests.ConnectionError:
        return False


def put(worker, name, settings):
    """Makes a connector; workers that are just finding each other answer 409."""
    until(lambda: requests.put(f"{worker}/connectors/{name}/config", json=settings, timeout=30).ok,
          f"the connector {name} is made")


def running(worker) -> bool:
    told = requests.get(f"{worker}/connectors?expand=status", timeout=10).json()
    states = [task["state"] for each in told.values() for task in each["status"]["tasks"]]
    return states == ["RUNNING", "RUNNING"]
