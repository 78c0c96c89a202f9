"""What the figures of broker and store are taken with: the engine in a process of its own, loads, starts."""

import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = pathlib.Path(os.environ.get("MILLRACE_BUILD", ROOT / ".build" / "release"))
# What the binary takes as its settings is not meant for it here.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}


def line(text):
    print(text, flush=True)


class Server:
    """`millrace up` with one stage alone."""

    def __init__(self, stage, option, data):
        started = time.monotonic()
        self.process = subprocess.Popen(
            [str(RELEASE / "millrace"), "up", "--only", stage, "--data", str(data), "--json",
             f"--{stage}", f"embedded:?port=0&{option}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT)
        first = self.process.stdout.readline()
        self.start_seconds = time.monotonic() - started
        self.url = json.loads(first)["addresses"][stage].split("?")[0]

    def resident_megabytes(self, name="VmRSS"):
        for entry in open(f"/proc/{self.process.pid}/status", encoding="ascii"):
            if entry.startswith(name):
                return int(entry.split()[1]) / 1024
        return 0.0

    def processor_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)

    def kill(self):
        self.process.kill()
        self.process.wait()


def run(tool, *arguments):
    """One load by a program of the release build, and what it measured."""
    out = subprocess.run([str(RELEASE / tool), *map(str, arguments)],
                         check=True, capture_output=True, text=True, timeout=900, env=ENVIRONMENT)
    return json.loads(out.stdout)


def median(repeats, server, measure, by):
    """The load whose throughput is in the middle, and the server's processor seconds in it (`cpu`)."""
    found = []
    for _ in range(repeats):
        before = server.processor_seconds()
        found.append(measure())
        found[-1]["cpu"] = server.processor_seconds() - before
    return sorted(found, key=lambda got: got[by])[repeats // 2]


def starts(make, data, count, empty=False):
    """The median of so many starts in milliseconds, each after an orderly stop or without data; and memory at rest."""
    times, idle = [], 0.0
    for _ in range(count):
        if empty:
            shutil.rmtree(data, ignore_errors=True)
        server = make()
        times.append(server.start_seconds * 1e3)
        time.sleep(0.5)
        idle = server.resident_megabytes()
        server.stop()
    return statistics.median(times), idle


def measured(args, results, start, throughput):
    """The parts that were asked for, in a folder of their own; writes all figures down."""
    line(f"{os.cpu_count()} processors, {time.strftime('%Y-%m-%d')}, {RELEASE.name} build")
    with tempfile.TemporaryDirectory(prefix="millrace-bench-", dir=os.environ.get("TMPDIR")) as folder:
        if args.only != "throughput":
            start(args, folder, results)
        if args.only != "start":
            throughput(args, folder, results)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(results, indent=1), encoding="utf-8")
