"""The fault programs and the crash loop of scripts/, at a size for every day."""

import pathlib
import subprocess
import sys

import pytest
from conftest import BINARY, ROOT, environment

# What a program that cannot be run here ends with; it says why.
SKIPPED = 77
PROGRAMS = {
    "lists": ["scripts/broker_faults.py", "lists", "--rounds", "3"],
    "zombies": ["scripts/broker_faults.py", "zombies", "--rounds", "4"],
    "stale": ["scripts/broker_faults.py", "stale", "--rounds", "15"],
    "duplicates": ["scripts/broker_faults.py", "duplicates", "--records", "20000"],
    "retention": ["scripts/broker_faults.py", "retention", "--kills", "2"],
    "torn": ["scripts/broker_faults.py", "torn", "--rounds", "6"],
    "flips": ["scripts/broker_faults.py", "flips", "--rounds", "10"],
    "full": ["scripts/broker_faults.py", "full", "--rounds", "2"],
    "idle": ["scripts/broker_faults.py", "idle", "--connections", "2000"],
    # The mechanics: 20 s say nothing about hours.
    "soak": ["scripts/broker_faults.py", "soak", "--minutes", "0.33", "--rate", "300", "--json"],
    "crash": ["scripts/crash_broker.py", "--rounds", "5"],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_fault(name):
    """Each prints its seed, which repeats its choices."""
    script, *arguments = PROGRAMS[name]
    ended = subprocess.run(
        [sys.executable, str(pathlib.Path(ROOT) / script), *arguments, "--binary", BINARY],
        capture_output=True, text=True, timeout=170, env=environment())
    print(ended.stdout, ended.stderr)
    # Only `full` skips, where a disk of its own cannot be mounted; it says so in its last line.
    if name == "full" and ended.returncode == SKIPPED:
        pytest.skip(ended.stdout.strip().splitlines()[-1])
    assert ended.returncode == 0, ended.stdout + ended.stderr
