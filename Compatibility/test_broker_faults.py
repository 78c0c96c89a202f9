# The fault programs and the crash loop of scripts/, at a size for every day.

import pathlib
import subprocess
import sys

import pytest
from conftest import BINARY, ROOT, environment

PROGRAMS = {
    "lists": ["scripts/broker_faults.py", "lists", "--rounds", "3"],
    "zombies": ["scripts/broker_faults.py", "zombies", "--rounds", "4"],
    "duplicates": ["scripts/broker_faults.py", "duplicates", "--records", "20000"],
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
    assert ended.returncode == 0, ended.stdout + ended.stderr
