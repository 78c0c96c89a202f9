"""gocql, as Debian packages it: what the program in go_cql/ has to see."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import ROOT, environment, start_stack

SOURCES = pathlib.Path("/usr/share/gocode")
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The compiled program; Debian's packages are sources, found by the path that Go used before modules."""
    if not shutil.which("go") or not (SOURCES / "src/github.com/gocql/gocql").exists():
        pytest.skip("no Go or no golang-github-gocql-gocql-dev: this release lacks them, or run scripts/setup --tests")
    folder = tmp_path_factory.mktemp("go")
    built = folder / "program"
    # Kept beside the other test tools: the first build compiles the standard library.
    cache = ROOT / ".venv" / "go-cache"
    done = subprocess.run(
        ["go", "build", "-o", str(built), str(ROOT / "Compatibility/go_cql/main.go")], cwd=folder,
        capture_output=True, text=True, timeout=PATIENCE_SECONDS,
        env={**environment(), "GO111MODULE": "off", "GOPATH": str(SOURCES), "GOCACHE": str(cache), "GOFLAGS": "",
             "HOME": os.environ.get("HOME", str(folder))})
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture(scope="module")
def store():
    started = start_stack("--only", "store")
    yield started
    assert started.stop() == 0


@pytest.mark.parametrize("protocol", ["4", "3"])
@pytest.mark.parametrize("compression", ["none", "snappy"])
def test_what_an_application_does(program, store, protocol, compression):
    host, port = store.cql
    done = subprocess.run(
        [str(program), host, str(port), protocol, compression, f"go_{protocol}_{compression}"],
        capture_output=True, text=True, timeout=PATIENCE_SECONDS, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    strategy = "org.apache.cassandra.locator.SimpleStrategy"
    assert seen["schema"] == ["id", "at", True, 4, 1, strategy]
    assert seen["rows"] == ["n42", 100, 40]
    assert seen["batches"] == [101, 3]
    assert seen["conditions"] == [True, None, False, "x", True]
    assert seen["altered"] == [3, 4, "new", "n42"]
    assert seen["errors"] == [0x2000, 0x2200, 0x2400, 0x2100]
    assert seen["types"] == []
