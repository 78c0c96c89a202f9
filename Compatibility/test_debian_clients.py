"""Debian's own clients under Debian's own Python; with Debian 12 kafka-python 2.0.2 and confluent-kafka 1.7.0.

They are years older than those of our environment and speak other versions of each API. kafka-python is told no
`api_version`: it probes the broker, as it does by default. scripts/setup --tests installs them.
"""

import json
import pathlib
import subprocess

import pytest
from conftest import environment
from security import PASSWORD, USER, Broker, files  # noqa: F401, the fixture

SCRIPTS = pathlib.Path(__file__).resolve().parent / "scripts"
PYTHON = "/usr/bin/python3"
# A deadline for what should take a moment; nothing is measured by it.
PATIENCE_SECONDS = 120
WAYS = [("PLAINTEXT", None), ("SSL", None), ("MTLS", None)] + [
    (listener, mechanism) for listener in ("SASL_PLAINTEXT", "SASL_SSL")
    for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")]
CODECS = [None, "gzip", "snappy", "lz4", "zstd"]


def has(module) -> bool:
    if not pathlib.Path(PYTHON).exists():
        return False
    return subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, timeout=60).returncode == 0


old_kafka_python = pytest.mark.skipif(
    not has("kafka"), reason="python3-kafka is not there (scripts/setup --tests on Debian)")
old_confluent = pytest.mark.skipif(
    not has("confluent_kafka"), reason="python3-confluent-kafka is not there (scripts/setup --tests on Debian)")


def run(script, case, options):
    """What the script found."""
    done = subprocess.run(
        [PYTHON, str(SCRIPTS / script), case, json.dumps(options)], capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, env=environment())
    assert done.returncode == 0, f"{script} {case}\n{done.stdout}{done.stderr[-4000:]}"
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def secured(files):  # noqa: F811
    broker = Broker(files, "authorizer=acls\nsuper.users=User:ANONYMOUS\nallow.everyone.if.no.acl.found=true")
    yield broker
    assert broker.stack.stop() == 0


@old_kafka_python
class TestKafkaPython:
    def ask(self, case, **options):
        return run("old_kafka_python.py", case, options)

    def test_it_finds_out_what_the_broker_is(self, stack):
        found = self.ask("versions", bootstrap_servers=stack.kafka)
        assert found["client"].startswith("2.0.")
        # 2.5 is the newest that it can tell; no codec is missing for want of a Debian package.
        assert found["broker"] == [2, 5, 0]
        assert found["codecs"] == CODECS

    def test_each_codec(self, stack):
        found = self.ask("codecs", bootstrap_servers=stack.kafka)
        count = 100 * len(CODECS)
        assert sum(found["sent"].values(), []) == list(range(count))
        assert found["read"] == list(range(count))
        assert found["whole"] and found["end"] == count and found["by_time"] == 50

    def test_a_group(self, stack):
        found = self.ask("group", bootstrap_servers=stack.kafka)
        assert found["values"] == list(range(200))
        assert sorted(found["shares"]) == [[0, 1], [2, 3]]
        assert found["state"] == "Stable" and found["members"] == 2
        assert found["offsets"] == [50] * 4
        assert found["later"] == 4
        assert found["committed"] == 7
        assert found["listed"] and found["deleted"] == "NoError"

    def test_admin(self, stack):
        found = self.ask("admin", bootstrap_servers=stack.kafka)
        assert found == {
            "again": "TopicAlreadyExistsError", "before": "123456", "after": "654321", "partitions": 5,
            "listed": True, "controller": 1, "brokers": 1, "gone": True}

    def test_acls(self, secured):
        found = self.ask("acls", bootstrap_servers=secured.address("PLAINTEXT"))
        assert found == {"created": 1, "found": ["User:bob"], "deleted": 1, "left": 0}

    def options(self, broker, listener, mechanism=None, password=PASSWORD):
        protocol = {"MTLS": "SSL"}.get(listener, listener)
        options = {"bootstrap_servers": broker.address(listener), "security_protocol": protocol}
        if protocol.endswith("SSL"):
            options["ssl_cafile"] = broker.files("ca.pem")
        if listener == "MTLS":
            options |= {"ssl_certfile": broker.files("client.pem"), "ssl_keyfile": broker.files("client.key")}
        if mechanism:
            options |= {"sasl_mechanism": mechanism, "sasl_plain_username": USER, "sasl_plain_password": password}
        return options

    @pytest.mark.parametrize("listener,mechanism", WAYS)
    def test_each_way_in(self, secured, listener, mechanism):
        assert self.ask("round_trip", **self.options(secured, listener, mechanism)) == ["value"]

    @pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
    def test_a_wrong_password(self, secured, mechanism):
        options = self.options(secured, "SASL_PLAINTEXT", mechanism, "wrong")
        # It tells no difference between a broker that is not there and one that refuses.
        assert self.ask("refused", **options) in ("NoBrokersAvailable", "AuthenticationFailedError")


@old_confluent
class TestConfluentKafka:
    def ask(self, case, **options):
        return run("old_confluent_kafka.py", case, {name.replace("_", "."): value for name, value in options.items()})

    def test_each_codec(self, stack):
        found = self.ask("codecs", bootstrap_servers=stack.kafka)
        assert found["errors"] == 0 and found["read"] == list(range(500))
        assert found["committed"] == 500 and found["codecs"] == found["names"]

    def test_transactions(self, stack):
        found = self.ask("transactions", bootstrap_servers=stack.kafka)
        assert found == {"taken": 1, "found": ["committed"], "offset": 1}

    def test_admin(self, stack):
        found = self.ask("admin", bootstrap_servers=stack.kafka)
        assert found == {"before": "123456", "after": "654321", "partitions": 5, "group": "Stable"}

    @pytest.mark.parametrize("listener,mechanism", WAYS)
    def test_each_way_in(self, secured, listener, mechanism):
        protocol = {"MTLS": "SSL"}.get(listener, listener)
        options = {"bootstrap_servers": secured.address(listener), "security_protocol": protocol}
        if protocol.endswith("SSL"):
            options["ssl_ca_location"] = secured.files("ca.pem")
        if listener == "MTLS":
            options |= {"ssl_certificate_location": secured.files("client.pem"),
                        "ssl_key_location": secured.files("client.key")}
        if mechanism:
            options |= {"sasl_mechanisms": mechanism, "sasl_username": USER, "sasl_password": PASSWORD}
        assert self.ask("round_trip", **options) == ["value"]
