"""Compiles the Java scenarios once a run, and runs them and Kafka Connect with the jars of scripts/setup."""

import atexit
import functools
import json
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from conftest import ROOT, environment

JARS = ROOT / ".venv" / "java"
# The set-up's word on why there are none; without it, missing jars are a failure.
LACKING = ROOT / ".venv" / "java-lacking"
SOURCES = ROOT / "Compatibility" / "java"
# Short-lived clients: little is compiled, and little memory is taken.
FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m")
PATIENCE_SECONDS = 90


class Java:
    """A class path of our scenarios, the jars, and the settings of the clients' log."""

    def __init__(self, classes: pathlib.Path, sources: pathlib.Path = SOURCES):
        # The only reason to skip: set-up could not get the jars on this machine, and wrote why.
        if not (JARS / "complete").exists() and LACKING.exists():
            pytest.skip(LACKING.read_text().strip())
        assert (JARS / "complete").exists(), "no jars: run scripts/setup --tests"
        # The types of Google's own first, since only older ones stand in a jar.
        libraries = f"{JARS}/types:{JARS}/lib/*"
        compiled = subprocess.run(
            ["javac", "-Xlint:all,-classfile,-processing", "-Werror", "-cp", libraries, "-d", str(classes),
             *map(str, sorted(sources.glob("*.java")))],
            capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        assert compiled.returncode == 0, compiled.stderr + compiled.stdout
        self.class_path = f"{classes}:{SOURCES}:{libraries}"  # the settings of the log are in SOURCES

    def command(self, main: str, *arguments, flags=()) -> list:
        return ["java", *FLAGS, *flags, "-cp", self.class_path, main, *map(str, arguments)]

    def run(self, scenario: str, bootstrap: str, flags=(), **options) -> dict:
        """What a scenario saw. Options whose names hold dots are given as `**{"client.group.protocol": ...}`."""
        given = {"bootstrap": bootstrap, **options}
        done = subprocess.run(
            self.command("compatibility.Main", scenario, *(f"{name}={value}" for name, value in given.items()),
                         flags=flags),
            capture_output=True, text=True, timeout=PATIENCE_SECONDS, env=environment())
        assert done.returncode == 0, f"{scenario}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def start(self, main: str, *arguments) -> subprocess.Popen:
        """A program that goes on while the test does something to it; its log is its standard output."""
        return subprocess.Popen(
            self.command(main, *arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment())


@functools.cache
def compiled(sources: pathlib.Path = SOURCES) -> Java:
    """The one class path of these sources in this run; it goes away at the end."""
    classes = pathlib.Path(tempfile.mkdtemp(prefix="millrace-java-"))
    atexit.register(shutil.rmtree, classes, ignore_errors=True)
    return Java(classes, sources)
