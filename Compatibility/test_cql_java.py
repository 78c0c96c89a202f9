"""DataStax's Java driver 4.14 at every protocol it speaks: what the scenario in java_cql/ has to see."""

import json
import subprocess

import pytest
from conftest import environment, start_stack
from java_tools import PATIENCE_SECONDS, SOURCES, compiled


@pytest.fixture(scope="module")
def java():
    return compiled(SOURCES.parent / "java_cql")


@pytest.fixture(scope="module")
def store():
    started = start_stack("--only", "store")
    yield started
    assert started.stop() == 0


@pytest.mark.parametrize(
    "options", [
        {}, {"protocol": "V5", "compression": "lz4"}, {"protocol": "V4"}, {"protocol": "V4", "compression": "snappy"},
        {"protocol": "V3", "compression": "lz4"}],
    ids=lambda options: "-".join(options.values()) or "negotiated")
def test_what_an_application_does(java, store, options):
    host, port = store.cql
    given = {"host": host, "port": port, "keyspace": "java_" + "_".join(options.values()).lower(), **options}
    done = subprocess.run(
        java.command("compatibility.cql.CqlMain", *(f"{name}={value}" for name, value in given.items())),
        capture_output=True, text=True, timeout=PATIENCE_SECONDS, env=environment())
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["protocol"] == options.get("protocol", "V5")
    assert seen["node"] == ["UP", "datacenter1", "5.0.0", 16]
    assert seen["schema"] == {
        "partition": "id", "clustering": "[DESC]", "columns": 5, "static": True, "types": 1, "virtual": True}
    assert seen["prepared"] == ["n42", True, "[0]", "key"]
    assert seen["paging"] == [100, True, 40]
    assert seen["batches"] == [2, 3]
    assert seen["conditions"] == [True, False, "x", True]
    assert seen["altered"] == ["n42", "new", True]
    assert seen["errors"] == ["SyntaxError", "InvalidQueryException", "AlreadyExistsException"]
    assert seen["trace"] == ["Execute CQL3 query", True, False, True]
    assert seen["types"] == []
    assert seen["dropped"] is True
